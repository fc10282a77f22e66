package preflight

import (
	"fmt"

	"github.com/octagate/octagate/policy/facts"
)

var octaviaVersion = check{
	name: "octavia-version",
	what: "Octavia's API is new enough for what the configuration asks of it",
	why:  "an old Octavia refuses what it does not know, one Service after the other",
	look: func(g Ground) Result {
		version, why := g.Cloud.Octavia.Look()
		if why != "" {
			return unchecked(why)
		}
		results := []Result{passed("what the configuration asks for", "its API is %s", version)}
		for _, need := range g.Policy.Needs() {
			if version.AtLeast(need.Since) == facts.No {
				results = append(results, tooOld(need.What, need.Since, version))
			}
		}
		return all(results)
	},
}

// firstTags is the version of Octavia's API that has tags, without which octagate can do.
var firstTags = facts.Version{Major: 2, Minor: 5}

func tooOld(what string, since, version facts.Version) Result {
	expected := fmt.Sprintf("%s, which has %s", since, what)
	if since == firstTags {
		return found(Warning, expected, "its API is %s: what is octagate's is marked in descriptions", version).
			or("nothing, or a newer Octavia: descriptions are found by reading all lists in full")
	}
	return found(Failure, expected, "its API is %s", version).or("take %s out of octagate.yaml, or ask an administrator for a newer Octavia", what)
}
