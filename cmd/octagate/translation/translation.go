// Package translation says what a Service becomes in OpenStack, for people and for
// programs: as an outline, as JSON or YAML, and as what pictures are drawn from.
//
// It only retells what policy, octavia and plan decided, and what a cloud has. It is pure.
package translation

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A Translation is one Service and what it becomes.
type Translation struct {
	Service      Service       `json:"service"`
	Verdict      Verdict       `json:"verdict,omitempty"` // empty: nobody was asked
	Findings     []Finding     `json:"findings,omitempty"`
	Endpoints    []Endpoint    `json:"endpoints,omitempty"`
	LoadBalancer *LoadBalancer `json:"loadBalancer,omitempty"` // nil: none
	FloatingIP   *FloatingIP   `json:"floatingIP,omitempty"`   // nil: none
	Steps        []Step        `json:"steps,omitempty"`        // on the way there, in order
	Waiting      *Waiting      `json:"waiting,omitempty"`      // why nothing more is done
}

// A Verdict is what policy says of a Service, in a word or two.
type Verdict string

// Two of the verdicts; others are accepted and unverified.
const (
	Denied    = Verdict(annotation.Denied)
	LeftAlone = Verdict("left alone") // it is not octagate's
)

// A Finding is one thing that policy noticed.
type Finding struct {
	Severity string `json:"severity"`
	Rule     string `json:"rule"`
	Place    string `json:"place,omitempty"` // of a Service in a file
	Message  string `json:"message"`
}

// A Step is one call that changes the cloud.
type Step struct {
	Kind string `json:"kind"` // such as CreateLoadBalancer
	Text string `json:"text"`
}

// A Service is what somebody asked for.
type Service struct {
	Name       string   `json:"name"` // ns/name
	Type       string   `json:"type,omitempty"`
	Addresses  []string `json:"clusterIPs,omitempty"`
	ExternalIP string   `json:"externalIP,omitempty"` // none, pool, or user/ and an address, as the annotation has it
	Ports      []Port   `json:"ports,omitempty"`
	Selector   string   `json:"selector,omitempty"`
}

// A Port is one port of a Service.
type Port struct {
	Port     string `json:"port"` // TCP/80
	Name     string `json:"name,omitempty"`
	Target   string `json:"targetPort,omitempty"`
	Listener string `json:"listener,omitempty"` // its key; empty: the port is ignored
}

// An Endpoint is a Pod, or something else, behind a Service.
type Endpoint struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Member  bool   `json:"member"` // it gets traffic
}

// A Waiting is why the reconciler does no more than it does.
type Waiting struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// States are what Octavia says of something; empty: it does not.
type States struct {
	Provisioning string `json:"provisioningStatus,omitempty"`
	Operating    string `json:"operatingStatus,omitempty"`
}

// A LoadBalancer is what a Service becomes.
type LoadBalancer struct {
	Name string `json:"name"`
	ID   string `json:"id,omitempty"`
	States
	VIPs      []VIP      `json:"vips"`
	Open      bool       `json:"withoutSecurityGroups,omitempty"`
	Provider  string     `json:"provider,omitempty"` // empty: the cloud's default
	Flavor    string     `json:"flavorID,omitempty"`
	Zone      string     `json:"availabilityZone,omitempty"`
	Tags      []string   `json:"tags,omitempty"`
	Trouble   string     `json:"trouble,omitempty"` // what Octavia did not finish or could not do
	Listeners []Listener `json:"listeners,omitempty"`
	Pools     []Pool     `json:"pools,omitempty"`
}

// A VIP is an address at which a load balancer listens.
type VIP struct {
	Address string `json:"address,omitempty"` // empty: it is allocated when the Service is applied
	Subnet  string `json:"subnetID"`
}

// A Listener is one open port.
type Listener struct {
	Key  string `json:"key"` // TCP/80
	Name string `json:"name"`
	ID   string `json:"id,omitempty"`
	States
	Pool            string   `json:"pool,omitempty"` // its name
	Sources         []string `json:"allowedCIDRs,omitempty"`
	ConnectionLimit int      `json:"connectionLimit,omitempty"`
	Timeouts        []string `json:"timeouts,omitempty"`
	Forwarded       bool     `json:"xForwardedFor,omitempty"`
	Certificate     string   `json:"tlsContainerRef,omitempty"`
	Off             bool     `json:"switchedOff,omitempty"`
}

// A Pool is the members that listeners lead to.
type Pool struct {
	Name string `json:"name"`
	ID   string `json:"id,omitempty"`
	States
	Protocol  string   `json:"protocol"`
	Algorithm string   `json:"algorithm"`
	Sticky    bool     `json:"sticky,omitempty"`
	Monitor   string   `json:"healthMonitor,omitempty"`
	Unknown   bool     `json:"membersUnknown,omitempty"` // who the members are depends on the Pods of the moment
	Members   []Member `json:"members,omitempty"`
}

// A Member is one address that traffic is sent to.
type Member struct {
	Name    string `json:"name"`
	Address string `json:"address"` // with its port
	ID      string `json:"id,omitempty"`
	Subnet  string `json:"subnetID,omitempty"`
	States
}

// A FloatingIP is the address at which a Service is reached from outside.
type FloatingIP struct {
	Address   string `json:"address,omitempty"` // empty: it is allocated when there is a load balancer
	ID        string `json:"id,omitempty"`
	Network   string `json:"networkID,omitempty"` // it is allocated from
	Subnet    string `json:"subnetID,omitempty"`
	Allocated bool   `json:"allocated,omitempty"` // by octagate, which releases it
	Keep      bool   `json:"keep,omitempty"`      // it is left to the project in the end
	Apart     bool   `json:"apart,omitempty"`     // it is not associated with the load balancer
}

