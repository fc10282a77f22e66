package emulator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// members are some attributes of a pool's members, by address.
func (c client) members(pool string, attributes ...string) map[string][]any {
	c.t.Helper()
	all := map[string][]any{}
	for _, m := range c.call("GET", lbaas+"pools/"+pool+"/members", nil).want(200).at("members").([]any) {
		var values []any
		for _, a := range attributes {
			values = append(values, m.(object)[a])
		}
		all[m.(object)["address"].(string)] = values
	}
	return all
}

func (c client) replace(pool string, members ...any) answer {
	c.t.Helper()
	return c.call("PUT", lbaas+"pools/"+pool+"/members", object{"members": members})
}

func at(address string) object { return object{"address": address, "protocol_port": 8080} }

func TestABatchReplacesAllMembers(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	demo.replace(b.pool, at("10.1.0.10")).want(202)
	want := map[string][]any{"10.1.0.9": {"PENDING_DELETE"}, "10.1.0.10": {"PENDING_CREATE"}}
	if diff := cmp.Diff(want, demo.members(b.pool, "provisioning_status")); diff != "" {
		t.Error(diff)
	}
	if got := demo.statusOf("pools/"+b.pool, "pool") + " " + demo.statusOf("listeners/"+b.listener, "listener"); got != "PENDING_UPDATE PENDING_UPDATE" {
		t.Errorf("pool and listener are %s", got)
	}
	w.settle()
	if diff := cmp.Diff(map[string][]any{"10.1.0.10": {"ACTIVE"}}, demo.members(b.pool, "provisioning_status")); diff != "" {
		t.Error(diff)
	}
}

func TestAnAdditiveBatchKeepsTheOthers(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	demo.call("PUT", lbaas+"pools/"+b.pool+"/members?additive_only=true", object{"members": []any{at("10.1.0.10")}}).want(202)
	w.settle()
	if got := demo.members(b.pool); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestABatchTouchesEvenWhatItDoesNotChange(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	if a := demo.replace(b.pool, at("10.1.0.9")).want(202); a.text != "" {
		t.Errorf("the answer has a body: %s", a.text)
	}
	if diff := cmp.Diff(map[string][]any{"10.1.0.9": {"PENDING_UPDATE"}}, demo.members(b.pool, "provisioning_status")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatABatchLeavesOutGoesBackToItsDefault(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	rich := at("10.1.0.9")
	for key, value := range map[string]any{"name": "rich", "weight": 9, "backup": true, "admin_state_up": false, "tags": []string{"t"},
		"monitor_port": 10256, "monitor_address": "10.1.0.8", "subnet_id": w.nets.PodSubnet} {
		rich[key] = value
	}
	demo.replace(b.pool, rich).want(202)
	w.settle()
	attributes := []string{"name", "tags", "subnet_id", "weight", "backup", "admin_state_up", "monitor_port", "monitor_address"}
	stays := []any{"rich", []any{"t"}, w.nets.PodSubnet}
	want := map[string][]any{"10.1.0.9": append(stays[:3:3], 9.0, true, false, 10256.0, "10.1.0.8")}
	if diff := cmp.Diff(want, demo.members(b.pool, attributes...)); diff != "" {
		t.Error(diff)
	}

	demo.replace(b.pool, at("10.1.0.9")).want(202)
	want = map[string][]any{"10.1.0.9": append(stays[:3:3], 1.0, false, true, nil, nil)}
	if diff := cmp.Diff(want, demo.members(b.pool, attributes...)); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameMemberTwiceInABatch(t *testing.T) {
	t.Run("is refused when it is new", func(t *testing.T) {
		w := newWorld(t)
		demo := w.as("demo")
		b := demo.build()
		demo.replace(b.pool, at("10.1.0.10"), at("10.1.0.10")).want(409, "Another member on this pool is already using ip 10.1.0.10 on protocol_port 8080")
		if got := demo.statusOf("loadbalancers/"+b.lb, "loadbalancer"); got != "ACTIVE" {
			t.Errorf("the load balancer is %s", got)
		}
	})
	t.Run("wedges the load balancer when it was there", func(t *testing.T) {
		w := newWorld(t)
		demo := w.as("demo")
		b := demo.build()
		demo.replace(b.pool, at("10.1.0.9"), at("10.1.0.9")).want(202)
		for range 100 {
			w.settle()
		}
		demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(409, "Invalid state PENDING_UPDATE")
		w.cloud.Break(b.lb) // an operator edits the database
		demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	})
}

func TestWhatOctaviaRefusesOfAMember(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	for claim, test := range map[string]struct {
		change func(object)
		status int
		says   string
	}{
		"one that is there":    {with("address", "10.1.0.9"), 409, "already using ip 10.1.0.9 on protocol_port 8080"},
		"a weight of 257":      {with("weight", 257), 400, "Value should be lower or equal to 256"},
		"what is no address":   {with("address", "nonsense"), 400, "Value: 'nonsense'. Value should be IPv4 or IPv6 format"},
		"a missing address":    {with("address", nil), 400, "address. Value: 'None'. Mandatory field missing."},
		"an unknown subnet":    {with("subnet_id", nobody), 400, "Subnet " + nobody + " not found."},
		"an unknown attribute": {with("colour", "red"), 400, "Unknown attribute for argument member_.member: colour"},
	} {
		t.Run(claim, func(t *testing.T) {
			m := at("10.1.0.10")
			test.change(m)
			a := demo.call("POST", lbaas+"pools/"+b.pool+"/members", object{"member": m})
			a.t = t
			a.want(test.status, test.says)
		})
	}
}

func TestOneMemberCanBeChangedAndDeleted(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	id := demo.call("GET", lbaas+"pools/"+b.pool+"/members", nil).id("members.0.id")
	path := lbaas + "pools/" + b.pool + "/members/" + id
	demo.call("PUT", path, object{"member": object{"weight": 0}}).want(200, `"weight":0`, "PENDING_UPDATE")
	w.settle()
	demo.call("PUT", path, object{"member": object{"address": "10.1.0.1"}}).want(400, "Unknown attribute")
	demo.call("DELETE", path, nil).want(204)
	demo.call("GET", path, nil).want(200, "PENDING_DELETE")
	w.settle()
	demo.call("GET", path, nil).want(404, "Member "+id+" not found.")
}
