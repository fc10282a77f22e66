package openstack

import (
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// fault has something befall every call of a kind, until the returned function is called.
func (s *sky) fault(call string, f emulator.Fault) (end func()) {
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if emulator.CallOf(r) != call {
			return nil
		}
		return &f
	})
	return func() { s.cloud.SetFault(nil) }
}

var tired = emulator.Fault{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "30"}, Body: `{"error": {"message": "slow down"}}`}

// Whom Octavia sends away, it is not asked for the time that it said, and is
// not looked for in vain.
func TestASilenceIsKept(t *testing.T) {
	s := newSky(t)
	s.see()
	create := plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})}
	end := s.fault("POST lbaas/loadbalancers", tired)
	err := s.watch.Take(t.Context(), owner, create)
	if plan.ReasonOf(err) != plan.Away || plan.AfterOf(err) != 30*time.Second {
		t.Errorf("after %s: %v", plan.AfterOf(err), err)
	}
	end()
	s.cloud.ResetTranscript()
	other := octavia.Owner{Cluster: "test", UID: "bbbb"}
	if err := s.watch.Take(t.Context(), other, create); plan.AfterOf(err) != 30*time.Second {
		t.Errorf("the other waits for %s: %v", plan.AfterOf(err), err)
	}
	if _, err := s.watch.Observe(other); err != nil {
		t.Errorf("nothing was sent, and yet its tree is not current: %v", err)
	}
	if s.watch.round(t.Context()); s.watch.pause() != 30*time.Second {
		t.Errorf("the next round comes after %s: %v", s.watch.pause(), s.watch.trouble)
	}
	if _, err := s.watch.Observe(owner); plan.AfterOf(err) != 30*time.Second {
		t.Errorf("the owner waits for %s: %v", plan.AfterOf(err), err)
	}
	if n := len(s.cloud.Transcript()); n > 0 {
		t.Errorf("%d calls were made meanwhile", n)
	}
	s.clock.Pass(30 * time.Second)
	s.see()
	s.step(create)
}

// In many clouds all services share a host.
func TestNeutronIsAskedWhileOctaviaIsSilent(t *testing.T) {
	s := newSky(t)
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
	s.see()
	end := s.fault("GET lbaas/loadbalancers", emulator.Fault{Status: http.StatusServiceUnavailable, Header: map[string]string{"Retry-After": "30"}})
	s.watch.round(t.Context())
	end()
	f := Facts{Client: s.watch.Client}
	if one, _ := f.Fresh(t.Context(), ofEverything).FloatingIP(netip.MustParseAddr("172.24.4.13")); !one.Free() {
		t.Errorf("got %+v", one)
	}
}

// A token ends between the two calls of a step. The step is taken all the same, once,
// however many take theirs at the same time, and all of them with one login.
func TestATokenThatEndsWithinAStepIsRenewed(t *testing.T) {
	s := newSky(t)
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
	built := s.reach(s.desired(octavia.FloatingIP{}))
	s.cloud.ResetTranscript()
	var once sync.Once
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if emulator.CallOf(r) == "PUT floatingips/{id}" {
			once.Do(s.cloud.ExpireTokens)
		}
		return nil
	})
	s.step(plan.AssociateFloatingIP{Address: netip.MustParseAddr("172.24.4.13"), Port: built.VIP.Port})
	done := map[emulator.Call]int{}
	for _, call := range s.cloud.Transcript() {
		done[call]++
	}
	want := map[emulator.Call]int{
		{Method: "GET", Path: "floatingips", Status: 200, Rows: 1}: 1,
		{Method: "PUT", Path: "floatingips/{id}", Status: 401}:     1,
		{Method: "POST", Path: "auth/tokens", Status: 201}:         1,
		{Method: "PUT", Path: "floatingips/{id}", Status: 200}:     1,
	}
	for call, n := range want {
		if done[call] != n {
			t.Errorf("%+v: %d times", call, done[call])
		}
	}
	if got := s.see(); got.FloatingIP.Port != built.VIP.Port {
		t.Errorf("got %+v", got.FloatingIP)
	}
}

func TestManyStepsAreTakenOnceWhenTheTokenEnds(t *testing.T) {
	s := newSky(t)
	s.see()
	s.cloud.ResetTranscript()
	s.cloud.ExpireTokens()
	var taking sync.WaitGroup
	for n := range byte(8) {
		tree := s.desired(octavia.FloatingIP{})
		tree.VIP.Address = netip.AddrFrom4([4]byte{10, 2, 1, n})
		taking.Go(func() {
			if err := s.watch.Take(t.Context(), owner, plan.CreateLoadBalancer{Tree: tree}); err != nil {
				t.Error(err)
			}
		})
	}
	taking.Wait()
	made, logins := 0, 0
	for _, call := range s.cloud.Transcript() {
		switch {
		case call.Path == "auth/tokens":
			logins++
		case call.Status == http.StatusCreated:
			made++
		}
	}
	if made != 8 || logins != 1 {
		t.Errorf("%d load balancers with %d logins", made, logins)
	}
}

// Who cannot log in again has not been heard, whatever Keystone answers.
func TestAKeystoneThatIsTired(t *testing.T) {
	s := newSky(t)
	s.see()
	s.cloud.ExpireTokens()
	end := s.fault("POST auth/tokens", tired)
	create := plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})}
	err := s.watch.Take(t.Context(), owner, create)
	want := "create load balancer shop/web at 10.2.0.7 with 1 listener and 0 members: CloudUnreachable: logging in again: CloudUnreachable: slow down (429)"
	if err == nil || err.Error() != want || plan.AfterOf(err) != 30*time.Second {
		t.Errorf("after %s: %v", plan.AfterOf(err), err)
	}
	end()
	s.clock.Pass(30 * time.Second)
	s.see()
	s.step(create)
}
