package reconcile

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A memory is what was known, and what the cloud says now.
type memory struct{ known, fresh facts.Snapshot }

func (m memory) Known(context.Context) facts.Snapshot                 { return m.known }
func (m memory) Fresh(context.Context, facts.Question) facts.Snapshot { return m.fresh }

// Nothing is objected to on old evidence.
func TestTheCloudIsAskedBeforeAnObjection(t *testing.T) {
	none := facts.Snapshot{FloatingIPs: map[netip.Addr]facts.FloatingIP{}}
	address := netip.MustParseAddr("172.24.4.13")
	there := facts.Snapshot{FloatingIPs: map[netip.Addr]facts.FloatingIP{address: {ID: "f", Address: address, Network: "public"}}}
	cfg := policy.Config{ExternalNetwork: "public", MemberMode: annotation.L3}
	svc, _ := judged(func(s *corev1.Service) { s.Spec.LoadBalancerIP = address.String() })
	for claim, tt := range map[string]struct {
		facts  memory
		denied bool
	}{
		"it was not there, and is now":     {memory{none, there}, false},
		"it is still not there":            {memory{none, none}, true},
		"it was there, and nobody objects": {memory{there, none}, false},
	} {
		r := &Reconciler{Policy: cfg, Facts: tt.facts}
		if v := r.judge(t.Context(), svc, octavia.Tree{}); v.Denied() != tt.denied {
			t.Errorf("%s: %s", claim, v.Errors())
		}
	}
}

// What nobody could verify costs nobody an address.
func TestADoubtCostsNoAddress(t *testing.T) {
	svc, v := judged(nil)
	steps := plan.Plan{plan.CreateLoadBalancer{}, plan.AllocateFloatingIP{}}
	sure := (&Reconciler{}).attempt(svc, v, steps, octavia.Tree{})
	if diff := cmp.Diff(2, len(sure.Steps)); diff != "" || !sure.Against.Finished() {
		t.Errorf("nothing is in doubt: %s %+v", diff, sure.Against)
	}
	v.Findings = append(v.Findings, policy.Finding{Severity: policy.Unsure})
	doubtful := (&Reconciler{}).attempt(svc, v, steps, octavia.Tree{})
	if len(doubtful.Steps) != 1 || doubtful.Steps[0].String() != steps[0].String() || doubtful.Against.Reason != unverified || doubtful.Against.Again != unverifiedPause {
		t.Errorf("got %v, %+v", doubtful.Steps, doubtful.Against)
	}
}

// Who has left has no condition of ours; who is leaving has.
func TestWhoHasLeftHasNoCondition(t *testing.T) {
	svc, v := judged(func(s *corev1.Service) {
		s.Status.Conditions = []metav1.Condition{{Type: Ready}, {Type: "example.org/Theirs"}}
	})
	v.Managed = false
	left := (&Reconciler{}).status(svc, v, octavia.Tree{}, Outcome{}).Conditions
	if apimeta.FindStatusCondition(left, Ready) != nil || len(left) != 1 {
		t.Errorf("it has left: %+v", left)
	}
	if leaving := (&Reconciler{}).status(svc, v, built(octavia.Active, "vip"), Outcome{Reason: working}).Conditions; apimeta.FindStatusCondition(leaving, Ready) == nil {
		t.Errorf("it is leaving: %+v", leaving)
	}
}

// Who lost a race against another write looks again; who is gone needs nothing.
func TestAWriteThatFailed(t *testing.T) {
	other := errors.New("x")
	for claim, tt := range map[string]struct {
		failed, err error
		result      ctrl.Result
	}{
		"a lost race":    {apierrors.NewConflict(corev1.Resource("services"), "web", other), nil, ctrl.Result{RequeueAfter: changedPause}},
		"nobody there":   {apierrors.NewNotFound(corev1.Resource("services"), "web"), nil, ctrl.Result{}},
		"something else": {other, other, ctrl.Result{}},
	} {
		if result, err := again(tt.failed); result != tt.result || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, %v", claim, result, err)
		}
	}
}
