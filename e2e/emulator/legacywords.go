package emulator

import (
	"net/http"
	"regexp"
	"strings"
)

// A translation is what Neutron says where Octavia says something else.
type translation struct {
	said    *regexp.Regexp // by Octavia
	status  int
	kind    string
	message func(c *Cloud, r *request, said []string) string
}

// translations are tried in order; the first that fits is said.
var translations = []translation{
	translated(`^(.+) (\S+) not found\.$`, 404, "EntityNotFound", func(_ *Cloud, _ *request, said []string) string {
		return legacyName(said[1]) + " " + said[2] + " could not be found"
	}),
	translated(`^Load Balancer (\S+) is immutable`, 409, "StateInvalid", func(c *Cloud, _ *request, said []string) string {
		return "Invalid state " + string(c.loadBalancers[said[1]].Provisioning) + " of loadbalancer resource " + said[1]
	}),
	translated(`^Pool (\S+) is immutable`, 409, "StateInvalid", func(c *Cloud, _ *request, said []string) string {
		lb := c.pools[said[1]].balancer // whose status is the only one that is looked at
		return "Invalid state " + string(lb.Provisioning) + " of loadbalancer resource " + lb.ID
	}),
	translated(`^Invalid state \S+ of loadbalancer resource \S+`, 409, "StateInvalid", whole),
	translated(`^Validation failure: Cannot delete Load Balancer (\S+) - it has children`, 409, "EntityInUse", usedBy),
	translated(`^Another Listener .*already using protocol \S+ and protocol_port (\d+)`, 409, "LoadBalancerListenerProtocolPortExists", func(_ *Cloud, r *request, said []string) string {
		return "Load Balancer " + r.told("listener", "loadbalancer_id") + " already has a listener with protocol_port of " + said[1]
	}),
	translated(`^Another member .*already using ip (\S+) on protocol_port (\d+)`, 409, "MemberExists", func(_ *Cloud, r *request, said []string) string {
		return "Member with address " + said[1] + " and protocol_port " + said[2] + " already present in pool " + r.PathValue("pool")
	}),
	translated(`^This listener already has a default pool`, 409, "ListenerDefaultPoolAlreadySet", func(c *Cloud, r *request, _ []string) string {
		l := c.listeners[r.told("pool", "listener_id")]
		return "Listener " + l.ID + " is already using default pool " + l.pool.ID
	}),
	translated(`^This pool already has a health monitor`, 409, "OneHealthMonitorPerPool", func(_ *Cloud, r *request, _ []string) string {
		return "Only one health monitor per pool allowed, and pool " + r.told("healthmonitor", "pool_id") + " has one."
	}),
	translated(`^Quota has been met for resources: (.*)$`, 409, "OverQuota", func(_ *Cloud, _ *request, said []string) string {
		return "Quota exceeded for resources: ['" + legacyName(said[1]) + "']."
	}),
	translated(`^Unknown attribute for argument \S+: (\S+)$`, 400, "HTTPBadRequest", func(_ *Cloud, _ *request, said []string) string {
		return "Unrecognized attribute(s) '" + said[1] + "'"
	}),
	translated(`^Invalid input for field/attribute (\S+)\. Value: '.*'\. Mandatory field missing\.`, 400, "HTTPBadRequest", required),
	translated(`^Validation failure: VIP must contain (one)`, 400, "HTTPBadRequest", func(*Cloud, *request, []string) string {
		return "Failed to parse request. Required attribute 'vip_subnet_id' not specified"
	}),
	translated(`^Invalid input for field/attribute (\S+)\. Value: '(.*)'\. Value should be one of: (.*)$`, 400, "HTTPBadRequest", func(_ *Cloud, _ *request, said []string) string {
		return "Invalid input for " + said[1] + ". Reason: '" + said[2] + "' is not in ['" + strings.ReplaceAll(said[3], ", ", "', '") + "']."
	}),
	translated(`^Invalid input for field/attribute (\S+)\. Value: '.*'\. (.*)$`, 400, "HTTPBadRequest", func(_ *Cloud, _ *request, said []string) string {
		return "Invalid input for " + said[1] + ". Reason: " + said[2] + "."
	}),
	translated(`^Validation failure: The pool protocol '(\S+)' is invalid while the listener protocol is '(\S+)'`, 409, "ListenerPoolProtocolMismatch",
		func(_ *Cloud, _ *request, said []string) string {
			return "Listener protocol " + said[2] + " and pool protocol " + said[1] + " are not compatible."
		}),
	translated(`^Pool \S+ is in use by L7 policy (\S+)`, 409, "EntityInUse", func(_ *Cloud, _ *request, said []string) string {
		return "l7policy " + said[1] + " is using this pool"
	}),
	translated(`^Provider '(\S+)' is not enabled`, 404, "ServiceProviderNotFound", func(_ *Cloud, _ *request, said []string) string {
		return "Service provider '" + said[1] + "' could not be found for service type LOADBALANCERV2"
	}),
	translated(`^Request is not in valid JSON format|'UnsetType' object`, 400, "HTTPBadRequest", func(*Cloud, *request, []string) string {
		return "Resource body required"
	}),
	translated(`.*`, 0, "BadRequest", whole),
}

func translated(said string, status int, kind string, message func(*Cloud, *request, []string) string) translation {
	return translation{regexp.MustCompile(said), status, kind, message}
}

func whole(_ *Cloud, _ *request, said []string) string { return said[0] }

func required(_ *Cloud, _ *request, said []string) string {
	return "Failed to parse request. Required attribute '" + said[1] + "' not specified"
}

// usedBy names something that is in the way of a delete.
func usedBy(c *Cloud, _ *request, said []string) string {
	lb := c.loadBalancers[said[1]]
	if len(lb.listeners) > 0 {
		return "listener " + lb.listeners[0].ID + " is using this loadbalancer"
	}
	return "pool " + lb.pools[0].ID + " is using this loadbalancer"
}

// legacyName is what Neutron calls a kind: one word, without capitals.
func legacyName(kind string) string { return strings.ToLower(strings.ReplaceAll(kind, " ", "")) }

// told is a text in the body of a request.
func (r *request) told(key, name string) string {
	var in map[string]object
	if decode(r.body, &in) != nil {
		return ""
	}
	return in[key].text(name)
}

// inNeutronsWords is what Neutron says instead of one of Octavia's refusals; what
// it says itself stays.
func (c *Cloud) inNeutronsWords(no refusal, r *request) refusal {
	body, _ := no.body.(map[string]any)
	text, ok := body["faultstring"].(string)
	if !ok {
		return no
	}
	for _, t := range translations {
		said := t.said.FindStringSubmatch(text)
		if said == nil {
			continue
		}
		status := t.status
		if status == 0 {
			status = min(no.status, http.StatusInternalServerError)
		}
		return networkRefusal(status, t.kind, "%s", t.message(c, r, said)).(refusal)
	}
	return no
}
