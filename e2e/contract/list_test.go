package contract

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// three makes empty load balancers a, b and c. Each has the tag scope, which no other
// test has, and one of its own; b and c share a third.
func (x trial) three(scope string) map[string]balancer {
	x.Helper()
	all := map[string]balancer{}
	for name, tags := range map[string][]string{"a": {"a"}, "b": {"b", "late"}, "c": {"c", "late"}} {
		tagged := []string{scope}
		for _, tag := range tags {
			tagged = append(tagged, scope+tag)
		}
		a := x.create(x.empty(with("name", x.named(scope+name)), with("tags", tagged))).is(http.StatusCreated)
		all[name] = balancer{id: a.text("loadbalancer.id"), vip: a.text("loadbalancer.vip_address"), port: a.text("loadbalancer.vip_port_id")}
	}
	for _, b := range all {
		x.settle(b)
	}
	return all
}

// scope is a tag that nobody else has. Tags of octagate have a slash and a colon.
func scope() string { return "contract/of:" + uuid.NewString()[:8] }

func TestListsAreFiltered(t *testing.T) {
	everywhere(t, func(x trial) {
		s := scope()
		all := x.three(s)
		a := all["a"]
		for claim, tt := range map[string]struct {
			query map[string]string
			want  string
		}{
			"all tags":                      {map[string]string{"tags": s + "," + s + "late"}, "bc"},
			"any tag":                       {map[string]string{"tags-any": s + "a," + s + "b"}, "ab"},
			"not the tags":                  {map[string]string{"tags": s, "not-tags": s + "late"}, "a"},
			"not any of the tags":           {map[string]string{"tags": s, "not-tags-any": s + "a," + s + "b"}, "c"},
			"the own project":               {map[string]string{"tags": s, "project_id": x.Project}, "abc"},
			"a provisioning status":         {map[string]string{"tags": s, "provisioning_status": "ACTIVE"}, "abc"},
			"another provisioning status":   {map[string]string{"tags": s, "provisioning_status": "ERROR"}, ""},
			"a name":                        {map[string]string{"name": x.named(s + "b")}, "b"},
			"the beginning of a name":       {map[string]string{"name": x.named(s)}, ""},
			"an address":                    {map[string]string{"tags": s, "vip_address": a.vip}, "a"},
			"the port of the address":       {map[string]string{"vip_port_id": a.port}, "a"},
			"the subnet of the address":     {map[string]string{"tags": s, "vip_subnet_id": x.ServiceSubnet}, "abc"},
			"a description that nobody has": {map[string]string{"tags": s, "description": "nonsense"}, ""},
		} {
			x.claim(claim, func(x trial) {
				var got []string
				for _, row := range x.see("loadbalancers?" + query(tt.query)).rows("loadbalancers") {
					got = append(got, strings.TrimPrefix(row["name"].(string), x.named(s)))
				}
				slices.Sort(got)
				if strings.Join(got, "") != tt.want {
					x.Errorf("%v lists %q", tt.query, got)
				}
			})
		}
	})
}

// What is asked for while something is under way: whatever bears one of many tags, and the
// floating IPs and ports of many IDs. A request of that length is taken.
func TestManyAreAskedForAtOnce(t *testing.T) {
	const asked = 32 // as octagate asks
	everywhere(t, func(x trial) {
		b, tag := x.ordinary(), scope()
		for path, key := range map[string]string{
			"healthmonitors/" + b.monitor: "healthmonitor", "pools/" + b.pool: "pool", "listeners/" + b.listener: "listener", b.path(): "loadbalancer",
		} {
			x.octavia(http.MethodPut, path, object{key: object{"tags": []string{tag}}}).is(http.StatusOK)
			x.settle(b)
		}
		tags, ids := []string{tag}, []string{b.port}
		for range asked - 1 {
			tags, ids = append(tags, "octagate:service="+uuid.NewString()), append(ids, uuid.NewString())
		}
		filter := query(map[string]string{"project_id": x.Project, "tags-any": strings.Join(tags, ",")})
		for collection, id := range map[string]string{"loadbalancers": b.id, "listeners": b.listener, "pools": b.pool, "healthmonitors": b.monitor} {
			x.lists(x.see(collection+"?"+filter), collection, id)
		}
		f := x.floatingIP(with("port_id", b.port))
		x.lists(x.neutron(http.MethodGet, "floatingips?"+url.Values{"project_id": {x.Project}, "port_id": ids}.Encode(), nil).is(http.StatusOK), "floatingips", f.id)
		ids[0] = f.id
		x.lists(x.neutron(http.MethodGet, "floatingips?"+url.Values{"project_id": {x.Project}, "id": ids}.Encode(), nil).is(http.StatusOK), "floatingips", f.id)
		ids[0] = b.port
		x.lists(x.neutron(http.MethodGet, "ports?"+url.Values{"project_id": {x.Project}, "id": ids}.Encode(), nil).is(http.StatusOK), "ports", b.port)
	})
}

