package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// neutron is the state of the network service, each kind by id.
type neutron struct {
	networks    map[string]*network
	subnets     map[string]*subnet
	ports       map[string]*port
	routers     map[string]*router
	floatingIPs map[string]*floatingIP

	securityGroups map[string]*securityGroup
	securityRules  map[string]*securityRule

	defaultGroups map[string]*securityGroup // by project
	networkQuotas map[string]quota          // by project
	segments      int                       // handed out so far
}

func newNeutron() neutron {
	return neutron{
		networks:       map[string]*network{},
		subnets:        map[string]*subnet{},
		ports:          map[string]*port{},
		routers:        map[string]*router{},
		floatingIPs:    map[string]*floatingIP{},
		securityGroups: map[string]*securityGroup{},
		securityRules:  map[string]*securityRule{},
		defaultGroups:  map[string]*securityGroup{},
		networkQuotas:  map[string]quota{},
	}
}

// A standard is what every Neutron resource has.
type standard struct {
	ID          string   `json:"id"`
	ProjectID   string   `json:"project_id"`
	TenantID    string   `json:"tenant_id"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	CreatedAt   string   `json:"created_at"`
	UpdatedAt   string   `json:"updated_at"`
	Revision    int      `json:"revision_number"`
}

// attributes is the standard part of any resource.
func (s *standard) attributes() *standard { return s }

// A networkResource is any resource of Neutron.
type networkResource interface{ attributes() *standard }

func (c *Cloud) newStandard(projectID string) standard {
	now := c.networkTime()
	return standard{ID: c.ids.uuid(), ProjectID: projectID, TenantID: projectID, Tags: []string{}, CreatedAt: now, UpdatedAt: now}
}

func (c *Cloud) networkTime() string { return c.now.UTC().Format("2006-01-02T15:04:05Z") }

// touch records that a resource changed.
func (c *Cloud) touch(r networkResource) {
	r.attributes().Revision++
	r.attributes().UpdatedAt = c.networkTime()
}

// networkRefusal is a refusal in Neutron's words.
func networkRefusal(status int, kind, format string, args ...any) error {
	return refusal{status: status, body: map[string]any{"NeutronError": map[string]string{
		"type": kind, "message": fmt.Sprintf(format, args...), "detail": "",
	}}}
}

func badNetworkRequest(format string, args ...any) error {
	return networkRefusal(http.StatusBadRequest, "HTTPBadRequest", format, args...)
}

func notAuthorized(rule string) error {
	return networkRefusal(http.StatusForbidden, "PolicyNotAuthorized", "(%s) is disallowed by policy", rule)
}

// A wording is how Neutron says that a kind of resource is missing.
type wording struct{ kind, format string }

func (w wording) notFound(id string) error {
	return networkRefusal(http.StatusNotFound, w.kind+"NotFound", w.format, id)
}

// owned finds a resource the caller may change.
func owned[T networkResource](r *request, all map[string]T, id string, w wording) (T, error) {
	found, ok := all[id]
	if !ok || !r.who.owns(found.attributes().ProjectID) {
		var none T
		return none, w.notFound(id)
	}
	return found, nil
}

// revised refuses a change that was meant for another revision (If-Match).
func (r *request) revised(s *standard) error {
	wanted, ok := strings.CutPrefix(r.Header.Get("If-Match"), "revision_number=")
	if !ok || wanted == strconv.Itoa(s.Revision) {
		return nil
	}
	return networkRefusal(http.StatusPreconditionFailed, "RevisionNumberConstraintFailed",
		"Constrained to %s, but current revision is %d", wanted, s.Revision)
}

// An object is the attributes of one resource in a request.
type object map[string]any

// onto decodes the attributes into the fields of a resource.
func (o object) onto(resource any) error { return json.Unmarshal(encode(o), resource) }

func (o object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

// texts is an attribute that is a list of texts.
func (o object) texts(name string) []string {
	var all []string
	given, _ := o[name].([]any)
	for _, one := range given {
		s, _ := one.(string)
		all = append(all, s)
	}
	return all
}

func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return d.Decode(into)
}

// given reads the attributes of a Neutron resource and refuses those not allowed.
func (r *request) given(key string, allowed ...string) (object, error) {
	var in map[string]object
	if err := decode(r.body, &in); err != nil {
		return nil, badNetworkRequest("The server could not comply with the request since it is either malformed or otherwise incorrect.")
	}
	o, ok := in[key]
	if !ok || o == nil {
		return nil, badNetworkRequest("Resource body required")
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(allowed, name) {
			return nil, badNetworkRequest("Unrecognized attribute(s) '%s'", name)
		}
		if err := checkForm(name, o[name]); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// A form is how an attribute that is a text has to be written.
type form struct {
	name string
	fits func(string) bool
}

var (
	anID      = form{"UUID", func(s string) bool { return uuid.Validate(s) == nil }}
	aSubnet   = form{"IP subnet", func(s string) bool { _, err := netip.ParsePrefix(s); return err == nil }}
	anAddress = form{"IP address", func(s string) bool { _, err := netip.ParseAddr(s); return err == nil }}
)

var forms = map[string]form{
	"network_id": anID, "subnet_id": anID, "port_id": anID, "floating_network_id": anID,
	"cidr": aSubnet, "gateway_ip": anAddress,
}

// checkForm refuses a text that has not the form that its attribute demands.
func checkForm(name string, value any) error {
	s, text := value.(string)
	if f, ok := forms[name]; ok && text && !f.fits(s) {
		return badNetworkRequest("Invalid input for %s. Reason: '%s' is not a valid %s.", name, s, f.name)
	}
	return nil
}

// requires refuses a create that leaves out an attribute.
func (o object) requires(name string) error {
	if o[name] == nil {
		return badNetworkRequest("Failed to parse request. Required attribute '%s' not specified", name)
	}
	return nil
}

// projectFor is the project a create is for: the caller's unless an admin names another.
func (r *request) projectFor(o object, rule string) (string, error) {
	wanted := o.text("project_id")
	if wanted == "" {
		wanted = o.text("tenant_id")
	}
	switch {
	case wanted == "":
		return r.who.project.ID, nil
	case !r.who.owns(wanted):
		return "", notAuthorized("rule:" + rule)
	}
	return wanted, nil
}

// standardColumns adds what every Neutron list can be filtered by.
func standardColumns[T networkResource](more columns[T]) columns[T] {
	all := columns[T]{
		"id":              func(r T) string { return r.attributes().ID },
		"project_id":      func(r T) string { return r.attributes().ProjectID },
		"tenant_id":       func(r T) string { return r.attributes().TenantID },
		"description":     func(r T) string { return r.attributes().Description },
		"revision_number": func(r T) string { return strconv.Itoa(r.attributes().Revision) },
		"created_at":      func(r T) string { return r.attributes().CreatedAt },
		"updated_at":      func(r T) string { return r.attributes().UpdatedAt },
	}
	maps.Copy(all, more)
	return all
}

func standardTags[T networkResource](r T) []string { return r.attributes().Tags }

// networkList answers a list in Neutron's manner: links only when there is a
// limit, with "previous" even on the first page.
func networkList[T any](r *request, l listing[T], rows []T) (any, error) {
	q := r.URL.Query()
	filters, unknown := l.filters(q, "fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir")
	if unknown != "" {
		return nil, badNetworkRequest("[%s] is invalid attribute for filtering", strconv.Quote(unknown))
	}
	p, ok := newPage(q)
	if !ok {
		return nil, badNetworkRequest("Limit must be an integer 0 or greater and not '%s'", q.Get("limit"))
	}
	rows = keep(rows, func(row T) bool { return l.accepts(row, filters) })
	rows, ok = l.cut(l.sorted(rows, networkOrder(q, l)), p)
	if !ok {
		return nil, networkRefusal(http.StatusNotFound, "HTTPNotFound", "Marker %s could not be found.", p.marker)
	}
	r.rows = len(rows)
	body := map[string]any{l.collection: l.views(rows, q["fields"])}
	if p.limit > 0 && len(rows) > 0 {
		body[l.collection+"_links"] = networkLinks(r, l, rows, p)
	}
	return body, nil
}

func networkOrder[T any](q url.Values, l listing[T]) []order {
	var by []order
	for i, key := range q["sort_key"] {
		if l.columns[key] != nil {
			by = append(by, order{key, i < len(q["sort_dir"]) && q["sort_dir"][i] == "desc"})
		}
	}
	return by
}

// everything is remembered by Neutron's links.
func everything(string) bool { return true }

func networkLinks[T any](r *request, l listing[T], rows []T, p page) []link {
	id := l.columns["id"]
	full := len(rows) == p.limit
	links := []link{}
	if full || p.reverse {
		links = append(links, link{"next", r.pageURL(id(rows[len(rows)-1]), false, everything)})
	}
	if full || !p.reverse {
		links = append(links, link{"previous", r.pageURL(id(rows[0]), true, everything)})
	}
	return links
}
