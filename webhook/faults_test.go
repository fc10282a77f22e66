package webhook

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/openstack"
)

// A claim is what the cloud says, for once not truly, for which a rule refuses a Service.
type claim struct {
	rule    string
	call    string // by which the cloud is asked
	says    string // its answer; SUBNET and EXTERNAL are the IDs of the networks
	about   facts.Kinds
	service *corev1.Service
}

// The kinds of facts that rules ask for together.
const (
	external = facts.FloatingIPs | facts.Externals | facts.Routes
	place    = facts.Subnets | facts.Ports | facts.Balancers
)

// offers are what the cloud need not tell: then a 403 is an answer, and nothing is known.
const offers = facts.Providers | facts.Flavors | facts.Zones | facts.BalancerLimits | facts.FloatingIPLimit

// claims are one for each rule that asks the cloud.
func claims() []claim {
	const floatingIP = `{"id": "f", "floating_ip_address": "172.24.4.13", "floating_network_id": "EXTERNAL"`
	const subnet = `{"subnets": [{"id": "SUBNET", "network_id": "n", "cidr": `
	old := noted("timeout-client-data", "70s")
	both := at("", func(s *corev1.Service) {
		s.Spec.ClusterIPs = []string{s.Spec.ClusterIP, "fd00::7"}
		s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyRequireDualStack)
	})
	return []claim{
		{"floating-ip-exists", "GET floatingips", `{"floatingips": []}`, external, at("172.24.4.13")},
		{"floating-ip-free", "GET floatingips", `{"floatingips": [` + floatingIP + `, "port_id": "p", "fixed_ip_address": "10.2.0.99"}]}`, external | facts.Balancers, at("172.24.4.13")},
		{"floating-ip-allowed", "GET floatingips", `{"floatingips": [` + floatingIP + `, "tags": ["octagate:namespace=elsewhere"]}]}`, external, at("172.24.4.13")},
		{"floating-ip-network", "GET networks", `{"networks": []}`, external, at("172.24.4.13")},
		{"floating-ip-network", "GET networks", `{"networks": []}`, external, at("")},
		{"cluster-ip-range", "GET subnets", subnet + `"10.9.0.0/16", "allocation_pools": []}]}`, place, at("")},
		{"cluster-ip-reserved", "GET subnets", subnet + `"10.2.0.0/16", "gateway_ip": "10.2.0.50", "allocation_pools": []}]}`, place, at("")},
		{"vip-free", "GET ports", `{"ports": [{"id": "p", "device_owner": "compute:nova", "fixed_ips": [{"subnet_id": "SUBNET", "ip_address": "10.2.0.50"}]}]}`, place, at("")},
		{"subnet-exists", "GET subnets", `{"subnets": []}`, place, at("")},
		{"capability", "GET load-balancer", `{"versions": [{"id": "v2.0", "status": "CURRENT"}]}`, facts.Octavia, old},
		{"provider-exists", "GET lbaas/providers", `{"providers": [{"name": "ovn"}]}`, facts.Providers | facts.Balancers, noted("provider", "amphora")},
		{"flavor-exists", "GET lbaas/flavors", `{"flavors": []}`, facts.Flavors | facts.Balancers, noted("flavor-id", flavor)},
		{"zone-exists", "GET lbaas/availabilityzones", `{"availability_zones": []}`, facts.Zones | facts.Balancers, noted("availability-zone", "az1")},
		{"quota", "GET lbaas/quotas/{id}", `{"quota": {"load_balancer": 0}}`, facts.Balancers | facts.BalancerLimits, at("")},
		{"quota", "GET lbaas/quotas/{id}", `{"quota": {"listener": 0}}`, facts.Balancers | facts.BalancerLimits, at("")},
		{"quota", "GET quotas/{id}", `{"quota": {"floatingip": 0}}`, facts.FloatingIPs | facts.FloatingIPLimit, at("")},
		{"ip-families", "GET load-balancer", `{"versions": [{"id": "v2.5", "status": "CURRENT"}]}`, facts.Octavia, both},
	}
}

// at is a Service at 10.2.0.50 that asks for an external IP; empty: one of the pool.
func at(address string, edits ...func(*corev1.Service)) *corev1.Service {
	svc := service(address)
	svc.Spec.ClusterIP = "10.2.0.50"
	for _, edit := range edits {
		edit(svc)
	}
	return svc
}

// noted is a Service with an annotation.
func noted(key, value string) *corev1.Service {
	return at("", func(s *corev1.Service) { s.Annotations = map[string]string{"octagate.dev/" + key: value} })
}

// flavor stands for the ID of the cloud's.
const flavor = "the flavor"

