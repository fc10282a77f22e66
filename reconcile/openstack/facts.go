package openstack

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"golang.org/x/sync/singleflight"

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
	Renewed        func() // is told whenever one kind was asked for; nil: nobody is
	Log            logr.Logger

	mu      sync.Mutex
	said    map[facts.Kinds]said
	lookups singleflight.Group
}

// A said is what the cloud said of one kind at a moment.
type said struct {
	at   time.Time
	tell telling
}

// A telling writes one kind of facts into a Snapshot.
type telling func(*facts.Snapshot)

// Known is what is known now, without asking anybody.
func (f *Facts) Known() facts.Snapshot { return f.knownBut(0) }

// knownBut is what is known now, less some kinds.
func (f *Facts) knownBut(less facts.Kinds) facts.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	var s facts.Snapshot
	for kind, one := range f.said {
		if !less.Has(kind) && time.Since(one.at) <= max(3*f.Refresh, time.Minute) {
			one.tell(&s)
		}
	}
	return s
}

// Fresh is what is known, and of some kinds what the cloud says now: what it does not
// say before ctx ends is unknown then. Callers at the same time share one look-up.
func (f *Facts) Fresh(ctx context.Context, asked facts.Kinds) facts.Snapshot {
	var answers []<-chan singleflight.Result
	for _, k := range kinds {
		if asked.Has(k.of) {
			answers = append(answers, f.lookups.DoChan(k.name, func() (any, error) {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowest)
				defer cancel()
				return f.ask(ctx, k)
			}))
		}
	}
	s := f.knownBut(asked)
	for _, answer := range answers {
		if tell := heard(ctx, answer); tell != nil {
			tell(&s)
		}
	}
	return s
}

// heard is an answer that comes before ctx ends; nil: none does.
func heard(ctx context.Context, answer <-chan singleflight.Result) telling {
	var r singleflight.Result
	select {
	case r = <-answer:
	case <-ctx.Done():
		select {
		case r = <-answer: // in time, after all
		default:
		}
	}
	tell, _ := r.Val.(telling)
	return tell
}

// ask asks the cloud for one kind, and remembers what it says.
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
	f.remember(k.of, said{now, tell})
	if f.Renewed != nil {
		f.Renewed()
	}
	return tell, nil
}

// learn is told of all floating IPs by the Watch.
func (f *Facts) learn(at time.Time, all []floatingips.FloatingIP) {
	f.remember(facts.FloatingIPs, said{at, tellFloatingIPs(all)})
}

// remember keeps what was said, unless something newer was.
func (f *Facts) remember(kind facts.Kinds, now said) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.said == nil {
		f.said = map[facts.Kinds]said{}
	}
	if now.at.After(f.said[kind].at) {
		f.said[kind] = now
	}
}

// NeedLeaderElection is false: every replica answers the API server.
func (f *Facts) NeedLeaderElection() bool { return false }

// Start renews what is known until ctx ends. No kind waits for another.
func (f *Facts) Start(ctx context.Context) error {
	var all sync.WaitGroup
	for _, k := range kinds {
		all.Go(func() { f.renew(ctx, k) })
	}
	all.Wait()
	return nil
}

// renew renews one kind until ctx ends, and tells each trouble once.
func (f *Facts) renew(ctx context.Context, k kind) {
	trouble := ""
	for {
		attempt, cancel := context.WithTimeout(ctx, slowest)
		_, err := f.ask(attempt, k)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil && err.Error() != trouble:
			trouble = err.Error()
			f.Log.Info("Facts could not be renewed; rules that need them will only warn", "facts", k.name, "reason", trouble)
		case err == nil && trouble != "":
			trouble = ""
			f.Log.Info("Facts are renewed again", "facts", k.name)
		}
		if !wait(ctx, f.Refresh, nil) {
			return
		}
	}
}
