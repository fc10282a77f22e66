package emulator

import (
	"github.com/google/uuid"
)

// A provider is a driver of Octavia.
type provider struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// providers are the drivers that are enabled; the first is the default.
var providers = []provider{
	{"amphora", "The Octavia Amphora driver"},
	{"octavia", "Deprecated alias of the Octavia Amphora driver"},
}

// A flavor is a size of load balancers.
type flavor struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	ProfileID   string `json:"flavor_profile_id"`
}

func newFlavors() []flavor {
	return []flavor{
		{uuid.NewString(), "single", "one amphora", true, uuid.NewString()},
		{uuid.NewString(), "pair", "an active and a standby amphora", true, uuid.NewString()},
	}
}

// A zone is a place for load balancers.
type zone struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
}

var zones = []zone{{"nova", "the only one", true}}

func listProviders(*Cloud, *request) (any, error) {
	return map[string]any{"providers": providers}, nil
}

func (c *Cloud) listFlavors(r *request) (any, error) {
	q := r.URL.Query()
	all := []any{}
	for _, f := range c.flavors {
		if (!q.Has("name") || f.Name == q.Get("name")) && (!q.Has("id") || f.ID == q.Get("id")) {
			all = append(all, pick(f, q["fields"]))
		}
	}
	return map[string]any{"flavors": all, "flavors_links": []link{}}, nil
}

func (c *Cloud) showFlavor(r *request) (any, error) {
	for _, f := range c.flavors {
		if f.ID == r.PathValue("id") {
			return map[string]any{"flavor": f}, nil
		}
	}
	return nil, missing("Flavor", r.PathValue("id"))
}

func listZones(*Cloud, *request) (any, error) {
	return map[string]any{"availability_zones": zones, "availability_zones_links": []link{}}, nil
}

func showZone(_ *Cloud, r *request) (any, error) {
	for _, z := range zones {
		if z.Name == r.PathValue("name") {
			return map[string]any{"availability_zone": z}, nil
		}
	}
	return nil, missing("Availability Zone", r.PathValue("name"))
}
