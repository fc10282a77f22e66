package policy

import (
	"maps"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// limited is the cloud, of three load balancers and four floating IPs, none of which is
// the pool's to use again.
func limited(balancers, floatingIPs int) facts.Snapshot {
	return lacking(func(s *facts.Snapshot) {
		s.BalancerLimit, s.FloatingIPLimit = facts.Limit{Known: true, Most: balancers}, facts.Limit{Known: true, Most: floatingIPs}
		s.FloatingIPs = maps.Clone(s.FloatingIPs)
		delete(s.FloatingIPs, netip.MustParseAddr("172.24.4.40"))
	})
}

// but is what is known, edited.
func but(known facts.Snapshot, change func(*facts.Snapshot)) facts.Snapshot {
	change(&known)
	return known
}

func TestWhatThereIsNoRoomForIsDenied(t *testing.T) {
	const (
		balancer = "needs a load balancer, and the project has 3 of 3; ask an administrator for more; try: openstack loadbalancer quota set --loadbalancer 4 <project>\n"
		floating = "needs a floating IP, and the project has 4 of 4; ask an administrator for more; try: openstack quota set --floating-ips 5 <project>\n"
	)
	leaving := func(s *facts.Snapshot) {
		s.Balancers = maps.Clone(s.Balancers)
		for port, b := range s.Balancers {
			b.Leaving = b.Service != ""
			s.Balancers[port] = b
		}
	}
	// associated has a floating IP of the pool lead to a port, or nowhere.
	associated := func(port string, address string) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			s.FloatingIPs = maps.Clone(s.FloatingIPs)
			f := facts.FloatingIP{Address: netip.MustParseAddr("172.24.4.30"), Network: external, Port: port, Pool: true}
			f.FixedIP, _ = netip.ParseAddr(address)
			s.FloatingIPs[f.Address] = f
		}
	}
	adopting := config
	adopting.Adopts = true
	legacy := config
	legacy.Legacy, legacy.Provider = true, ""
	kuryr := service(plain, clusterIPOf("10.2.0.56"))
	built := Subject{Service: service(asking(""), label), Old: service(plain, builtAlready, with(annotation.Provider.Key, "amphora"))}
	for claim, tt := range map[string]struct {
		cfg     Config
		subject Subject
		known   facts.Snapshot
		want    string
	}{
		"there is room for both":             {config, Subject{Service: service(asking(""))}, limited(4, 5), ""},
		"there may be any number":            {config, Subject{Service: service(asking(""))}, limited(-1, -1), ""},
		"no room for a load balancer":        {config, Subject{Service: service(plain)}, limited(3, 5), "deny quota: spec.type ClusterIP " + balancer},
		"no room, whatever the type is said": {config, Subject{Service: service(plain, ofType(""))}, limited(3, 5), "deny quota: spec.type ClusterIP " + balancer},
		"no room for a floating IP":          {config, Subject{Service: service(asking(""))}, limited(4, 4), "deny quota: spec.type LoadBalancer " + floating},
		"no room for either": {config, Subject{Service: service(asking(""))}, limited(3, 4),
			"deny quota: spec.type LoadBalancer " + balancer + "deny quota: spec.type LoadBalancer " + floating},
		"a type that changes needs a floating IP":      {config, built, limited(3, 4), "deny quota: spec.type LoadBalancer " + floating},
		"a floating IP that is named is there":         {config, Subject{Service: service()}, limited(4, 4), ""},
		"an internal one needs none":                   {config, Subject{Service: service(asking(""), with(annotation.Internal.Key, "true"))}, limited(4, 4), ""},
		"what Octavia is deleting makes room":          {config, Subject{Service: service(plain)}, but(limited(3, 4), leaving), ""},
		"the Service's own is there":                   {config, Subject{Service: service(asking(""))}, but(limited(4, 4), associated("p", "10.2.0.7")), ""},
		"another's is not its own":                     {config, Subject{Service: service(asking(""))}, but(limited(4, 4), associated("p", "10.2.0.30")), "deny quota: spec.type LoadBalancer " + floating},
		"one of the pool that leads nowhere may be":    {config, Subject{Service: service(asking(""))}, but(limited(4, 4), associated("", "")), ""},
		"what Kuryr made is not made anew":             {adopting, Subject{Service: kuryr}, limited(3, 4), ""},
		"LBaaS v2 has limits of its own":               {legacy, Subject{Service: service(plain)}, but(limited(3, 4), func(s *facts.Snapshot) { s.BalancerLimit = facts.Limit{} }), ""},
		"without the load balancers nobody objects":    {config, Subject{Service: service(plain)}, but(limited(3, 4), func(s *facts.Snapshot) { s.Balancers = nil }), ""},
		"without the floating IPs nobody objects":      {config, Subject{Service: service(asking(""))}, but(limited(4, 4), func(s *facts.Snapshot) { s.FloatingIPs = nil }), ""},
		"without the limits nobody objects":            {config, Subject{Service: service(asking(""))}, but(limited(0, 0), func(s *facts.Snapshot) { s.BalancerLimit, s.FloatingIPLimit = facts.Limit{}, facts.Limit{} }), ""},
		"what has nothing to balance gets nothing new": {config, Subject{Service: service(plain, onlyUDP)}, limited(0, 0), "warn protocol: spec.ports[0]: UDP/53 is ignored: it gets no listener, only TCP ports are balanced\nwarn no-listener: spec.ports UDP/53 leaves nothing to balance: no load balancer is made\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			v := Evaluate(tt.cfg, tt.subject, tt.known)
			if diff := cmp.Diff(tt.want, told(v)); diff != "" {
				t.Error(diff)
			}
			fitting(t, v)
			if v.Denied() && v.Doubts() == (facts.Question{}) {
				t.Error("this rests on what the cloud said, and yet nobody would look again")
			}
		})
	}
}