// A Source is all that is known of one Service. What is not known stays empty.
type Source struct {
	Service *corev1.Service
	Verdict policy.Verdict
	Judged  bool // whether there is a verdict
	Slices  []discoveryv1.EndpointSlice
	Tree    octavia.Tree              // as it is, or as it should be
	States  map[string]octavia.States // by the IDs of what is in the tree
	Steps   plan.Plan
	Waiting Waiting
}

// Of retells a source.
func Of(s Source) Translation {
	t := Translation{LoadBalancer: s.loadBalancer(), FloatingIP: floatingIP(s.Tree)}
	for _, step := range s.Steps {
		t.Steps = append(t.Steps, Step{Kind: plan.Kind(step), Text: step.String()})
	}
	if s.Waiting != (Waiting{}) {
		t.Waiting = &s.Waiting
	}
	if s.Judged {
		t.Verdict = cmp.Or(Verdict(s.Verdict.Answer()), LeftAlone)
		t.Findings = findings(s.Verdict)
	}
	t.Service = s.service()
	t.Endpoints = s.endpoints()
	return t
}

func findings(v policy.Verdict) []Finding {
	var all []Finding
	for _, f := range v.Findings {
		all = append(all, Finding{Severity: string(f.Severity), Rule: f.Rule, Message: f.String()})
	}
	return all
}

// loadBalancer is the load balancer of the tree.
func (s Source) loadBalancer() *LoadBalancer {
	t := s.Tree
	if !t.Exists() {
		return nil
	}
	lb := &LoadBalancer{
		Name: t.Name, ID: t.ID, States: s.states(t.ID, string(t.Status)), Open: t.VIP.Open,
		Provider: t.Provider, Flavor: t.Flavor, Zone: t.Zone, Tags: t.Tags, Trouble: trouble(t),
	}
	for _, v := range slices.Concat([]octavia.VIP{t.VIP}, t.More) {
		lb.VIPs = append(lb.VIPs, VIP{Address: written(v.Address), Subnet: v.Subnet})
	}
	for _, l := range t.Listeners {
		lb.Listeners = append(lb.Listeners, s.listener(l))
	}
	for _, p := range t.Pools {
		lb.Pools = append(lb.Pools, s.pool(p))
	}
	return lb
}

// trouble is what Octavia left undone, in words.
func trouble(t octavia.Tree) string {
	switch failing := t.Failing(); {
	case t.Stuck != "":
		return "Octavia never finished making " + t.Stuck
	case failing != "":
		return "Octavia could not do what it was told of " + failing
	}
	return ""
}

// states are those of a thing, or else the one that the tree knows.
func (s Source) states(id, provisioning string) States {
	if known, found := s.States[id]; found && id != "" {
		return States{Provisioning: string(known.Provisioning), Operating: known.Operating}
	}
	return States{Provisioning: provisioning}
}

func (s Source) listener(l octavia.Listener) Listener {
	made := Listener{
		Key: l.Key.String(), Name: l.Settings.Name, ID: l.ID, States: s.states(l.ID, failed(l.Settings.Failed)), Pool: l.Pool.Name,
		ConnectionLimit: l.Settings.ConnectionLimit, Timeouts: timeouts(l.Settings), Forwarded: l.Settings.Forwarded,
		Certificate: l.Settings.Certificate, Off: l.Settings.Disabled,
	}
	for _, from := range l.Settings.Sources {
		made.Sources = append(made.Sources, from.String())
	}
	return made
}

// timeouts are those that somebody chose.
func timeouts(s octavia.Settings) []string {
	var all []string
	ours := strings.Split(s.Timed, ",")
	for _, t := range s.Timeouts.Named() {
		if slices.Contains(ours, t.Name) {
			all = append(all, fmt.Sprintf("%s %s", t.Name, t.Value))
		}
	}
	return all
}

func (s Source) pool(p octavia.Pool) Pool {
	made := Pool{
		Name: p.Name, ID: p.ID, States: s.states(p.ID, failed(p.Failed)), Protocol: p.Protocol, Algorithm: p.Algorithm, Sticky: p.Sticky, Unknown: p.Unseen,
	}
	if m := p.Monitor; m != (octavia.Monitor{}) {
		made.Monitor = fmt.Sprintf("every %s, within %s; well after %d, ill after %d", m.Delay, m.Timeout, m.MaxRetries, m.MaxRetriesDown)
	}
	for _, m := range p.Members {
		one := Member{
			Name: m.Name, ID: m.ID, Address: netip.AddrPortFrom(m.Address, uint16(m.Port)).String(), States: s.states(m.ID, failed(m.Failed)),
		}
		if m.Subnet != octavia.Unseen {
			one.Subnet = m.Subnet
		}
		made.Members = append(made.Members, one)
	}
	return made
}

// failed is the status of what is in ERROR.
func failed(is bool) string {
	if is {
		return string(octavia.Failed)
	}
	return ""
}

// floatingIP is that of a tree; nil: none.
func floatingIP(t octavia.Tree) *FloatingIP {
	f := t.FloatingIP
	if !f.Allocate && !f.Address.IsValid() {
		return nil
	}
	return &FloatingIP{
		Address: written(f.Address), ID: f.ID, Network: f.Network, Subnet: f.Subnet, Allocated: f.Allocate, Keep: f.Keep,
		Apart: f.ID != "" && t.Exists() && (f.Port == "" || f.Port != t.VIP.Port),
	}
}

// written is an address, if there is one.
func written(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
