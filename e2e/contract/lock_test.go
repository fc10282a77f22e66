package contract

import (
	"net/http"
	"strings"
	"testing"
)

// A change is a call that needs a load balancer to be neither busy nor broken.
type change struct {
	method string
	path   func(balancer) string
	body   func(trial, balancer) any
	words  string // of the refusal while the load balancer itself is pending; %: its id
}

const (
	invalidState = "Invalid state PENDING_UPDATE of loadbalancer resource %"
	immutable    = "Load Balancer % is immutable and cannot be updated."
)

// changes are by what they change.
var changes = map[string]change{
	"load balancer update": {http.MethodPut, balancer.path, renaming("loadbalancer"), invalidState},
	"load balancer delete": {http.MethodDelete, func(b balancer) string { return b.path() + "?cascade=true" }, nothing, invalidState},
	"listener create": {http.MethodPost, in("listeners"), func(_ trial, b balancer) any {
		return object{"listener": object{"loadbalancer_id": b.id, "protocol": "TCP", "protocol_port": 81}}
	}, immutable},
	"listener update": {http.MethodPut, func(b balancer) string { return "listeners/" + b.listener }, renaming("listener"), immutable},
	"listener delete": {http.MethodDelete, func(b balancer) string { return "listeners/" + b.listener }, nothing, immutable},
	"pool create": {http.MethodPost, in("pools"), func(_ trial, b balancer) any {
		return object{"pool": object{"loadbalancer_id": b.id, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}}
	}, immutable},
	"pool update": {http.MethodPut, func(b balancer) string { return "pools/" + b.pool }, renaming("pool"), immutable},
	"pool delete": {http.MethodDelete, func(b balancer) string { return "pools/" + b.pool }, nothing, immutable},
	"member batch": {http.MethodPut, balancer.members, func(x trial, _ balancer) any {
		return object{"members": []object{x.member("10.1.0.10")}}
	}, immutable},
	"health monitor update": {http.MethodPut, func(b balancer) string { return "healthmonitors/" + b.monitor }, renaming("healthmonitor"), immutable},
	"health monitor delete": {http.MethodDelete, func(b balancer) string { return "healthmonitors/" + b.monitor }, nothing, immutable},
}

func nothing(trial, balancer) any { return nil }

func in(collection string) func(balancer) string { return func(balancer) string { return collection } }

func renaming(kind string) func(trial, balancer) any {
	return func(trial, balancer) any { return object{kind: object{"name": "renamed"}} }
}

func (x trial) change(c change, b balancer) answer {
	x.Helper()
	return x.octavia(c.method, c.path(b), c.body(x, b))
}

func TestABusyLoadBalancerRefusesEveryChange(t *testing.T) {
	alone(t, func(x trial) {
		b := x.ordinary()
		x.held(func() {
			x.change(changes["load balancer update"], b).is(http.StatusOK)
			for claim, c := range changes {
				x.claim(claim, func(x trial) {
					x.change(c, b).refused(http.StatusConflict, strings.ReplaceAll(c.words, "%", b.id))
				})
			}
		})
		x.settle(b)
	})
}

func TestWhateverIsPendingLocksTheWholeTree(t *testing.T) {
	alone(t, func(x trial) {
		b := x.ordinary()
		for _, locker := range []string{"listener update", "pool update", "member batch", "health monitor update", "listener create"} {
			x.claim(locker, func(x trial) {
				x.held(func() {
					if a := x.change(changes[locker], b); a.Status/100 != 2 {
						x.Fatalf("%s: %s", a.call, a)
					}
					x.all("PENDING_UPDATE", b.path())
					for claim, c := range changes {
						x.busy(claim, x.change(c, b))
					}
				})
				x.settle(b)
			})
		}
	})
}

// busy fails the test unless a refusal says that waiting helps, in one of the ways
// that octagate understands.
func (x trial) busy(what string, a answer) {
	x.Helper()
	a.is(http.StatusConflict)
	if !strings.Contains(a.Text, "is immutable and cannot be updated.") && !strings.Contains(a.Text, "Invalid state PENDING_UPDATE of loadbalancer resource") {
		x.Errorf("%s: %s", what, a)
	}
}

func TestABusyPoolSaysSoItself(t *testing.T) {
	alone(t, func(x trial) {
		b := x.ordinary()
		x.held(func() {
			x.batch(b, x.member("10.1.0.9")).is(http.StatusAccepted)
			x.all("PENDING_UPDATE", b.path(), "listeners/"+b.listener, "pools/"+b.pool)
			x.batch(b).refused(http.StatusConflict, "Pool "+b.pool+" is immutable and cannot be updated.")
		})
		x.settle(b)
	})
}
