package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/session"
)

// A site is an emulated cloud, and a directory in which commands find it.
type site struct {
	*testing.T
	cloud *emulator.Cloud
	url   string
}

func newSite(t *testing.T) *site {
	t.Helper()
	t.Chdir(t.TempDir())
	s := &site{T: t, cloud: emulator.New(emulator.Options{})}
	server := httptest.NewServer(s.cloud)
	t.Cleanup(server.Close)
	s.url = server.URL
	s.write("clouds.yaml", string(s.cloud.CloudsYAML(server.URL)))
	t.Setenv("OS_CLIENT_CONFIG_FILE", "clouds.yaml")
	t.Setenv("OS_CLOUD", "demo")
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	return s
}

func (s *site) write(file, text string) {
	s.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// configure writes octagate.yaml for networks.
func (s *site) configure(n emulator.Networks, serviceRange string) {
	s.Helper()
	s.write("octagate.yaml", `apiVersion: octagate.dev/v1alpha1
kind: Configuration
clusterName: production
kubernetes: {serviceCIDRs: [`+serviceRange+`]}
neutron:
  podSubnet: `+n.PodSubnet+`
  serviceSubnet: `+n.ServiceSubnet+`
  externalNetwork: `+n.ExternalNetwork+`
  externalSubnet: `+n.ExternalSubnet+`
`)
}

// octagate is what a command says, and its exit code.
func (s *site) octagate(args ...string) (said, noted string, exit int) {
	s.Helper()
	var out, notes bytes.Buffer
	c := command()
	c.SetOut(&out)
	c.SetErr(&notes)
	c.SetIn(strings.NewReader(""))
	c.SetArgs(args)
	err := c.ExecuteContext(s.Context())
	if err != nil && !errors.Is(err, errFound) {
		notes.WriteString(err.Error())
	}
	return out.String(), notes.String(), code(err)
}

// verdicts are the names of preflight's checks by their severity.
func (s *site) verdicts(args ...string) (names map[string][]string, exit int) {
	s.Helper()
	said, noted, exit := s.octagate(append([]string{"preflight", "-o", "json"}, args...)...)
	var report struct {
		Results []struct{ Check, Severity string }
	}
	if err := json.Unmarshal([]byte(said), &report); err != nil {
		s.Fatalf("%v: %s%s", err, said, noted)
	}
	names = map[string][]string{}
	for _, r := range report.Results {
		if r.Severity != "passed" {
			names[r.Severity] = append(names[r.Severity], r.Check)
		}
	}
	return names, exit
}

// unpopulated are the checks of what is not there yet: a cluster, its Pods, an amphora.
var unpopulated = []string{"topology", "cluster-range", "pool-room", "pods-in-subnet", "pod-security", "requested-ips", "orphans"}

func TestPreflightOnGoodGround(t *testing.T) {
	for layout, tt := range map[string]struct {
		lay          func(*emulator.Cloud) emulator.Networks
		serviceRange string
	}{
		"two subnets": {(*emulator.Cloud).LayTwoSubnets, "10.2.0.0/17"},
		"one subnet":  {(*emulator.Cloud).LayOneSubnet, "10.0.0.0/18"},
	} {
		t.Run(layout, func(t *testing.T) {
			s := newSite(t)
			s.configure(tt.lay(s.cloud), tt.serviceRange)
			got, exit := s.verdicts()
			// No agent serves routers here, and nobody made the API's load balancer.
			want := map[string][]string{"unchecked": unpopulated, "warning": {"router-gateways", "api-load-balancer"}}
			if diff := cmp.Diff(want, got); diff != "" || exit != clean {
				t.Errorf("exit %d: %s", exit, diff)
			}
			if _, exit := s.verdicts("--fail-on", "warning"); exit != found {
				t.Errorf("--fail-on warning: exit %d", exit)
			}
		})
	}
}

// call makes a call as the user demo that has to succeed.
func (s *site) call(method, url string, body, into any) {
	s.Helper()
	by, err := session.Open(s.Context(), "clouds.yaml", "demo")
	if err != nil {
		s.Fatal(err)
	}
	url = strings.NewReplacer("network/", by.Network, "balancer/", by.LoadBalancer+"lbaas/").Replace(url)
	if err := by.Do(s.Context(), method, url, body, into); err != nil {
		s.Fatal(err)
	}
}

type object = map[string]any

// spoil does to the networks what a hurried operator might.
func (s *site) spoil(n emulator.Networks) {
	s.Helper()
	pools := []object{{"start": "10.2.0.100", "end": "10.2.0.200"}, {"start": "10.2.128.1", "end": "10.2.255.254"}} // the gateway, too
	s.call("PUT", "network/subnets/"+n.ServiceSubnet, object{"subnet": object{"allocation_pools": pools}}, nil)
	s.call("PUT", "network/routers/"+n.Router, object{"router": object{"external_gateway_info": nil, "admin_state_up": false}}, nil)
	for network, fixed := range map[string]object{
		n.ServiceNetwork: {"subnet_id": n.ServiceSubnet, "ip_address": "10.2.0.50"}, n.PodNetwork: {"subnet_id": n.PodSubnet},
	} {
		s.call("POST", "network/ports", object{"port": object{"network_id": network, "fixed_ips": []any{fixed}, "device_owner": "compute:nova"}}, nil)
	}
	var api struct{ LoadBalancer struct{ ID string } }
	s.call("POST", "balancer/loadbalancers", object{"loadbalancer": object{
		"name": "default/kubernetes", "vip_address": "10.2.0.1", "vip_subnet_id": n.ServiceSubnet}}, &api)
	s.call("GET", "balancer/loadbalancers/"+api.LoadBalancer.ID, nil, nil) // now it is ACTIVE
	if err := s.cloud.SetQuota("demo", "load_balancer", 1); err != nil {
		s.Fatal(err)
	}
}

func TestPreflightOnBadGround(t *testing.T) {
	s := newSite(t)
	n := s.cloud.LayTwoSubnets()
	s.configure(n, "10.2.0.0/17")
	s.spoil(n)
	got, exit := s.verdicts(
		"--set", "octavia.provider=ovn", "--set", "octavia.flavor="+n.Router, "--set", "octavia.availabilityZone=east",
		"--set", "neutron.externalNetwork="+n.PodNetwork, "--set", "kubernetes.guardAddresses=false", "--set", "octavia.memberMode=L3",
	)
	want := []string{"provider", "flavor", "availability-zone", "pools-apart", "gateways", "router", "range-free", "pod-security", "external-network",
		"external-subnet", "external-route", "quotas", "api-load-balancer"}
	if diff := cmp.Diff(want, got["failure"]); diff != "" || exit != found {
		t.Errorf("exit %d: %s", exit, diff)
	}
	said, _, _ := s.octagate("preflight")
	for _, line := range []string{
		"pool 10.2.0.100-10.2.0.200 has 10.2.0.100-10.2.0.200 of the range 10.2.0.0/17",
		"openstack subnet set --no-allocation-pool --allocation-pool start=10.2.128.0,end=10.2.255.253 " + n.ServiceSubnet,
		"openstack router set --enable " + n.Router,
		"1 of 1 loadbalancers are there", "--remote-ip 10.2.0.0/16",
	} {
		if !strings.Contains(said, line) {
			t.Errorf("%q is not said:\n%s", line, said)
		}
	}
}

// What cannot be looked at is told by its endpoint, and is no fault of the ground.
func TestPreflightOfASilentCloud(t *testing.T) {
	s := newSite(t)
	s.configure(s.cloud.LayTwoSubnets(), "10.2.0.0/17")
	for path, want := range map[string]string{
		"/identity": "asking Keystone at " + s.url + "/identity", "/network": "finding Neutron at " + s.url + "/network",
		"/load-balancer": "asking Octavia at " + s.url + "/load-balancer",
	} {
		s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
			if strings.HasPrefix(r.URL.Path, path) {
				return &emulator.Fault{Status: http.StatusBadGateway}
			}
			return nil
		})
		if said, noted, exit := s.octagate("preflight"); exit != trouble || !strings.Contains(noted, want) || said != "" {
			t.Errorf("%s: exit %d, %s%s", path, exit, said, noted)
		}
	}
}

func TestPreflightUsage(t *testing.T) {
	s := newSite(t)
	s.configure(emulator.Networks{PodSubnet: "x"}, "10.2.0.0/17")
	for claim, tt := range map[string]struct{ args, want string }{
		"a format that is none":        {"-o xml", "--output xml: must be json, junit, text or yaml"},
		"a severity that is none":      {"--fail-on unchecked", "--fail-on unchecked: must be failure or warning"},
		"no configuration":             {"--config missing.yaml", "reading the configuration"},
		"a configuration that is none": {"", "neutron.podSubnet \"x\" must be an OpenStack ID"},
	} {
		if _, noted, exit := s.octagate(append([]string{"preflight"}, strings.Fields(tt.args)...)...); exit != trouble || !strings.Contains(noted, tt.want) {
			t.Errorf("%s: exit %d: %s", claim, exit, noted)
		}
	}
}
