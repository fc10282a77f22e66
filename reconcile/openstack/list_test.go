package openstack

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
)

// The second page of a filtered list holds whatever the project has.
func TestWhatAPageHoldsOfOthersIsDropped(t *testing.T) {
	ours, theirs := []string{"octagate:cluster=a", "octagate:service=1"}, []string{"octagate:cluster=b", "octagate:service=2"}
	i := inventory{
		balancers: []loadbalancers.LoadBalancer{{ID: "ours", Tags: ours}, {ID: "theirs", Tags: theirs}, {ID: "nobody's"}},
		listeners: []listeners.Listener{{ID: "theirs", Tags: theirs}, {ID: "ours", Tags: ours}},
		pools:     []pools.Pool{{ID: "nobody's"}, {ID: "ours", Tags: ours}},
	}
	i.keep("a")
	want := inventory{
		balancers: []loadbalancers.LoadBalancer{{ID: "ours", Tags: ours}},
		listeners: []listeners.Listener{{ID: "ours", Tags: ours}},
		pools:     []pools.Pool{{ID: "ours", Tags: ours}},
	}
	if diff := cmp.Diff(want, i, cmp.AllowUnexported(inventory{})); diff != "" {
		t.Error(diff)
	}
}
