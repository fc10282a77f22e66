package openstack

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A sky is an emulated cloud, our client of it, and a watch that makes a round
// when it is told to.
type sky struct {
	*testing.T
	cloud    *emulator.Cloud
	networks emulator.Networks
	clock    *emulator.Clock
	watch    *Watch
	reader   *Client // who only reads, for admission
	legacy   bool
	down     atomic.Bool
}

const settle = time.Minute // how long a PENDING state lasts

func newSky(t *testing.T) *sky { return skyWith(t, emulator.Options{}) }

// skyWith is a sky with a certain cloud.
func skyWith(t *testing.T, options emulator.Options) *sky {
	s := &sky{T: t, clock: emulator.NewClock(), legacy: options.Legacy}
	options.Pending, options.Now = settle, s.clock.Now
	s.cloud = emulator.New(options)
	s.networks = s.cloud.LayTwoSubnets()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			http.Error(w, "the cloud is down", http.StatusServiceUnavailable)
			return
		}
		s.cloud.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(file, append(s.cloud.CloudsYAML(server.URL), s.credentials(server.URL)...), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OS_CLIENT_CONFIG_FILE", file)
	s.watch = &Watch{Client: s.client("writer"), Facts: &Facts{}, Cluster: "test", Log: testr.New(t)}
	var err error
	if s.reader, err = s.watch.Client.Reader("reader"); err != nil {
		t.Fatal(err)
	}
	return s
}

// client is somebody's way to the cloud.
func (s *sky) client(name string) *Client {
	s.Helper()
	c, err := Configure(name, Rate{})
	if err != nil {
		s.Fatal(err)
	}
	c.Now, c.Legacy = s.clock.Now, s.legacy
	return c
}

var owner = octavia.Owner{Cluster: "test", UID: "aaaa"}

// desired is a tree of one port with members.
func (s *sky) desired(external octavia.FloatingIP, members ...string) octavia.Tree {
	k := octavia.Key{Protocol: "TCP", Port: 80}
	pool := octavia.Pool{PoolKey: octavia.PoolKey{Name: "shop/web:TCP:80", Protocol: "TCP"}, Algorithm: "ROUND_ROBIN"}
	for _, m := range members {
		pool.Members = append(pool.Members, octavia.Member{
			Name: "shop/" + m, Address: netip.MustParseAddr(m), Port: 8080, Subnet: s.networks.ServiceSubnet})
	}
	return octavia.Tree{
		Name: "shop/web", VIP: octavia.VIP{Address: netip.MustParseAddr("10.2.0.7"), Subnet: s.networks.ServiceSubnet},
		Listeners: []octavia.Listener{{Key: k, Settings: octavia.Settings{Name: pool.Name}, Pool: pool.PoolKey}}, Pools: []octavia.Pool{pool}, FloatingIP: external,
	}
}

// step takes one step that must succeed.
func (s *sky) step(step plan.Step) {
	s.Helper()
	if err := s.watch.Take(s.Context(), owner, step); err != nil {
		s.Fatal(err)
	}
}

// see is the owner's tree after a round.
func (s *sky) see() octavia.Tree {
	s.Helper()
	s.watch.round(s.Context())
	t, err := s.watch.Observe(owner)
	if err != nil {
		s.Fatal(err)
	}
	return t
}

// reach takes steps, with rounds and time between them, until the tree is as desired.
func (s *sky) reach(desired octavia.Tree) octavia.Tree {
	s.Helper()
	for range 100 {
		observed := s.see()
		p := s.watch.Manner().Plan(desired, observed)
		if len(p) == 0 && !observed.Status.Busy() {
			return observed
		}
		if len(p) > 0 && !(observed.Status.Busy() && p[0].Locks()) {
			if err := s.watch.Take(s.Context(), owner, p[0]); err != nil && plan.ReasonOf(err) != plan.Busy {
				s.Fatal(err)
			}
		}
		s.clock.Pass(settle)
	}
	s.Fatalf("not reached: %s", s.watch.Manner().Plan(desired, s.see()))
	return octavia.Tree{}
}

// same compares trees less what only the cloud knows, and timeouts where somebody
// asked for any.
var same = cmp.Options{
	cmp.Comparer(func(a, b octavia.Timeouts) bool {
		either := func(a, b time.Duration) bool { return a == 0 || b == 0 || a == b }
		return either(a.ClientData, b.ClientData) && either(a.MemberData, b.MemberData) &&
			either(a.MemberConnect, b.MemberConnect) && either(a.TCPInspect, b.TCPInspect)
	}),
	cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}),
	cmpopts.IgnoreFields(octavia.Tree{}, "ID", "Status", "Provider", "FloatingIP", "Tags"),
	cmpopts.IgnoreFields(octavia.VIP{}, "Port"),
	cmpopts.IgnoreFields(octavia.Listener{}, "ID"),
	cmpopts.IgnoreFields(octavia.Pool{}, "ID"),
	cmpopts.IgnoreFields(octavia.Monitor{}, "ID"),
	cmpopts.IgnoreFields(octavia.Member{}, "ID"),
}

// exact compares trees in everything but the IDs of members, which nobody is told who replaces
// them.
var exact = cmp.Options{cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(octavia.Member{}, "ID")}

// writes are the calls that changed something.
func (s *sky) writes() map[string]int {
	counts := map[string]int{}
	for call, n := range s.cloud.Counts() {
		if call[:3] != "GET" && call != "POST auth/tokens" {
			counts[call] = n
		}
	}
	return counts
}
