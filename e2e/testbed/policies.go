package testbed

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/manifests"
	"github.com/octagate/octagate/manifests/static"
)

// installPolicies installs what the API server judges by itself: the policy of the base, and
// the one that needs Kubernetes 1.36.
func (c *Cluster) installPolicies(ctx context.Context) error {
	objects, err := manifests.Base()
	if err != nil {
		return err
	}
	var all []client.Object
	for _, o := range objects {
		if o.GetKind() == "ValidatingAdmissionPolicy" || o.GetKind() == "ValidatingAdmissionPolicyBinding" {
			all = append(all, o)
		}
	}
	mutating, binding, err := static.Mutating()
	if err != nil {
		return err
	}
	for _, o := range append(all, mutating, binding) {
		if err := c.Client.Create(ctx, o); err != nil {
			return fmt.Errorf("installing the policy %T: %w", o, err)
		}
	}
	return nil
}
