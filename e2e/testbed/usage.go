package testbed

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/octagate/octagate/manifests"
)

// auditPolicy has an API server write down what octagate asks of it.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: ["` + account + `"]
- level: None
`

// audit has the API server write what octagate asks of it into a file of the cluster.
func (c *Cluster) audit() error {
	policy := filepath.Join(c.dir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return fmt.Errorf("writing the audit policy: %w", err)
	}
	c.plane.APIServer.Configure().Set("audit-policy-file", policy).Set("audit-log-path", c.auditLog())
	return nil
}

func (c *Cluster) auditLog() string { return filepath.Join(c.dir, "audit.log") }

// A Usage is what octagate asked of the API servers of several Worlds. The zero value is
// of none.
type Usage struct {
	sync.Mutex
	asked     map[ask]bool
	forbidden map[ask]bool
}

// An ask is a request for an object, as far as rights are concerned.
type ask struct{ verb, group, resource, namespace, name string }

func (a ask) String() string {
	return fmt.Sprintf("%s %s.%s %s/%s", a.verb, a.resource, a.group, a.namespace, a.name)
}

// An audited is what is read of a line of an audit log.
type audited struct {
	Verb      string `json:"verb"`
	ObjectRef *struct {
		APIGroup, Resource, Subresource, Namespace, Name string
	} `json:"objectRef"`
	Annotations map[string]string `json:"annotations"`
}

// read adds an audit log. One that is not there, because nothing was started, is empty.
func (u *Usage) read(log string) error {
	file, err := os.Open(log)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading what octagate asked for: %w", err)
	}
	defer file.Close()
	u.Lock()
	defer u.Unlock()
	lines := bufio.NewScanner(file)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		var a audited
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return fmt.Errorf("reading what octagate asked for: %w", err)
		}
		u.add(a)
	}
	return lines.Err()
}

func (u *Usage) add(a audited) {
	if a.ObjectRef == nil {
		return // such as /version, which everybody may see
	}
	if u.asked == nil {
		u.asked, u.forbidden = map[ask]bool{}, map[ask]bool{}
	}
	o := a.ObjectRef
	if o.Subresource != "" {
		o.Resource += "/" + o.Subresource
	}
	asked := ask{a.Verb, o.APIGroup, o.Resource, o.Namespace, o.Name}
	if a.Annotations["authorization.k8s.io/decision"] == "forbid" {
		u.forbidden[asked] = true
	}
	u.asked[asked] = true
}

// Forbidden are the requests that octagate had no right to.
func (u *Usage) Forbidden() []string { return texts(maps.Keys(u.forbidden)) }

// Unused are the rights of the manifests that octagate never used.
func (u *Usage) Unused() ([]string, error) {
	granted, err := granted()
	if err != nil {
		return nil, err
	}
	unused := slices.DeleteFunc(granted, func(right ask) bool {
		for asked := range u.asked {
			if right.covers(asked) {
				return true
			}
		}
		return false
	})
	return texts(slices.Values(unused)), nil
}

// covers reports whether a right is one to what is asked. A right without namespace or
// name is one to all of them. Who watches an API server before 1.34 lists first; a newer
// one streams what there is.
func (a ask) covers(asked ask) bool {
	if a.verb == "list" && asked.verb == "watch" {
		asked.verb = a.verb
	}
	if a.namespace == "" {
		asked.namespace = ""
	}
	if a.name == "" {
		asked.name = ""
	}
	return a == asked
}

// granted are the rights of the manifests, one by one.
func granted() ([]ask, error) {
	objects, err := manifests.Base()
	if err != nil {
		return nil, err
	}
	var all []ask
	for _, o := range objects {
		if o.GetKind() != "ClusterRole" && o.GetKind() != "Role" {
			continue
		}
		var role rbacv1.ClusterRole // a Role has the same rules
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
			return nil, fmt.Errorf("reading the %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		for _, rule := range role.Rules {
			all = append(all, rights(rule, o.GetNamespace())...)
		}
	}
	return all, nil
}

func rights(rule rbacv1.PolicyRule, namespace string) (all []ask) {
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				for _, name := range names {
					all = append(all, ask{verb, group, resource, namespace, name})
				}
			}
		}
	}
	return all
}

func texts(asks iter.Seq[ask]) []string {
	var all []string
	for a := range asks {
		all = append(all, a.String())
	}
	slices.Sort(all)
	return all
}
