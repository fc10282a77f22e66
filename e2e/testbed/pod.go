package testbed

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	node      = "node-1" // where every Pod pretends to run
	container = "main"   // the only one of each Pod
)

// A Pod is one that runs nowhere: it has an address and is ready, which is all that
// EndpointSlices want to know.
type Pod struct {
	Namespace, Name, Address string
	Labels                   map[string]string
	Ports                    map[string]int32 // of its container, by name
}

// Pod makes a ready Pod.
func (c *Cluster) Pod(ctx context.Context, p Pod) error {
	if err := c.ensureNode(ctx); err != nil {
		return err
	}
	pod := p.object()
	if err := c.Client.Create(ctx, pod); err != nil {
		return fmt.Errorf("creating Pod %s/%s: %w", p.Namespace, p.Name, err)
	}
	created := pod.DeepCopy()
	pod.Status = p.status()
	if err := c.Client.Status().Patch(ctx, pod, client.MergeFrom(created)); err != nil {
		return fmt.Errorf("making Pod %s/%s ready: %w", p.Namespace, p.Name, err)
	}
	return nil
}

func (c *Cluster) ensureNode(ctx context.Context) error {
	err := c.Client.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating Node %s: %w", node, err)
	}
	return nil
}

// object is the Pod as it is created: with no kubelet to wait for when it is deleted.
func (p Pod) object() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name, Labels: p.Labels},
		Spec: corev1.PodSpec{
			NodeName:                      node,
			TerminationGracePeriodSeconds: new(int64(0)),
			Containers:                    []corev1.Container{{Name: container, Image: "none", Ports: p.containerPorts()}},
		},
	}
}

func (p Pod) containerPorts() []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for _, name := range slices.Sorted(maps.Keys(p.Ports)) {
		ports = append(ports, corev1.ContainerPort{Name: name, ContainerPort: p.Ports[name]})
	}
	return ports
}

func (p Pod) status() corev1.PodStatus {
	return corev1.PodStatus{
		Phase:      corev1.PodRunning,
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		PodIP:      p.Address,
		PodIPs:     []corev1.PodIP{{IP: p.Address}},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: container, Ready: true, Started: new(true),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
		}},
	}
}
