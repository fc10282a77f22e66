// Package cel judges Services by the expressions that the API server is given, without one.
package cel

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/cel/environment"
)

// env is what the API server of this version knows, with its variables.
var env = sync.OnceValues(func() (*cel.Env, error) {
	stored, err := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).Env(environment.StoredExpressions)
	if err != nil {
		return nil, err
	}
	var names []cel.EnvOption
	for _, name := range []string{"object", "oldObject", "request", "variables", "value"} {
		names = append(names, cel.Variable(name, cel.DynType))
	}
	return stored.Extend(names...)
})

// A program is one expression.
type program struct {
	text string
	cel.Program
}

// compiled are programs by their texts: policies for several configurations share most.
var compiled sync.Map

func compile(text string) (program, error) {
	if known, ok := compiled.Load(text); ok {
		return known.(program), nil
	}
	e, err := env()
	if err != nil {
		return program{}, err
	}
	tree, issues := e.Compile(text)
	if issues.Err() != nil {
		return program{}, fmt.Errorf("%s: %w", text, issues.Err())
	}
	p, err := e.Program(tree)
	if err == nil {
		compiled.Store(text, program{text, p})
	}
	return program{text, p}, err
}

func (p program) of(known map[string]any) (any, error) {
	v, _, err := p.Eval(known)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.text, err)
	}
	return v.Value(), nil
}

// Holds reports whether an expression holds for a value.
func Holds(expression, value string) (bool, error) {
	p, err := compile(expression)
	if err != nil {
		return false, err
	}
	v, err := p.of(map[string]any{"value": value})
	holds, _ := v.(bool)
	return holds, err
}

// A Policy is a ValidatingAdmissionPolicy that can judge.
type Policy struct {
	conditions, checks, messages []program
	variables                    []program
	names                        []string
}

// Compile reads the expressions of a policy.
func Compile(from *admissionv1.ValidatingAdmissionPolicy) (*Policy, error) {
	p := &Policy{}
	add := func(to *[]program, text string) error {
		one, err := compile(text)
		*to = append(*to, one)
		return err
	}
	for _, c := range from.Spec.MatchConditions {
		if err := add(&p.conditions, c.Expression); err != nil {
			return nil, err
		}
	}
	for _, v := range from.Spec.Variables {
		p.names = append(p.names, v.Name)
		if err := add(&p.variables, v.Expression); err != nil {
			return nil, err
		}
	}
	for _, v := range from.Spec.Validations {
		text := v.MessageExpression
		if text == "" {
			text = fmt.Sprintf("%q", v.Message)
		}
		if err := add(&p.checks, v.Expression); err != nil {
			return nil, err
		}
		if err := add(&p.messages, text); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Refusals are why the policy refuses a Service, by the number of the validation; old is the one
// before, or nil.
func (p *Policy) Refusals(svc, old *corev1.Service) (map[int]string, error) {
	known, err := request(svc, old)
	if err != nil {
		return nil, err
	}
	for _, c := range p.conditions {
		if concerns, err := c.of(known); err != nil || concerns != true {
			return nil, err
		}
	}
	variables := map[string]any{}
	for i, v := range p.variables {
		if variables[p.names[i]], err = v.of(known); err != nil {
			return nil, err
		}
	}
	known["variables"] = variables
	all := map[int]string{}
	for i, c := range p.checks {
		good, err := c.of(known)
		if err != nil {
			return nil, err
		}
		if good == true {
			continue
		}
		text, err := p.messages[i].of(known)
		if err != nil {
			return nil, err
		}
		all[i] = text.(string)
	}
	return all, nil
}

// request is what expressions know of a request.
func request(svc, old *corev1.Service) (map[string]any, error) {
	now, err := fields(svc)
	if err != nil {
		return nil, err
	}
	known := map[string]any{"object": now, "oldObject": nil, "request": map[string]any{
		"namespace": svc.Namespace, "name": svc.Name, "userInfo": map[string]any{"username": "author"},
	}}
	if old != nil {
		known["oldObject"], err = fields(old)
	}
	return known, err
}

// fields are a Service as the API server has it, defaults and all that matters of them.
func fields(svc *corev1.Service) (map[string]any, error) {
	text, err := json.Marshal(svc)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	return all, json.Unmarshal(text, &all)
}
