package reconcile

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
)

// judged is a Service of type LoadBalancer as the webhook left it, and its verdict.
func judged(edit func(*corev1.Service)) (*corev1.Service, policy.Verdict) {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 3},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.2.0.7",
			Ports: []corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolTCP}}},
	}
	if edit != nil {
		edit(svc)
	}
	cfg := policy.Config{ExternalNetwork: "public", MemberMode: annotation.L3}
	v := policy.Evaluate(cfg, policy.Subject{Service: svc}, facts.Snapshot{})
	svc.Annotations = v.Pinned(svc.Annotations)
	return svc, policy.Evaluate(cfg, policy.Subject{Service: svc}, facts.Snapshot{})
}

// built is the Service's tree in a state, with a floating IP on a port.
func built(status octavia.Status, port string) octavia.Tree {
	return octavia.Tree{
		ID: "lb", Name: "shop/web", Status: status,
		VIP:        octavia.VIP{Address: netip.MustParseAddr("10.2.0.7"), Port: "vip"},
		FloatingIP: octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.13"), Port: port},
	}
}

func internal(s *corev1.Service) { s.Annotations = map[string]string{annotation.Internal.Key: "true"} }

func proxied(s *corev1.Service) {
	s.Annotations = map[string]string{annotation.ProxyProtocol.Key: "v1"}
}

func onlyUDP(s *corev1.Service) {
	s.Spec.Type, s.Spec.Ports[0].Protocol = corev1.ServiceTypeClusterIP, corev1.ProtocolUDP
}

func known(address string) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address}}
	}
}

func TestStatus(t *testing.T) {
	working := Outcome{Reason: working, Waiting: "create listener TCP/443"}
	upkeep := Outcome{Reason: working.Reason, Waiting: "set 1 member of pool p", Upkeep: true}
	ready := func(s *corev1.Service) {
		known("172.24.4.13")(s)
		s.Status.Conditions = []metav1.Condition{{Type: Ready, Status: metav1.ConditionTrue, Reason: ready, Message: "all is well", ObservedGeneration: 3}}
	}
	told := func(message string) func(*corev1.Service) {
		return func(s *corev1.Service) {
			s.Status.Conditions = []metav1.Condition{{Type: Ready, Status: metav1.ConditionFalse, Reason: working.Reason, Message: message, ObservedGeneration: 3}}
		}
	}
	const making = "create load balancer shop/web at 10.2.0.7 with 1 listener and 2 members"
	for claim, tt := range map[string]struct {
		edit    func(*corev1.Service)
		tree    octavia.Tree
		outcome Outcome
		ready   string // status, reason and message of the condition
		ingress string
	}{
		"nothing is there yet":                  {nil, octavia.Tree{}, working, "False Working create listener TCP/443", ""},
		"no address before Octavia is done":     {nil, built("PENDING_CREATE", "vip"), working, "False Working create listener TCP/443", ""},
		"all is well":                           {nil, built(octavia.Active, "vip"), Outcome{}, "True Ready load balancer shop/web is as the Service wants it", "172.24.4.13"},
		"a floating IP elsewhere is no address": {nil, built(octavia.Active, "else"), working, "False Working create listener TCP/443", ""},
		"who is told of clients by the load balancer has no short cut past it": {proxied, built(octavia.Active, "vip"), Outcome{}, "True Ready load balancer shop/web is as the Service wants it", "172.24.4.13 Proxy"},
		"an internal one is reached at its VIP":                                {internal, built(octavia.Active, ""), Outcome{}, "True Ready load balancer shop/web is as the Service wants it", "10.2.0.7"},
		"an update does not take the address away":                             {known("172.24.4.13"), built("PENDING_UPDATE", "vip"), working, "False Working create listener TCP/443", "172.24.4.13"},
		"an ERROR does not take the address away":                              {known("172.24.4.13"), built(octavia.Failed, "vip"), Outcome{Reason: broken, Waiting: "x"}, "False LoadBalancerError x", "172.24.4.13"},
		"a ready one stays so while Pods come and go":                          {ready, built("PENDING_UPDATE", "vip"), upkeep, "True Ready all is well", "172.24.4.13"},
		"one that was not does not become so":                                  {nil, built("PENDING_UPDATE", "vip"), upkeep, "False Working set 1 member of pool p", ""},
		"what Octavia is making stays written":                                 {told(making), built(octavia.Creating, ""), atWork(nil), "False Working " + making, ""},
		"until it is made":                                                     {told(making), built("PENDING_UPDATE", ""), atWork(nil), "False Working Octavia is at work on the load balancer", ""},
		"and where there is nothing else to say":                               {told(making), built(octavia.Creating, ""), working, "False Working create listener TCP/443", ""},
		"but not why it was not made before":                                   {told(making + ": Busy: more calls than openstack.rateLimit allows"), built(octavia.Creating, ""), atWork(nil), "False Working Octavia is at work on the load balancer", ""},
		"and of no other load balancer":                                        {told("create load balancer shop/web at 10.2.0.70 with 1 listener and 2 members"), built(octavia.Creating, ""), atWork(nil), "False Working Octavia is at work on the load balancer", ""},
		"a Service may want nothing":                                           {onlyUDP, octavia.Tree{}, Outcome{}, "True NothingToBalance no port of the Service gets a listener", ""},
	} {
		t.Run(claim, func(t *testing.T) {
			svc, v := judged(tt.edit)
			s := (&Reconciler{}).status(svc, v, tt.tree, tt.outcome)
			c, ingress := s.Conditions[0], ""
			for _, i := range s.LoadBalancer.Ingress {
				ingress += i.IP
				if mode := i.IPMode; mode != nil && *mode != corev1.LoadBalancerIPModeVIP {
					ingress += " " + string(*mode)
				}
			}
			if got := string(c.Status) + " " + c.Reason + " " + c.Message; got != tt.ready || c.ObservedGeneration != 3 {
				t.Errorf("condition: %s of generation %d", got, c.ObservedGeneration)
			}
			if ingress != tt.ingress {
				t.Errorf("ingress: %s", ingress)
			}
		})
	}
}

