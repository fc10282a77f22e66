package emulator

// A flavor is a size of load balancers.
type flavor struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	ProfileID   string `json:"flavor_profile_id"`
}

// AddFlavor gives the cloud one more flavor, enabled and for everybody, and tells
// its id. There are none at first. A flavor changes nothing about a load balancer
// but what is read back.
func (c *Cloud) AddFlavor(name, description string) (id string) {
	c.begin()
	defer c.mu.Unlock()
	f := flavor{c.ids.uuid(), name, description, true, c.ids.uuid()}
	c.flavors = append(c.flavors, f)
	return f.ID
}

// A profile is what a flavor comes to; only administrators see it.
type profile struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Provider string `json:"provider_name"`
	Data     string `json:"flavor_data"` // JSON
}

// showProfile shows the profile of a flavor: all of them have one amphora, as every load
// balancer here.
func (c *Cloud) showProfile(r *request) (any, error) {
	if !r.who.admin() {
		return nil, forbidden()
	}
	for _, f := range c.flavors {
		if f.ProfileID == r.PathValue("id") {
			return map[string]any{"flavorprofile": profile{f.ProfileID, f.Name, "amphora", `{"loadbalancer_topology": "SINGLE"}`}}, nil
		}
	}
	return nil, missing("Flavor profile", r.PathValue("id"))
}

// A zone is a place for load balancers.
type zone struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
}

// AddZone gives the cloud one more availability zone for load balancers. There are
// none at first.
func (c *Cloud) AddZone(name, description string) {
	c.begin()
	defer c.mu.Unlock()
	c.zones = append(c.zones, zone{name, description, true})
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

func (c *Cloud) listZones(*request) (any, error) {
	return map[string]any{"availability_zones": append([]zone{}, c.zones...), "availability_zones_links": []link{}}, nil
}

func (c *Cloud) showZone(r *request) (any, error) {
	for _, z := range c.zones {
		if z.Name == r.PathValue("name") {
			return map[string]any{"availability_zone": z}, nil
		}
	}
	return nil, missing("Availability Zone", r.PathValue("name"))
}
