package reconcile

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/go-logr/logr/testr"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/openstack"
	"github.com/octagate/octagate/reconcile/plan"
)

// A registry is an API server, or what a cache has of it.
type registry struct {
	client.Reader
	system   types.UID
	services []types.UID
}

func (r *registry) Get(_ context.Context, _ client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	o.SetUID(r.system)
	return nil
}

func (r *registry) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	var asked client.ListOptions
	asked.ApplyOptions(options)
	for _, uid := range r.services {
		meta := metav1.ObjectMeta{UID: uid}
		switch into := into.(type) {
		case *metav1.PartialObjectMetadataList:
			into.Items = append(into.Items, metav1.PartialObjectMetadata{ObjectMeta: meta})
		case *corev1.ServiceList:
			if wanted, _ := asked.FieldSelector.RequiresExactMatch(byUID); wanted == string(uid) {
				into.Items = append(into.Items, corev1.Service{ObjectMeta: meta})
			}
		}
	}
	return nil
}

// A yard is a Collector with a clock of its own, that remembers what it said.
type yard struct {
	*Collector
	cloud       *stage
	cache, live *registry
	now         time.Time
	said        []string
	ctx         context.Context
}

const grace = 10 * time.Minute

var orphaned = octavia.Owner{Cluster: "demo", System: "ours", UID: "gone"}

func newYard(t *testing.T) *yard {
	y := &yard{cloud: &stage{tree: built(octavia.Active, "vip")}, cache: &registry{}, live: &registry{system: "ours"}, now: time.Unix(1e9, 0)}
	y.Collector = &Collector{Cluster: "demo", System: "ours", Collect: true, Grace: grace, Cloud: y.cloud, Cache: y.cache, Live: y.live}
	y.ctx = logr.NewContext(t.Context(), funcr.New(func(_, line string) { y.said = append(y.said, line) }, funcr.Options{}))
	return y
}

// look looks at an owner's tree, and lets the time pass until it is to be again.
func (y *yard) look(o octavia.Owner) Outcome {
	outcome := y.attend(y.ctx, o, y.now)
	y.now = y.now.Add(outcome.Again)
	return outcome
}

func TestWhatIsCollected(t *testing.T) {
	theirs := octavia.Owner{Cluster: "demo", System: "theirs", UID: "gone"}
	const remove = "delete load balancer shop/web"
	for claim, tt := range map[string]struct {
		edit  func(*yard)
		owner octavia.Owner
		steps []string // after the grace period
		again time.Duration
		said  string // first
	}{
		"what has no Service": {func(*yard) {}, orphaned, []string{remove}, 0, "it is deleted if that stays so"},
		"a floating IP": {func(y *yard) {
			y.cloud.tree = octavia.Tree{FloatingIP: octavia.FloatingIP{Allocate: true, ID: "f", Address: netip.MustParseAddr("172.24.4.12")}}
		},
			orphaned, []string{"release floating IP 172.24.4.12"}, 0, "it is deleted if that stays so"},
		"but not one that is to be kept": {func(y *yard) {
			y.cloud.tree = octavia.Tree{FloatingIP: octavia.FloatingIP{Allocate: true, ID: "f", Address: netip.MustParseAddr("172.24.4.12"), Keep: true}}
		}, orphaned, []string{"keep floating IP 172.24.4.12"}, 0, "it is deleted if that stays so"},
		"not what has one": {func(y *yard) { y.cache.services = []types.UID{"gone"} }, orphaned, nil, 0, ""},
		"not what the API server itself knows": {func(y *yard) { y.live.services = []types.UID{"other", "gone"} }, orphaned, nil, grace,
			"it is deleted if that stays so"},
		"not what is another cluster's": {func(*yard) {}, theirs, nil, 0, "it is of another cluster of the same name"},
		"not what is of no cluster":     {func(*yard) {}, octavia.Owner{Cluster: "demo", UID: "gone"}, nil, 0, "it is of another cluster of the same name"},
		"not if it shall only be told":  {func(y *yard) { y.Collect = false }, orphaned, nil, 0, "it would be deleted with octavia.orphans: Collect"},
		"not what Octavia is at work on": {func(y *yard) { y.cloud.tree.Status = "PENDING_UPDATE" }, orphaned, nil, 0,
			"it is deleted if that stays so"},
		"not what is not known": {func(y *yard) { y.cloud.blind = &plan.Refusal{Reason: plan.Away, Err: errors.New("x")} }, orphaned, nil, 0, ""},
		"not what is there twice": {func(y *yard) { y.cloud.blind = &plan.Refusal{Reason: plan.Conflict, Err: errors.New("two of them")} }, orphaned, nil, quotaPause,
			"two of them"},
		"not when the API server has become another's": {func(y *yard) { y.live.system = "theirs" }, orphaned, nil, 0, "it is deleted if that stays so"},
	} {
		t.Run(claim, func(t *testing.T) {
			y := newYard(t)
			tt.edit(y)
			y.look(tt.owner)
			if len(y.cloud.steps) > 0 {
				t.Errorf("at once: %q", y.cloud.steps)
			}
			if outcome := y.look(tt.owner); outcome.Again != tt.again {
				t.Errorf("looked at again after %s", outcome.Again)
			}
			if diff := cmp.Diff(tt.steps, y.cloud.steps); diff != "" {
				t.Error(diff)
			}
			if tt.said == "" && len(y.said) > 0 || tt.said != "" && !strings.Contains(y.said[0], tt.said) {
				t.Errorf("said: %q", y.said)
			}
			if said := len(y.said); tt.steps == nil {
				if y.look(tt.owner); len(y.said) != said {
					t.Errorf("said again and again: %q", y.said)
				}
			}
		})
	}
}

