// Package manifests holds what is installed into a cluster. It is embedded, so
// that the tests and the demo install what ships and nothing else.
package manifests

import (
	"bytes"
	_ "embed"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/yaml"
)

// Name is the name of both webhook configurations.
const Name = "octagate"

//go:embed base/webhooks.yaml
var webhooks []byte

// Webhooks are the two webhook configurations.
func Webhooks() (*admissionv1.MutatingWebhookConfiguration, *admissionv1.ValidatingWebhookConfiguration, error) {
	mutating, validating := &admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{}
	first, second, _ := bytes.Cut(webhooks, []byte("\n---\n"))
	if err := yaml.UnmarshalStrict(first, mutating); err != nil {
		return nil, nil, fmt.Errorf("reading the mutating webhook configuration: %w", err)
	}
	if err := yaml.UnmarshalStrict(second, validating); err != nil {
		return nil, nil, fmt.Errorf("reading the validating webhook configuration: %w", err)
	}
	return mutating, validating, nil
}
