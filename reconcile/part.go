package reconcile

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A part is a patch of no more than a part of a Service: to find out what has changed, the
// whole before and the whole after would be written as JSON and read again.
type part struct {
	client.Patch
	of func(*corev1.Service) *corev1.Service
}

// Data implements client.Patch.
func (p part) Data(o client.Object) ([]byte, error) { return p.Patch.Data(p.of(o.(*corev1.Service))) }

// statusSince is what has changed in a Service's status.
func statusSince(before *corev1.Service) client.Patch {
	return part{client.StrategicMergeFrom(onlyStatus(before)), onlyStatus}
}

// onlyStatus leaves of a Service its status.
func onlyStatus(svc *corev1.Service) *corev1.Service { return &corev1.Service{Status: svc.Status} }

// marksSince is what has changed of a Service's annotations and finalizers. It is a conflict
// if anybody has changed the Service meanwhile.
func marksSince(before *corev1.Service) client.Patch {
	return part{client.MergeFromWithOptions(onlyMarks(before), client.MergeFromWithOptimisticLock{}), onlyMarks}
}

// onlyMarks leaves of a Service what we write there, and which version it is.
func onlyMarks(svc *corev1.Service) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{ResourceVersion: svc.ResourceVersion, Annotations: svc.Annotations, Finalizers: svc.Finalizers}}
}
