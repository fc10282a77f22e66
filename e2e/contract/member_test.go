package contract

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// addresses are the addresses of the members, in order.
func (x trial) addresses(b balancer) []string {
	x.Helper()
	var all []string
	for _, m := range x.see(b.members()).rows("members") {
		all = append(all, m["address"].(string))
	}
	slices.Sort(all)
	return all
}

// have fails the test unless the pool has members with just these addresses.
func (x trial) have(b balancer, want ...string) {
	x.Helper()
	if diff := cmp.Diff(want, x.addresses(b)); diff != "" {
		x.Error(diff)
	}
}

// values are one attribute of each member, by address.
func (x trial) values(b balancer, attribute string) map[string]any {
	x.Helper()
	all := map[string]any{}
	for _, m := range x.see(b.members()).rows("members") {
		all[m["address"].(string)] = m[attribute]
	}
	return all
}

// put makes a batch and waits for it.
func (x trial) put(b balancer, members ...object) {
	x.Helper()
	if a := x.batch(b, members...).is(http.StatusAccepted); a.Text != "" {
		x.Errorf("a batch was answered with a body: %s", a)
	}
	x.settle(b)
}

func TestABatchIsWhatThePoolHasAfterwards(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		one, two, three := x.member("10.1.0.1"), x.member("10.1.0.2"), x.member("10.1.0.3")
		x.put(b, one, two)
		x.have(b, "10.1.0.1", "10.1.0.2")
		ids := x.values(b, "id")
		x.put(b, two, three)
		x.have(b, "10.1.0.2", "10.1.0.3")
		if x.values(b, "id")["10.1.0.2"] != ids["10.1.0.2"] {
			x.Error("a member that stays has another id")
		}
		x.octavia(http.MethodPut, b.members()+"?additive_only=true", object{"members": []object{one}}).is(http.StatusAccepted)
		x.settle(b)
		x.have(b, "10.1.0.1", "10.1.0.2", "10.1.0.3")
		x.put(b)
		x.have(b)
	})
}

func TestABatchTouchesEveryMemberThatItNames(t *testing.T) {
	alone(t, func(x trial) {
		b := x.ordinary()
		x.put(b, x.member("10.1.0.1"), x.member("10.1.0.2"))
		x.held(func() {
			x.batch(b, x.member("10.1.0.1"), x.member("10.1.0.3")).is(http.StatusAccepted)
			want := map[string]any{"10.1.0.1": "PENDING_UPDATE", "10.1.0.2": "PENDING_DELETE", "10.1.0.3": "PENDING_CREATE"}
			if diff := cmp.Diff(want, x.values(b, "provisioning_status")); diff != "" {
				x.Error(diff)
			}
		})
		x.settle(b)
		want := map[string]any{"10.1.0.1": "ACTIVE", "10.1.0.3": "ACTIVE"}
		if diff := cmp.Diff(want, x.values(b, "provisioning_status")); diff != "" {
			x.Error(diff)
		}
	})
}

func TestAMemberIsItsAddressAndPort(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		x.put(b, x.member("10.1.0.1"))
		before := x.values(b, "id")
		renamed := x.member("10.1.0.1")
		renamed["name"] = "renamed"
		x.put(b, renamed)
		if diff := cmp.Diff(before, x.values(b, "id")); diff != "" {
			x.Error("another name made another member:", diff)
		}
		moved := x.member("10.1.0.1")
		moved["protocol_port"] = 8081
		x.put(b, moved)
		if x.values(b, "id")["10.1.0.1"] == before["10.1.0.1"] {
			x.Error("another port left it the same member")
		}
	})
}

func TestWhatABatchLeavesOutGoesBackToItsDefault(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		rich := x.member("10.1.0.1")
		for key, value := range map[string]any{"name": "rich", "weight": 9, "backup": true, "admin_state_up": false,
			"tags": []string{"t"}, "monitor_port": 10256, "monitor_address": "10.1.0.8"} {
			rich[key] = value
		}
		x.put(b, rich)
		x.put(b, object{"address": "10.1.0.1", "protocol_port": 8080})
		a := x.see(b.members())
		for key, want := range map[string]string{"weight": "1", "backup": "false", "admin_state_up": "true", "monitor_port": "null",
			"monitor_address": "null", "name": `"rich"`, "tags": `["t"]`, "subnet_id": `"` + x.PodSubnet + `"`} {
			a.has("members.0."+key, want)
		}
	})
}

func TestABatchIsTakenAsAWholeOrNotAtAll(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		x.batch(b, x.member("10.1.0.1"), x.member("nonsense")).
			refused(http.StatusBadRequest, "Invalid input for field/attribute address. Value: 'nonsense'.")
		x.all("ACTIVE", b.path(), "pools/"+b.pool)
		x.have(b, "10.1.0.9")
	})
}

// Where the load balancer hangs, only somebody with access to Octavia's database
// can help: no test may do that to a cloud that has nobody.
func TestAMemberThatIsThereMustNotComeTwice(t *testing.T) {
	everywhere(t, func(x trial) {
		if x.worker == nil {
			x.skip("a load balancer would hang, and nobody here could repair it; it was seen to do so in Octavia 11.0.0")
		}
		b := x.ordinary()
		a := x.batch(b, x.member("10.1.0.9"), x.member("10.1.0.9"))
		x.shows(twinsHang, a.Status == http.StatusAccepted)
		if a.Status != http.StatusAccepted {
			return
		}
		x.bare() // whatever began before this has ended, if it ever does
		x.all("PENDING_UPDATE", b.path())
		x.no(x.worker.breaks(b.id))
		x.all("ERROR", b.path())
	})
}
