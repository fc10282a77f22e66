package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/octagate/octagate/policy/facts"
)

// Facts keeps what is known of the cloud, on every replica. Each kind of facts is
// asked for by itself: it is renewed every Refresh, and forgotten when it is three
// times as old, but not within a minute, since an answer from before an outage is no
// answer. The Watch beside it tells of floating IPs, too.
type Facts struct {
	Client         *Client
	Cluster        string   // whose load balancers are ours
	ServiceSubnets []string // IDs, of IPv4 first
	PodSubnets     []string // IDs
	Refresh        time.Duration
	Patience       time.Duration // how long a look-up for admission takes at most; 0: 1.5s
	Renewed        func()        // is told whenever one kind was asked for; nil: nobody is
	Counts         *Counts       // of look-ups; nil: nobody counts
	Log            logr.Logger

	mu       sync.Mutex
	said     map[facts.Kinds]said
	glimpses map[netip.Addr]glimpse
	tried    facts.Kinds
	circuits map[string]circuit       // by the name of their kind
	lookups  map[facts.Kinds]*errands // 0: of floating IPs by their addresses
}

// A said is what the cloud said of one kind at a moment.
type said struct {
	at   time.Time
	tell telling
}

// A telling writes one kind of facts into a Snapshot.
type telling func(*facts.Snapshot)

// Known is what is known now, without asking anybody.
func (f *Facts) Known() facts.Snapshot {
	s := f.knownBut(0)
	s.Old = 0
	return s
}

// knownBut is what is known now, all of which is old, less some kinds.
func (f *Facts) knownBut(less facts.Kinds) facts.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	var s facts.Snapshot
	for kind, one := range f.said {
		if !less.Has(kind) && time.Since(one.at) <= max(3*f.Refresh, time.Minute) {
			one.tell(&s)
			s.Old |= kind
		}
	}
	return s
}

// ask asks the cloud for one kind, and remembers what it says of all of it.
func (f *Facts) ask(ctx context.Context, k kind) (telling, error) {
	s, err := f.Client.login(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	tell, err := k.ask(ctx, s, f)
	if err != nil {
		return nil, err
	}
	if k.of == 0 {
		return tell, nil
	}
	f.remember(k.of, said{now, tell})
	if f.Renewed != nil {
		f.Renewed()
	}
	return tell, nil
}

// learn is told of all floating IPs by the Watch.
func (f *Facts) learn(at time.Time, all roster) {
	f.remember(facts.FloatingIPs, said{at, all.telling()})
}

// remember keeps what was said, unless something newer was.
func (f *Facts) remember(kind facts.Kinds, now said) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.said == nil {
		f.said = map[facts.Kinds]said{}
	}
	if !now.at.After(f.said[kind].at) {
		return
	}
	if kind == facts.FloatingIPs {
		now = f.glimpsed(now)
	}
	f.said[kind] = now
}

// A glimpse is what was seen of one floating IP.
type glimpse struct {
	at   time.Time
	fact facts.FloatingIP
}

// glimpse is told of some floating IPs by the Watch: after a step of its own everybody knows as
// much as it does.
func (f *Facts) glimpse(at time.Time, some []floatingIP) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range some {
		if f.glimpses == nil {
			f.glimpses = map[netip.Addr]glimpse{}
		}
		f.glimpses[one.Address] = glimpse{at, one.fact()}
	}
	if all, known := f.said[facts.FloatingIPs]; known {
		f.said[facts.FloatingIPs] = f.glimpsed(all)
	}
}

// glimpsed is what was said of all floating IPs with what was seen of some since. What was seen
// before is forgotten.
func (f *Facts) glimpsed(all said) said {
	var before facts.Snapshot
	all.tell(&before)
	var now roster
	for address, g := range f.glimpses {
		switch {
		case !g.at.After(all.at):
			delete(f.glimpses, address)
			continue
		case reflect.DeepEqual(before.FloatingIPs[address], g.fact):
			continue
		case now == nil:
			now = maps.Clone(before.FloatingIPs)
		}
		now[address] = g.fact
	}
	if now != nil {
		all.tell = now.telling()
	}
	return all
}

// Look asks the cloud for everything once, as far as it answers before ctx ends. What it
// did not say is told by the errors.
func (f *Facts) Look(ctx context.Context) (facts.Snapshot, []error) {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	if _, err := f.Client.login(ctx); err != nil {
		return facts.Snapshot{}, []error{err}
	}
	tell, errs := make([]telling, len(kinds)), make([]error, len(kinds))
	var all sync.WaitGroup
	for i, k := range kinds {
		all.Go(func() {
			if tell[i], errs[i] = f.ask(ctx, k); errs[i] != nil {
				errs[i] = fmt.Errorf("asking for %s: %w", k.name, errs[i])
			}
		})
	}
	all.Wait()
	var s facts.Snapshot
	for i, told := range tell {
		if errs[i] == nil {
			told(&s)
		}
	}
	return s, slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// NeedLeaderElection is false: every replica answers the API server.
func (f *Facts) NeedLeaderElection() bool { return false }

// Start renews what is known until ctx ends, and tries whether floating IPs can be looked up.
// No kind waits for another.
func (f *Facts) Start(ctx context.Context) error {
	var all sync.WaitGroup
	for _, k := range append(slices.Clone(kinds), floatingIPsAt(nowhere)) {
		all.Go(func() { f.renew(ctx, k) })
	}
	all.Wait()
	return nil
}

// errUntried is why nobody should be sent here yet.
var errUntried = errors.New("OpenStack has not been asked for everything yet")

// Ready is a readiness check. It fails until the cloud was asked for each kind once,
// whatever it answered, and had as long for that as any look-up has. Facts are started when
// what is known of the cluster is known.
func (f *Facts) Ready(*http.Request) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range kinds {
		if !f.tried.Has(k.of) {
			return errUntried
		}
	}
	return nil
}

func (f *Facts) hasTried(k kind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried |= k.of
}

// renew renews one kind until ctx ends, and tells each trouble once.
func (f *Facts) renew(ctx context.Context, k kind) {
	defer time.AfterFunc(f.patience(), func() { f.hasTried(k) }).Stop()
	trouble := ""
	for {
		attempt, cancel := context.WithTimeout(ctx, slowest)
		begun := time.Now()
		_, err := f.try(attempt, k)
		took := time.Since(begun)
		cancel()
		f.hasTried(k)
		switch {
		case err != nil && ctx.Err() == nil && err.Error() != trouble:
			trouble = err.Error()
			f.Log.Info("Facts could not be renewed; rules that need them will only warn", "facts", k.name, "reason", trouble)
		case err == nil && trouble != "":
			trouble = ""
			f.Log.Info("Facts are renewed again", "facts", k.name)
		}
		if !wait(ctx, f.pause(k, err, took), f.circuit(k).opened) {
			return
		}
	}
}

// pause is how long nothing is asked about one kind: not for long after a failure, since
// the next answer may be what lets look-ups be made again, and not for long either while it
// takes too long, but so that no more than a quarter of the time is spent with asking.
func (f *Facts) pause(k kind, err error, took time.Duration) time.Duration {
	switch {
	case err != nil:
		return min(f.Refresh, rest)
	case f.circuit(k).open():
		return min(f.Refresh, max(rest, 3*took))
	}
	return f.Refresh
}