// lists fails the test unless there is one thing on a list.
func (x trial) lists(a answer, collection, id string) {
	x.Helper()
	var got []string
	for _, row := range a.rows(collection) {
		got = append(got, row["id"].(string))
	}
	if !slices.Equal(got, []string{id}) {
		x.Errorf("%s: %v are listed, not %s", collection, got, id)
	}
}

func query(values map[string]string) string {
	q := url.Values{}
	for key, value := range values {
		q.Set(key, value)
	}
	return q.Encode()
}

func TestAListIsReducedToFields(t *testing.T) {
	everywhere(t, func(x trial) {
		s := url.QueryEscape(scope())
		raw, _ := url.QueryUnescape(s)
		b := x.bare(with("tags", []string{raw}))
		x.see("loadbalancers?tags="+s+"&fields=id&fields=vip_address").has("loadbalancers", `[{"id": "`+b.id+`", "vip_address": "`+b.vip+`"}]`)
		x.see("loadbalancers?tags="+s+"&fields=id,vip_address").has("loadbalancers", `[{}]`)
	})
}

func TestAListThatCannotBeIsRefused(t *testing.T) {
	everywhere(t, func(x trial) {
		x.octavia(http.MethodGet, "loadbalancers?colour=red", nil).
			refused(http.StatusBadRequest, "One or more arguments are either duplicate or invalid")
		x.octavia(http.MethodGet, "loadbalancers?marker="+nobody, nil).
			refused(http.StatusBadRequest, "Supplied pagination marker '"+nobody+"' is not valid.")
		x.neutron(http.MethodGet, "floatingips?colour=red", nil).denied(http.StatusBadRequest, "HTTPBadRequest", "colour")
	})
}

func TestFollowingTheLinksOfOctaviaYieldsEveryRowOnce(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		x.put(b, x.member("10.1.0.1"), x.member("10.1.0.2"), x.member("10.1.0.3"))
		var want []string
		for _, id := range x.values(b, "id") {
			want = append(want, id.(string))
		}
		x.walks(x.LoadBalancer+"lbaas/"+b.members()+"?limit=1", "members", want)
		full := x.see(b.members() + "?limit=3")
		next := link(full, "members", "next")
		if next == "" || link(full, "members", "previous") != "" {
			x.Errorf("a full first page has to have a next one, also when it is the last, and no previous: %s", full)
		}
		x.call(http.MethodGet, next, nil).is(http.StatusOK).has("members", `[]`)
	})
}

func TestTheNextPageOfAFilteredListMayNotBeFiltered(t *testing.T) {
	everywhere(t, func(x trial) {
		s := scope()
		b := x.bare(with("tags", []string{s}))
		filter := "tags=" + url.QueryEscape(s)
		next := link(x.see("loadbalancers?limit=1&"+filter), "loadbalancers", "next")
		x.shows(filtersForgotten, !strings.Contains(next, "tags="))
		x.see("loadbalancers?limit=1&marker="+b.id+"&"+filter).has("loadbalancers", "[]")
	})
}

func TestFollowingTheLinksOfNeutronYieldsEveryRowOnce(t *testing.T) {
	everywhere(t, func(x trial) {
		description := x.named("paged " + scope())
		var want []string
		for range 3 {
			want = append(want, x.floatingIP(with("description", description)).id)
		}
		start := x.Session.Network + "floatingips?limit=1&description=" + url.QueryEscape(description)
		x.walks(start, "floatingips", want)
		if first := x.call(http.MethodGet, start, nil); link(first, "floatingips", "previous") == "" {
			x.Errorf("Neutron's first page has a link to a previous one: %s", first)
		}
	})
}

// walks fails the test unless the pages of a list have just these rows.
func (x trial) walks(start, collection string, want []string) {
	x.Helper()
	var got []string
	for next := start; next != ""; {
		if len(got) > len(want) {
			x.Fatalf("the pages have no end: %q", got)
		}
		a := x.call(http.MethodGet, next, nil).is(http.StatusOK)
		for _, row := range a.rows(collection) {
			got = append(got, row["id"].(string))
		}
		if next = link(a, collection, "next"); next != "" && !strings.HasPrefix(next, start[:strings.Index(start, "?")]) {
			x.Fatalf("the next page is at %s", next)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		x.Error(diff)
	}
}

// link is where another page is; empty: there is none.
func link(a answer, collection, rel string) string {
	if a.at(collection+"_links") == nil {
		return ""
	}
	for _, l := range a.rows(collection + "_links") {
		if l["rel"] == rel {
			return l["href"].(string)
		}
	}
	return ""
}