func TestWhatIsKeptIsTold(t *testing.T) {
	all := policy.Config{Provider: "ovn", Flavor: "large", Zone: "east", ServiceSubnet: "new"}
	has := octavia.Tree{Provider: "amphora", Flavor: "small", Zone: "west", VIP: octavia.VIP{Subnet: "old"}}
	for claim, tt := range map[string]struct {
		cfg  policy.Config
		in   policy.Intent
		tree octavia.Tree
		want string
	}{
		"what is as configured is not":                     {all, policy.Intent{}, octavia.Tree{Provider: "ovn", Flavor: "large", Zone: "east", VIP: octavia.VIP{Subnet: "new"}}, ""},
		"nor what the operator leaves to the cloud by now": {policy.Config{}, policy.Intent{}, has, ""},
		"nor what has two names":                           {policy.Config{Provider: "octavia"}, policy.Intent{Provider: "octavia"}, octavia.Tree{Provider: "amphora"}, ""},
		"another provider": {policy.Config{Provider: "ovn"}, policy.Intent{Provider: "amphora"}, has,
			"; it keeps provider amphora: the configuration says ovn"},
		"what the cloud chose": {policy.Config{Flavor: "large", Provider: "ovn"}, policy.Intent{}, octavia.Tree{Provider: "amphora"},
			"; it keeps provider amphora: the configuration says ovn; it keeps the cloud's default flavor: the configuration says large"},
		"everything": {all, policy.Intent{}, has, "; it keeps provider amphora: the configuration says ovn" +
			"; it keeps flavor small: the configuration says large" +
			"; it keeps availability zone west: the configuration says east" +
			"; it keeps service subnet old: the configuration says new"},
	} {
		if got := kept(tt.cfg, tt.in, tt.tree); got != tt.want {
			t.Errorf("%s: %s", claim, got)
		}
	}
}

func TestAReadyServiceTellsWhatItKeeps(t *testing.T) {
	svc, v := judged(nil)
	tree := built(octavia.Active, "vip")
	tree.Provider = "amphora"
	r := &Reconciler{Policy: policy.Config{Provider: "ovn"}}
	want := "load balancer shop/web is as the Service wants it; it keeps provider amphora: the configuration says ovn"
	if got := r.status(svc, v, tree, Outcome{}).Conditions[0].Message; got != want {
		t.Errorf("got %s", got)
	}
	if got := r.status(svc, v, tree, Outcome{Reason: working, Waiting: "x"}).Conditions[0].Message; got != "x" {
		t.Errorf("got %s", got)
	}
}

// The answer to a write of the status is the newest version. What is decided holds for the
// one that was judged.
func TestWhatHasChangedMeanwhileIsJudgedAgain(t *testing.T) {
	svc, _ := judged(nil)
	for claim, tt := range map[string]struct {
		change   func(*corev1.Service)
		conflict bool
	}{
		"nothing": {func(*corev1.Service) {}, false},
		"our status": {func(s *corev1.Service) {
			s.ResourceVersion, s.Status.Conditions = "2", []metav1.Condition{{Type: Ready}}
		}, false},
		"its type":               {func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP }, true},
		"an annotation":          {func(s *corev1.Service) { s.Annotations[annotation.Internal.Key] = "true" }, true},
		"what kubectl remembers": {func(s *corev1.Service) { s.Annotations[corev1.LastAppliedConfigAnnotation] = "{}" }, false},
		"somebody has bid it go": {func(s *corev1.Service) { s.DeletionTimestamp = new(metav1.Now()) }, true},
	} {
		now := svc.DeepCopy()
		tt.change(now)
		if err := overtaken(svc, now); apierrors.IsConflict(err) != tt.conflict {
			t.Errorf("%s: %v", claim, err)
		}
	}
}

