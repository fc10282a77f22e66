package reconcile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A patch of a part is what a patch of the whole would be.
func TestAPatchOfAPartIsWhole(t *testing.T) {
	before, _ := judged(func(svc *corev1.Service) {
		svc.UID, svc.ResourceVersion, svc.Labels = "uid", "7", map[string]string{"team": "a"}
		svc.Finalizers = []string{"example.org/theirs"}
		svc.Status.Conditions = []metav1.Condition{{Type: "theirs"}, {Type: Ready, Reason: working}}
	})
	for claim, change := range map[string]func(*corev1.Service){
		"nothing": func(*corev1.Service) {},
		"a condition": func(svc *corev1.Service) {
			svc.Status.Conditions[1].Reason = ready
		},
		"a condition goes": func(svc *corev1.Service) { svc.Status.Conditions = svc.Status.Conditions[:1] },
		"an address": func(svc *corev1.Service) {
			svc.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "172.24.4.13"}}
		},
		"a finalizer":              func(svc *corev1.Service) { svc.Finalizers = append(svc.Finalizers, Finalizer) },
		"all finalizers go":        func(svc *corev1.Service) { svc.Finalizers = nil },
		"all annotations go":       func(svc *corev1.Service) { svc.Annotations = nil },
		"an annotation is written": func(svc *corev1.Service) { svc.Annotations["octagate.dev/load-balancer-id"] = "lb" },
	} {
		now := before.DeepCopy()
		change(now)
		for _, patch := range []struct{ part, whole client.Patch }{
			{statusSince(before), client.StrategicMergeFrom(onlyStatusOf(before, now))},
			{marksSince(before), client.MergeFromWithOptions(onlyMarksOf(before, now), client.MergeFromWithOptimisticLock{})},
		} {
			got, err := patch.part.Data(now)
			if err != nil {
				t.Fatal(claim, err)
			}
			want, err := patch.whole.Data(now)
			if err != nil {
				t.Fatal(claim, err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" || patch.part.Type() != patch.whole.Type() {
				t.Errorf("%s: %s", claim, diff)
			}
		}
	}
}

// onlyStatusOf is now with the status of before: nothing else has changed since.
func onlyStatusOf(before, now *corev1.Service) *corev1.Service {
	svc := now.DeepCopy()
	svc.Status = before.Status
	return svc
}

// onlyMarksOf is the same of what we write onto a Service.
func onlyMarksOf(before, now *corev1.Service) *corev1.Service {
	svc := now.DeepCopy()
	svc.Annotations, svc.Finalizers = before.Annotations, before.Finalizers
	return svc
}