// A trouble is what is wrong with the cloud.
type trouble struct {
	fault   func() *emulator.Fault // nil: nothing
	hears   bool                   // its answers come all the same
	timeout string                 // how long the API server waits
}

// The time-outs of the API server: long before a slow answer, or long after any.
const soon, late = "1s", "1m"

func status(code int) trouble {
	return trouble{fault: func() *emulator.Fault { return &emulator.Fault{Status: code, Body: `{"message": "no"}`} }, timeout: late}
}

func body(text string, header map[string]string) trouble {
	return trouble{fault: func() *emulator.Fault { return &emulator.Fault{Status: http.StatusOK, Body: text, Header: header} }, timeout: late}
}

func delay(d time.Duration, hears bool, timeout string) trouble {
	return trouble{fault: func() *emulator.Fault { return &emulator.Fault{Delay: d} }, hears: hears, timeout: timeout}
}

var troubles = map[string]trouble{
	"none":       {hears: true, timeout: late},
	"down":       {fault: func() *emulator.Fault { return &emulator.Fault{} }, timeout: late},
	"300 ms":     delay(300*time.Millisecond, true, late),
	"2 s":        delay(2*time.Second, false, soon),
	"black hole": delay(time.Hour, false, soon),
	"401":        status(http.StatusUnauthorized),
	"403":        status(http.StatusForbidden),
	"429":        status(http.StatusTooManyRequests),
	"500":        status(http.StatusInternalServerError),
	"503":        status(http.StatusServiceUnavailable),
	"garbage":    body("<html>It works!</html>", nil),
	"no list":    body(`{}`, nil),
	"null":       body(`{"floatingips": null, "networks": null, "subnets": null, "ports": null, "loadbalancers": null, "providers": null, "flavors": null, "availability_zones": null, "versions": null, "routers": null, "quota": null}`, nil),
	"moved": {fault: func() *emulator.Fault {
		return &emulator.Fault{Status: http.StatusFound, Header: map[string]string{"Location": "http://127.0.0.1:1/"}}
	}, timeout: late},
	"half a body": body(`{"floatingips": [], "ports": [`, map[string]string{"Content-Length": "4096"}),
}

// A suspect is a claim in a cloud of its own.
type suspect struct {
	*testing.T
	claim
	cloud  *emulator.Cloud
	nets   emulator.Networks
	client *openstack.Client
}

func newSuspect(t *testing.T, c claim) *suspect {
	s := &suspect{T: t, claim: c, cloud: emulator.New(emulator.Options{})}
	s.nets = s.cloud.LayTwoSubnets()
	s.cloud.AddFloatingIP(s.nets.ExternalNetwork, "172.24.4.13")
	s.cloud.AddZone("az1", "")
	if id := s.cloud.AddFlavor("small", ""); s.service.Annotations["octagate.dev/flavor-id"] == flavor {
		s.service.Annotations["octagate.dev/flavor-id"] = id
	}
	server := httptest.NewServer(s.cloud)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(file, s.cloud.CloudsYAML(server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OS_CLIENT_CONFIG_FILE", file)
	var err error
	if s.client, err = openstack.Configure("demo", openstack.Rate{}); err != nil {
		t.Fatal(err)
	}
	s.says = strings.NewReplacer("SUBNET", s.nets.ServiceSubnet, "EXTERNAL", s.nets.ExternalNetwork).Replace(s.says)
	return s
}

// lied is the claim, when it is what the cloud is asked for.
func (s *suspect) lied(r *http.Request) *emulator.Fault {
	// Where routers have their ports is another question.
	if emulator.CallOf(r) != s.call || r.URL.Query().Has("device_owner") {
		return nil
	}
	return &emulator.Fault{Status: http.StatusOK, Body: s.says}
}

// meet has the cloud say what it says in trouble. A cloud that answers late says the same.
func (s *suspect) meet(what trouble, lies bool) {
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		lie := s.lied(r)
		if what.fault == nil && lies {
			return lie
		}
		if what.fault == nil {
			return nil
		}
		fault := what.fault()
		if fault.Delay > 0 && lies && lie != nil {
			lie.Delay = fault.Delay
			return lie
		}
		return fault
	})
}

// learned are facts that rest on the claim.
func (s *suspect) learned() *openstack.Facts {
	f := &openstack.Facts{Client: s.client, Cluster: "test", Refresh: time.Hour, Log: logr.Discard(), Patience: time.Minute,
		ServiceSubnets: []string{s.nets.ServiceSubnet}, PodSubnets: []string{s.nets.PodSubnet}}
	s.cloud.SetFault(s.lied)
	if f.Fresh(s.Context(), facts.Question{Kinds: s.about}).Old != 0 {
		s.Error("nothing was learned")
	}
	return f
}

