package main

import (
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/session"
)

// external makes an external network, as an administrator, and is its ID and its subnet's.
func (s *site) external() (network, subnet string) {
	s.Helper()
	admin, err := session.Open(s.Context(), "clouds.yaml", "admin")
	if err != nil {
		s.Fatal(err)
	}
	var made struct{ Network, Subnet struct{ ID string } }
	if err := admin.Do(s.Context(), "POST", admin.Network+"networks", object{"network": object{"name": "public", "router:external": true}}, &made); err != nil {
		s.Fatal(err)
	}
	body := object{"subnet": object{"network_id": made.Network.ID, "ip_version": 4, "cidr": "172.24.4.0/24"}}
	if err := admin.Do(s.Context(), "POST", admin.Network+"subnets", body, &made); err != nil {
		s.Fatal(err)
	}
	return made.Network.ID, made.Subnet.ID
}

// writes is how many calls were made that change something.
func (s *site) writes() (n int) {
	for call, times := range s.cloud.Counts() {
		if method, _, _ := strings.Cut(call, " "); method != "GET" && call != "POST auth/tokens" {
			n += times
		}
	}
	return n
}

// laid are the names of what there is in the project.
func (s *site) laid() (names []string) {
	s.Helper()
	for _, kind := range []string{"networks", "subnets", "routers", "ports"} {
		var listed map[string][]struct {
			Name     string
			External bool   `json:"router:external"`
			Owner    string `json:"device_owner"`
		}
		s.call("GET", "network/"+kind, nil, &listed)
		for _, one := range listed[kind] {
			if !one.External && !strings.HasPrefix(one.Name, "octavia-lb-") {
				names = append(names, strings.TrimSpace(kind+" "+one.Name+" "+one.Owner))
			}
		}
	}
	var balancers struct{ LoadBalancers []struct{ Name string } }
	s.call("GET", "balancer/loadbalancers", nil, &balancers)
	for _, b := range balancers.LoadBalancers {
		names = append(names, "load balancer "+b.Name)
	}
	slices.Sort(names)
	return names
}

// wholes are what apply makes in each layout, less what is only amphorae's.
var wholes = map[string][]string{
	"two-subnets": {
		"load balancer default/kubernetes", "networks production-pod", "networks production-services",
		"ports production-pod-subnet-router network:router_interface", "ports production-service-subnet-router network:router_interface",
		"routers production-router", "subnets production-pod-subnet", "subnets production-service-subnet",
	},
	"single-subnet": {
		"load balancer default/kubernetes", "networks production-k8s", "ports production-k8s-subnet-router network:router_interface",
		"routers production-router", "subnets production-k8s-subnet",
	},
}

// asking is a command that asks for everything.
func asking(verb, layout, external, subnet string, more ...string) []string {
	return append([]string{"network", verb, "--cluster-name", "production", "--layout", layout, "--external-network", external, "--external-subnet", subnet,
		"--api-server", "192.168.1.2,192.168.1.3:6443"}, more...)
}

// What apply makes is ground on which preflight passes, in each layout.
func TestNetworkApply(t *testing.T) {
	for layout, whole := range wholes {
		t.Run(layout, func(t *testing.T) {
			s := newSite(t)
			external, subnet := s.external()
			before := s.writes()
			planned, noted, exit := s.octagate(asking("plan", layout, external, subnet)...)
			if !strings.Contains(noted, " of the cloud at "+s.url+"/identity") || !strings.Contains(noted, "--service-cluster-ip-range=10.") {
				t.Errorf("plan: %s", noted)
			}
			if exit != clean || !strings.HasPrefix(planned, "make network production-") || s.writes() != before {
				t.Fatalf("plan: exit %d: %s", exit, planned)
			}
			if _, noted, exit := s.octagate(asking("apply", layout, external, subnet)...); exit != trouble || s.writes() != before || !strings.Contains(noted, "nobody said yes") {
				t.Fatalf("nobody said yes: exit %d: %s", exit, noted)
			}
			file, noted, exit := s.octagate(asking("apply", layout, external, subnet, "--yes")...)
			_, listed, _ := strings.Cut(noted, ":\nmake ") // which follows where that is
			if exit != clean || !strings.HasPrefix("make "+listed, planned) || strings.Count(noted, " ... done") != strings.Count(planned, "\n") {
				t.Fatalf("apply: exit %d: %s", exit, noted)
			}
			if diff := cmp.Diff(whole, s.laid()); diff != "" {
				t.Error(diff)
			}
			s.passes(file)
			before = s.writes()
			for _, verb := range []string{"plan", "apply"} {
				again, noted, exit := s.octagate(asking(verb, layout, external, subnet)...)
				if again != file || noted != "There is nothing to do.\n" || exit != clean || s.writes() != before {
					t.Errorf("%s once more: exit %d: %s%s", verb, exit, again, noted)
				}
			}
		})
	}
}

