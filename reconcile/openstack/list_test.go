package openstack

import "testing"

// The second page of a filtered list holds whatever the project has.
func TestWhatAPageHoldsOfOthersIsDropped(t *testing.T) {
	ours, theirs := []string{"octagate:cluster=a", "octagate:service=1"}, []string{"octagate:cluster=b", "octagate:service=2"}
	for claim, tt := range map[string]struct {
		cluster string
		bearer  bearer
		want    bool
	}{
		"ours is kept":                   {"a", bearer{Tags: ours}, true},
		"ours is kept that says so":      {"a", bearer{Description: "octagate:cluster=a octagate:service=1"}, true},
		"theirs is not":                  {"a", bearer{Tags: theirs}, false},
		"nobody's is not":                {"a", bearer{}, false},
		"everybody's is for who asks so": {everybodys, bearer{Tags: theirs}, true},
		"and nobody's":                   {everybodys, bearer{}, true},
	} {
		if got := ofCluster[seenPool](tt.cluster)(seenPool{bearer: tt.bearer}); got != tt.want {
			t.Errorf("%s: %v", claim, got)
		}
	}
}
