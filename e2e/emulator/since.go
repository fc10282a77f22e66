package emulator

// A generation is a minor version of Octavia's API; before its first one there was
// LBaaS v2, which was Neutron's.
type generation int

// The generations that have a name. All others are numbers, up to the newest.
const (
	lbaasV2  generation = -1
	octavia0 generation = 0
)

// since tells with which generation of the API each attribute came, by the kind of
// resource; what is not listed was there from the start. The version history is
// Octavia's own (octavia/api/root_controller.py, which has a word about each), the
// attributes of versions 1 and 2 are those that its reference dates to them, and
// what LBaaS v2 had is in the reference of Neutron's API (load-balancer-v2).
var since = map[string]arrivals{
	"loadbalancer": octavia0.all("vip_network_id", "vip_qos_policy_id", "created_at", "updated_at", "vip_port_id=", "listeners=", "pools=").
		and(5, "tags").and(6, "flavor_id").and(14, "availability_zone").and(26, "additional_vips"),
	"listener": octavia0.all("insert_headers", "default_pool=", "provisioning_status", "operating_status", "created_at", "updated_at", "l7policies=").
		and(1, "timeout_client_data", "timeout_member_connect", "timeout_member_data", "timeout_tcp_inspect").
		and(5, "tags").and(8, "client_ca_tls_container_ref", "client_authentication", "client_crl_container_ref").
		and(12, "allowed_cidrs").and(15, "tls_ciphers").and(17, "tls_versions").and(20, "alpn_protocols"),
	"pool": octavia0.all("provisioning_status", "operating_status", "created_at", "updated_at", "members=", "healthmonitor=").
		and(5, "tags").and(8, "tls_container_ref", "ca_tls_container_ref", "crl_container_ref", "tls_enabled").
		and(15, "tls_ciphers").and(18, "tls_versions").and(24, "alpn_protocols"),
	"session_persistence": generation(1).all("persistence_timeout", "persistence_granularity"),
	"member": octavia0.all("provisioning_status", "operating_status", "created_at", "updated_at", "monitor_address", "monitor_port").
		and(1, "backup").and(5, "tags"),
	"healthmonitor": octavia0.all("provisioning_status", "operating_status", "created_at", "updated_at").
		and(5, "tags").and(10, "http_version", "domain_name"),
	"l7policy": octavia0.all("provisioning_status", "operating_status", "created_at", "updated_at", "redirect_prefix").
		and(5, "tags").and(9, "redirect_http_code"),
	"rule":  octavia0.all("provisioning_status", "operating_status", "created_at", "updated_at").and(5, "tags"),
	"quota": generation(19).all("l7policy", "l7rule"),
}

// valuesSince tells the same of the values that an attribute may have.
var valuesSince = map[string]arrivals{
	"listener.protocol": octavia0.all("").and(1, "UDP").and(23, "SCTP").and(25, "PROMETHEUS"),
	"pool.protocol":     octavia0.all("PROXY").and(1, "UDP").and(22, "PROXYV2").and(23, "SCTP"),
	"pool.lb_algorithm": generation(13).all("SOURCE_IP_PORT"),
	"healthmonitor.type": octavia0.all("TLS-HELLO").
		and(1, "UDP-CONNECT").and(23, "SCTP"),
	"l7policy.action": octavia0.all("REDIRECT_PREFIX"),
	"rule.type":       generation(8).all("SSL_CONN_HAS_CERT", "SSL_VERIFY_RESULT", "SSL_DN_FIELD"),
}

// pathsSince tells the same of calls, by the start of their path below /lbaas.
var pathsSince = map[string]generation{
	"/lbaas/flavors":           6,
	"/lbaas/flavorprofiles":    6,
	"/lbaas/availabilityzones": 14,
}

// parametersSince tells the same of parameters that any call may have.
var parametersSince = arrivals{
	"additive_only": 11,
	"tags":          5, "tags-any": 5, "not-tags": 5, "not-tags-any": 5,
}

// all are attributes that came with one generation. A name that ends in "=" is one
// that could be read before it could be written.
func (g generation) all(names ...string) arrivals { return arrivals{}.and(g, names...) }

// arrivals are the generations in which the names of one kind came.
type arrivals map[string]generation

// of is the generation that a name came with.
func (a arrivals) of(name string) generation {
	if g, ok := a[name]; ok {
		return g
	}
	return lbaasV2
}

func (a arrivals) and(g generation, names ...string) arrivals {
	for _, name := range names {
		a[name] = g
	}
	return a
}
