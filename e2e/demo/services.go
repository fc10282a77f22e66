package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/view"
)

// services are those of the story, without the API server's own.
func (s *story) services(ctx context.Context) ([]corev1.Service, error) {
	var list corev1.ServiceList
	if err := s.world.Cluster.Client.List(ctx, &list, client.InNamespace("default")); err != nil {
		return nil, fmt.Errorf("listing Services: %w", err)
	}
	return slices.DeleteFunc(list.Items, func(svc corev1.Service) bool { return svc.Name == "kubernetes" }), nil
}

// isReady reports whether a Service says so, and shows an external IP if it has to.
func isReady(svc corev1.Service) bool {
	said := slices.ContainsFunc(svc.Status.Conditions, func(c metav1.Condition) bool {
		return c.Type == prefix+"Ready" && c.Status == "True"
	})
	return said && (svc.Spec.Type != corev1.ServiceTypeLoadBalancer || len(svc.Status.LoadBalancer.Ingress) > 0)
}

// deleteService deletes web; kubectl waits until octagate has let it go.
func (s *story) deleteService(ctx context.Context) error {
	if _, err := s.kubectl(ctx, "delete", "service", "web", "--timeout=60s"); err != nil {
		return err
	}
	balancers, err := s.cloud.Balancers(ctx)
	if err != nil {
		return err
	}
	addresses, err := s.cloud.FloatingIPs(ctx)
	if err != nil {
		return err
	}
	left := inventory(balancers, addresses)
	s.out.line("\n  left in OpenStack:")
	s.out.inset(left)
	if strings.Contains(left, "default/web") {
		return fmt.Errorf("expected: no load balancer default/web\ngot: one")
	}
	return missing("the list", left, []string{"floating IP   " + ours + "   free"})
}

// inventory is a line for each load balancer and each floating IP.
func inventory(balancers []view.Balancer, addresses []view.FloatingIP) string {
	var lines strings.Builder
	names := map[string]string{}
	for _, b := range balancers {
		names[b.Port] = "leads to " + b.Name
		fmt.Fprintf(&lines, "load balancer %s   %s\n", b.Name, b.Status)
	}
	for _, f := range addresses {
		use, known := names[f.Port]
		switch {
		case f.Port == "":
			use = "free"
		case !known:
			use = "leads to port " + f.Port
		}
		fmt.Fprintf(&lines, "floating IP   %s   %s\n", f.Address, use)
	}
	return lines.String()
}

// showServices shows what octagate says of the Services that are left.
func (s *story) showServices(ctx context.Context) error {
	for _, question := range [][]string{{"get", "services"}, {"events", "--for", "service/dns"}} {
		if _, err := s.kubectl(ctx, question...); err != nil {
			return err
		}
	}
	printed, err := s.kubectl(ctx, "wait", "--for=condition=octagate.dev/Ready", "service/dns", "service/hello", "service/shop")
	if err != nil {
		return err
	}
	if printed.Code != 0 {
		return fmt.Errorf("expected: the condition is met by all\ngot: exit code %d", printed.Code)
	}
	return nil
}
