package contract

import (
	"net/http"
	"strconv"
	"testing"
)

// What somebody else made can be marked, one thing after the other. Each mark locks the
// load balancer for a while, and changes nothing else.
func TestWhatExistsIsMarkedOneThingAtATime(t *testing.T) {
	everywhere(t, func(x trial) {
		b, s := x.ordinary(with("tags", []string{"first"})), scope()
		listener, members := x.see("listeners/"+b.listener), x.see(b.members())
		for path, kind := range map[string]string{
			"healthmonitors/" + b.monitor: "healthmonitor", "pools/" + b.pool: "pool", "listeners/" + b.listener: "listener", b.path(): "loadbalancer",
		} {
			x.octavia(http.MethodPut, path, object{kind: object{"tags": []string{"first", s}}}).is(http.StatusOK)
			x.settle(b)
			if got := set(x.see(path).at(kind + ".tags")); !got["first"] || !got[s] || len(got) != 2 {
				x.Errorf("%s has the tags %v", path, got)
			}
			found := x.octavia(http.MethodGet, kind+"s?tags="+s, nil).is(http.StatusOK).rows(kind + "s")
			if len(found) != 1 {
				x.Errorf("%d of kind %s have the tag", len(found), kind)
			}
		}
		x.see("listeners/"+b.listener).has("listener.default_pool_id", `"`+listener.text("listener.default_pool_id")+`"`)
		x.see(b.members()).has("members.0.id", `"`+members.text("members.0.id")+`"`)
	})
}

// Whoever describes a floating IP anew names its port, too, so that it leads there still.
func TestAFloatingIPIsDescribedAnew(t *testing.T) {
	everywhere(t, func(x trial) {
		port := x.port(x.ServiceNetwork, x.address())
		f := x.floatingIP(with("port_id", port), with("description", x.named("before")))
		revision := "revision_number=" + strconv.Itoa(x.revision(f))
		body := object{"floatingip": object{"port_id": port, "description": x.named("after")}}
		a := x.neutron(http.MethodPut, f.path(), body, "If-Match", revision).is(http.StatusOK)
		a.has("floatingip.port_id", `"`+port+`"`)
		a.has("floatingip.description", `"`+x.named("after")+`"`)
		x.neutron(http.MethodPut, f.path(), body, "If-Match", revision).denied(http.StatusPreconditionFailed, "RevisionNumberConstraintFailed", "current revision is")
	})
}