// passes holds what was laid against preflight.
func (s *site) passes(file string) {
	s.Helper()
	s.write("octagate.yaml", file)
	got, exit := s.verdicts()
	// One amphora was seen, and no agent that serves routers.
	if diff := cmp.Diff(map[string][]string{"unchecked": unpopulated[1:], "warning": {"topology", "router-gateways"}}, got); diff != "" || exit != clean {
		s.Errorf("exit %d: %s%s", exit, diff, file)
	}
}

// Every call fails once, some when they were done already: each time the same command goes on
// from where it was, and nothing is made twice.
func TestNetworkApplyIsResumed(t *testing.T) {
	for claim, lost := range map[string]bool{"calls that fail": false, "answers that are lost": true} {
		t.Run(claim, func(t *testing.T) {
			s := newSite(t)
			external, subnet := s.external()
			stops := s.resume(lost, asking("apply", "two-subnets", external, subnet, "--yes"))
			if diff := cmp.Diff(wholes["two-subnets"], s.laid()); diff != "" || stops < 8 {
				t.Errorf("after %d stops: %s", stops, diff)
			}
			file, err := os.ReadFile("octagate.yaml")
			if err != nil {
				t.Fatal(err)
			}
			s.passes(string(file))
		})
	}
}

// resume runs a command until it succeeds, while what it calls fails at first. It is how
// often it did.
func (s *site) resume(lost bool, command []string) (stops int) {
	s.Helper()
	failed := map[string]bool{}
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		kind := path.Base(path.Dir(r.URL.Path)) + "/" + path.Base(r.URL.Path)
		if r.Method == http.MethodGet || strings.HasSuffix(kind, "auth/tokens") || failed[kind] {
			return nil
		}
		failed[kind] = true
		return &emulator.Fault{Status: http.StatusBadGateway, After: lost}
	})
	for stops = 0; stops < 30; stops++ {
		file, noted, exit := s.octagate(command...)
		if exit == clean {
			s.write("octagate.yaml", file)
			return stops
		}
		if exit != trouble || !strings.Contains(noted, "the same command goes on from here") || file != "" {
			s.Fatalf("exit %d: %s%s", exit, file, noted)
		}
	}
	s.Fatal("it never succeeds")
	return stops
}

// What is in the way is told before anything is made.
func TestNetworkClash(t *testing.T) {
	s := newSite(t)
	external, subnet := s.external()
	s.call("POST", "network/networks", object{"network": object{"name": "production-services"}}, nil)
	before := s.writes()
	for _, verb := range []string{"plan", "apply"} {
		said, noted, exit := s.octagate(asking(verb, "two-subnets", external, subnet)...)
		if exit != found || said != "" || !strings.Contains(noted, "has the name and was not made by octagate: take another --cluster-name") || s.writes() != before {
			t.Errorf("%s: exit %d: %s%s", verb, exit, said, noted)
		}
	}
}

// Nobody is told where the external network has its addresses; but a router has one of them.
func TestNetworkClashOutside(t *testing.T) {
	s := newSite(t)
	external, _ := s.external()
	command := []string{"network", "apply", "--yes", "--external-network", external, "--pod-cidr", "172.24.0.0/16"}
	if _, noted, exit := s.octagate(command...); exit != trouble || !strings.Contains(noted, "overlaps with cidr 172.24.4.0/24 of subnet") {
		t.Errorf("exit %d: %s", exit, noted)
	}
	before := s.writes()
	if _, noted, exit := s.octagate(command...); exit != found || !strings.Contains(noted, "is in the external network, and in 172.24.0.0/16") || s.writes() != before {
		t.Errorf("once more: exit %d: %s", exit, noted)
	}
}

func TestNetworkUsage(t *testing.T) {
	s := newSite(t)
	for args, want := range map[string]string{
		"--cluster-name a/b":         `--cluster-name "a/b": must be letters`,
		"--pod-cidr 10.1.0.0":        "--pod-cidr 10.1.0.0: must be a range",
		"--service-cidr x":           "--service-cidr x: must be a range",
		"--api-server x":             "--api-server x: must be an address",
		"--external-network public":  `--external-network "public": must be an ID`,
		"--router kubernetes":        `--router "kubernetes": must be an ID`,
		"--layout one":               `layout "one" must be`,
		"--service-cidr 10.2.0.0/24": "",
		"--cloud missing":            "reading clouds.yaml",
	} {
		_, noted, exit := s.octagate(append([]string{"network", "plan"}, strings.Fields(args)...)...)
		if wrong := want != ""; wrong != (exit == trouble) || !strings.Contains(noted, want) {
			t.Errorf("%s: exit %d: %s", args, exit, noted)
		}
	}
	s.cloud.SetFault(func(*http.Request) *emulator.Fault { return &emulator.Fault{Status: http.StatusBadGateway} })
	if _, noted, exit := s.octagate("network", "plan"); exit != trouble || !strings.Contains(noted, "looking at what is there: ") {
		t.Errorf("a silent cloud: exit %d: %s", exit, noted)
	}
}
