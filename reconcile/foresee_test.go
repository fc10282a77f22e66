package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A painting is a cloud that is looked at and stays as it is.
type painting struct {
	reconcile.Cloud // nobody takes a step
	observed        octavia.Tree
	trouble         error
	manner          plan.Manner
}

func (p painting) Observe(octavia.Owner) (octavia.Tree, error) { return p.observed, p.trouble }
func (p painting) Manner() plan.Manner                         { return p.manner }

// A shelf is an API server that is read from.
type shelf struct {
	client.Client // nobody writes
	slices        []discoveryv1.EndpointSlice
	hosts         map[string]string
}

func (s shelf) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *discoveryv1.EndpointSliceList:
		list.Items = s.slices
	case *corev1.NodeList:
		for address, name := range s.hosts {
			list.Items = append(list.Items, corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name},
				Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Address: address}}}})
		}
	default:
		return fmt.Errorf("%T was not expected", list)
	}
	return nil
}

// foreseen is what a reconciler that has just started would do in a story.
func (s story) foreseen(svc *corev1.Service, observed octavia.Tree) reconcile.Prospect {
	r := &reconcile.Reconciler{
		Policy: s.now.config, Facts: memory(s.cloud.snapshot(observed)), Cloud: painting{observed: observed, manner: manners[s.cloud.Manner]},
		Client: shelf{slices: s.now.slices, hosts: s.cloud.Hosts},
	}
	return r.Foresee(context.Background(), svc)
}

// A load balancer on which Octavia is at work, one that is broken and one that nobody knows
// are not changed at once, and it is said why.
func TestWhyNothingIsDoneYetIsForeseen(t *testing.T) {
	s := story{now: moment{}}
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec: corev1.ServiceSpec{ClusterIP: "10.2.0.7", Ports: []corev1.ServicePort{{Port: 80}}}}
	built := func(edit func(*octavia.Tree)) octavia.Tree {
		tree := made(s.foreseen(svc, octavia.Tree{}).Desired)
		edit(&tree)
		return tree
	}
	for claim, tt := range map[string]struct {
		observed octavia.Tree
		trouble  error
		want     string
		steps    int
	}{
		"it is to be made":  {want: " ", steps: 1},
		"it is as it is":    {observed: built(func(*octavia.Tree) {}), want: " "},
		"Octavia is busy":   {observed: built(func(t *octavia.Tree) { t.Status, t.Name = "PENDING_UPDATE", "x" }), want: "Working Octavia is at work on the load balancer", steps: 1},
		"it is in ERROR":    {observed: built(func(t *octavia.Tree) { t.Status = octavia.Failed }), want: "LoadBalancerError Octavia has it in ERROR; it is made anew if it stays so; see: openstack loadbalancer show 1b4d5c60-0000-4000-8000-000000000001"},
		"nobody can see it": {trouble: &plan.Refusal{Reason: plan.Away, Err: errors.New("down")}, want: "CloudUnreachable CloudUnreachable: down"},
	} {
		t.Run(claim, func(t *testing.T) {
			r := &reconcile.Reconciler{Facts: memory(facts.Snapshot{}), Cloud: painting{observed: tt.observed, trouble: tt.trouble}, Client: shelf{}, Mend: time.Minute}
			p := r.Foresee(t.Context(), svc)
			if got := p.Against.Reason + " " + p.Against.Waiting; got != tt.want || len(p.Steps) != tt.steps {
				t.Errorf("%s\n%s", got, p.Steps)
			}
		})
	}
}
