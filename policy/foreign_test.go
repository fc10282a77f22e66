package policy

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
)

func TestAnnotationsOfOthers(t *testing.T) {
	const cpo = "loadbalancer.openstack.org/"
	for claim, tt := range map[string]struct {
		service *corev1.Service
		told    string
		want    func(Intent) any
		is      any
	}{
		"a time of theirs is in milliseconds": {service(with("openstack.org/kuryr-timeout-client-data", "70000")), "",
			func(in Intent) any { return in.Traffic.Timeouts.ClientData }, 70 * time.Second},
		"or in seconds": {service(with(cpo+"enable-health-monitor", "true"), with(cpo+"health-monitor-delay", "7")), "",
			func(in Intent) any { return in.Traffic.Monitor.Delay }, 7 * time.Second},
		"ours win": {service(with(cpo+"timeout-member-data", "1000"), with(annotation.TimeoutMemberData.Key, "2s")), "",
			func(in Intent) any { return in.Traffic.Timeouts.MemberData }, 2 * time.Second},
		"yes is a version": {service(with(cpo+"proxy-protocol", "true")), "",
			func(in Intent) any { return in.Traffic.Proxy }, annotation.ProxyV1},
		"no is none": {service(with(cpo+"proxy-protocol", "false")), "",
			func(in Intent) any { return in.Traffic.Proxy }, annotation.NoProxy},
		"no limit is none": {service(with(cpo+"connection-limit", "-1")), "",
			func(in Intent) any { return in.Traffic.ConnectionLimit }, 0},
		"an address of its own is not wanted": {service(asking(""), with("service.beta.kubernetes.io/openstack-internal-load-balancer", "true")), "",
			func(in Intent) any { return in.ExternalIP.Method }, None},
		"what has no equivalent is told": {service(with(cpo+"port-id", "x")),
			"warn foreign-annotation: loadbalancer.openstack.org/port-id: is ignored: the VIP is the ClusterIP\n", nil, nil},
		"what is misspelt is told": {service(with(cpo+"keep-floatinip", "true")),
			"warn foreign-annotation: loadbalancer.openstack.org/keep-floatinip: is ignored: octagate does not know it; did you mean \"loadbalancer.openstack.org/keep-floatingip\"?\n", nil, nil},
		"what contradicts the author's own address is ignored": {service(with("service.beta.kubernetes.io/openstack-internal-load-balancer", "true")),
			"warn foreign-annotation: service.beta.kubernetes.io/openstack-internal-load-balancer: is ignored: it does not agree with spec.loadBalancerIP\n",
			func(in Intent) any { return in.ExternalIP.Method }, User},
		"a delay that the usual timeout is too long for is ignored": {service(with(cpo+"enable-health-monitor", "true"), with(cpo+"health-monitor-delay", "3")),
			"warn foreign-annotation: loadbalancer.openstack.org/health-monitor-delay: is ignored: it does not agree with octagate.dev/health-monitor-timeout\n",
			func(in Intent) any { return in.Traffic.Monitor.Delay }, 10 * time.Second},
		"a long key leaves no room for an example": {service(with(cpo+"floating-network-id", "public")),
			"warn foreign-annotation: loadbalancer.openstack.org/floating-network-id: is ignored: it must be an OpenStack ID\n", nil, nil},
		"a bad value is ignored": {service(with(cpo+"timeout-client-data", "soon")),
			"warn foreign-annotation: loadbalancer.openstack.org/timeout-client-data: is ignored: it must be a number of milliseconds\n",
			func(in Intent) any { return in.Traffic.Timeouts.ClientData }, time.Duration(0)},
		"what a rule objects to is ignored, and never refused": {service(with(cpo+"lb-method", "SOURCE_IP_PORT")),
			"warn foreign-annotation: loadbalancer.openstack.org/lb-method: is ignored: it is not an algorithm of the provider amphora; use ROUND_ROBIN, or leave it out\n",
			func(in Intent) any { return in.Traffic.Algorithm }, annotation.RoundRobin},
	} {
		t.Run(claim, func(t *testing.T) {
			v := Evaluate(config, Subject{Service: tt.service}, cloud)
			if diff := cmp.Diff(tt.told, told(v)); diff != "" {
				t.Error(diff)
			}
			if tt.want != nil && tt.want(v.Intent) != tt.is {
				t.Errorf("got %v", tt.want(v.Intent))
			}
		})
	}
}

