package openstack

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// What the cloud offers, and how much of it, in one Snapshot.
const offers = facts.Providers | facts.Flavors | facts.Zones | facts.BalancerLimits | facts.FloatingIPLimit

// befall answers every call of a path.
func (s *sky) befall(path string, f emulator.Fault) {
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if strings.HasSuffix(r.URL.Path, path) {
			return &f
		}
		return nil
	})
}

func TestWhatTheCloudOffers(t *testing.T) {
	s := newSky(t)
	large := s.cloud.AddFlavor("large", "more of everything")
	s.cloud.AddZone("east", "where the sun rises")
	for resource, most := range map[string]int{"load_balancer": 3, "listener": 7, "pool": 5, "floatingip": 0} {
		if err := s.cloud.SetQuota("demo", resource, most); err != nil {
			t.Fatal(err)
		}
	}
	want := facts.Snapshot{
		Providers:     map[string]facts.Offer{"amphora": {Name: "amphora"}, "octavia": {Name: "octavia"}},
		Flavors:       map[string]facts.Offer{large: {Name: "large"}},
		Zones:         map[string]facts.Offer{"east": {Name: "east"}},
		BalancerLimit: facts.Limit{Known: true, Most: 3}, ListenerLimit: facts.Limit{Known: true, Most: 7}, PoolLimit: facts.Limit{Known: true, Most: 5}, FloatingIPLimit: facts.Limit{Known: true},
	}
	if diff := cmp.Diff(want, s.facts().Fresh(t.Context(), facts.Question{Kinds: offers})); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsSwitchedOffIsKnown(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	s.befall("/lbaas/flavors", emulator.Fault{Status: http.StatusOK, Body: `{"flavors": [{"id": "2f0d", "name": "large", "enabled": false}]}`})
	if got := f.Fresh(t.Context(), facts.Question{Kinds: facts.Flavors}).Flavors; !got["2f0d"].Off {
		t.Errorf("flavors: %+v", got)
	}
	s.befall("/lbaas/availabilityzones", emulator.Fault{Status: http.StatusOK, Body: `{"availability_zones": [{"name": "east", "enabled": false}]}`})
	if got := f.Fresh(t.Context(), facts.Question{Kinds: facts.Zones}).Zones; !got["east"].Off {
		t.Errorf("zones: %+v", got)
	}
}

// Nobody is accused of what a cloud does not have, does not show, or says in another way.
func TestWhatTheCloudDoesNotSayIsUnknown(t *testing.T) {
	said := func(s facts.Snapshot) (kinds []string) {
		for kind, known := range map[string]bool{
			"providers": s.Providers != nil, "flavors": s.Flavors != nil, "zones": s.Zones != nil,
			"load balancers": s.BalancerLimit.Known, "floating IPs": s.FloatingIPLimit.Known,
		} {
			if !known {
				kinds = append(kinds, kind)
			}
		}
		return kinds
	}
	s := newSky(t)
	s.facts().Fresh(t.Context(), facts.Question{Kinds: offers}) // logs in
	for path, kind := range map[string]string{
		"/lbaas/providers": "providers", "/lbaas/flavors": "flavors", "/lbaas/availabilityzones": "zones",
		"/v2.0/lbaas/quotas/" + s.project(): "load balancers", "/network/v2.0/quotas/" + s.project(): "floating IPs",
	} {
		for claim, f := range map[string]emulator.Fault{
			"down": {Status: http.StatusServiceUnavailable}, "forbidden": {Status: http.StatusForbidden}, "too old": {Status: http.StatusNotFound},
			"garbage": {Status: http.StatusOK, Body: "<html>"},
		} {
			s.befall(path, f)
			if diff := cmp.Diff([]string{kind}, said(s.facts().Fresh(t.Context(), facts.Question{Kinds: offers}))); diff != "" {
				t.Errorf("%s, %s: %s", path, claim, diff)
			}
		}
	}
}

// What is not there in an answer is no limit of nothing.
func TestAQuotaWithoutANumberIsUnknown(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	f.Fresh(t.Context(), facts.Question{Kinds: offers})
	for body, want := range map[string]facts.Limit{
		`{"quota": {}}`:                      {},
		`{"quota": {"load_balancer": null}}`: {},
		`{"quota": {"loadbalancer": 4}}`:     {Known: true, Most: 4},
	} {
		s.befall("/lbaas/quotas/"+s.project(), emulator.Fault{Status: http.StatusOK, Body: body})
		if got := f.Fresh(t.Context(), facts.Question{Kinds: facts.BalancerLimits}).BalancerLimit; got != want {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

// There is no cloud without a provider, so that one that names none does not say.
func TestNoProvidersAreUnknown(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	f.Fresh(t.Context(), facts.Question{Kinds: offers})
	s.befall("/lbaas/providers", emulator.Fault{Status: http.StatusOK, Body: `{"providers": []}`})
	if got := f.Fresh(t.Context(), facts.Question{Kinds: facts.Providers}).Providers; got != nil {
		t.Errorf("got %v", got)
	}
}

// What Octavia has not deleted yet is there, but will not be for long.
func TestALoadBalancerThatIsLeavingIsKnown(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{}))
	if got := s.facts().Fresh(t.Context(), facts.Question{Kinds: facts.Balancers}).Balancers[built.VIP.Port]; got.Leaving {
		t.Errorf("before: %+v", got)
	}
	s.step(plan.DeleteLoadBalancer{ID: built.ID, Name: built.Name})
	if got := s.facts().Fresh(t.Context(), facts.Question{Kinds: facts.Balancers}).Balancers[built.VIP.Port]; !got.Leaving {
		t.Errorf("after: %+v", got)
	}
}

// project is the ID of ours.
func (s *sky) project() string {
	s.Helper()
	session, err := s.watch.Client.login(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return session.project
}
