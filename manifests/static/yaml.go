package static

import (
	"bytes"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/policy"
)

// YAML is objects as a manifest, below a comment.
func YAML(comment string, objects ...runtime.Object) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(comment)
	for i, o := range objects {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
		if err != nil {
			return nil, fmt.Errorf("writing a %T: %w", o, err)
		}
		delete(fields, "status")
		text, err := yaml.Marshal(fields)
		if err != nil {
			return nil, fmt.Errorf("writing a %T: %w", o, err)
		}
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}

// ValidatingManifest is the policy that refuses, as a file.
func ValidatingManifest(cfg *policy.Config) ([]byte, error) {
	p, binding, err := Validating(cfg)
	if err != nil {
		return nil, err
	}
	return YAML(refuses, p, binding)
}

// MutatingManifest is the policy that resets, as a file.
func MutatingManifest() ([]byte, error) {
	p, binding, err := Mutating()
	if err != nil {
		return nil, err
	}
	return YAML(resets, p, binding)
}

const (
	refuses = `# What the API server refuses by itself while octagate is away: what no Service may ask,
# whatever the cloud says. Written by octagate policies, from the rules. What the mutating
# webhook judged is left to the validating one, whose message says everything at once.
`
	resets = `# What people write into annotations that only octagate writes is undone, while octagate is
# away, too. Written by octagate policies. Needs Kubernetes 1.36.
`
)
