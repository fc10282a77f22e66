// Package migrate turns the configurations of those who balanced Services before into
// octagate's: kuryr.conf of Kuryr-Kubernetes, and cloud.conf of the OpenStack cloud
// controller manager.
//
// What has no equivalent is named with its line and the reason, and never dropped silently.
// The package is pure, and repeats no value that may be a secret.
package migrate

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/octagate/octagate/policy/spelling"
)

// An Option is one option of a file.
type Option struct {
	Section string // as it is written, such as Global or LoadBalancerClass "dmz"
	Name    string
	Value   string
	Line    int
}

// String is the option as people look for it.
func (o Option) String() string { return fmt.Sprintf("[%s] %s", o.Section, o.Name) }

// A Note is an option that is not carried over as it is, and why.
type Note struct {
	Option
	Text string
}

// A Result is octagate's configuration, and what it leaves out.
type Result struct {
	Text  []byte // of octagate.yaml
	Notes []Note // in the order of the file
}

// Choices are what no file of others says.
type Choices struct {
	ClusterName   string
	ServiceSubnet string // ID; empty: as the file says, if it does
	PodSubnet     string
}

// A meaning is what an option is in octagate's configuration.
type meaning struct {
	key     string                       // there; empty: it has none
	convert func(string) (string, error) // its value; nil: the same; an empty one is left out
	say     string                       // why it has no equivalent, or what to know of it
}

// carried is an option that is the same in octagate's configuration, or nearly.
func carried(key string, convert func(string) (string, error)) meaning {
	return meaning{key: key, convert: convert}
}

// lost is an option that has no equivalent.
func lost(why string) meaning { return meaning{say: why} }

// A dialect is all that is known of a program's options.
type dialect struct {
	program  string
	options  map[string]map[string]meaning // by section and name, in lower case
	sections map[string]string             // those that do not matter to octagate as a whole, and why
}

// A value is one of octagate's configuration, and where it comes from.
type value struct{ key, text, from string }

// A migration is the way of a file's options.
type migration struct {
	dialect dialect
	values  map[string]value
	notes   []Note
}

// carry sorts options into values and notes.
func (d dialect) carry(options []Option) *migration {
	m := &migration{dialect: d, values: map[string]value{}}
	for _, o := range options {
		m.take(o)
	}
	return m
}

func (m *migration) take(o Option) {
	section, _, _ := strings.Cut(strings.ToLower(o.Section), " ")
	known, listed := m.dialect.options[section]
	means, found := known[strings.ToLower(o.Name)]
	why, whole := m.dialect.sections[section]
	switch {
	case found:
		m.carry(o, means)
	case whole:
		m.note(o, why)
	case listed:
		m.note(o, "is not an option of "+m.dialect.program+" that octagate knows"+spelling.DidYouMean(o.Name, names(known)))
	default:
		m.note(o, "is in a section of "+m.dialect.program+" that octagate does not know")
	}
}

func (m *migration) carry(o Option, means meaning) {
	text, err := o.Value, error(nil)
	if means.convert != nil {
		text, err = means.convert(o.Value)
	}
	switch {
	case means.key != "" && err != nil:
		m.note(o, "is left out: its value "+err.Error())
	case means.key != "" && text != "":
		m.values[means.key] = value{means.key, text, fmt.Sprintf("%s, line %d", o, o.Line)}
	}
	if means.say != "" {
		m.note(o, means.say)
	}
}

func (m *migration) note(o Option, text string) { m.notes = append(m.notes, Note{o, text}) }

// textual is source without a byte order mark. It is an error if it is no text.
func textual(source []byte) ([]byte, error) {
	text := bytes.TrimPrefix(source, []byte("\ufeff"))
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if !utf8.Valid(line) || bytes.ContainsFunc(line, unwritten) {
			return nil, fmt.Errorf("%d:1: is no text: it has characters that cannot be written", number)
		}
	}
	return text, nil
}

// unwritten are characters that have no place in a line.
func unwritten(c rune) bool {
	return c != '\t' && !unicode.IsGraphic(c) || c == '\u2028' || c == '\u2029'
}