func TestWhatIsKnownAfterAllHasItsTimeAgain(t *testing.T) {
	y := newYard(t)
	y.live.services = []types.UID{"gone"}
	y.look(orphaned)
	y.attend(y.ctx, orphaned, y.now)
	y.live.services = nil
	if outcome := y.attend(y.ctx, orphaned, y.now); outcome.Again != grace || len(y.cloud.steps) > 0 {
		t.Errorf("%q, then %+v", y.cloud.steps, outcome)
	}
}

func TestOneOrphanIsCollectedAtATime(t *testing.T) {
	y := newYard(t)
	second := octavia.Owner{Cluster: "demo", System: "ours", UID: "second"}
	y.attend(y.ctx, orphaned, y.now)
	y.attend(y.ctx, second, y.now)
	y.now = y.now.Add(grace)
	y.attend(y.ctx, orphaned, y.now)
	if outcome := y.attend(y.ctx, second, y.now); outcome.Again != turnPause || len(y.cloud.steps) != 1 {
		t.Errorf("two at a time: %q, %+v", y.cloud.steps, outcome)
	}
	y.cloud.tree.Status = octavia.Failed
	y.attend(y.ctx, orphaned, y.now) // told to go at once
	y.attend(y.ctx, orphaned, y.now) // and left alone
	if y.attend(y.ctx, second, y.now); len(y.cloud.steps) != 3 {
		t.Errorf("one that cannot be deleted keeps the others: %q", y.cloud.steps)
	}
}

// On an emulated cloud the tree of a Service that is no more goes, its floating IP after
// it, and that of another cluster with the same name stays.
func TestACloudIsLeftClean(t *testing.T) {
	clock := emulator.NewClock()
	cloud := emulator.New(emulator.Options{Pending: time.Minute, Clock: clock})
	networks := cloud.LayTwoSubnets()
	notices := make(chan changedOwner, 100)
	watch := watching(t, cloud, func(ctx context.Context, o octavia.Owner) {
		clock.Pass(time.Minute)
		tell(ctx, notices, o)
	})
	theirs := octavia.Owner{Cluster: "test", System: "theirs", UID: "gone"}
	ours := octavia.Owner{Cluster: "test", System: "ours", UID: "gone"}
	for o, vip := range map[octavia.Owner]string{ours: "10.2.0.7", theirs: "10.2.0.8"} {
		desired := octavia.Tree{Name: "shop/web", VIP: octavia.VIP{Address: netip.MustParseAddr(vip), Subnet: networks.ServiceSubnet},
			FloatingIP: octavia.FloatingIP{Allocate: true, Network: networks.ExternalNetwork}}
		until(t, notices, func() bool {
			observed, err := watch.Observe(o)
			p := plan.Diff(desired, observed)
			if err != nil || len(p) > 0 && advance(t.Context(), watch, o, p, observed, func(plan.Step) {}).Err != nil {
				return false
			}
			return len(p) == 0 && !observed.Status.Busy()
		})
	}
	cloud.ResetTranscript()
	c := &Collector{Cluster: "test", System: "ours", Collect: true, Grace: grace, Cloud: watch, Cache: &registry{}, Live: &registry{system: "ours"}}
	now := time.Now()
	until(t, notices, func() bool {
		for _, o := range []octavia.Owner{theirs, ours} {
			now = now.Add(c.attend(t.Context(), o, now).Again)
			c.attend(t.Context(), o, now)
		}
		observed, err := watch.Observe(ours)
		return err == nil && observed.Empty()
	})
	if observed, err := watch.Observe(theirs); err != nil || !observed.Exists() || !observed.FloatingIP.Allocate {
		t.Errorf("%v: %+v", err, observed)
	}
	writes := slices.DeleteFunc(cloud.Transcript(), func(c emulator.Call) bool { return c.Method == "GET" })
	want := []emulator.Call{{Method: "DELETE", Path: "lbaas/loadbalancers/{id}", Status: 204}, {Method: "DELETE", Path: "floatingips/{id}", Status: 204}}
	if diff := cmp.Diff(want, writes); diff != "" {
		t.Error(diff)
	}
}

// watching is a Watch of a cloud, until the test ends.
func watching(t *testing.T, cloud *emulator.Cloud, changed func(context.Context, octavia.Owner)) *openstack.Watch {
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(file, cloud.CloudsYAML(server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OS_CLIENT_CONFIG_FILE", file)
	client, err := openstack.Configure("demo", openstack.Rate{})
	if err != nil {
		t.Fatal(err)
	}
	watch := &openstack.Watch{Client: client, Facts: &openstack.Facts{}, Cluster: "test",
		Poll: time.Millisecond, Idle: time.Millisecond, Changed: changed, Log: testr.New(t)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- watch.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return watch
}

// until tries with every notice until it is done.
func until(t *testing.T, notices <-chan changedOwner, done func() bool) {
	t.Helper()
	for !done() {
		select {
		case <-notices:
		case <-time.After(time.Minute):
			t.Fatal("nobody is told of anything any more")
		}
	}
}
