// Package manifests holds what is installed into a cluster. It is embedded, so
// that the tests and the demo install what ships and nothing else.
package manifests

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"path"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

// Name is the name of everything that is installed, both webhook configurations among it.
const Name = "octagate"

// Namespace is where octagate runs.
const Namespace = "octagate-system"

//go:embed base
var files embed.FS

// list is the file of the base that names the others.
const list = "base/kustomization.yaml"

// Base is every object of the base, in the order in which they are installed.
func Base() ([]*unstructured.Unstructured, error) {
	var kustomization struct {
		Resources []string `json:"resources"`
	}
	source, err := files.ReadFile(list)
	if err == nil {
		err = strict.Unmarshal(source, &kustomization)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what the base is made of: %w", err)
	}
	var all []*unstructured.Unstructured
	for _, file := range kustomization.Resources {
		objects, err := objects(path.Join(path.Dir(list), file))
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, nil
}

// objects are those of a file.
func objects(file string) ([]*unstructured.Unstructured, error) {
	source, err := files.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	var all []*unstructured.Unstructured
	for documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(source), 1024); ; {
		o := &unstructured.Unstructured{}
		switch err := documents.Decode(&o.Object); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", file, err)
		case len(o.Object) > 0: // else it is nothing but a comment
			all = append(all, o)
		}
	}
}

// Webhooks are the two webhook configurations.
func Webhooks() (*admissionv1.MutatingWebhookConfiguration, *admissionv1.ValidatingWebhookConfiguration, error) {
	webhooks, err := files.ReadFile("base/webhooks.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("reading the webhook configurations: %w", err)
	}
	mutating, validating := &admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{}
	first, second, _ := bytes.Cut(webhooks, []byte("\n---\n"))
	if err := strict.UnmarshalStrict(first, mutating); err != nil {
		return nil, nil, fmt.Errorf("reading the mutating webhook configuration: %w", err)
	}
	if err := strict.UnmarshalStrict(second, validating); err != nil {
		return nil, nil, fmt.Errorf("reading the validating webhook configuration: %w", err)
	}
	return mutating, validating, nil
}
