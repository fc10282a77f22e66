package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/e2e/view"
)

func (s *story) startPods(ctx context.Context) error {
	for _, p := range []testbed.Pod{hello("hello-1", "10.1.0.11"), hello("hello-2", "10.1.0.12"), dns("dns-1", "10.1.0.21")} {
		if err := s.world.Cluster.Pod(ctx, p); err != nil {
			return err
		}
	}
	printed, err := s.kubectl(ctx, "get", "pods", "-o", "wide")
	if err != nil {
		return err
	}
	return missing("the list", printed.Stdout, []string{"10.1.0.11", "10.1.0.12", "10.1.0.21"})
}

func hello(name, address string) testbed.Pod {
	return testbed.Pod{
		Namespace: "default", Name: name, Address: address,
		Labels: map[string]string{"app": "hello"}, Ports: map[string]int32{"http": 8080, "https": 8443},
	}
}

func dns(name, address string) testbed.Pod {
	return testbed.Pod{
		Namespace: "default", Name: name, Address: address,
		Labels: map[string]string{"app": "dns"}, Ports: map[string]int32{"dns": 5353},
	}
}

func (s *story) changePods(ctx context.Context) error {
	if _, err := s.kubectl(ctx, "delete", "pod", "hello-2"); err != nil {
		return err
	}
	if err := s.awaitMembers(ctx, "10.1.0.11:8080"); err != nil {
		return err
	}
	s.out.line("\n  Now a new Pod, hello-3, starts with the address 10.1.0.13.")
	if err := s.world.Cluster.Pod(ctx, hello("hello-3", "10.1.0.13")); err != nil {
		return err
	}
	return s.awaitMembers(ctx, "10.1.0.11:8080", "10.1.0.13:8080")
}

// awaitMembers waits until the load balancer of hello has these members, and draws it.
func (s *story) awaitMembers(ctx context.Context, want ...string) error {
	var tree view.Balancer
	err := s.await(ctx, func(ctx context.Context) (string, bool, error) {
		all, err := s.cloud.Trees(ctx)
		if err != nil {
			return "", false, err
		}
		for _, b := range all {
			if b.Name == "default/hello" {
				tree = b
			}
		}
		got := tree.Addresses()
		progress := fmt.Sprintf("load balancer %s, members %s", tree.Status, strings.Join(got, " "))
		return progress, tree.Status == "ACTIVE" && slices.Equal(got, want), nil
	})
	s.out.line("")
	s.out.block("", tree.String())
	return err
}