// real are the facts as the webhook has them.
type real struct{ *openstack.Facts }

func (r real) Known(context.Context) facts.Snapshot { return r.Facts.Known() }

// An opinion is what each webhook said.
type opinion struct {
	mutate, validate, strict *admissionv1.AdmissionResponse
}

// opinion asks all at once, over HTTP, as the API server does.
func (s *suspect) opinion(f *openstack.Facts, timeout string) (o opinion) {
	h := Handler{Policy: policy.Config{
		ServiceCIDRs: config.ServiceCIDRs, MemberMode: config.MemberMode, ExternalNetwork: s.nets.ExternalNetwork,
		ServiceSubnet: s.nets.ServiceSubnet, PodSubnet: s.nets.PodSubnet, ServiceSubnetV6: "6",
	}, Facts: real{f}}
	strict := h
	strict.Strict = true
	body := reviewOf(s.T, s.service, nil)
	var all sync.WaitGroup
	for into, hook := range map[**admissionv1.AdmissionResponse]http.Handler{&o.mutate: h.Mutating(), &o.validate: h.Validating(), &o.strict: strict.Validating()} {
		all.Go(func() { *into = s.post(hook, "/?timeout="+timeout, string(body)) })
	}
	all.Wait()
	return o
}

func (s *suspect) post(hook http.Handler, path, body string) *admissionv1.AdmissionResponse {
	server := httptest.NewServer(hook)
	defer server.Close()
	answer, err := http.Post(server.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		s.Error(err)
		return &admissionv1.AdmissionResponse{}
	}
	defer answer.Body.Close()
	var read admissionv1.AdmissionReview
	if err := json.NewDecoder(answer.Body).Decode(&read); err != nil || read.Response == nil {
		s.Errorf("%+v: %v", read, err)
		return &admissionv1.AdmissionResponse{}
	}
	return read.Response
}

// Each rule that asks the cloud, in each trouble of the cloud. What was known before says
// that the Service is bad, and what is true that it is good, or bad, too. Nobody is refused
// unless the cloud says so now. A cloud that answers never, or too late, is not waited for:
// an answer that could have been heard would show.
func TestNoFaultOfTheCloudRefusesAnybody(t *testing.T) {
	var all []*suspect
	for _, c := range claims() {
		all = append(all, newSuspect(t, c))
	}
	for name, what := range troubles {
		for _, bad := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, and it is bad: %t", name, bad), func(t *testing.T) {
				var asking sync.WaitGroup
				for _, s := range all {
					one := *s
					one.T = t
					asking.Go(func() { one.stands(what, bad) })
				}
				asking.Wait()
			})
		}
	}
}

// stands checks what becomes of the Service when the cloud is in trouble.
func (s *suspect) stands(what trouble, bad bool) {
	f := s.learned()
	if s.meet(what, bad); what.timeout == soon {
		f.Patience = 0 // the usual: else this machine may be slow, but not what is tested
	}
	o := s.opinion(f, what.timeout)
	s.cloud.SetFault(nil)
	says := func(r *admissionv1.AdmissionResponse) string {
		if r.Result == nil {
			return strings.Join(r.Warnings, ", ")
		}
		return r.Result.Message + strings.Join(r.Warnings, ", ")
	}
	mark := func() string { return cmp.Or(string(o.mutate.Patch), "nothing") }
	forbidden := what.fault != nil && what.fault().Status == http.StatusForbidden
	switch {
	case forbidden && s.about.Has(offers):
		if !o.mutate.Allowed || !o.validate.Allowed || !o.strict.Allowed {
			s.Errorf("%s: what the cloud keeps to itself is held against a Service: %s, %s", s.rule, says(o.validate), says(o.strict))
		}
	case what.hears && bad:
		if o.validate.Allowed || o.strict.Allowed {
			s.Errorf("%s: a bad Service is allowed: %s", s.rule, says(o.validate))
		}
	case what.hears:
		if !o.mutate.Allowed || !o.validate.Allowed || !o.strict.Allowed || !strings.Contains(mark(), `"accepted"`) {
			s.Errorf("%s: a good Service is not accepted: %s, %s, %s", s.rule, says(o.mutate), says(o.validate), mark())
		}
	default:
		if !o.mutate.Allowed || !o.validate.Allowed || !strings.Contains(says(o.validate), "; OpenStack does not confirm") || !strings.Contains(mark(), `"unverified"`) {
			s.Errorf("%s: %s, %s, %s", s.rule, says(o.mutate), says(o.validate), mark())
		}
		if o.strict.Allowed || !strings.Contains(says(o.strict), "; apply once OpenStack answers") {
			s.Errorf("%s: strictly: %s", s.rule, says(o.strict))
		}
	}
}
