package testbed

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/octagate/octagate/manifests"
)

// Install installs what ships for a process of this machine: octagate's account with its
// rights, the API server's own policies, and the webhook configurations, which lead to an
// address of this machine instead of a Service in the cluster.
func (c *Cluster) Install(ctx context.Context, address string) error {
	return errors.Join(c.installAccount(ctx), c.installPolicies(ctx), c.installWebhooks(ctx, address))
}

func (c *Cluster) installWebhooks(ctx context.Context, address string) error {
	mutating, validating, err := manifests.Webhooks()
	if err != nil {
		return fmt.Errorf("reading the webhook configurations: %w", err)
	}
	for i := range mutating.Webhooks {
		redirect(&mutating.Webhooks[i].ClientConfig, address)
	}
	for i := range validating.Webhooks {
		redirect(&validating.Webhooks[i].ClientConfig, address)
	}
	if err := c.Client.Create(ctx, mutating); err != nil {
		return fmt.Errorf("installing the mutating webhook: %w", err)
	}
	if err := c.Client.Create(ctx, validating); err != nil {
		return fmt.Errorf("installing the validating webhook: %w", err)
	}
	return nil
}

// redirect replaces the Service by a URL. The CA stays out: octagate adds its own.
func redirect(config *admissionv1.WebhookClientConfig, address string) {
	url := "https://" + address
	if config.Service != nil && config.Service.Path != nil {
		url += *config.Service.Path
	}
	config.URL, config.Service = &url, nil
}