func TestALeavingServiceIsCleanedOnlyWhenNothingIsLeft(t *testing.T) {
	svc, v := judged(nil)
	svc.Finalizers = []string{"example.org/theirs", Finalizer}
	svc.Annotations["example.org/theirs"] = "x"
	v.Managed = false
	held := svc.DeepCopy()
	marks(held, v, built(octavia.Active, "vip"), Outcome{Reason: working})
	if diff := cmp.Diff(svc, held); diff != "" {
		t.Errorf("something is left, and yet: %s", diff)
	}
	marks(svc, v, octavia.Tree{}, Outcome{})
	if diff := cmp.Diff([]string{"example.org/theirs"}, svc.Finalizers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"example.org/theirs": "x", annotation.Members.Key: "L3"}, svc.Annotations); diff != "" {
		t.Error(diff)
	}
}

func TestAnotherLoadBalancersStatusIsNotTouched(t *testing.T) {
	svc, _ := judged(known("192.0.2.1"))
	for claim, tree := range map[string]octavia.Tree{"while ours goes": built(octavia.Active, "vip"), "when ours is gone": {}} {
		outcome := Outcome{Reason: working}
		if tree.Empty() {
			outcome = Outcome{}
		}
		s := (&Reconciler{}).status(svc, policy.Verdict{}, tree, outcome)
		if diff := cmp.Diff(svc.Status.LoadBalancer, s.LoadBalancer); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}

// What names another load balancer than there is names none before it names this one: until
// then the webhook holds on to what was decided for the other.
func TestAnotherLoadBalancersIDGoesFirst(t *testing.T) {
	svc, v := judged(nil)
	tree, id := built(octavia.Active, "vip"), annotation.LoadBalancerID.Key
	svc.Annotations[id] = "63ba2004-9251-4d43-b099-4ea812bbf68b"
	for _, want := range []string{"", "lb", "lb"} {
		if marks(svc, v, tree, Outcome{}); svc.Annotations[id] != want {
			t.Errorf("it names %q, not %q", svc.Annotations[id], want)
		}
	}
}

func TestADeniedServiceIsNotCalledAccepted(t *testing.T) {
	svc, v := judged(func(s *corev1.Service) { s.Spec.LoadBalancerIP = "nonsense" })
	svc.Annotations = nil
	marks(svc, v, octavia.Tree{}, Outcome{Reason: denied})
	if got := svc.Annotations[annotation.Verdict.Key]; got != "denied" {
		t.Errorf("got %q", got)
	}
}

// The cache may be behind: a change that was announced is not announced again before it shows.
// What was verified stays so while OpenStack does not answer; what was not is judged again.
func TestADoubtTakesNothingBack(t *testing.T) {
	svc, doubtful := judged(func(s *corev1.Service) { s.Spec.LoadBalancerIP = "172.24.4.13" })
	if !doubtful.Unverified() {
		t.Fatal("the verdict is sure")
	}
	for _, before := range []annotation.Answer{annotation.Accepted, annotation.Unverified} {
		annotation.Verdict.Write(svc.Annotations, before)
		marks(svc, doubtful, octavia.Tree{}, Outcome{})
		if got, _ := annotation.Verdict.Read(svc.Annotations); got != before {
			t.Errorf("%s has become %s", before, got)
		}
		if again := unsettled(svc).RequeueAfter; (again > 0) != (before == annotation.Unverified) {
			t.Errorf("%s is judged again in %s", before, again)
		}
	}
}

func TestAChangeIsAnnouncedOnce(t *testing.T) {
	recorder := events.NewFakeRecorder(10)
	r := &Reconciler{Events: recorder}
	with := func(status metav1.ConditionStatus, reason string) *corev1.Service {
		svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{UID: "uid"}}
		if reason != "" {
			svc.Status.Conditions = []metav1.Condition{{Type: Ready, Status: status, Reason: reason}}
		}
		return svc
	}
	none, busy, good, bad := with("", ""), with(metav1.ConditionFalse, working), with(metav1.ConditionTrue, ready), with(metav1.ConditionFalse, denied)
	for n, tt := range []struct {
		stored, svc *corev1.Service
		outcome     Outcome
		want        int
	}{
		{none, busy, Outcome{Reason: working}, 0}, {busy, good, Outcome{}, 1}, {busy, good, Outcome{}, 1}, {good, good, Outcome{}, 1},
		{good, bad, Outcome{Reason: denied, Warn: true}, 2}, {good, bad, Outcome{Reason: denied, Warn: true}, 2},
		{bad, busy, Outcome{Reason: working}, 2}, {busy, good, Outcome{}, 3}, {good, none, Outcome{}, 3}, {none, good, Outcome{}, 4},
	} {
		if r.announce(tt.svc, tt.stored, tt.outcome); len(recorder.Events) != tt.want {
			t.Errorf("%d events after %d", len(recorder.Events), n)
		}
	}
}