// usual sets a value that no option did.
func (m *migration) usual(key, text, why string) {
	if _, set := m.values[key]; !set {
		m.values[key] = value{key, text, why}
	}
}

func names[V any](m map[string]V) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// chosen takes what was chosen beside the file.
func (m *migration) chosen(c Choices) {
	m.values["clusterName"] = value{"clusterName", cmp.Or(c.ClusterName, "kubernetes"), "unique among the clusters of the OpenStack project; never change it"}
	for key, id := range map[string]string{"neutron.serviceSubnet": c.ServiceSubnet, "neutron.podSubnet": c.PodSubnet} {
		if id != "" {
			m.values[key] = value{key, id, "as chosen"}
		}
	}
	m.usual("neutron.podSubnet", "", "the ID of the subnet of the Pods is needed")
	m.usual("neutron.serviceSubnet", "", "the ID of the subnet of the ClusterIPs is needed; octagate network shows how to make it")
}

// order is that of the keys in octagate.yaml.
var order = []string{
	"clusterName",
	"openstack.cloud",
	"neutron.podSubnet", "neutron.serviceSubnet", "neutron.externalNetwork", "neutron.externalSubnet",
	"octavia.backend", "octavia.provider", "octavia.flavor", "octavia.availabilityZone", "octavia.memberMode", "octavia.algorithm",
	"octavia.enforceSecurityGroups", "octavia.timeouts.clientData", "octavia.timeouts.memberData",
	"octavia.healthMonitor.enabled", "octavia.healthMonitor.delay", "octavia.healthMonitor.timeout",
	"octavia.healthMonitor.maxRetries", "octavia.healthMonitor.maxRetriesDown", "octavia.adopt",
	"metrics.bindAddress", "health.bindAddress",
	"leaderElection.enabled",
}

// result writes octagate.yaml. What was not carried over stands at its end.
func (m *migration) result(comment string) Result {
	var b strings.Builder
	for line := range strings.Lines(comment) {
		b.WriteString("# " + line)
	}
	b.WriteString("apiVersion: octagate.dev/v1alpha1\nkind: Configuration\n")
	var open []string
	for _, key := range order {
		v, set := m.values[key]
		if !set {
			continue
		}
		path := strings.Split(key, ".")
		for depth, part := range path {
			if depth < len(path)-1 && (depth >= len(open) || open[depth] != part) {
				open = append(slices.Clone(open[:depth]), part)
				fmt.Fprintf(&b, "%s%s:\n", strings.Repeat("  ", depth), part)
			}
		}
		open = open[:min(len(open), len(path)-1)]
		fmt.Fprintf(&b, "%s%s: %s # %s\n", strings.Repeat("  ", len(path)-1), path[len(path)-1], v.yaml(), v.from)
	}
	slices.SortStableFunc(m.notes, func(a, b Note) int { return cmp.Compare(a.Line, b.Line) })
	if len(m.notes) > 0 {
		b.WriteString("\n# Not carried over, or not as it was:\n")
	}
	for _, n := range m.notes {
		fmt.Fprintf(&b, "# line %d, %s: %s\n", n.Line, n.Option, n.Text)
	}
	return Result{Text: []byte(b.String()), Notes: m.notes}
}

// bareValues are those that YAML takes for what they are without quotation marks: words, IDs
// and durations.
var bareValues = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|([0-9]+(h|m|s|ms))+)$`)

// literal are the keys whose values are numbers or booleans.
var literal = []string{
	"octavia.enforceSecurityGroups", "octavia.healthMonitor.enabled", "octavia.healthMonitor.maxRetries", "octavia.healthMonitor.maxRetriesDown",
	"leaderElection.enabled",
}

// yaml is a value as YAML has it.
func (v value) yaml() string {
	reserved := slices.Contains([]string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(v.text))
	if slices.Contains(literal, v.key) || bareValues.MatchString(v.text) && !reserved {
		return v.text
	}
	return strconv.Quote(v.text)
}
