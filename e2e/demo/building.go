package main

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/e2e/view"
)

func (s *story) watchBuilding(ctx context.Context) error {
	if err := s.await(ctx, s.progressOfBuilding); err != nil {
		return err
	}
	all, err := s.draw(ctx)
	if err != nil {
		return err
	}
	if _, err := s.kubectl(ctx, "get", "services"); err != nil {
		return err
	}
	return s.compare(ctx, all)
}

// progressOfBuilding counts the Services that are ready with an ACTIVE load balancer.
func (s *story) progressOfBuilding(ctx context.Context) (string, bool, error) {
	services, err := s.services(ctx)
	if err != nil {
		return "", false, err
	}
	balancers, err := s.cloud.Balancers(ctx)
	if err != nil {
		return "", false, err
	}
	done := 0
	for _, svc := range services {
		i := slices.IndexFunc(balancers, func(b view.Balancer) bool { return b.Name == "default/"+svc.Name })
		if i >= 0 && balancers[i].Status == "ACTIVE" && isReady(svc) {
			done++
		}
	}
	return fmt.Sprintf("ready, with an ACTIVE load balancer: %d of %d Services", done, len(good())), done == len(good()), nil
}

// draw shows all load balancers.
func (s *story) draw(ctx context.Context) ([]view.Balancer, error) {
	all, err := s.cloud.Trees(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		s.out.line("")
		s.out.block("", b.String())
	}
	return all, nil
}

// compare checks that each load balancer is the one that its Service asked for.
func (s *story) compare(ctx context.Context, all []view.Balancer) error {
	services, err := s.services(ctx)
	if err != nil {
		return err
	}
	for _, svc := range services {
		i := slices.IndexFunc(all, func(b view.Balancer) bool { return b.Name == "default/"+svc.Name })
		if i < 0 {
			return fmt.Errorf("expected: a load balancer default/%s\ngot: none", svc.Name)
		}
		if err := missing("the load balancer of "+svc.Name, all[i].String(), features(svc)); err != nil {
			return err
		}
	}
	return nil
}

// features are what must be seen in the drawing of a Service's load balancer.
func features(svc corev1.Service) []string {
	words := []string{"VIP " + svc.Spec.ClusterIP, "ACTIVE"}
	for _, ingress := range svc.Status.LoadBalancer.Ingress {
		words = append(words, "floating IP "+ingress.IP)
	}
	switch svc.Name {
	case "web":
		return append(words, "floating IP "+ours, "TCP port 80", "10.1.0.11:8080", "10.1.0.12:8080", "TCP port 443", "10.1.0.12:8443")
	case "dns":
		return append(words, "TCP port 53", "10.1.0.21:5353")
	}
	return append(words, "TCP port 80", "10.1.0.11:8080", "10.1.0.12:8080")
}
