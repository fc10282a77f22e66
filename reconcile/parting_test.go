package reconcile

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

func TestWhatOctaviaCannotDeleteIsToldToGoLessAndLessOften(t *testing.T) {
	var p partings
	now, seconds := time.Unix(1e9, 0), []int{}
	for range 12 {
		at, tries := p.next("web", now)
		if tries != len(seconds) {
			t.Errorf("told %d times: %d are known of", len(seconds), tries)
		}
		seconds = append(seconds, int(at.Sub(now).Seconds()))
		if again, _ := p.next("web", now.Add(time.Second)); again != at && tries > 0 {
			t.Errorf("a second later it is told %s later", again.Sub(at))
		}
		now = at.Add(time.Minute) // Octavia at work
		p.tried("web")
	}
	if want := []int{0, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600}; !slices.Equal(seconds, want) {
		t.Errorf("got %v", seconds)
	}
	if at, _ := p.next("other", now); at != now {
		t.Errorf("another waits for %s", at.Sub(now))
	}
	p.over("web")
	if at, _ := p.next("web", now); at != now {
		t.Errorf("it was gone, or is to stay, and yet waits for %s", at.Sub(now))
	}
}

// A stage is a cloud that has one tree, whatever is done to it.
type stage struct {
	tree  octavia.Tree
	blind error // of every look
	err   error // of every step
	steps []string
}

func (s *stage) Observe(octavia.Owner) (octavia.Tree, error) { return s.tree, s.blind }
func (s *stage) Manner() plan.Manner                         { return plan.Manner{} }

func (s *stage) Take(_ context.Context, _ octavia.Owner, step plan.Step) error {
	s.steps = append(s.steps, step.String())
	return s.err
}

func TestALeavingServiceWhoseLoadBalancerCannotBeDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := &stage{tree: built(octavia.Failed, "vip")}
		r := &Reconciler{Cloud: cloud, Events: events.NewFakeRecorder(10)}
		svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{UID: "web", DeletionTimestamp: &metav1.Time{Time: time.Now()}}}
		leave := func() Outcome { return r.converge(t.Context(), svc, policy.Verdict{Managed: true}, cloud.tree) }

		cloud.err = errors.New("not now")
		leave()
		cloud.err = nil
		for _, want := range []Outcome{
			{Reason: working, Waiting: "delete load balancer shop/web"}, // what was not taken is tried at once
			{Reason: broken, Warn: true, Again: partingPause, Waiting: "Octavia has it in ERROR, though told to delete it once; " +
				"it is told again at 00:00:10 UTC; see: openstack loadbalancer show lb"},
		} {
			if diff := cmp.Diff(want, leave()); diff != "" {
				t.Error(diff)
			}
		}
		if want := []string{"delete load balancer shop/web", "delete load balancer shop/web"}; !slices.Equal(cloud.steps, want) {
			t.Errorf("got %q", cloud.steps)
		}
		cloud.tree.Status = octavia.Active // an operator has helped
		if o := leave(); o.Reason != working {
			t.Errorf("got %+v", o)
		}
	})
}