// Who waits for room is not held up in anything else.
func TestWhoHadNoRoomBeforeIsForgiven(t *testing.T) {
	v := Evaluate(config, Subject{Service: service(plain, label), Old: service(plain)}, limited(3, 4))
	if v.Denied() || !v.any(func(f Finding) bool { return f.Severity == Forgiven }) {
		t.Error(told(v))
	}
	if v := Evaluate(config, Subject{Service: service(asking("")), Old: service(plain)}, limited(3, 4)); !v.Denied() {
		t.Errorf("it asks for more than before: %s", told(v))
	}
}

// crowded is the cloud, where this Service and another have two listeners each, and there
// may be so many.
func crowded(listeners, pools int) facts.Snapshot {
	return lacking(func(s *facts.Snapshot) {
		s.ListenerLimit, s.PoolLimit = facts.Limit{Known: true, Most: listeners}, facts.Limit{Known: true, Most: pools}
		s.Balancers = map[string]facts.Balancer{
			"a": {ID: "a", Service: "ours", Listeners: 2, Pools: 2}, "b": {ID: "b", Listeners: 2, Pools: 2}, "c": {ID: "c", Leaving: true, Listeners: 9, Pools: 9},
		}
	})
}

func TestListenersAndPoolsNeedRoom(t *testing.T) {
	third := func(s *corev1.Service) { port(corev1.ProtocolTCP, 81)(s); port(corev1.ProtocolTCP, 82)(s) }
	shared, adopting := config, config
	shared.SharedPools = true
	adopting.Adopts = true
	one := func(s *corev1.Service) {
		s.Spec.Selector = map[string]string{"app": "web"}
		for i := range s.Spec.Ports {
			s.Spec.Ports[i].TargetPort = intstr.FromInt32(8080)
		}
	}
	const listeners = "openstack loadbalancer quota set --listener"
	for claim, tt := range map[string]struct {
		cfg     Config
		subject Subject
		known   facts.Snapshot
		want    string
	}{
		"there is room":           {config, Subject{Service: service(plain, third)}, crowded(7, 7), ""},
		"for one too few":         {config, Subject{Service: service(plain)}, crowded(4, 5), "deny quota: spec.ports TCP/80 needs a listener, and the project has 4 of 4; ask an administrator for more; try: " + listeners + " 5 <project>\n"},
		"for two too few":         {config, Subject{Service: service(plain, third)}, crowded(6, 7), "deny quota: spec.ports TCP/80,TCP/81,TCP/82 needs 3 more listeners, and the project has 4 of 6; ask an administrator for more; try: " + listeners + " 7 <project>\n"},
		"what it has needs none":  {config, Subject{Service: service(plain, ours)}, crowded(4, 4), ""},
		"but one port more does":  {config, Subject{Service: service(plain, ours, third)}, crowded(4, 5), "deny quota: spec.ports TCP/80,TCP/81,TCP/82 needs a listener, and the project has 4 of 4; ask an administrator for more; try: " + listeners + " 5 <project>\n"},
		"pools, too":              {config, Subject{Service: service(plain, third)}, crowded(7, 6), "deny quota: spec.ports TCP/80,TCP/81,TCP/82 needs 3 more pools, and the project has 4 of 6; ask an administrator for more; try: openstack loadbalancer quota set --pool 7 <project>\n"},
		"unless they are shared":  {shared, Subject{Service: service(plain, third, one)}, crowded(7, 5), ""},
		"nobody sees what it has": {config, Subject{Service: service(plain), Has: LoadBalancer{Subnet: serviceSubnet, VIP: netip.MustParseAddr("10.2.0.7")}}, crowded(0, 0), ""},
		"there may be any number": {config, Subject{Service: service(plain, third)}, crowded(-1, -1), ""},
		"Kuryr's are its own": {adopting, Subject{Service: service(plain)}, but(crowded(4, 4), func(s *facts.Snapshot) {
			s.Balancers["b"] = facts.Balancer{ID: "b", Name: "shop/web", Listeners: 1, Pools: 1}
		}), ""},
		"who had too many before is": {config, Subject{Service: service(plain, label), Old: service(plain)}, crowded(4, 5), "forgiven quota: spec.ports TCP/80 needs a listener, and the project has 4 of 4; ask an administrator for more; try: " + listeners + " 5 <project>\n"},
	} {
		v := Evaluate(tt.cfg, tt.subject, tt.known)
		if diff := cmp.Diff(tt.want, told(v)); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}
