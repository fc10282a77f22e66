package preflight

import "slices"

// extensions are what octagate needs of Neutron, and how much.
var extensions = []struct {
	alias    string
	severity Severity
	use      string
}{
	{"router", Failure, "routers and floating IPs"},
	{"external-net", Failure, "external networks"},
	{"standard-attr-description", Failure, "descriptions, which mark the floating IPs that are octagate's"},
	{"revision-if-match", Warning, "a floating IP that somebody else associates at the same moment is not taken away from them"},
}

var neutronExtensions = check{
	name: "neutron-extensions",
	what: "Neutron has the extensions that octagate uses",
	why:  "most clouds have all of them; without one, Services fail when they are built",
	look: func(g Ground) Result {
		aliases, why := g.Cloud.Extensions.Look()
		if why != "" {
			return unchecked(why)
		}
		results := []Result{passed("router, external-net and descriptions", "Neutron has them")}
		for _, e := range extensions {
			if !slices.Contains(aliases, e.alias) {
				results = append(results, found(e.severity, e.alias+", for "+e.use, "Neutron does not have %s", e.alias).
					or("ask an administrator for Neutron's extension %s", e.alias))
			}
		}
		return all(results)
	},
}
