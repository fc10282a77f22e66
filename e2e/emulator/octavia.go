package emulator

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// octavia is the state of the load balancing service. Members are found through
// their pool.
type octavia struct {
	loadBalancers  map[string]*loadBalancer
	listeners      map[string]*listener
	pools          map[string]*pool
	healthMonitors map[string]*healthMonitor
	l7policies     map[string]*l7policy

	worker         worker
	pending        []*task          // in the order of their time
	balancerQuotas map[string]quota // by project
	flavors        []flavor
	zones          []zone
}

func newOctavia() octavia {
	return octavia{
		loadBalancers:  map[string]*loadBalancer{},
		listeners:      map[string]*listener{},
		pools:          map[string]*pool{},
		healthMonitors: map[string]*healthMonitor{},
		l7policies:     map[string]*l7policy{},
		balancerQuotas: map[string]quota{},
	}
}

// A resource is what every Octavia resource has.
type resource struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Provisioning status   `json:"provisioning_status"`
	Operating    string   `json:"operating_status"`
	AdminStateUp bool     `json:"admin_state_up"`
	ProjectID    string   `json:"project_id"`
	TenantID     string   `json:"tenant_id"`
	CreatedAt    string   `json:"created_at"`
	UpdatedAt    *string  `json:"updated_at"`
	Tags         []string `json:"tags"`
}

// A component is any Octavia resource.
type component interface {
	core() *resource // what it has in common with all others
	remove(*Cloud)   // from the cloud and from its parent
}

func (r *resource) core() *resource { return r }

func (c *Cloud) newResource(projectID string) resource {
	return resource{
		ID: c.ids.uuid(), Provisioning: pendingCreate, Operating: offline,
		ProjectID: projectID, TenantID: projectID, CreatedAt: c.balancerTime(), Tags: []string{},
	}
}

func (c *Cloud) balancerTime() string { return c.now.UTC().Format("2006-01-02T15:04:05") }

// A ref points to another resource.
type ref struct {
	ID string `json:"id"`
}

