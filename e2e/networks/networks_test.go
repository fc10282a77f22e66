package networks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/networks"
	"github.com/octagate/octagate/e2e/session"
	"github.com/octagate/octagate/e2e/view"
)

// A site is an emulator that nothing is laid in yet.
type site struct {
	networks.Site
	cloud *emulator.Cloud
	file  string
}

// newSite serves an emulator; every call passes by the watcher first.
func newSite(t *testing.T, watch func(*http.Request)) site {
	t.Helper()
	cloud := emulator.New(emulator.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watch(r)
		cloud.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(file, cloud.CloudsYAML(server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(cloud string) *session.Session {
		s, err := session.Open(t.Context(), file, cloud)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return site{networks.Site{Owner: open("demo"), Admin: open("admin"), Run: "run-1"}, cloud, file}
}

func unwatched(*http.Request) {}

func TestWhatIsLaidIsRemoved(t *testing.T) {
	s := newSite(t, unwatched)
	for _, tt := range []struct {
		layout networks.Layout
		things int // without the external network, which is the administrator's
	}{
		{networks.TwoSubnets, 7}, // 2 networks, 2 subnets, 2 ports, 1 router
		{networks.OneSubnet, 4},
	} {
		n, err := networks.Lay(t.Context(), tt.layout, s.Site)
		if err != nil {
			t.Fatal(err)
		}
		if there := inventory(t, s.file); len(there) != tt.things {
			t.Errorf("%s: %d things are there: %q", tt.layout.Name, len(there), there)
		}
		if err := n.Remove(t.Context()); err != nil {
			t.Error(err)
		}
		s.empty(t, tt.layout.Name)
	}
	s.Admin = nil
	if _, err := networks.Lay(t.Context(), networks.OneSubnet, s.Site); err == nil {
		t.Error("networks were laid without an external network")
	}
}

// empty fails the test unless nobody has anything in the cloud.
func (s site) empty(t *testing.T, when string) {
	t.Helper()
	for _, who := range []string{"demo", "admin"} {
		if diff := cmp.Diff([]string(nil), inventoryOf(t, s.file, who)); diff != "" {
			t.Errorf("%s: left of %s: %s", when, who, diff)
		}
	}
}

func TestEverythingHasTheNameOfTheRun(t *testing.T) {
	s := newSite(t, unwatched)
	if _, err := networks.Lay(t.Context(), networks.TwoSubnets, s.Site); err != nil {
		t.Fatal(err)
	}
	for _, thing := range append(inventoryOf(t, s.file, "demo"), inventoryOf(t, s.file, "admin")...) {
		if _, name, _ := strings.Cut(thing, " "); !strings.HasPrefix(name, "run-1 ") {
			t.Error(thing)
		}
	}
}

// Each call that changes something is the one during which somebody gives up, once.
func TestALayingThatIsGivenUpLeavesNothing(t *testing.T) {
	laid := false
	for last := 1; !laid; last++ {
		ctx, giveUp := context.WithCancel(t.Context())
		calls := 0
		s := newSite(t, func(r *http.Request) {
			if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/tokens") {
				return
			}
			if calls++; calls == last {
				giveUp()
			}
		})
		n, err := networks.Lay(ctx, networks.TwoSubnets, s.Site)
		if laid = err == nil; laid {
			err = n.Remove(t.Context())
		} else if errors.Is(err, context.Canceled) {
			err = nil
		}
		if err != nil {
			t.Error(err)
		}
		s.empty(t, fmt.Sprint("given up at change ", last))
		giveUp()
	}
}

func TestGuestsAreEvicted(t *testing.T) {
	s := newSite(t, unwatched)
	n, err := networks.Lay(t.Context(), networks.TwoSubnets, s.Site)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.FloatingIP(t.Context(), "172.24.4.21"); err != nil {
		t.Fatal(err)
	}
	port := s.guest(t, s.Owner.LoadBalancer+"lbaas/", "loadbalancer", object{"name": "web", "vip_subnet_id": n.ServiceSubnet}).Port
	s.guest(t, s.Owner.Network, "floatingip", object{"floating_network_id": n.ExternalNetwork, "port_id": port})
	s.guest(t, s.Owner.Network, "floatingip", object{"floating_network_id": n.ExternalNetwork, "description": "of run-1/pool"})
	s.guest(t, s.Owner.Network, "port", object{"network_id": n.PodNetwork, "name": "loose"})
	stranger := s.guest(t, s.Owner.Network, "floatingip", object{"floating_network_id": n.ExternalNetwork})

	found, err := n.Evict(t.Context())
	if err != nil || len(found) != 4 {
		t.Errorf("%v: %q", err, found)
	}
	if again, err := n.Evict(t.Context()); err != nil || len(again) > 0 {
		t.Errorf("again: %v: %q", err, again)
	}
	if err := n.Remove(t.Context()); err == nil {
		t.Error("the external network went although a stranger has an address of it")
	}
	if err := s.Owner.Delete(t.Context(), s.Owner.Network+"floatingips/"+stranger.ID); err != nil {
		t.Error(err)
	}
	if err := n.Remove(t.Context()); err != nil {
		t.Error("what failed was not tried again:", err)
	}
	s.empty(t, "afterwards")
}

type object = map[string]any

// A made is what a cloud says of something new.
type made struct {
	ID   string
	Port string `json:"vip_port_id"`
}

// guest makes something as the owner of the project.
func (s site) guest(t *testing.T, service, kind string, body object) made {
	t.Helper()
	var answer map[string]made
	path := map[string]string{"loadbalancer": "loadbalancers", "floatingip": "floatingips", "port": "ports"}[kind]
	if err := s.Owner.Do(t.Context(), http.MethodPost, service+path, object{kind: body}, &answer); err != nil {
		t.Fatal(err)
	}
	return answer[kind]
}

func TestTheExternalNetworkIsTheOneThatIsNamedOrHasIPv4(t *testing.T) {
	s := newSite(t, unwatched)
	admin, url := s.Admin, s.Admin.Network
	make := func(kind string, body object) (id string) {
		var answer map[string]made
		if err := admin.Do(t.Context(), http.MethodPost, url+kind+"s", object{kind: body}, &answer); err != nil {
			t.Fatal(err)
		}
		return answer[kind].ID
	}
	var externals, subnets []string
	for n := range 3 {
		network := make("network", object{"name": fmt.Sprint("external ", n), "router:external": true})
		externals = append(externals, network)
		if n > 0 {
			subnets = append(subnets, make("subnet", object{"network_id": network, "ip_version": 4, "cidr": fmt.Sprintf("192.0.%d.0/24", n)}))
		}
	}
	for claim, tt := range map[string]struct {
		admin    *session.Session
		external string
		among    []string // the external subnets that are right
	}{
		"the one that is named, also by an administrator": {admin, externals[2], subnets[1:]},
		"the one that is named":                           {nil, externals[1], subnets[:1]},
		"one with IPv4":                                   {nil, "", subnets},
		"none without a subnet":                           {nil, externals[0], nil},
	} {
		s.Admin, s.External = tt.admin, tt.external
		n, err := networks.Lay(t.Context(), networks.OneSubnet, s.Site)
		if err != nil {
			if tt.among != nil {
				t.Errorf("%s: %v", claim, err)
			}
			continue
		}
		if !slices.Contains(tt.among, n.ExternalSubnet) {
			t.Errorf("%s: it is %s", claim, n.ExternalSubnet)
		}
		if _, err := n.FloatingIP(t.Context(), "172.24.5.21"); err != nil {
			t.Errorf("%s: %v", claim, err)
		}
		if err := n.Remove(t.Context()); err != nil {
			t.Errorf("%s: %v", claim, err)
		}
	}
}

func inventory(t *testing.T, file string) []string {
	t.Helper()
	return inventoryOf(t, file, "demo")
}

func inventoryOf(t *testing.T, file, entry string) []string {
	t.Helper()
	v, err := view.Dial(t.Context(), file, entry)
	if err != nil {
		t.Fatal(err)
	}
	there, err := v.Inventory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return there
}
