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

// A view is what a round saw.
type view struct {
	of     scope
	trees  map[octavia.Owner]octavia.Tree
	rivals map[octavia.Owner]string // IDs of second load balancers
	heeded map[octavia.Owner]note   // and not of use any more
}

// look is one round's view of a scope, or of more. notes are of the steps that were taken before.
func (w *Watch) look(ctx context.Context, about scope, notes map[octavia.Owner]note) (v view, err error) {
	v.of = about
	s, err := w.Client.meet(ctx)
	if err != nil {
		return v, err
	}
	if about, err = w.narrow(ctx, s, about); err != nil {
		return v, err
	}
	v.of = about
	i, err := w.list(ctx, s, v.of, notes)
	if err != nil {
		return v, err
	}
	if v.heeded, err = w.detail(ctx, s, i, notes); err != nil {
		return v, err
	}
	w.forget(i, v.of)
	v.trees, v.rivals = i.trees(w.Cluster, w.members)
	return v, nil
}

// list lists what is of a scope, and tells what it sees of floating IPs.
func (w *Watch) list(ctx context.Context, s *session, about scope, notes map[octavia.Owner]note) (inventory, error) {
	if about != nil {
		i, err := s.nearby(ctx, w.Cluster, about, w.allocated(about, notes))
		if err == nil {
			w.Facts.glimpse(i.at, i.floatingIPs)
		}
		return i, err
	}
	floatingIPs := w.Facts.roster()
	i, err := s.inventory(ctx, w.Cluster, !w.tagged, floatingIPs.add)
	if err != nil {
		return i, err
	}
	w.tagged = i.tagged && !i.worded()
	w.Facts.learn(i.at, floatingIPs)
	return i, nil
}

// mostGlances is how many load balancers that were never seen before are looked into in
// one round. After a restart that is all of them, and nobody shall wait for that.
const mostGlances = 200

// mostAgain is how many pools are looked at once more in one round, less those that it looks
// at anyway, but one at least.
const mostAgain = 20

// After so many rounds a load balancer is looked into once more: one that was only glanced at
// in the next one, and one that has changed when it is not about to change again.
const (
	glanced = 1
	rested  = 10
)

// detail finds out the members of pools: the list of pools has only their IDs. What a
// step of ours made of them is known without asking. Otherwise pools are asked when
// there are other members than before, and when Octavia dates a change of their load
// balancer that was not ours. What rests costs nothing, and neither does what is busy, or
// made by a call whose answer is still to come. What was there before us is only glanced at.
//
// What has changed is looked into once more, later: beside a change of ours nobody sees
// somebody else's, and of two in one second Octavia's dates show one.
func (w *Watch) detail(ctx context.Context, s *session, i inventory, notes map[octavia.Owner]note) (heeded map[octavia.Owner]note, err error) {
	heeded = map[octavia.Owner]note{}
	listed := map[string]*seenPool{}
	for n := range i.pools {
		listed[i.pools[n].ID] = &i.pools[n]
	}
	glances, asked := 0, 0
	for _, lb := range i.balancers {
		owner, _ := lb.owner()
		n, acted := notes[owner]
		under := ours(lb, listed)
		if lb.ProvisioningStatus.Busy() || w.acting(owner) {
			continue
		}
		unknown, after := under, uint64(rested)
		switch {
		case acted:
			unknown = w.heed(n, lb, under)
			err = w.study(ctx, s, unknown)
			heeded[owner] = n
		case w.first(lb.ID) && w.Thorough != nil && w.Thorough(owner):
			after, err = 0, w.study(ctx, s, under)
		case w.first(lb.ID) && glances >= mostGlances:
			continue
		case w.first(lb.ID):
			glances++
			after, err = w.glance(ctx, s, lb, under)
		case w.seen[lb.ID] != lb.UpdatedAt || !w.complete(under):
			err = w.study(ctx, s, under)
		default:
			continue
		}
		if asked += len(unknown); local(err) {
			w.obscure(lb.ID, under, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		w.seen[lb.ID] = lb.UpdatedAt
		w.doubt(under, after)
	}
	w.lookAgain(ctx, s, w.unsure(i, listed, asked))
	return heeded, nil
}

// doubt has the members of pools looked at once more after some rounds, if not before; 0: never.
func (w *Watch) doubt(under []*seenPool, after uint64) {
	if after == 0 {
		return
	}
	for _, p := range under {
		k, next := w.members[p.ID], w.begun+after
		if k.seen && len(p.Members) > 0 && (k.again == 0 || k.again > next) {
			k.again = next
			w.members[p.ID] = k
		}
	}
}

// lookAgain looks at pools once more. What is known of one that the cloud does not tell stays
// known, and it is asked again later; so are the others, if it tells nothing at all.
func (w *Watch) lookAgain(ctx context.Context, s *session, all []*seenPool) {
	for _, p := range all {
		err := w.study(ctx, s, []*seenPool{p})
		if err == nil {
			continue
		}
		k := w.members[p.ID]
		k.again = w.begun + rested
		w.members[p.ID] = k
		w.Log.V(1).Info("The members of a pool are not told once more", "pool", p.Name, "reason", err.Error())
		if !local(err) {
			return
		}
	}
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

// unsure are the pools that are to be looked at once more now, in a round in which so many were
// asked for. When there is nothing else to do, it is those of the next load balancer that
// nobody dates, as LBaaS v2 does not.
func (w *Watch) unsure(i inventory, listed map[string]*seenPool, asked int) (all []*seenPool) {
	for _, lb := range i.balancers {
		for _, p := range lb.Pools {
			if w.unclear(lb, listed[p.ID]) {
				all = append(all, listed[p.ID])
			}
			if len(all) == max(1, mostAgain-asked) {
				return all
			}
		}
	}
	if len(all)+asked > 0 {
		return all
	}
	for range i.balancers {
		w.turn++
		lb := i.balancers[w.turn%len(i.balancers)]
		if lb.UpdatedAt == "" && !lb.ProvisioningStatus.Busy() {
			return ours(lb, listed)
		}
	}
	return nil
}

// unclear reports whether the members of a pool under lb are to be looked at once more, and can
// be; nil: it is not ours.
func (w *Watch) unclear(lb seenBalancer, p *seenPool) bool {
	owner, _ := lb.owner()
	return p != nil && w.members[p.ID].due(w.begun) && !lb.ProvisioningStatus.Busy() && !w.acting(owner)
}

// forget drops what is gone, and the notes of those in a scope who have no load balancer any more.
// What else is gone is seen when everything is looked at.
func (w *Watch) forget(i inventory, about scope) {
	has := map[octavia.Owner]bool{}
	for _, lb := range i.balancers {
		owner, _ := lb.owner()
		has[owner] = true
	}
	w.mu.Lock()
	maps.DeleteFunc(w.notes, func(o octavia.Owner, n note) bool { return about.has(o) && !has[o] && n.round <= w.begun })
	w.mu.Unlock()
	if about != nil {
		return
	}
	there := map[string]bool{}
	for _, lb := range i.balancers {
		there[lb.ID] = true
	}
	for _, p := range i.pools {
		there[p.ID] = true
	}
	maps.DeleteFunc(w.seen, func(id string, _ string) bool { return !there[id] })
	maps.DeleteFunc(w.members, func(id string, _ membership) bool { return !there[id] })
}
