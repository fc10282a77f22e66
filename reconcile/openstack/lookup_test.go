package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy/facts"
)

// at is the question whether there is a floating IP.
func at(a netip.Addr) facts.Question { return facts.Question{FloatingIP: a} }

// floating are n addresses of the external network, of which there are floating IPs at every
// other one.
func (s *sky) floating(n int) []netip.Addr {
	var all []netip.Addr
	for i := range n {
		a := netip.MustParseAddr(fmt.Sprintf("172.24.4.%d", 100+i))
		if all = append(all, a); i%2 == 0 {
			s.cloud.AddFloatingIP(s.networks.ExternalNetwork, a.String())
		}
	}
	return all
}

// hold has every call of a kind wait until the returned function is called. asked has the
// addresses that it is about.
func (s *sky) hold(call string, answer *emulator.Fault) (asked chan []string, release func()) {
	held := make(chan struct{})
	asked = make(chan []string, 1000)
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if emulator.CallOf(r) != call {
			return nil
		}
		asked <- r.URL.Query()["floating_ip_address"]
		<-held
		return answer
	})
	release = sync.OnceFunc(func() { close(held) })
	s.Cleanup(release)
	return asked, release
}

// An address costs one call, which is about that alone, and changes nothing of what is known.
func TestOneFloatingIPIsAskedForAlone(t *testing.T) {
	s := newSky(t)
	all := s.floating(4)
	f := s.facts()
	f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
	before := f.Known()
	later := netip.MustParseAddr("172.24.4.99")
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, later.String())
	s.cloud.ResetTranscript()
	known := f.Fresh(t.Context(), at(later))
	if one, answer := known.FloatingIP(later); answer != facts.Yes || one.ID == "" || !known.Confirms(at(later)) || known.Confirms(at(all[0])) {
		t.Errorf("%v, %b is old", answer, known.Old)
	}
	if len(known.FloatingIPs) != 2 || len(known.Asked) != 1 {
		t.Errorf("beside %v: %v", known.Asked, known.FloatingIPs)
	}
	if known := f.Fresh(t.Context(), at(all[1])); !known.Confirms(at(all[1])) {
		t.Error("nobody said that it is not there")
	} else if _, answer := known.FloatingIP(all[1]); answer != facts.No {
		t.Errorf("got %v", answer)
	}
	if diff := cmp.Diff(map[string]int{"GET floatingips": 2}, s.cloud.Counts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before.FloatingIPs, f.Known().FloatingIPs, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("it is kept: %s", diff)
	}
}

// Those who wait are asked for together, however many they are.
func TestManyWhoWaitShareFewCalls(t *testing.T) {
	s := newSky(t)
	all := s.floating(100)
	f := s.facts()
	f.Fresh(t.Context(), facts.Question{Kinds: facts.Externals}) // logs in
	asked, release := s.hold("GET floatingips", nil)
	var sent []*errand
	for _, a := range slices.Concat(all, all) {
		sent = append(sent, f.send(at(a))...)
	}
	release()
	for i, one := range sent {
		var known facts.Snapshot
		one.heard(t.Context())(&known)
		want := facts.No
		if i%2 == 0 {
			want = facts.Yes
		}
		if _, answer := known.FloatingIP(all[i%100]); answer != want {
			t.Errorf("%s: got %v", all[i%100], answer)
		}
	}
	var about []int
	for len(asked) > 0 {
		about = append(about, len(<-asked))
	}
	// The first leaves alone. One of the others is full, and the last has the rest.
	if slices.Sort(about); len(about) > 4 || about[0] != 1 || about[len(about)-1] != mostAddresses {
		t.Errorf("200 doubts about 100 addresses are asked in %d", about)
	}
}

