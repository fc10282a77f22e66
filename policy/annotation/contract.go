package annotation

import (
	"maps"
	"net/netip"
	"slices"
	"time"
)

// What the author of a Service may write.
var (
	LoadBalancerIP = Def[netip.Addr]{
		Key: Prefix + "load-balancer-ip", Writer: Author, Default: "`spec.loadBalancerIP`",
		Doc:  "The floating IP to associate with the load balancer. It must exist in the project and be free; it is never deleted. Replaces the deprecated `spec.loadBalancerIP`; both must agree when both are set.",
		form: ofAddress,
	}
	Internal = Def[bool]{
		Key: Prefix + "internal", Writer: Author, Default: "`false`",
		Doc:  "`true` gives a Service of type LoadBalancer no external IP: it is reached at its ClusterIP.",
		form: ofBool,
	}
	ExternalNetworkID = Def[string]{
		Key: Prefix + "external-network-id", Writer: Author, Default: "`neutron.externalNetwork`",
		Doc:  "ID of the external network from which a floating IP is allocated when no loadBalancerIP is given.",
		form: ofID,
	}
	ExternalSubnetID = Def[string]{
		Key: Prefix + "external-subnet-id", Writer: Author, Default: "`neutron.externalSubnet`",
		Doc:  "ID of the subnet of the external network from which that floating IP is allocated.",
		form: ofID,
	}
	LBAlgorithm = Def[Algorithm]{
		Key: Prefix + "lb-algorithm", Writer: Author, Default: "`octavia.algorithm`",
		Doc:  "How a member is chosen for a connection: `ROUND_ROBIN`, `LEAST_CONNECTIONS`, `SOURCE_IP`, or `SOURCE_IP_PORT`, which is the only one that the provider ovn has, and which no other has.",
		form: ofAlgorithm,
	}
	KeepFloatingIP = Def[bool]{
		Key: Prefix + "keep-floating-ip", Writer: Author, Default: "`false`",
		Doc:  "`true` leaves the floating IP that was allocated for the Service to the project when the Service has no more use for it, instead of deleting it.",
		form: ofBool,
	}
	Tags = Def[[]string]{
		Key: Prefix + "tags", Writer: Author, Default: "as they are",
		Doc:  "Tags of the Octavia load balancer, beside octagate's own, such as `team-shop,production`: these and no others.",
		form: ofTags,
	}
	XForwardedFor = Def[bool]{
		Key: Prefix + "x-forwarded-for", Writer: Author, Default: "`false`",
		Doc:  "`true` tells members of ports with `appProtocol: http`, or with a certificate, who the client is, by the header X-Forwarded-For.",
		form: ofBool,
	}
	TLSContainerRef = Def[string]{
		Key: Prefix + "tls-container-ref", Writer: Author, Default: "none",
		Doc:  "Reference of the Barbican container, or PKCS12 secret, with the certificate and the key by which ports with `appProtocol: https` take the encryption off. Their members are spoken to in plain HTTP.",
		form: ofWord,
	}
	ConnectionLimit = Def[int]{
		Key: Prefix + "connection-limit", Writer: Author, Default: "unlimited",
		Doc:  "How many connections each listener serves at once.",
		form: ofLimit,
	}
	TimeoutClientData = Def[time.Duration]{
		Key: Prefix + "timeout-client-data", Writer: Author, Default: "`octavia.timeouts.clientData`",
		Doc:  "How long a client may be silent, such as `50s`; 1ms to 24h.",
		form: ofTimeout,
	}
	TimeoutMemberData = Def[time.Duration]{
		Key: Prefix + "timeout-member-data", Writer: Author, Default: "`octavia.timeouts.memberData`",
		Doc:  "How long a member may be silent.",
		form: ofTimeout,
	}
	TimeoutMemberConnect = Def[time.Duration]{
		Key: Prefix + "timeout-member-connect", Writer: Author, Default: "`octavia.timeouts.memberConnect`",
		Doc:  "How long it may take to connect to a member.",
		form: ofTimeout,
	}
	TimeoutTCPInspect = Def[time.Duration]{
		Key: Prefix + "timeout-tcp-inspect", Writer: Author, Default: "`octavia.timeouts.tcpInspect`",
		Doc:  "How long a listener waits for more of a connection's first packets before it looks into them.",
		form: ofTimeout,
	}
	ProxyProtocol = Def[Proxy]{
		Key: Prefix + "proxy-protocol", Writer: Author, Default: "`none`",
		Doc:  "`v1` or `v2` tells the members who the client is, by a line of the PROXY protocol before its data, which they must expect; `none` does not. Ports of UDP and SCTP are left as they are.",
		form: ofProxy,
	}
	HealthMonitor = Def[bool]{
		Key: Prefix + "health-monitor", Writer: Author, Default: "`octavia.healthMonitor.enabled`",
		Doc:  "`true` has the load balancer itself ask each member whether it is well, beside Kubernetes' readiness probes; `false` does not.",
		form: ofBool,
	}
	HealthMonitorDelay = Def[time.Duration]{
		Key: Prefix + "health-monitor-delay", Writer: Author, Default: "`octavia.healthMonitor.delay`",
		Doc:  "How long from one question to the next, in whole seconds, such as `10s`; 1s to 1h.",
		form: ofInterval,
	}
	HealthMonitorTimeout = Def[time.Duration]{
		Key: Prefix + "health-monitor-timeout", Writer: Author, Default: "`octavia.healthMonitor.timeout`",
		Doc:  "How long a member may take to answer, in whole seconds; not longer than the delay.",
		form: ofInterval,
	}
	HealthMonitorMaxRetries = Def[int]{
		Key: Prefix + "health-monitor-max-retries", Writer: Author, Default: "`octavia.healthMonitor.maxRetries`",
		Doc:  "How many good answers make a member well again; 1 to 10.",
		form: ofRetries,
	}
	HealthMonitorMaxRetriesDown = Def[int]{
		Key: Prefix + "health-monitor-max-retries-down", Writer: Author, Default: "`octavia.healthMonitor.maxRetriesDown`",
		Doc:  "After how many missing answers a member gets no more connections; 1 to 10.",
		form: ofRetries,
	}
)