// Whatever others' annotations say, they refuse nobody's Service, and change nothing on it.
func TestAnnotationsOfOthersRefuseNobody(t *testing.T) {
	for _, key := range []string{"x-forwarded-for", "default-tls-container-ref", "flavor-id", "availability-zone", "floating-network-id", "nosuch"} {
		svc := service(with("loadbalancer.openstack.org/"+key, "true"))
		v := Evaluate(config, Subject{Service: svc}, cloud)
		if v.Denied() {
			t.Errorf("%s: %s", key, told(v))
		}
		if len(svc.Annotations) != 1 {
			t.Errorf("%s: %v", key, svc.Annotations)
		}
	}
}

// theirs are annotations of other controllers, in samples.
var theirs = map[string][]string{
	"service.beta.kubernetes.io/openstack-internal-load-balancer": {"true", "false", "maybe"},
	"loadbalancer.openstack.org/availability-zone":                {"east", "west", "nowhere"}, "loadbalancer.openstack.org/flavor-id": {external, dmz, "large"},
	"loadbalancer.openstack.org/connection-limit": {"-1", "5"}, "loadbalancer.openstack.org/default-tls-container-ref": {"https://b/1"},
	"loadbalancer.openstack.org/enable-health-monitor": {"true", "false"}, "loadbalancer.openstack.org/health-monitor-delay": {"1", "60"},
	"loadbalancer.openstack.org/health-monitor-timeout": {"1", "60"}, "loadbalancer.openstack.org/keep-floatingip": {"true", "false"},
	"loadbalancer.openstack.org/floating-network-id": {external, dmz, "public"}, "loadbalancer.openstack.org/floating-subnet-id": {external, dmz},
	"loadbalancer.openstack.org/lb-method": {"ROUND_ROBIN", "SOURCE_IP_PORT"}, "loadbalancer.openstack.org/proxy-protocol": {"true", "v2"},
	"loadbalancer.openstack.org/x-forwarded-for": {"true"}, "loadbalancer.openstack.org/subnet-id": {external},
	"openstack.org/kuryr-timeout-client-data": {"50000", "soon"}, "loadbalancer.openstack.org/timeout-member-data": {"50000"},
}

// Whatever was written for another controller, it denies nothing that is not denied without.
func TestAnnotationsOfOthersDenyNothing(t *testing.T) {
	keys, read := slices.Sorted(maps.Keys(theirs)), 0
	for seed := range uint64(fewWorlds) {
		w, d := anyWorld(seed), dice{rand.New(rand.NewPCG(seed, 6))}
		without := Evaluate(w.cfg, w.subject, w.known)
		w.subject.Service = w.subject.Service.DeepCopy()
		for range 1 + d.IntN(4) {
			key := pick(d, keys...)
			w.subject.Service.Annotations[key] = pick(d, theirs[key]...)
		}
		with := Evaluate(w.cfg, w.subject, w.known)
		if !cmp.Equal(without.Intent, with.Intent, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})) {
			read++
		}
		for _, f := range with.Findings {
			if f.Severity == Deny && !slices.ContainsFunc(without.Findings, f.same) {
				t.Errorf("anyWorld(%d): %v: %s", seed, w.subject.Service.Annotations, f)
			}
		}
	}
	if read < fewWorlds/3 {
		t.Errorf("only %d of them meant anything", read)
	}
}
