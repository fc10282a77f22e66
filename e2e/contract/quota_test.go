package contract

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuotasOfOctaviaAreMetInTheseWords(t *testing.T) {
	everywhere(t, func(x trial) {
		x.needsQuotas()
		b, subnet := x.foreign()
		x.allowNothing(x.by(x.other))
		listener := object{"loadbalancer_id": b.id, "protocol": "TCP", "protocol_port": 81}
		pool := object{"loadbalancer_id": b.id, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}
		monitor := with("pool_id", b.pool)
		for claim, tt := range map[string]struct {
			method, path string
			body         object
			words        string
		}{
			"load balancer":  {"POST", "loadbalancers", object{"loadbalancer": object{"vip_subnet_id": subnet}}, "Load Balancer"},
			"listener":       {"POST", "listeners", object{"listener": listener}, "Listener"},
			"pool":           {"POST", "pools", object{"pool": pool}, "Pool"},
			"member":         {"PUT", b.members(), object{"members": []object{{"address": "10.1.0.9", "protocol_port": 80}}}, "Member"},
			"health monitor": {"POST", "healthmonitors", object{"healthmonitor": check(monitor)}, "Health Monitor"},
		} {
			x.claim(claim, func(x trial) {
				other := x.by(x.other)
				other.octavia(tt.method, tt.path, tt.body).refused(http.StatusForbidden, "Quota has been met for resources: "+tt.words)
				if got := other.status(b.path()); got != "ACTIVE" {
					x.Errorf("the load balancer became %s", got)
				}
			})
		}
	})
}

// foreign makes a load balancer with a pool in the other project, and a subnet for it.
func (x trial) foreign() (b balancer, subnet string) {
	x.Helper()
	other := x.by(x.other)
	_, subnet = x.lay(other)
	b.id = x.createBy(other, x.empty(with("vip_subnet_id", subnet), with("vip_address", "10.9.0.50"))).is(http.StatusCreated).text("loadbalancer.id")
	settled := func() bool { return other.status(b.path()) == "ACTIVE" }
	x.await("the other project's load balancer", settled)
	pool := object{"loadbalancer_id": b.id, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}
	b.pool = other.octavia(http.MethodPost, "pools", object{"pool": pool}).is(http.StatusCreated).text("pool.id")
	x.await("the other project's pool", settled)
	return b, subnet
}

// needsQuotas skips the test unless there is a project whose quotas may be changed.
func (x trial) needsQuotas() {
	x.Helper()
	x.needs(x.other, "OCTAGATE_E2E_OTHER")
	x.needs(x.admin, "OCTAGATE_E2E_ADMIN")
	if !x.quotas {
		x.skip("quotas of OCTAGATE_E2E_OTHER would change for a while; OCTAGATE_E2E_QUOTAS=1 allows that")
	}
}

// allowNothing sets Octavia's quotas of a project to nothing until the test ends.
func (x trial) allowNothing(of client) {
	x.Helper()
	admin, path := x.by(x.admin), "quotas/"+of.Project
	before, usual := of.see(path), admin.see("quotas/defaults")
	none := object{"loadbalancer": 0, "listener": 0, "pool": 0, "member": 0, "healthmonitor": 0}
	keys := []string{"load_balancer", "listener", "pool", "member", "health_monitor"}
	x.Cleanup(func() { restore(admin.octavia, path, before, usual, keys...) })
	admin.octavia(http.MethodPut, path, object{"quota": none}).is(http.StatusAccepted)
	now := of.see(path)
	for _, key := range keys {
		now.has("quota."+key, "0")
	}
}

// restore gives a project back the quotas that it had. Where they were the usual ones
// it has none of its own afterwards, and goes on to follow what is usual.
func restore(call func(method, path string, body any) answer, path string, before, usual answer, keys ...string) {
	if usual.Status == http.StatusOK && cmp.Equal(before.at("quota"), usual.at("quota")) {
		call(http.MethodDelete, path, nil).fine()
		return
	}
	had := object{}
	for _, key := range keys {
		had[key] = before.at("quota." + key)
	}
	call(http.MethodPut, path, object{"quota": had}).fine()
}

func TestQuotasOfOctaviaAreNotForMembersToSet(t *testing.T) {
	everywhere(t, func(x trial) {
		const words = "Policy does not allow this request to be performed."
		own := x.see("quotas/" + x.Project)
		for _, key := range []string{"load_balancer", "listener", "pool", "member", "health_monitor"} {
			if _, number := own.at("quota." + key).(float64); !number {
				x.Errorf("no limit is shown for %s: %s", key, own)
			}
		}
		x.octavia(http.MethodPut, "quotas/"+x.Project, object{"quota": object{"loadbalancer": 100}}).refused(http.StatusForbidden, words)
		x.octavia(http.MethodGet, "quotas/defaults", nil).refused(http.StatusForbidden, words)
	})
}

func TestTheQuotaOfFloatingIPsIsMetInTheseWords(t *testing.T) {
	everywhere(t, func(x trial) {
		x.needsQuotas()
		other, admin := x.by(x.other), x.by(x.admin)
		path := "quotas/" + other.Project
		plain := func(method, path string, body any) answer { return admin.neutron(method, path, body) }
		before, usual := other.neutron(http.MethodGet, path, nil).is(http.StatusOK), plain(http.MethodGet, path+"/default", nil)
		x.Cleanup(func() { restore(plain, path, before, usual, "floatingip") })
		admin.neutron(http.MethodPut, path, object{"quota": object{"floatingip": 0}}).is(http.StatusOK).has("quota.floatingip", "0")
		other.neutron(http.MethodGet, path+"/details.json", nil).is(http.StatusOK).has("quota.floatingip.limit", "0")
		other.neutron(http.MethodPost, "floatingips", object{"floatingip": object{"floating_network_id": x.ExternalNetwork}}).
			denied(http.StatusConflict, "OverQuota", "Quota exceeded for resources: ['floatingip'].")
		other.neutron(http.MethodPut, path, object{"quota": object{"floatingip": 1}}).denied(http.StatusForbidden, "PolicyNotAuthorized", "update_quota")
	})
}
