package contract

import (
	"net/http"
	"strings"
	"testing"
)

const nobody = "00000000-0000-0000-0000-000000000000"

// A wish is something that Octavia refuses; in its path and its body, LB, LISTENER,
// POOL, MONITOR and SUBNET stand for what an ordinary load balancer has.
type wish struct {
	method, path, body string
	status             int
	words              string
}

// wishes are by claim. None of them can change anything.
var wishes = map[string]wish{
	"a port that is open already is a conflict": {"POST", "listeners", `{"listener":{"loadbalancer_id":"LB","protocol":"TCP","protocol_port":80}}`,
		409, "already using protocol TCP and protocol_port 80"},
	"TCP and HTTP cannot share a port": {"POST", "listeners", `{"listener":{"loadbalancer_id":"LB","protocol":"HTTP","protocol_port":80}}`,
		409, "already using protocol"},
	"a second pool for a listener is a conflict": {"POST", "pools", `{"pool":{"listener_id":"LISTENER","protocol":"TCP","lb_algorithm":"ROUND_ROBIN"}}`,
		409, "This listener already has a default pool"},
	"a second health monitor is a conflict": {"POST", "healthmonitors", `{"healthmonitor":{"pool_id":"POOL","type":"TCP","delay":5,"timeout":3,"max_retries":3}}`,
		409, "This pool already has a health monitor"},
	"a new member twice in one batch is a conflict": {"PUT", "pools/POOL/members",
		`{"members":[{"address":"10.1.0.20","protocol_port":8080},{"address":"10.1.0.20","protocol_port":8080}]}`,
		409, "Another member on this pool is already using ip 10.1.0.20 on protocol_port 8080"},
	"SOURCE_IP_PORT is not for amphorae": {"POST", "pools", `{"pool":{"loadbalancer_id":"LB","protocol":"TCP","lb_algorithm":"SOURCE_IP_PORT"}}`,
		501, "Amphora provider does not support SOURCE_IP_PORT algorithm."},
	"a load balancer keeps its address": {"PUT", "loadbalancers/LB", `{"loadbalancer":{"vip_address":"10.2.0.1"}}`,
		400, "Unknown attribute for argument load_balancer.loadbalancer: vip_address"},
	"a listener keeps its port": {"PUT", "listeners/LISTENER", `{"listener":{"protocol_port":81}}`,
		400, "Unknown attribute for argument listener_.listener: protocol_port"},
	"a pool keeps its protocol": {"PUT", "pools/POOL", `{"pool":{"protocol":"UDP"}}`,
		400, "Unknown attribute for argument pool_.pool: protocol"},
	"a health monitor keeps its type": {"PUT", "healthmonitors/MONITOR", `{"healthmonitor":{"type":"HTTP"}}`,
		400, "Unknown attribute for argument health_monitor_.healthmonitor: type"},
	"an IPv6 range cannot reach an IPv4 address": {"POST", "listeners",
		`{"listener":{"loadbalancer_id":"LB","protocol":"TCP","protocol_port":81,"allowed_cidrs":["2001:db8::/32"]}}`,
		400, "CIDR 2001:db8::/32 IP version incompatible with"},
	"a range that is none": {"POST", "listeners", `{"listener":{"loadbalancer_id":"LB","protocol":"TCP","protocol_port":81,"allowed_cidrs":["10.0.0.0/33"]}}`,
		400, "Invalid input for field/attribute allowed_cidrs."},
	"a pool of another protocol": {"POST", "pools", `{"pool":{"listener_id":"LISTENER","protocol":"UDP","lb_algorithm":"ROUND_ROBIN"}}`,
		400, "The pool protocol 'UDP' is invalid while the listener protocol is 'TCP'."},
	"a member of an unknown subnet": {"PUT", "pools/POOL/members",
		`{"members":[{"address":"10.1.0.20","protocol_port":8080,"subnet_id":"` + nobody + `"}]}`,
		400, "Subnet " + nobody + " not found."},
	"children stand in the way of a plain delete": {"DELETE", "loadbalancers/LB", "", 400, "Cannot delete Load Balancer LB - it has children"},
	"an unknown attribute": {"POST", "loadbalancers", `{"loadbalancer":{"vip_subnet_id":"SUBNET","colour":"red"}}`,
		400, "Unknown attribute for argument load_balancer.loadbalancer: colour"},
	"an unknown subnet":                 {"POST", "loadbalancers", `{"loadbalancer":{"vip_subnet_id":"` + nobody + `"}}`, 400, "Subnet " + nobody + " not found."},
	"no subnet":                         {"POST", "loadbalancers", `{"loadbalancer":{"name":"x"}}`, 400, "VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id."},
	"an address that is none":           {"POST", "loadbalancers", `{"loadbalancer":{"vip_subnet_id":"SUBNET","vip_address":"10.2.0.300"}}`, 400, "Value should be IPv4 or IPv6 format"},
	"an unknown provider":               {"POST", "loadbalancers", `{"loadbalancer":{"vip_subnet_id":"SUBNET","provider":"f5"}}`, 400, "Provider 'f5' is not enabled."},
	"an unknown flavor":                 {"POST", "loadbalancers", `{"loadbalancer":{"vip_subnet_id":"SUBNET","flavor_id":"` + nobody + `"}}`, 400, "The selected flavor is not allowed in this deployment: " + nobody},
	"an object without its key":         {"POST", "loadbalancers", `{}`, 500, "'UnsetType' object has no attribute 'project_id'"},
	"no JSON":                           {"POST", "loadbalancers", `{nope`, 400, "Request is not in valid JSON format"},
	"a load balancer that is not there": {"GET", "loadbalancers/" + nobody, "", 404, "Load Balancer " + nobody + " not found."},
	"a listener that is not there":      {"DELETE", "listeners/" + nobody, "", 404, "Listener " + nobody + " not found."},
	"a listener for nobody":             {"POST", "listeners", `{"listener":{"loadbalancer_id":"` + nobody + `","protocol":"TCP","protocol_port":1}}`, 404, "Load Balancer " + nobody + " not found."},
}

