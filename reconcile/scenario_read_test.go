package reconcile_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// read reads what a scenario gives, on top of the usual.
func read(given map[string][]byte) (story, error) {
	has := func(name string) bool { _, there := given[name]; return there }
	s := story{applied: has("service.yaml")}
	switch {
	case has("service.yaml") && has("stored.yaml") || !has("service.yaml") && !has("stored.yaml") && !has("before.yaml"):
		return s, errors.New("there must be one of service.yaml and stored.yaml, or before.yaml that nobody changed")
	case has("before.yaml") && has("old.yaml"):
		return s, errors.New("there can be before.yaml or old.yaml, not both")
	case has("observed.yaml") && !has("before.yaml"):
		return s, errors.New("observed.yaml needs a load balancer that before.yaml made")
	case (has("before-config.yaml") || has("before-slices.yaml")) && !has("before.yaml"):
		return s, errors.New("before-config.yaml and before-slices.yaml need before.yaml")
	}
	usual, err := sections(filepath.Join("testdata", "usual.txtar"))
	if err != nil {
		return s, err
	}
	r := reader{given: given, usual: usual}
	s.service = r.service("service.yaml", "stored.yaml", "before.yaml")
	s.written, s.old = r.service("before.yaml"), r.service("old.yaml")
	s.now = moment{r.config("config.yaml"), r.slices(s.service, "slices.yaml")}
	s.before = moment{r.config("before-config.yaml", "config.yaml"), r.slices(s.written, "before-slices.yaml", "slices.yaml")}
	r.edit(&s.cloud, "cloud.yaml")
	r.edit(&s.meddle, "observed.yaml")
	return s, errors.Join(r.err, s.cloud.fault())
}

// sections are those of a file.
func sections(file string) (map[string][]byte, error) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, f := range archive.Files {
		all[f.Name] = f.Data
	}
	return all, nil
}

// A reader reads sections, strictly, and remembers the first thing that was wrong.
// Of several names the first counts for which there is a section.
type reader struct {
	given, usual map[string][]byte
	err          error
}

func (r *reader) find(names []string) (name string, data []byte, there bool) {
	for _, name := range names {
		if data, there := r.given[name]; there {
			return name, data, true
		}
	}
	return names[0], nil, false
}

// strict reads YAML into v.
func (r *reader) strict(name string, data []byte, v any) {
	if err := yaml.UnmarshalStrict(data, v); err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", name, err)
	}
}

func (r *reader) isA(name, kind, want string) {
	if kind != want && r.err == nil {
		r.err = fmt.Errorf("%s: is not of kind %s", name, want)
	}
}

func (r *reader) service(names ...string) *corev1.Service {
	name, data, there := r.find(names)
	if !there {
		return nil
	}
	svc := &corev1.Service{}
	r.strict(name, data, svc)
	r.isA(name, svc.Kind, "Service")
	return svc
}

// edit reads a section into v, which already has the usual.
func (r *reader) edit(v any, names ...string) {
	if usual, there := r.usual[names[len(names)-1]]; there {
		r.strict("usual.txtar", usual, v)
	}
	if name, data, there := r.find(names); there {
		r.strict(name, data, v)
	}
}

// slices are the EndpointSlices of a Service. One with a selector has the usual Pods if
// it is not said.
func (r *reader) slices(svc *corev1.Service, names ...string) []discoveryv1.EndpointSlice {
	name, data, there := r.find(names)
	if svc == nil {
		return nil
	}
	if !there {
		return r.usualSlices(svc)
	}
	var all []discoveryv1.EndpointSlice
	for document := range bytes.SplitSeq(data, []byte("\n---\n")) {
		var s discoveryv1.EndpointSlice
		r.strict(name, document, &s)
		r.isA(name, s.Kind, "EndpointSlice")
		all = append(all, s)
	}
	return all
}

// usualSlices have two ready Pods, with an address of each family of the Service.
func (r *reader) usualSlices(svc *corev1.Service) []discoveryv1.EndpointSlice {
	if len(svc.Spec.Selector) == 0 {
		return nil
	}
	var ports []discoveryv1.EndpointPort
	for _, p := range svc.Spec.Ports {
		if p.TargetPort.Type == intstr.String && r.err == nil {
			r.err = fmt.Errorf("targetPort %s needs slices.yaml, to say what it is", p.TargetPort.StrVal)
		}
		number := p.TargetPort.IntVal
		if number == 0 {
			number = p.Port
		}
		protocol := p.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		ports = append(ports, discoveryv1.EndpointPort{Name: &p.Name, Port: &number, Protocol: &protocol})
	}
	return []discoveryv1.EndpointSlice{
		{AddressType: discoveryv1.AddressTypeIPv4, Ports: ports, Endpoints: usualPods(svc.Namespace, "10.1.0.10")},
		{AddressType: discoveryv1.AddressTypeIPv6, Ports: ports, Endpoints: usualPods(svc.Namespace, "fd00:1::10")},
	}
}

// usualPods are a and b, at an address and the next.
func usualPods(namespace, first string) []discoveryv1.Endpoint {
	a := netip.MustParseAddr(first)
	pod := func(name string, at netip.Addr) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{
			Addresses: []string{at.String()}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: name},
		}
	}
	return []discoveryv1.Endpoint{pod("a", a), pod("b", a.Next())}
}