// Whoever asks because of what he has just done is not told what was asked before.
func TestNobodyIsToldWhatWasAskedBefore(t *testing.T) {
	address := netip.MustParseAddr("172.24.4.13")
	s := newSky(t)
	f := s.facts()
	f.Fresh(t.Context(), facts.Question{Kinds: facts.Externals}) // logs in
	asked, release := s.hold("GET floatingips", &emulator.Fault{Status: http.StatusOK, Body: `{"floatingips": []}`})
	before := f.send(at(address))[0]
	<-asked
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, address.String())
	s.cloud.SetFault(nil)
	after := f.send(at(address))[0]
	release()
	for one, want := range map[*errand]facts.Answer{before: facts.No, after: facts.Yes} {
		var known facts.Snapshot
		one.heard(t.Context())(&known)
		if _, got := known.FloatingIP(address); got != want {
			t.Errorf("asked after it was made: %v, got %v", one == after, got)
		}
	}
}

func TestALookUpThatIsStuckHoldsUpNobodyElse(t *testing.T) {
	s := newSky(t)
	all := s.floating(2)
	f := s.facts()
	f.Patience = time.Hour
	f.Fresh(t.Context(), facts.Question{Kinds: facts.Externals}) // logs in
	asked, _ := s.hold("GET floatingips", nil)
	stuck := f.send(at(all[0]))[0]
	<-asked
	s.cloud.SetFault(nil)
	for range 10 {
		if known := f.Fresh(t.Context(), at(all[1])); !known.Confirms(at(all[1])) {
			t.Error("nobody asked for the other")
		}
	}
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	if stuck.heard(ctx) != nil {
		t.Error("it is not stuck at all")
	}
}

// Who waits for others to fail is not sent after them.
func TestWhoWaitsIsSentAwayWhenTheCircuitOpens(t *testing.T) {
	s := newSky(t)
	all := s.floating(1)
	for range 10 * mostAddresses {
		all = append(all, all[len(all)-1].Next())
	}
	f := s.facts()
	f.Fresh(t.Context(), facts.Question{Kinds: facts.Externals | facts.FloatingIPs})
	asked, release := s.hold("GET floatingips", &emulator.Fault{Status: http.StatusServiceUnavailable})
	var sent []*errand
	for _, a := range all {
		sent = append(sent, f.send(at(a))...)
	}
	release()
	for _, one := range sent {
		if one.heard(t.Context()) != nil {
			t.Error("the cloud is down, and says something")
		}
	}
	if n := len(asked); n < mostFailures || n > mostFailures+mostAway || !f.circuit(floatingIPsAt(nil)).open() {
		t.Errorf("%d calls", n)
	}
	known := f.Fresh(t.Context(), at(all[0]))
	if _, answer := known.FloatingIP(all[0]); answer != facts.Yes || known.Confirms(at(all[0])) || known.Asked != nil {
		t.Errorf("%v, %b is old", answer, known.Old)
	}
}

// A cloud that takes too long to list all floating IPs is asked for those in question all the
// same.
func TestSlowListsDoNotHoldUpLookUpsByAddress(t *testing.T) {
	s := newSky(t)
	all := s.floating(1)
	f := s.facts()
	for range mostFailures {
		f.circuit(floatingIPKind).begin()(errLate)
	}
	known := f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs, FloatingIP: all[0]})
	if _, answer := known.FloatingIP(all[0]); !f.circuit(floatingIPKind).open() || answer != facts.Yes || !known.Confirms(at(all[0])) || known.FloatingIPs != nil {
		t.Errorf("%v, %+v", answer, known)
	}
}

// A cloud, or what is before it, may tell more than it was asked for.
func TestWhatNobodyAskedForIsNotHeard(t *testing.T) {
	s := newSky(t)
	s.befall("/floatingips", emulator.Fault{Status: http.StatusOK, Body: `{"floatingips": [
		{"id": "a", "floating_ip_address": "172.24.4.13", "port_id": null, "fixed_ip_address": null}, {"id": "b", "floating_ip_address": "172.24.4.14"}]}`})
	known := s.facts().Fresh(t.Context(), at(netip.MustParseAddr("172.24.4.13")))
	if f, answer := known.FloatingIP(netip.MustParseAddr("172.24.4.13")); answer != facts.Yes || !f.Free() || len(known.Asked) != 1 {
		t.Errorf("got %v", known.Asked)
	}
}
