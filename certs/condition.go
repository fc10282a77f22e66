package certs

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Ready is the condition of octagate's own Service that tells whether the leader's
// certificate is well.
const Ready = "octagate.dev/CertificateReady"

// A Condition keeps Ready on octagate's Service, which need not be there.
type Condition struct {
	Client  client.Client
	Service client.ObjectKey
	Serving *Serving
	Log     logr.Logger
}

// Start writes the condition whenever it changes, until ctx ends. The leader does so.
func (c *Condition) Start(ctx context.Context) error {
	tick := time.NewTicker(slowest)
	defer tick.Stop()
	for {
		if err := c.write(ctx); client.IgnoreNotFound(err) != nil && ctx.Err() == nil {
			c.Log.Info("The condition of the certificate could not be written", "service", c.Service, "reason", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (c *Condition) write(ctx context.Context) error {
	svc := &corev1.Service{}
	if err := c.Client.Get(ctx, c.Service, svc); err != nil {
		return err
	}
	stored := svc.DeepCopy()
	apimeta.SetStatusCondition(&svc.Status.Conditions, c.Serving.condition(svc.Generation))
	if equality.Semantic.DeepEqual(stored.Status, svc.Status) {
		return nil
	}
	return c.Client.Status().Patch(ctx, svc, client.StrategicMergeFrom(stored))
}

// condition is what is wrong, or until when nothing is.
func (s *Serving) condition(generation int64) metav1.Condition {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := metav1.Condition{Type: Ready, Status: metav1.ConditionFalse, ObservedGeneration: generation, Reason: s.trouble.Reason, Message: s.trouble.Message}
	switch {
	case s.served == nil && s.trouble.None():
		c.Reason, c.Message = noCertificate, "there is no certificate yet"
	case s.trouble.None():
		c.Status, c.Reason = metav1.ConditionTrue, "Serving"
		c.Message = "the certificate is good until " + s.served.Leaf.NotAfter.UTC().Format(time.RFC3339)
	}
	return c
}
