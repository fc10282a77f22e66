package chaos

import (
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/e2e/emulator"
)

// A world is one cluster, its cloud, and whoever of octagate is at work.
type world struct {
	seed  uint64
	born  time.Time
	cloud *emulator.Cloud
	nets  emulator.Networks

	serviceV6, podV6 string // IDs of the subnets of IPv6

	api   *api
	admin *admin
	house house // what is foreign, as it was made

	sabotage func(*octagate)                    // breaks every octagate before it starts; nil: none is broken
	survives func(call string, after bool) bool // whether octagate does, a call that is about to have its effect, or just had it; nil: it does
	meets    func(call string) fault            // the fault of a call; nil: the weather's
	patience time.Duration                      // how long everything may take to be well again

	mu         sync.Mutex
	members    []*octagate // that are alive
	started    int
	selected   map[types.NamespacedName]int // the Pods of Services
	config     int                          // of those who start from now on
	weather    weather
	peaceful   bool           // all trouble is over
	short      bool           // there was a quota
	ended      bool           // nobody is at work any more
	twins      time.Time      // when there were two of octagate last
	struck     time.Time      // when a fault befell a call last
	counts     map[string]int // calls, by name
	inherited  []string       // IDs of the load balancers that Kuryr made
	writes     int            // that changed something in the cloud
	violations []string       // of what must not be even for a moment
	log        strings.Builder
}

// A weather is how calls fare.
type weather struct {
	storm   int     // of 1,000 calls to the cloud, how many fail
	rough   int     // of 1,000 writes to the API server
	planned []fault // of the next calls that change something
	killed  int     // the call after which octagate is killed, counted down; 0: none
	slow    bool    // calls take seconds

	snatched string // the call before which a user takes the floating IP that it is about; empty: none
}

// An Ending is what is left of a history.
type Ending struct {
	Wrong  []string      // what is not as it should be, or never should have been
	Log    string        // all that happened
	Took   time.Duration // from the end of all trouble until everything was well
	Writes int           // that changed something in the cloud
	Faults int           // of calls to it
}

// longest is how long everything may take to be well again, once the trouble is over. What
// is in ERROR again and again is left alone for up to an hour: see reconcile.
const longest = 4 * time.Hour

// Run lets a history happen in a world of its own, where time passes when everybody waits.
// change may change that world before anything happens; nil: nothing is changed.
func Run(t *testing.T, h History, change func(*world)) (e Ending) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		w := newWorld(h.Seed)
		if change != nil {
			change(w)
		}
		w.start()
		for _, d := range h.Deeds {
			w.note("deed: %s", d)
			deeds[d.Do].do(w, d.On, d.By)
			time.Sleep(d.Pause)
		}
		e = w.settle()
		w.end()
	})
	return e
}

func newWorld(seed uint64) *world {
	w := &world{seed: seed, born: time.Now(), counts: map[string]int{}, patience: longest}
	w.cloud = emulator.New(emulator.Options{Now: time.Now, Pending: 2 * time.Second, Seed: seed + 1, AsPackaged: seed%5 == 4})
	w.nets = w.cloud.LayTwoSubnets()
	w.api = newAPI(w)
	w.admin = newAdmin(w.cloud)
	w.serviceV6 = w.admin.subnet(w.nets.ServiceNetwork, "fd00:2::")
	w.podV6 = w.admin.subnet(w.nets.PodNetwork, "fd00:1::")
	w.furnish()
	return w
}

// end stops everybody, and waits for calls that are still on their way.
func (w *world) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	for _, o := range w.alive() {
		o.kill()
	}
	time.Sleep(10 * time.Minute)
}

// luck is a number below n that follows from the seed and from what it is for.
func (w *world) luck(n int, parts ...any) int {
	hash := fnv.New64a()
	fmt.Fprint(hash, w.seed)
	for _, p := range parts {
		fmt.Fprint(hash, " ", p)
	}
	mixed := hash.Sum64()
	mixed ^= mixed >> 33
	mixed *= 0xff51afd7ed558ccd
	mixed ^= mixed >> 33
	return int(mixed % uint64(n))
}

// instant is a time of up to most, hardly ever the same twice: so that it follows from the
// seed, too, who comes first.
func (w *world) instant(most time.Duration, parts ...any) time.Duration {
	return time.Duration(w.luck(int(most), parts...)) + 1
}

// note writes into the log.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&w.log, "%10.3f  %s\n", time.Since(w.born).Seconds(), fmt.Sprintf(format, args...))
}

// violate takes note of something that must not be.
func (w *world) violate(format string, args ...any) {
	w.note("VIOLATION: "+format, args...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
}

// count is how often something has happened by now.
func (w *world) count(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
	return w.counts[what]
}

// start starts one more octagate, with the configuration of the time.
func (w *world) start() {
	w.mu.Lock()
	w.started++
	number, config := w.started, w.config
	w.mu.Unlock()
	o := newOctagate(w, number, config)
	w.mu.Lock()
	w.members = append(w.members, o)
	w.mu.Unlock()
	w.doubled()
	o.run()
}

// alive are all that are at work, the oldest first.
func (w *world) alive() []*octagate {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []*octagate
	for _, o := range w.members {
		if !o.dead.Load() {
			all = append(all, o)
		}
	}
	w.members = all
	return all
}

// doubled reports whether there are two of octagate, or were a while ago.
func (w *world) doubled() bool {
	two := len(w.alive()) > 1
	w.mu.Lock()
	defer w.mu.Unlock()
	if two {
		w.twins = time.Now()
	}
	return !w.twins.IsZero() && time.Since(w.twins) < lag
}

// later does something after a while, unless there is peace by then.
func (w *world) later(d time.Duration, do func()) {
	time.AfterFunc(d, func() {
		w.mu.Lock()
		peace := w.peaceful
		w.mu.Unlock()
		if !peace {
			do()
		}
	})
}

// settle ends all trouble, and waits until nothing is wrong any more, and nothing is done.
func (w *world) settle() Ending {
	w.peace()
	begun, pause := time.Now(), 5*time.Second
	var wrong []string
	for time.Since(begun) < w.patience {
		time.Sleep(pause)
		pause = min(2*pause, 5*time.Minute)
		if wrong = w.wrong(); len(wrong) == 0 && w.rests() {
			break
		}
	}
	took := time.Since(begun)
	wrong = w.wrong()
	w.mu.Lock()
	defer w.mu.Unlock()
	return Ending{append(w.violations, wrong...), w.log.String(), took, w.writes, w.counts["faults"]}
}

// rests reports whether nothing is written to the cloud for a while.
func (w *world) rests() bool {
	written := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.writes
	}
	before := written()
	time.Sleep(2 * time.Minute)
	return written() == before
}

// peace ends all faults, and has exactly one octagate at work.
func (w *world) peace() {
	w.note("peace")
	w.mu.Lock()
	w.weather, w.peaceful = weather{}, true
	w.mu.Unlock()
	w.api.rough(0)
	w.admin.mend()
	all := w.alive()
	for _, o := range all {
		o.cache.hear()
	}
	for _, o := range all[min(1, len(all)):] {
		o.kill()
	}
	if len(all) == 0 {
		w.start()
	}
}
