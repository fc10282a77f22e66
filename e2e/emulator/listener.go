package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
)

// A listener is a port of the VIP.
type listener struct {
	resource
	Description   string   `json:"description"`
	Protocol      string   `json:"protocol"`
	Port          int      `json:"protocol_port"`
	Limit         int      `json:"connection_limit"`
	TLSRef        *string  `json:"default_tls_container_ref"`
	SNIRefs       []string `json:"sni_container_refs"`
	Headers       headers  `json:"insert_headers"`
	ClientData    int      `json:"timeout_client_data"`
	MemberConnect int      `json:"timeout_member_connect"`
	MemberIdle    int      `json:"timeout_member_data"`
	TCPInspect    int      `json:"timeout_tcp_inspect"`
	ClientCARef   *string  `json:"client_ca_tls_container_ref"`
	ClientAuth    string   `json:"client_authentication"`
	ClientCRLRef  *string  `json:"client_crl_container_ref"`
	AllowedCIDRs  []string `json:"allowed_cidrs"`
	Ciphers       *string  `json:"tls_ciphers"`
	TLSVersions   []string `json:"tls_versions"`
	ALPN          []string `json:"alpn_protocols"`

	balancer *loadBalancer
	policies []*l7policy // in the order in which they decide
	pool     *pool       // the default pool
	peerPort int         // over which amphorae share what they know
}

// headers are replaced as a whole, never merged.
type headers map[string]string

// UnmarshalJSON forgets what was there before.
func (h *headers) UnmarshalJSON(b []byte) error {
	fresh := map[string]string{}
	*h = fresh
	return json.Unmarshal(b, &fresh)
}

const listenerKind = "Listener"

var listenerListing = listing[*listener]{
	collection: "listeners",
	tags:       balancerTags[*listener],
	view:       (*listener).view,
	columns: balancerColumns(columns[*listener]{
		"description":      func(l *listener) string { return l.Description },
		"protocol":         func(l *listener) string { return l.Protocol },
		"protocol_port":    func(l *listener) string { return strconv.Itoa(l.Port) },
		"connection_limit": func(l *listener) string { return strconv.Itoa(l.Limit) },
		"loadbalancer_id":  func(l *listener) string { return l.balancer.ID },
		"load_balancer_id": func(l *listener) string { return l.balancer.ID },
		"default_pool_id": func(l *listener) string {
			if l.pool == nil {
				return ""
			}
			return l.pool.ID
		},
	}),
}

const longestTimeout = 365 * 24 * 60 * 60 * 1000 // milliseconds

var listenerPut = schema{
	"name":                        words(255),
	"description":                 words(255),
	"admin_state_up":              flag(true),
	"connection_limit":            number("-1", -1, 1<<31-1),
	"default_tls_container_ref":   nullableWords(255),
	"sni_container_refs":          listOf("[]", func(v any) string { return tooLong(v, 255) }),
	"default_pool_id":             id(),
	"insert_headers":              dictionary(),
	"timeout_client_data":         number("50000", 0, longestTimeout),
	"timeout_member_connect":      number("5000", 0, longestTimeout),
	"timeout_member_data":         number("50000", 0, longestTimeout),
	"timeout_tcp_inspect":         number("0", 0, longestTimeout),
	"tags":                        tagList(),
	"client_ca_tls_container_ref": nullableWords(255),
	"client_authentication":       clientAuthentication(),
	"client_crl_container_ref":    nullableWords(255),
	"allowed_cidrs":               cidrList(),
	"tls_ciphers":                 nullableWords(2048),
	"tls_versions":                listOf("null", func(v any) string { return tooLong(v, 32) }),
	"alpn_protocols":              listOf("null", func(v any) string { return tooLong(v, 32) }),
}

func clientAuthentication() attribute {
	a := oneOf("NONE", "OPTIONAL", "MANDATORY")
	a.null = `"NONE"`
	return a
}

var listenerInTree = listenerPut.with(schema{
	"protocol":      oneOf("TERMINATED_HTTPS", "SCTP", "PROMETHEUS", "HTTPS", "UDP", "TCP", "HTTP").must(),
	"protocol_port": number("null", 1, 65535).must(),
	"default_pool":  nested(poolInTree).alone(),
	"l7policies":    nestedList(policyInTree).alone(),
})

