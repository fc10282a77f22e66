package emulator

import (
	"fmt"
	"net/http"
)

// region is the only one there is.
const region = "RegionOne"

type endpoint struct {
	ID        string `json:"id"`
	Interface string `json:"interface"`
	RegionID  string `json:"region_id"`
	URL       string `json:"url"`
	Region    string `json:"region"`
}

type catalogEntry struct {
	Endpoints []endpoint `json:"endpoints"`
	ID        string     `json:"id"`
	Type      string     `json:"type"`
	Name      string     `json:"name"`
}

// A catalog lists the services; its URLs are paths until the origin of a request
// completes them.
type catalog []catalogEntry

func newCatalog(ids identifiers, legacy bool) catalog {
	all := catalog{
		newCatalogEntry(ids, "load-balancer", "octavia", "/load-balancer"),
		newCatalogEntry(ids, "network", "neutron", "/network"),
		newCatalogEntry(ids, "identity", "keystone", identityPrefix),
	}
	if legacy {
		return all[1:]
	}
	return all
}

func newCatalogEntry(ids identifiers, kind, name, path string) catalogEntry {
	e := catalogEntry{ID: ids.hex(), Type: kind, Name: name}
	for _, i := range []string{"admin", "internal", "public"} {
		e.Endpoints = append(e.Endpoints, endpoint{ids.hex(), i, region, path, region})
	}
	return e
}

// at is the catalog for callers who reached the cloud at origin.
func (c catalog) at(origin string) catalog {
	out := make(catalog, len(c))
	for i, entry := range c {
		out[i] = entry
		out[i].Endpoints = make([]endpoint, len(entry.Endpoints))
		for j, e := range entry.Endpoints {
			e.URL = origin + e.URL
			out[i].Endpoints[j] = e
		}
	}
	return out
}

func (c *Cloud) showCatalog(r *request) (any, error) {
	return map[string]any{
		"catalog": c.catalog.at(r.origin()),
		"links":   map[string]string{"self": r.origin() + identityPrefix + "/auth/catalog"},
	}, nil
}

// versionRoutes need no token: they are how clients find out what is here.
func versionRoutes() []route {
	var all []route
	add := func(status int, serve handler, paths ...string) {
		for _, p := range paths {
			all = append(all, route{"GET", p, status, serve})
		}
	}
	add(http.StatusOK, welcome, "/{$}")
	add(http.StatusMultipleChoices, identityVersions, "/identity", "/identity/{$}")
	add(http.StatusOK, identityVersion, identityPrefix, identityPrefix+"/{$}")
	add(http.StatusOK, networkVersions, "/network", "/network/{$}")
	add(http.StatusOK, networkResources, networkPrefix, networkPrefix+"/{$}")
	return all
}

func loadBalancerVersionRoutes() []route {
	var all []route
	add := func(status int, serve handler, paths ...string) {
		for _, p := range paths {
			all = append(all, route{"GET", p, status, serve})
		}
	}
	add(http.StatusOK, loadBalancerVersions, "/load-balancer", "/load-balancer/{$}")
	add(http.StatusOK, healthCheck, "/load-balancer/healthcheck")
	for _, p := range []string{loadBalancerPrefix, loadBalancerPrefix + ".0"} {
		add(http.StatusOK, loadBalancerVersion, p, p+"/{$}", p+"/lbaas", p+"/lbaas/{$}")
	}
	return all
}

func welcome(_ *Cloud, r *request) (any, error) {
	return map[string]any{
		"about": "an emulated OpenStack for tests: Keystone, Neutron and Octavia, kept in memory",
		"links": map[string]string{
			"identity": r.origin() + identityPrefix, "network": r.origin() + "/network", "load-balancer": r.origin() + "/load-balancer",
		},
	}, nil
}

func identityVersionView(r *request) map[string]any {
	return map[string]any{
		"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links":       []link{{"self", r.origin() + identityPrefix + "/"}},
		"media-types": []map[string]string{{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}},
	}
}

func identityVersions(_ *Cloud, r *request) (any, error) {
	versions := map[string]any{"versions": map[string]any{"values": []any{identityVersionView(r)}}}
	return reply{map[string]string{"Location": r.origin() + identityPrefix + "/"}, versions}, nil
}

func identityVersion(_ *Cloud, r *request) (any, error) {
	return map[string]any{"version": identityVersionView(r)}, nil
}

func networkVersions(_ *Cloud, r *request) (any, error) {
	return map[string]any{"versions": []any{
		map[string]any{"id": "v2.0", "status": "CURRENT", "links": []link{{"self", r.origin() + networkPrefix + "/"}}},
	}}, nil
}

func networkResources(_ *Cloud, r *request) (any, error) {
	var resources []any
	for _, name := range []string{"network", "subnet", "subnetpool", "port"} {
		resources = append(resources, map[string]any{
			"name": name, "collection": name + "s",
			"links": []link{{"self", r.origin() + networkPrefix + "/" + name + "s"}},
		})
	}
	return map[string]any{"resources": resources}, nil
}

// loadBalancerVersionDates are the days of Octavia's API versions, from v2.0 on.
var loadBalancerVersionDates = [...]string{
	"2016-12-11T00", "2018-04-20T00", "2018-07-31T00", "2018-12-18T00", "2018-12-19T00", "2019-01-21T00", "2019-01-25T00",
	"2018-01-25T12", "2019-02-12T00", "2019-03-04T00", "2019-03-05T00", "2019-06-24T00", "2019-09-11T00", "2019-09-13T00",
	"2019-11-10T00", "2020-03-10T00", "2020-03-15T00", "2020-04-29T00", "2020-04-29T01", "2020-05-12T00", "2020-08-02T00",
	"2020-09-03T00", "2020-09-04T00", "2020-09-07T00", "2020-10-15T00", "2021-10-02T00", "2022-08-29T00",
}

func loadBalancerVersions(_ *Cloud, r *request) (any, error) {
	versions := make([]any, r.generation+1)
	for i, date := range loadBalancerVersionDates[:len(versions)] {
		status := "SUPPORTED"
		if i == len(versions)-1 {
			status = "CURRENT"
		}
		versions[i] = map[string]any{
			"id": fmt.Sprintf("v2.%d", i), "status": status, "updated": date + ":00:00Z",
			"links": []link{{"self", r.origin() + loadBalancerPrefix}},
		}
	}
	return map[string]any{"versions": versions}, nil
}

func loadBalancerVersion(*Cloud, *request) (any, error) { return "v2", nil }

func healthCheck(*Cloud, *request) (any, error) {
	return map[string]any{"detailed": false, "reasons": []string{}}, nil
}
