package emulator

import (
	"maps"
	"net/http"
	"slices"
)

// A healthMonitor asks the members of a pool whether they are well.
type healthMonitor struct {
	resource
	Type           string   `json:"type"`
	Delay          int      `json:"delay"`
	Timeout        int      `json:"timeout"`
	MaxRetries     int      `json:"max_retries"`
	MaxRetriesDown int      `json:"max_retries_down"`
	Method         *string  `json:"http_method"`
	Path           *string  `json:"url_path"`
	Codes          *string  `json:"expected_codes"`
	Version        *float64 `json:"http_version"`
	DomainName     *string  `json:"domain_name"`

	pool      *pool
	populated bool // made with its load balancer, and so never seen ONLINE
}

const monitorKind = "Health Monitor"

var monitorListing = listing[*healthMonitor]{
	collection: "healthmonitors",
	tags:       balancerTags[*healthMonitor],
	view:       (*healthMonitor).view,
	columns: balancerColumns(columns[*healthMonitor]{
		"type":    func(hm *healthMonitor) string { return hm.Type },
		"pool_id": func(hm *healthMonitor) string { return hm.pool.ID },
	}),
}

var monitorPut = schema{
	"name":             words(255),
	"delay":            number("null", 0, 1<<31-1),
	"timeout":          number("null", 0, 1<<31-1),
	"max_retries":      number("null", 1, 10),
	"max_retries_down": number("3", 1, 10),
	"http_method":      oneOf("GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH"),
	"url_path":         nullableWords(255),
	"expected_codes":   nullableWords(64),
	"admin_state_up":   flag(true),
	"tags":             tagList(),
	"http_version":     fraction(),
	"domain_name":      nullableWords(255),
}

var monitorInTree = monitorPut.with(schema{
	"type":        oneOf("HTTP", "HTTPS", "PING", "SCTP", "TCP", "TLS-HELLO", "UDP-CONNECT").must(),
	"delay":       monitorPut["delay"].must(),
	"timeout":     monitorPut["timeout"].must(),
	"max_retries": monitorPut["max_retries"].must(),
})

var monitorPost = monitorInTree.with(schema{
	"pool_id":    id().must(),
	"project_id": words(36),
	"tenant_id":  words(36),
})

func (hm *healthMonitor) remove(c *Cloud) {
	hm.pool.monitor = nil
	delete(c.healthMonitors, hm.ID)
}

func (hm *healthMonitor) view() any {
	type shown struct {
		healthMonitor
		Pools []ref `json:"pools"`
	}
	return shown{*hm, []ref{{hm.pool.ID}}}
}

// newHealthMonitor is a health monitor that its pool does not have yet.
func (c *Cloud) newHealthMonitor(p *pool, s schema, in object) (*healthMonitor, error) {
	hm := &healthMonitor{resource: c.newResource(p.ProjectID), pool: p}
	s.apply(hm, in, creating)
	hm.ProjectID, hm.TenantID, hm.Tags = p.ProjectID, p.ProjectID, tagSet(hm.Tags)
	if err := hm.suits(p.Protocol); err != nil {
		return nil, err
	}
	if err := hm.onlyHTTP(); err != nil {
		return nil, err
	}
	hm.complete()
	return hm, hm.drives()
}

// speaksHTTP reports whether the monitor sends requests.
func (hm *healthMonitor) speaksHTTP() bool { return hm.Type == "HTTP" || hm.Type == "HTTPS" }

// suits refuses a monitor that a pool's protocol does not go with.
func (hm *healthMonitor) suits(protocol string) error {
	if protocol != "UDP" && protocol != "SCTP" {
		if hm.Type == "UDP-CONNECT" {
			return validation("The UDP-CONNECT type is only supported for pools of type UDP/SCTP.")
		}
		return nil
	}
	if !slices.Contains([]string{"UDP-CONNECT", "SCTP", "TCP", "HTTP"}, hm.Type) {
		return validation("The associated pool protocol is %s, so only a UDP-CONNECT/SCTP/TCP/HTTP health monitor is supported.", protocol)
	}
	if hm.Type == "UDP-CONNECT" && hm.Delay < 3 {
		return validation("The request delay value %d should be larger than 3 for UDP-CONNECT health monitor type.", hm.Delay)
	}
	return nil
}

// onlyHTTP refuses attributes of a request from a monitor that sends none.
func (hm *healthMonitor) onlyHTTP() error {
	if hm.speaksHTTP() {
		return nil
	}
	for _, a := range []struct {
		name  string
		value *string
	}{{"http_method", hm.Method}, {"url_path", hm.Path}, {"expected_codes", hm.Codes}} {
		if a.value != nil {
			return balancerRefusal(http.StatusBadRequest, "%s is not a valid option for health monitors of type %s", a.name, hm.Type)
		}
	}
	return nil
}

// complete sets what a request is made of when nobody says.
func (hm *healthMonitor) complete() {
	if !hm.speaksHTTP() {
		return
	}
	for _, a := range []struct {
		field **string
		value string
	}{{&hm.Method, "GET"}, {&hm.Path, "/"}, {&hm.Codes, "200"}} {
		if *a.field == nil {
			*a.field = new(a.value)
		}
	}
}

func (c *Cloud) createHealthMonitor(r *request) (any, error) {
	in, err := r.argued("health_monitor_", "healthmonitor", monitorPost)
	if err != nil {
		return nil, err
	}
	p, err := reachable(r, c.pools, poolKind, in.text("pool_id"))
	if err != nil {
		return nil, err
	}
	hm, err := c.newHealthMonitor(p, monitorPost, in)
	if err != nil {
		return nil, err
	}
	if err := c.withinBalancerQuota(p.ProjectID, monitorKind, 1); err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	if p.monitor != nil {
		return nil, balancerRefusal(http.StatusConflict, "This pool already has a health monitor")
	}
	p.monitor = hm
	c.healthMonitors[hm.ID] = hm
	c.startInPool(p, mark{hm, pendingCreate})
	return map[string]any{"healthmonitor": hm.view()}, nil
}

func (c *Cloud) showHealthMonitor(r *request) (any, error) {
	hm, err := reachable(r, c.healthMonitors, monitorKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"healthmonitor": pick(hm.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listHealthMonitors(r *request) (any, error) {
	return balancerList(r, monitorListing, slices.Collect(maps.Values(c.healthMonitors)))
}

func (c *Cloud) updateHealthMonitor(r *request) (any, error) {
	in, err := r.argued("health_monitor_", "healthmonitor", monitorPut)
	if err != nil {
		return nil, err
	}
	hm, err := reachable(r, c.healthMonitors, monitorKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	asked := &healthMonitor{Type: hm.Type}
	monitorPut.apply(asked, in, updating)
	if err := asked.onlyHTTP(); err != nil {
		return nil, err
	}
	if err := hm.pool.open(); err != nil {
		return nil, err
	}
	monitorPut.apply(hm, in, updating)
	hm.complete()
	hm.Tags = tagSet(hm.Tags)
	c.startInPool(hm.pool, mark{hm, pendingUpdate})
	return map[string]any{"healthmonitor": hm.view()}, nil
}

func (c *Cloud) deleteHealthMonitor(r *request) (any, error) {
	hm, err := reachable(r, c.healthMonitors, monitorKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := hm.pool.open(); err != nil {
		return nil, err
	}
	c.startInPool(hm.pool, mark{hm, pendingDelete})
	return nil, nil
}