var listenerPost = listenerInTree.with(schema{
	"loadbalancer_id": id().must(),
	"project_id":      words(36),
	"tenant_id":       words(36),
})

// transports tells which protocols cannot share a port.
var transports = map[string]string{
	"TCP": "TCP", "HTTP": "TCP", "HTTPS": "TCP", "TERMINATED_HTTPS": "TCP", "PROMETHEUS": "TCP", "UDP": "UDP", "SCTP": "SCTP",
}

// poolProtocols are the protocols of the pools a listener may lead to.
var poolProtocols = map[string][]string{
	"TCP":              {"HTTP", "HTTPS", "PROXY", "PROXYV2", "TCP"},
	"HTTP":             {"HTTP", "PROXY", "PROXYV2"},
	"HTTPS":            {"HTTPS", "PROXY", "PROXYV2", "TCP"},
	"TERMINATED_HTTPS": {"HTTP", "PROXY", "PROXYV2"},
	"UDP":              {"UDP"},
	"SCTP":             {"SCTP"},
	"PROMETHEUS":       {},
}

// remove leaves the default pool behind.
func (l *listener) remove(c *Cloud) {
	for _, p := range l.policies {
		delete(c.l7policies, p.ID)
	}
	l.balancer.listeners = keep(l.balancer.listeners, func(other *listener) bool { return other != l })
	delete(c.listeners, l.ID)
}

// listenerView is a listener as answers show it; inside a tree nothing refers upwards.
type listenerView struct {
	listener
	PoolID    *string `json:"default_pool_id"`
	Policies  []ref   `json:"l7policies"`
	Balancers []ref   `json:"loadbalancers,omitempty"`
}

func (l *listener) treeView() listenerView {
	v := listenerView{listener: *l, Policies: refs(l.policies)}
	if l.pool != nil {
		v.PoolID = &l.pool.ID
	}
	return v
}

func (l *listener) view() any {
	v := l.treeView()
	v.Balancers = []ref{{l.balancer.ID}}
	return v
}

// leadTo makes a pool the default one, if the protocols agree.
func (l *listener) leadTo(p *pool) error {
	if !slices.Contains(poolProtocols[l.Protocol], p.Protocol) {
		return validation("The pool protocol '%s' is invalid while the listener protocol is '%s'.", p.Protocol, l.Protocol)
	}
	l.pool = p
	return nil
}

// newListener is a listener that is not part of the cloud yet.
func (c *Cloud) newListener(lb *loadBalancer, s schema, in object) (*listener, error) {
	l := &listener{resource: c.newResource(lb.ProjectID), balancer: lb}
	s.apply(l, in, creating)
	l.ProjectID, l.TenantID = lb.ProjectID, lb.ProjectID
	l.peerPort = lb.freePeerPort()
	l.normalise()
	if err := l.acceptable(); err != nil {
		return nil, err
	}
	if l.Protocol == "TERMINATED_HTTPS" && !l.certified() {
		return nil, validation("An SNI or default certificate container reference must be provided for TERMINATED_HTTPS protocol listeners.")
	}
	for _, other := range lb.listeners {
		if other.Port == l.Port && transports[other.Protocol] == transports[l.Protocol] {
			return nil, duplicateListener(other)
		}
	}
	if in.repeated() {
		return nil, duplicateListener(l) // so Octavia takes whatever is there twice
	}
	return l, nil
}

func duplicateListener(l *listener) error {
	return balancerRefusal(http.StatusConflict,
		"Another Listener on this Load Balancer is already using protocol %s and protocol_port %d", l.Protocol, l.Port)
}

// freePeerPort is the port after the highest that a listener has.
func (lb *loadBalancer) freePeerPort() int {
	port := 1025
	for _, l := range lb.listeners {
		port = max(port, l.peerPort+1)
	}
	return port
}

// normalise brings tags and CIDRs into the form in which Octavia keeps them.
func (l *listener) normalise() {
	l.Tags = tagSet(l.Tags)
	var cidrs []string
	for _, s := range l.AllowedCIDRs {
		cidrs = append(cidrs, netip.MustParsePrefix(s).Masked().String())
	}
	slices.Sort(cidrs)
	l.AllowedCIDRs = slices.Compact(cidrs)
}

