package openstack

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
)

// What follows is as much of the cloud's things as is read when all are looked at. Whole ones
// would be most of what octagate takes of memory: a round may see tens of thousands.

// A seenBalancer is a load balancer. It names what is under it.
type seenBalancer struct {
	ID                 string         `json:"id"`
	Name               string         `json:"name"`
	ProvisioningStatus octavia.Status `json:"provisioning_status"`
	AdminStateUp       bool           `json:"admin_state_up"`
	Provider           shared         `json:"provider"`
	FlavorID           shared         `json:"flavor_id"`
	AvailabilityZone   shared         `json:"availability_zone"`
	VipAddress         string         `json:"vip_address"`
	VipSubnetID        shared         `json:"vip_subnet_id"`
	VipPortID          string         `json:"vip_port_id"`
	AdditionalVips     []seenVIP      `json:"additional_vips"`
	Listeners          []named        `json:"listeners"`
	Pools              []named        `json:"pools"`
	UpdatedAt          string         `json:"updated_at"` // in whatever format; empty: nobody dates it
	bearer
}

// fact is lb as a cluster's admission knows it.
func (lb seenBalancer) fact(cluster string) facts.Balancer {
	fact := facts.Balancer{ID: lb.ID, Leaving: lb.ProvisioningStatus == "PENDING_DELETE", Listeners: len(lb.Listeners), Pools: len(lb.Pools)}
	switch owner, marked := lb.owner(); {
	case !marked:
		fact.Name = lb.Name
	case owner.Cluster == cluster:
		fact.Service = owner.UID
	}
	return fact
}

// A seenVIP is a further address of a load balancer, and an address of a port.
type seenVIP struct {
	IPAddress string `json:"ip_address"`
	SubnetID  string `json:"subnet_id"`
}

// A seenListener is a listener.
type seenListener struct {
	ID                     string         `json:"id"`
	Name                   string         `json:"name"`
	ProvisioningStatus     octavia.Status `json:"provisioning_status"`
	AdminStateUp           bool           `json:"admin_state_up"`
	Protocol               shared         `json:"protocol"`
	ProtocolPort           int            `json:"protocol_port"`
	DefaultPoolID          string         `json:"default_pool_id"`
	ConnLimit              int            `json:"connection_limit"`
	DefaultTLSContainerRef string         `json:"default_tls_container_ref"`
	AllowedCIDRs           []string       `json:"allowed_cidrs"`
	TimeoutClientData      int            `json:"timeout_client_data"`
	TimeoutMemberData      int            `json:"timeout_member_data"`
	TimeoutMemberConnect   int            `json:"timeout_member_connect"`
	TimeoutTCPInspect      int            `json:"timeout_tcp_inspect"`
	InsertHeaders          struct {
		Forwarded string `json:"X-Forwarded-For"`
	} `json:"insert_headers"`
	bearer
}

// A seenPool is a pool. Of its members there is no more than IDs.
type seenPool struct {
	ID                 string         `json:"id"`
	Name               string         `json:"name"`
	ProvisioningStatus octavia.Status `json:"provisioning_status"`
	AdminStateUp       bool           `json:"admin_state_up"`
	Protocol           shared         `json:"protocol"`
	LBMethod           shared         `json:"lb_algorithm"`
	MonitorID          string         `json:"healthmonitor_id"`
	Persistence        struct {
		Type string `json:"type"`
	} `json:"session_persistence"`
	Members []struct {
		ID digest `json:"id"`
	} `json:"members"`
	bearer
}

// A seenMonitor is a health monitor.
type seenMonitor struct {
	ID                 string         `json:"id"`
	ProvisioningStatus octavia.Status `json:"provisioning_status"`
	AdminStateUp       bool           `json:"admin_state_up"`
	Delay              int            `json:"delay"`
	Timeout            int            `json:"timeout"`
	MaxRetries         int            `json:"max_retries"`
	MaxRetriesDown     int            `json:"max_retries_down"`
}

// A seenPort is a port.
type seenPort struct {
	ID             string   `json:"id"`
	SecurityGroups []string `json:"security_groups"`
}

// A seenAddresses is a port, too: who has it, and its addresses.
type seenAddresses struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	DeviceOwner shared    `json:"device_owner"`
	FixedIPs    []seenVIP `json:"fixed_ips"`
}

// vip reports whether a port looks like one of a VIP: LBaaS v2's and Octavia's by what
// has it, that of the ovn provider by its name. An amphora has other ports of Octavia's,
// too.
func (p seenAddresses) vip() bool {
	switch p.DeviceOwner {
	case "Octavia":
		return !strings.HasPrefix(p.Name, vipPort+"vrrp-")
	case "neutron:LOADBALANCERV2":
		return true
	}
	return strings.HasPrefix(p.Name, "ovn-lb-vip-")
}

// named is something that is called by its ID.
type named struct {
	ID string `json:"id"`
}

// has reports whether something is among others.
func has(all []named, id string) bool { return slices.Contains(all, named{id}) }

// A bearer is what can bear a mark.
type bearer struct {
	Tags        []string `json:"tags"`
	Description string   `json:"description"`
}

// owner is whose it is, by its mark.
func (b bearer) owner() (octavia.Owner, bool) { return markedOwner(b.Tags, b.Description) }

// A digest stands for an ID of which nobody needs to know more than whether it is the same.
type digest uint64

// digestOf is the digest of an ID.
func digestOf(id []byte) digest {
	h := fnv.New64a()
	_, _ = h.Write(id) // never fails
	return digest(h.Sum64())
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *digest) UnmarshalText(id []byte) error {
	*d = digestOf(id)
	return nil
}
