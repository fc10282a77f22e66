package main

import (
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/openstack"
	"github.com/octagate/octagate/reconcile/plan"
)

// A bench is a directory with a configuration for an emulated cloud, and no cluster.
type bench struct {
	*testing.T
	cloud    *emulator.Cloud
	networks emulator.Networks
	server   *httptest.Server
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, cloud: emulator.New(emulator.Options{})}
	b.networks = b.cloud.LayTwoSubnets()
	b.server = httptest.NewServer(b.cloud)
	t.Cleanup(b.server.Close)
	t.Chdir(t.TempDir())
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("OS_CLIENT_CONFIG_FILE", "clouds.yaml")
	b.write("clouds.yaml", string(b.cloud.CloudsYAML(b.server.URL)))
	b.write(usualConfig, "apiVersion: octagate.dev/v1alpha1\nkind: Configuration\nclusterName: test\nopenstack: {cloud: demo}\n"+
		"neutron: {podSubnet: "+b.networks.PodSubnet+", serviceSubnet: "+b.networks.ServiceSubnet+"}\n")
	return b
}

func (b *bench) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// balanced makes a load balancer of the cluster.
func (b *bench) balanced() {
	b.Helper()
	client, err := openstack.Configure("demo", openstack.Rate{})
	if err != nil {
		b.Fatal(err)
	}
	k, pool := octavia.Key{Protocol: "TCP", Port: 80}, octavia.PoolKey{Name: "shop/web:TCP:80", Protocol: "TCP"}
	tree := octavia.Tree{
		Name: "shop/web", VIP: octavia.VIP{Address: netip.MustParseAddr("10.2.0.7"), Subnet: b.networks.ServiceSubnet},
		Listeners: []octavia.Listener{{Key: k, Settings: octavia.Settings{Name: pool.Name}, Pool: pool}},
		Pools: []octavia.Pool{{PoolKey: pool, Algorithm: "ROUND_ROBIN", Members: []octavia.Member{
			{Name: "shop/a:8080", Address: netip.MustParseAddr("10.1.0.10"), Port: 8080, Subnet: b.networks.ServiceSubnet}}}},
	}
	watch := &openstack.Watch{Client: client, Facts: &openstack.Facts{}, Cluster: "test"}
	if err := watch.Take(b.Context(), octavia.Owner{Cluster: "test", UID: "u", System: "s"}, plan.CreateLoadBalancer{Tree: tree}); err != nil {
		b.Fatal(err)
	}
}

// says checks what a command line says, and its exit code at the end.
func (b *bench) says(args string, words ...string) {
	b.Helper()
	said := string(saying(b.T, strings.Fields(args), ""))
	for _, w := range words {
		if !strings.Contains(said, w) {
			b.Errorf("octagate %s does not say %q:\n%s", args, w, said)
		}
	}
}

// Without a cluster there is still the cloud to look at; what needs the cluster says so.
func TestWithoutAClusterTheCloudIsShown(t *testing.T) {
	b := newBench(t)
	b.balanced()
	const note = "octagate: note: only what the cloud has is shown: "
	b.says("tree", "shop/web\n└─ load balancer  shop/web  VIP 10.2.0.7  provider amphora  ACTIVE OFFLINE\n", "member  shop/a:8080  10.1.0.10:8080  ACTIVE NO_MONITOR\n", note, "exit 0\n")
	b.says("graph shop/web", ">shop/a:8080<", ">TCP/80<", note, "exit 0\n")
	b.says("tree shop/other", "there is no load balancer of a Service shop/other in the cloud", "exit 2\n")
	b.says("tree -o json", `"operatingStatus": "NO_MONITOR"`, "exit 0\n")
	b.says("plan --live shop/web", "octagate: finding the cluster", "exit 2\n")
	b.says("adopt --dry-run", "octagate: finding the cluster", "exit 2\n")
}

// A cloud that does not answer is named, and so is one that answers nonsense.
func TestACloudThatDoesNotAnswerIsNamed(t *testing.T) {
	b := newBench(t)
	b.server.Close()
	for _, args := range []string{"tree", "graph", "plan --live shop/web", "adopt --dry-run"} {
		b.says(args, "asking OpenStack: logging in: CloudUnreachable: Post \""+b.server.URL, "exit 2\n")
	}
	b.write("clouds.yaml", "clouds: {}\n")
	b.says("tree", "reading clouds.yaml: ", "exit 2\n")
}

// The load balancer of a Service that is no more says so, if there is a cluster that could know.
func TestAnOrphanIsToldWhereThereIsACluster(t *testing.T) {
	w := &window{}
	if s := w.orphan(octavia.Tree{Name: "shop/web"}); s.Waiting.Reason != "NoService" || s.Tree.Name != "shop/web" {
		t.Errorf("got %+v", s)
	}
	w.blind = os.ErrNotExist
	if s := w.orphan(octavia.Tree{}); s.Waiting.Reason != "" {
		t.Errorf("got %+v", s)
	}
}