// acceptable refuses what the protocol or the VIP does not go with.
func (l *listener) acceptable() error {
	if len(l.Headers) > 0 && l.Protocol != "HTTP" && l.Protocol != "TERMINATED_HTTPS" {
		return balancerRefusal(http.StatusBadRequest, "insert-headers is not a valid option for a %s protocol listener.", l.Protocol)
	}
	if l.Protocol != "TERMINATED_HTTPS" && l.certified() {
		return validation("Certificate container references are only allowed on TERMINATED_HTTPS protocol listeners.")
	}
	for _, s := range l.AllowedCIDRs {
		if netip.MustParsePrefix(s).Addr().Is4() != l.balancer.VIPAddress.Is4() {
			return validation("CIDR %s IP version incompatible with VIP %s IP version.", s, l.balancer.VIPAddress)
		}
	}
	return l.drives()
}

func (l *listener) certified() bool { return l.TLSRef != nil || len(l.SNIRefs) > 0 }

func (c *Cloud) createListener(r *request) (any, error) {
	in, err := r.argued("listener_", "listener", listenerPost)
	if err != nil {
		return nil, err
	}
	lb, err := reachable(r, c.loadBalancers, loadBalancerKind, in.text("loadbalancer_id"))
	if err != nil {
		return nil, err
	}
	if err := c.withinBalancerQuota(lb.ProjectID, listenerKind, 1); err != nil {
		return nil, err
	}
	if err := lb.open(); err != nil {
		return nil, err
	}
	l, err := c.newListener(lb, listenerPost, in)
	if err != nil {
		return nil, err
	}
	if err := l.leadToGiven(in); err != nil {
		return nil, err
	}
	c.listeners[l.ID] = l
	lb.listeners = append(lb.listeners, l)
	c.start(lb, pendingUpdate, mark{l, pendingCreate})
	return map[string]any{"listener": l.view()}, nil
}

// leadToGiven follows default_pool_id: null leads nowhere, an absent one changes
// nothing.
func (l *listener) leadToGiven(in object) error {
	id, given := in["default_pool_id"]
	if !given {
		return nil
	}
	if id == nil {
		l.pool = nil
		return nil
	}
	i := slices.IndexFunc(l.balancer.pools, func(p *pool) bool { return p.ID == id })
	if i < 0 {
		return missing(poolKind, in.text("default_pool_id"))
	}
	return l.leadTo(l.balancer.pools[i])
}

func (c *Cloud) showListener(r *request) (any, error) {
	l, err := reachable(r, c.listeners, listenerKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"listener": pick(l.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listListeners(r *request) (any, error) {
	rows := slices.Collect(maps.Values(c.listeners))
	if lb := c.loadBalancers[r.URL.Query().Get("loadbalancer_id")]; lb != nil {
		rows = slices.Clone(lb.listeners)
	}
	return balancerList(r, listenerListing, rows)
}

func (c *Cloud) updateListener(r *request) (any, error) {
	in, err := r.argued("listener_", "listener", listenerPut)
	if err != nil {
		return nil, err
	}
	l, err := reachable(r, c.listeners, listenerKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	asked := &listener{Protocol: l.Protocol, balancer: l.balancer, pool: l.pool}
	listenerPut.apply(asked, in, updating)
	asked.normalise()
	if err := asked.acceptable(); err != nil {
		return nil, err
	}
	if err := asked.leadToGiven(in); err != nil {
		return nil, err
	}
	if err := l.balancer.open(); err != nil {
		return nil, err
	}
	listenerPut.apply(l, in, updating)
	l.normalise()
	l.pool = asked.pool
	c.start(l.balancer, pendingUpdate, mark{l, pendingUpdate})
	return map[string]any{"listener": l.view()}, nil
}

func (c *Cloud) deleteListener(r *request) (any, error) {
	l, err := reachable(r, c.listeners, listenerKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := l.balancer.open(); err != nil {
		return nil, err
	}
	c.start(l.balancer, pendingUpdate, mark{l, pendingDelete})
	return nil, nil
}

func (c *Cloud) showListenerStats(r *request) (any, error) {
	if _, err := reachable(r, c.listeners, listenerKind, r.PathValue("id")); err != nil {
		return nil, err
	}
	return map[string]any{"stats": stats{}}, nil
}