// What the author may choose and the webhook otherwise pins, so that a later
// change of the configuration does not reach a load balancer that exists.
var (
	Provider = Def[string]{
		Key: Prefix + "provider", Writer: Pinned, Default: "`octavia.provider`",
		Doc:  "The Octavia provider, such as `amphora` or `ovn`. Fixed once the Service is accepted.",
		form: ofWord,
	}
	FlavorID = Def[string]{
		Key: Prefix + "flavor-id", Writer: Pinned, Default: "`octavia.flavor`",
		Doc:  "ID of the Octavia flavor. Fixed once the Service is accepted.",
		form: ofID,
	}
	AvailabilityZone = Def[string]{
		Key: Prefix + "availability-zone", Writer: Pinned, Default: "`octavia.availabilityZone`",
		Doc:  "The Octavia availability zone. Fixed once the Service is accepted.",
		form: ofWord,
	}
	Members = Def[MemberMode]{
		Key: Prefix + "member-mode", Writer: Pinned, Default: "`octavia.memberMode`",
		Doc:  "How the load balancer reaches Pods: `L3` through the router, `L2` by a port of its own in the pod network.",
		form: ofMemberMode,
	}
)

// What the webhook decides.
var (
	Verdict = Def[Answer]{
		Key: Prefix + "verdict", Writer: Webhook,
		Doc:  "`accepted`: checked and good. `unverified`: stored although OpenStack could not be asked; checked again before anything is built. `denied`: stored although a rule objects, because it was there before or octagate was away; nothing new is built.",
		form: ofAnswer,
	}
	LoadBalancer = Def[string]{
		Key: Prefix + "load-balancer", Writer: Webhook,
		Doc:  "Name of the Octavia load balancer that the Service gets.",
		form: ofText,
	}
	Listeners = Def[string]{
		Key: Prefix + "listeners", Writer: Webhook,
		Doc:  "The listeners that the Service gets, such as `TCP/80,TCP/443`.",
		form: ofText,
	}
	IgnoredPorts = Def[string]{
		Key: Prefix + "ignored-ports", Writer: Webhook, Default: "none ignored",
		Doc:  "The ports that get no listener, such as `UDP/53`.",
		form: ofText,
	}
	ExternalIP = Def[string]{
		Key: Prefix + "external-ip", Writer: Webhook,
		Doc:  "Where the external IP comes from: `user/172.24.4.13` (loadBalancerIP), `pool` (allocated from the external network) or `none`.",
		form: ofText,
	}
	FloatingIPID = Def[string]{
		Key: Prefix + "floating-ip-id", Writer: Webhook, Default: "not known, or `pool`",
		Doc:  "ID of the floating IP that loadBalancerIP names.",
		form: ofID,
	}
	VIPSubnetID = Def[string]{
		Key: Prefix + "vip-subnet-id", Writer: Webhook, Default: "`neutron.serviceSubnet`",
		Doc:  "ID of the subnet in which the ClusterIP is the load balancer's VIP.",
		form: ofID,
	}
	Policy = Def[string]{
		Key: Prefix + "policy", Writer: Webhook,
		Doc:  "Digest of the configuration under which the Service was judged.",
		form: ofText,
	}
)

// What the reconciler reports.
var (
	LoadBalancerID = Def[string]{
		Key: Prefix + "load-balancer-id", Writer: Reconciler, Default: "not built yet",
		Doc:  "ID of the Octavia load balancer. Information only: nothing is ever looked up by it.",
		form: ofID,
	}
)

// All is the contract, in the order in which it is documented.
func All() []Entry { return slices.Clone(entries) }

// byKey has the entries by their keys: each annotation of each Service is looked up here.
var byKey = maps.Collect(func(yield func(string, Entry) bool) {
	for _, e := range entries {
		yield(e.Key, e)
	}
})

var entries = []Entry{
	LoadBalancerIP.entry(), Internal.entry(), KeepFloatingIP.entry(), ExternalNetworkID.entry(), ExternalSubnetID.entry(),
	Tags.entry(), XForwardedFor.entry(), TLSContainerRef.entry(),
	LBAlgorithm.entry(), ConnectionLimit.entry(),
	TimeoutClientData.entry(), TimeoutMemberData.entry(), TimeoutMemberConnect.entry(), TimeoutTCPInspect.entry(),
	ProxyProtocol.entry(), CheckExceptions.entry(),
	HealthMonitor.entry(), HealthMonitorDelay.entry(), HealthMonitorTimeout.entry(),
	HealthMonitorMaxRetries.entry(), HealthMonitorMaxRetriesDown.entry(),
	Provider.entry(), FlavorID.entry(), AvailabilityZone.entry(), Members.entry(),
	Verdict.entry(), LoadBalancer.entry(), Listeners.entry(), IgnoredPorts.entry(),
	ExternalIP.entry(), FloatingIPID.entry(), VIPSubnetID.entry(), Policy.entry(),
	LoadBalancerID.entry(),
}