// refs are references in the order of the ids, as Octavia gives them.
func refs[T component](all []T) []ref {
	out := make([]ref, len(all))
	for i, r := range all {
		out[i] = ref{r.core().ID}
	}
	slices.SortFunc(out, func(a, b ref) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// balancerRefusal is a refusal in Octavia's words.
func balancerRefusal(status int, format string, args ...any) error {
	side := "Client"
	if status >= http.StatusInternalServerError {
		side = "Server"
	}
	return refusal{status: status, body: map[string]any{
		"faultcode": side, "faultstring": fmt.Sprintf(format, args...), "debuginfo": nil,
	}}
}

func validation(format string, args ...any) error {
	return balancerRefusal(http.StatusBadRequest, "Validation failure: "+format, args...)
}

func forbidden() error {
	return balancerRefusal(http.StatusForbidden, "Policy does not allow this request to be performed.")
}

func missing(kind, id string) error {
	return balancerRefusal(http.StatusNotFound, "%s %s not found.", kind, id)
}

// absent is how Octavia says that something of another service is missing.
func absent(kind, id string) error {
	return balancerRefusal(http.StatusBadRequest, "%s %s not found.", kind, id)
}

// loadBalancerUsers admits token holders with a role for load balancing.
func loadBalancerUsers(c *Cloud, r *request) error {
	if err := tokenHolders(c, r); err != nil {
		return err
	}
	observes := r.Method == http.MethodGet && r.who.has("load-balancer_observer")
	if !observes && !r.who.admin() && !r.who.has("load-balancer_member") {
		return forbidden()
	}
	return nil
}

// reachable finds a resource: 404 if there is none, 403 if it is another project's.
func reachable[T component](r *request, all map[string]T, kind, id string) (T, error) {
	var none T
	found, ok := all[id]
	if !ok {
		return none, missing(kind, id)
	}
	if !r.who.owns(found.core().ProjectID) {
		if r.generation == lbaasV2 {
			return none, missing(kind, id)
		}
		return none, forbidden()
	}
	return found, nil
}

// argued reads the attributes of an Octavia resource and checks them.
func (r *request) argued(argument, key string, s schema) (object, error) {
	in, err := r.argument(argument, key)
	if err != nil {
		return nil, err
	}
	o, ok := in.(map[string]any)
	if !ok {
		return nil, balancerRefusal(http.StatusInternalServerError, "'UnsetType' object has no attribute 'project_id'")
	}
	return o, s.check(argument+"."+key, o)
}

// argument is what the body holds under its one key.
func (r *request) argument(argument, key string) (any, error) {
	var in map[string]any
	if err := decode(r.body, &in); err != nil {
		return nil, balancerRefusal(http.StatusBadRequest, "Request is not in valid JSON format")
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if name != key {
			return nil, balancerRefusal(http.StatusBadRequest, "Unknown attribute for argument %s: %s", argument, name)
		}
	}
	return in[key], r.generation.refused(argument+"."+key, kinds[key], in[key])
}

// balancerColumns adds what every Octavia list can be filtered by.
func balancerColumns[T component](more columns[T]) columns[T] {
	all := columns[T]{
		"id":                  func(r T) string { return r.core().ID },
		"name":                func(r T) string { return r.core().Name },
		"project_id":          func(r T) string { return r.core().ProjectID },
		"tenant_id":           func(r T) string { return r.core().ProjectID },
		"provisioning_status": func(r T) string { return string(r.core().Provisioning) },
		"operating_status":    func(r T) string { return r.core().Operating },
		"admin_state_up":      func(r T) string { return strconv.FormatBool(r.core().AdminStateUp) },
		"created_at":          func(r T) string { return r.core().CreatedAt },
		"updated_at":          func(r T) string { return text(r.core().UpdatedAt) },
	}
	maps.Copy(all, more)
	return all
}

func balancerTags[T component](r T) []string { return r.core().Tags }

// ours are the rows of the caller's project, or of the project asked for.
func ours[T component](r *request, rows []T) ([]T, error) {
	q := r.URL.Query()
	for _, key := range []string{"project_id", "tenant_id"} {
		if q.Has(key) && !r.who.owns(q.Get(key)) {
			return nil, forbidden()
		}
	}
	return keep(rows, func(row T) bool { return r.who.owns(row.core().ProjectID) }), nil
}

// balancerList answers a list in Octavia's manner: always with links, "next" even
// when the page happens to be the last, "previous" only after a marker.
func balancerList[T component](r *request, l listing[T], rows []T) (any, error) {
	if r.generation == lbaasV2 {
		return networkList(r, l, keep(rows, func(row T) bool { return r.who.owns(row.core().ProjectID) }))
	}
	rows, err := ours(r, rows)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	filters, unknown := l.filters(q, "fields", "limit", "marker", "page_reverse", "sort")
	if unknown != "" || hasRepeated(filters) {
		return nil, balancerRefusal(http.StatusBadRequest, "One or more arguments are either duplicate or invalid")
	}
	p, ok := newPage(q)
	if !ok {
		return nil, balancerRefusal(http.StatusBadRequest, "Supplied pagination limit '%s' is not valid.", q.Get("limit"))
	}
	by, err := balancerOrder(q, l)
	if err != nil {
		return nil, err
	}
	rows = keep(rows, func(row T) bool { return l.accepts(row, filters) })
	rows, ok = l.cut(l.sorted(rows, by), p)
	if !ok {
		return nil, balancerRefusal(http.StatusBadRequest, "Supplied pagination marker '%s' is not valid.", p.marker)
	}
	r.rows = len(rows)
	return map[string]any{
		l.collection:            l.views(rows, q["fields"]),
		l.collection + "_links": balancerLinks(r, rows, p),
	}, nil
}

func hasRepeated(filters url.Values) bool {
	for name, values := range filters {
		if _, tags := tagFilters[name]; !tags && len(values) > 1 {
			return true
		}
	}
	return false
}

// balancerOrder reads sort=name:asc,id:desc; the default is the order of creation.
func balancerOrder[T any](q url.Values, l listing[T]) ([]order, error) {
	if q.Get("sort") == "" {
		return []order{{column: "created_at"}}, nil
	}
	var by []order
	for _, key := range strings.Split(q.Get("sort"), ",") {
		name, direction, _ := strings.Cut(key, ":")
		if l.columns[name] == nil {
			return nil, balancerRefusal(http.StatusBadRequest, "Supplied sort key '%s' is not valid.", name)
		}
		by = append(by, order{name, direction == "desc"})
	}
	return by, nil
}

// rememberedByOctavia is what a link to another page keeps of a query: not the
// filters, so that the second page of a filtered list is one of everything.
func rememberedByOctavia(parameter string) bool { return parameter == "limit" || parameter == "sort" }

func balancerLinks[T component](r *request, rows []T, p page) []link {
	links := []link{}
	if len(rows) == 0 {
		return links
	}
	if p.marker != "" {
		links = append(links, link{"previous", r.pageURL(rows[0].core().ID, true, rememberedByOctavia)})
	}
	if p.limit > 0 && len(rows) == p.limit {
		links = append(links, link{"next", r.pageURL(rows[len(rows)-1].core().ID, false, rememberedByOctavia)})
	}
	return links
}