func TestWhatIsRefusedIsRefusedInTheseWords(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		of := strings.NewReplacer("LB", b.id, "LISTENER", b.listener, "POOL", b.pool, "MONITOR", b.monitor, "SUBNET", x.ServiceSubnet)
		for claim, w := range wishes {
			x.claim(claim, func(x trial) {
				var body any
				if w.body != "" {
					body = of.Replace(w.body)
				}
				x.octavia(w.method, of.Replace(w.path), body).refused(w.status, of.Replace(w.words))
			})
		}
		x.claim("and nothing has changed", func(x trial) {
			x.all("ACTIVE", append(b.parts(), b.path())...)
			if got := x.addresses(b); len(got) != 1 || got[0] != "10.1.0.9" {
				x.Errorf("the members are %q", got)
			}
		})
	})
}

// Octavia does not find it while it reads the request, and says so in HTML.
func TestABatchForAPoolThatIsNotThereIsNotFound(t *testing.T) {
	everywhere(t, func(x trial) {
		x.batch(balancer{pool: nobody}).is(http.StatusNotFound)
	})
}

func TestWhatIsForeignIsForbidden(t *testing.T) {
	everywhere(t, func(x trial) {
		x.needs(x.other, "OCTAGATE_E2E_OTHER")
		b, other := x.bare(), x.by(x.other)
		const words = "Policy does not allow this request to be performed."
		other.octavia(http.MethodGet, b.path(), nil).refused(http.StatusForbidden, words)
		other.octavia(http.MethodDelete, b.path(), nil).refused(http.StatusForbidden, words)
		other.octavia(http.MethodGet, "loadbalancers?project_id="+x.Project, nil).refused(http.StatusForbidden, words)
		x.createBy(other, x.empty(with("project_id", x.Project))).refused(http.StatusForbidden, words)
		x.createBy(other, x.empty()).refused(http.StatusBadRequest, "Subnet "+x.ServiceSubnet+" not found.")
		other.neutron(http.MethodGet, "ports/"+b.port, nil).denied(http.StatusNotFound, "PortNotFound", "Port "+b.port+" could not be found.")
		if rows := other.see("loadbalancers?name=" + x.named("balancer")).rows("loadbalancers"); len(rows) != 0 {
			x.Errorf("another project sees %v", rows)
		}
	})
}
