package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// look is one round's view of the cloud. notes are of the steps that were taken before.
func (w *Watch) look(ctx context.Context, notes map[octavia.Owner]note) (trees map[octavia.Owner]octavia.Tree, rivals map[octavia.Owner]string, err error) {
	s, err := w.Client.meet(ctx)
	if err != nil {
		return nil, nil, err
	}
	floatingIPs := w.Facts.roster()
	i, err := s.inventory(ctx, w.Cluster, !w.tidy, floatingIPs.add)
	if err != nil {
		return nil, nil, err
	}
	w.tidy = !i.worded()
	w.Facts.learn(i.at, floatingIPs)
	if err := w.detail(ctx, s, i, notes); err != nil {
		return nil, nil, err
	}
	trees, rivals = i.trees(w.Cluster, w.members)
	return trees, rivals, nil
}

// mostGlances is how many load balancers that were never seen before are looked into in
// one round. After a restart that is all of them, and nobody shall wait for that.
const mostGlances = 200

// detail finds out the members of pools: the list of pools has only their IDs. What a
// step of ours made of them is known without asking. Otherwise pools are asked when
// there are other members than before, and when Octavia dates a change of their load
// balancer that was not ours. What rests costs nothing, and neither does what is busy, or
// made by a call whose answer is still to come. What was there before us is only glanced at.
func (w *Watch) detail(ctx context.Context, s *session, i inventory, notes map[octavia.Owner]note) error {
	listed := map[string]*seenPool{}
	for n := range i.pools {
		listed[i.pools[n].ID] = &i.pools[n]
	}
	glances, idle := 0, true
	for _, lb := range i.balancers {
		owner, _ := lb.owner()
		n, acted := notes[owner]
		under := ours(lb, listed)
		if lb.ProvisioningStatus.Busy() || w.acting(owner) {
			continue
		}
		var err error
		switch {
		case acted:
			err = w.study(ctx, s, w.heed(n, lb, under))
			w.done(owner, n)
		case w.first(lb.ID) && w.Thorough != nil && w.Thorough(owner):
			err = w.study(ctx, s, under)
		case w.first(lb.ID) && glances >= mostGlances:
			continue
		case w.first(lb.ID):
			glances++
			err = w.glance(ctx, s, lb, under)
		case w.seen[lb.ID] != lb.UpdatedAt:
			err = w.study(ctx, s, under)
		case !w.complete(under):
			err = w.study(ctx, s, under)
		default:
			continue
		}
		if idle = false; local(err) {
			w.obscure(lb.ID, under, err)
			continue
		}
		if err != nil {
			return err
		}
		w.seen[lb.ID] = lb.UpdatedAt
	}
	w.forget(i, listed)
	if !idle {
		return nil
	}
	dim := w.dim(i, listed)
	err := w.study(ctx, s, dim)
	if local(err) {
		w.obscure("", dim, err)
		return nil
	}
	return err
}

// A refusedLook is an answer about the one thing that was asked for, which says nothing
// about the others.
type refusedLook struct{ error }

// looked is what comes of a look that failed.
func looked(at string, err error) error {
	var answer gophercloud.ErrUnexpectedResponseCode
	told := fmt.Errorf("%s: %w", at, refusal(err))
	if errors.As(err, &answer) && plan.AfterOf(told) == 0 && answer.Actual != http.StatusUnauthorized {
		return refusedLook{told}
	}
	return told
}

func local(err error) bool { return errors.As(err, new(refusedLook)) }

// obscure leaves it open who the members of pools are that the cloud does not tell. It is
// asked again in the next round.
func (w *Watch) obscure(id string, under []*seenPool, err error) {
	for _, p := range under {
		w.members[p.ID] = membership{}
	}
	w.Log.V(1).Info("Who the members of a load balancer are is not told", "loadBalancer", id, "reason", err.Error())
}

// ours are the pools under a load balancer that are listed.
func ours(lb seenBalancer, listed map[string]*seenPool) []*seenPool {
	var all []*seenPool
	for _, p := range lb.Pools {
		if known, ok := listed[p.ID]; ok {
			all = append(all, known)
		}
	}
	return all
}

// first reports whether a load balancer was never looked into.
func (w *Watch) first(id string) bool {
	_, seen := w.seen[id]
	return !seen
}

// complete reports whether the members of the pools are those that were seen.
func (w *Watch) complete(under []*seenPool) bool {
	return !slices.ContainsFunc(under, func(p *seenPool) bool { return !w.fits(p) })
}

// dim are the pools of one load balancer that was only glanced at: while there is
// nothing else to do, they are looked at one load balancer a round.
func (w *Watch) dim(i inventory, listed map[string]*seenPool) []*seenPool {
	for _, lb := range i.balancers {
		for _, p := range ours(lb, listed) {
			if w.members[p.ID].dim && !lb.ProvisioningStatus.Busy() {
				return ours(lb, listed)
			}
		}
	}
	return w.undated(i, listed)
}

// undated are the pools of a load balancer that nobody dates, as LBaaS v2 does not: while
// there is nothing else to do, one after the other is looked at.
func (w *Watch) undated(i inventory, listed map[string]*seenPool) []*seenPool {
	for range i.balancers {
		w.turn++
		lb := i.balancers[w.turn%len(i.balancers)]
		if lb.UpdatedAt == "" && !lb.ProvisioningStatus.Busy() {
			return ours(lb, listed)
		}
	}
	return nil
}

// forget drops what is gone.
func (w *Watch) forget(i inventory, listed map[string]*seenPool) {
	there := map[string]bool{}
	for _, lb := range i.balancers {
		there[lb.ID] = true
	}
	for id := range w.seen {
		if !there[id] {
			delete(w.seen, id)
		}
	}
	maps.DeleteFunc(w.members, func(id string, _ membership) bool { return listed[id] == nil })
	w.forgetNotes(i)
}

// forgetNotes drops the notes of those who have no load balancer any more.
func (w *Watch) forgetNotes(i inventory) {
	has := map[octavia.Owner]bool{}
	for _, lb := range i.balancers {
		owner, _ := lb.owner()
		has[owner] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.notes, func(o octavia.Owner, n note) bool { return !has[o] && n.round <= w.begun })
}
