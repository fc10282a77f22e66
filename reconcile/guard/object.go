package guard

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What marks an IPAddress as ours. The API server's allocator has another word in the
// first, and only looks after objects that bear it.
const (
	manager      = "guard.octagate.dev"     // of ipaddress.kubernetes.io/managed-by
	clusterLabel = "octagate.dev/cluster"   // the cluster's name in the cloud
	group        = "openstack.octagate.dev" // of parents, which are no objects of Kubernetes
)

// labels are those of all our objects.
func (g *Guard) labels() map[string]string {
	return map[string]string{
		networkingv1.LabelManagedBy: manager, clusterLabel: g.Cluster, "app.kubernetes.io/managed-by": "octagate",
	}
}

// object is the IPAddress that keeps an address from the allocator. Its parent is what
// claims the address, for people to see.
func (g *Guard) object(h Hold) *networkingv1.IPAddress {
	labels := g.labels()
	labels[networkingv1.LabelIPAddressFamily] = string(corev1.IPv4Protocol)
	if h.Address.Is6() {
		labels[networkingv1.LabelIPAddressFamily] = string(corev1.IPv6Protocol)
	}
	return &networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{Name: h.Address.String(), Labels: labels},
		Spec:       networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{Group: group, Resource: h.For.Resource, Name: h.For.ID}},
	}
}

// claims are what our objects say.
func claims(objects []networkingv1.IPAddress) map[netip.Addr]Claim {
	held := map[netip.Addr]Claim{}
	for _, o := range objects {
		a, err := netip.ParseAddr(o.Name)
		if parent := o.Spec.ParentRef; err == nil && parent != nil {
			held[a] = Claim{parent.Resource, parent.Name}
		}
	}
	return held
}
