package policy

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/policy/facts"
)

// An example shows a rule at work: a Service that it objects to, and one that it does
// not. Each is a file, and on the page of the catalogue.
type example struct {
	file      string
	archive   *txtar.Archive
	story     string // the circumstances, in a sentence or two
	config    Config
	known     facts.Snapshot
	bad, good Subject
}

// A setting is what an example's config.yaml changes, in the words of the configuration file.
type setting struct {
	Kubernetes struct {
		ServiceCIDRs []netip.Prefix `json:"serviceCIDRs"`
	} `json:"kubernetes"`
	Neutron struct {
		ExternalNetwork string `json:"externalNetwork"`
	} `json:"neutron"`
	Octavia struct {
		Provider string `json:"provider"`
	} `json:"octavia"`
}

// A circumstance is what an example's cloud.yaml changes.
type circumstance struct {
	Missing []string                `json:"missing"` // IDs of subnets that are not there
	Kept    map[netip.Addr][]string `json:"kept"`    // floating IPs, and the namespaces that may claim them
	Claims  map[netip.Addr]string   `json:"claims"`  // floating IPs, and the Services that name them
	Octavia int                     `json:"octavia"` // the minor version of its API 2; 0: not known

	Providers map[string]bool `json:"providers"` // names, and whether they are enabled; nil: not known
	Flavors   map[string]bool `json:"flavors"`   // the same, by ID
	Zones     map[string]bool `json:"zones"`
	Limit     int             `json:"limit"` // of load balancers; 0: not known
}

// exampleOf reads the example of a rule.
func exampleOf(rule string) (example, error) {
	e := example{file: filepath.Join("testdata", "rules", rule+".txtar")}
	var err error
	if e.archive, err = txtar.ParseFile(e.file); err != nil {
		return e, err
	}
	e.story = strings.TrimSpace(string(e.archive.Comment))
	e.config, e.known = config, cloud
	e.bad.Service, e.good.Service = &corev1.Service{}, &corev1.Service{}
	var changed setting
	changed.Kubernetes.ServiceCIDRs, changed.Neutron.ExternalNetwork, changed.Octavia.Provider = slices.Clone(config.ServiceCIDRs), config.ExternalNetwork, config.Provider
	var differs circumstance
	err = errors.Join(
		e.read("config.yaml", &changed), e.read("cloud.yaml", &differs), e.read("bad.yaml", e.bad.Service), e.read("good.yaml", e.good.Service),
	)
	if e.section("old.yaml") != "" {
		old := &corev1.Service{}
		err = errors.Join(err, e.read("old.yaml", old))
		e.bad.Old, e.good.Old = old, old
	}
	e.config.ServiceCIDRs, e.config.ExternalNetwork, e.config.Provider = changed.Kubernetes.ServiceCIDRs, changed.Neutron.ExternalNetwork, changed.Octavia.Provider
	e.known = differs.in(cloud)
	return e, err
}

// section is the text of a section; empty: it is not there.
func (e example) section(name string) string {
	for _, f := range e.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// read reads a section into v, strictly.
func (e example) read(name string, v any) error {
	if err := yaml.UnmarshalStrict([]byte(e.section(name)), v); err != nil {
		return fmt.Errorf("%s: %s: %w", e.file, name, err)
	}
	return nil
}

// in is what is known of a cloud in which c is so.
func (c circumstance) in(known facts.Snapshot) facts.Snapshot {
	known.Subnets, known.FloatingIPs = maps.Clone(known.Subnets), maps.Clone(known.FloatingIPs)
	for _, id := range c.Missing {
		known.Subnets[id] = facts.Subnet{}
	}
	for address, namespaces := range c.Kept {
		f := known.FloatingIPs[address]
		f.Namespaces = namespaces
		known.FloatingIPs[address] = f
	}
	if c.Octavia > 0 {
		known.Octavia = facts.Version{Major: 2, Minor: c.Octavia}
	}
	known.Providers, known.Flavors, known.Zones = offered(c.Providers), offered(c.Flavors), offered(c.Zones)
	known.BalancerLimit = facts.Limit{Known: c.Limit > 0, Most: c.Limit}
	known.Claims = map[netip.Addr][]facts.Claim{}
	for address, name := range c.Claims {
		known.Claims[address] = []facts.Claim{{Name: name}}
	}
	return known
}

// offered is what there is to choose from; nil: it is not known.
func offered(enabled map[string]bool) map[string]facts.Offer {
	if enabled == nil {
		return nil
	}
	all := map[string]facts.Offer{}
	for name, on := range enabled {
		all[name] = facts.Offer{Name: name, Off: !on}
	}
	return all
}

// verdict is what the rules say of one of the two Services.
func (e example) verdict(s Subject) Verdict { return Evaluate(e.config, s, e.known) }

// told is the example with what it comes to.
func (e example) told() []byte {
	archive := &txtar.Archive{Comment: e.archive.Comment, Files: slices.DeleteFunc(slices.Clone(e.archive.Files), func(f txtar.File) bool { return f.Name == "says" })}
	archive.Files = append(archive.Files, txtar.File{Name: "says", Data: []byte(shown(e.bad, e.verdict(e.bad)))})
	return txtar.Format(archive)
}

// shown is what kubectl prints when a Service is applied.
func shown(s Subject, v Verdict) string {
	var b strings.Builder
	for _, w := range v.Warnings() {
		fmt.Fprintf(&b, "Warning: %s\n", w)
	}
	name, done := s.Service.Name, "created"
	if s.Old != nil {
		done = "configured"
	}
	switch errs := v.Errors(); len(errs) {
	case 0:
		fmt.Fprintf(&b, "service/%s %s\n", name, done)
	case 1:
		fmt.Fprintf(&b, "The Service %q is invalid: %s\n", name, errs[0])
	default:
		fmt.Fprintf(&b, "The Service %q is invalid: \n", name)
		for _, err := range errs {
			fmt.Fprintf(&b, "* %s\n", err)
		}
	}
	return b.String()
}
