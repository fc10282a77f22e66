package preflight

import (
	"fmt"

	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/reconcile/ground"
)

var poolRoom = check{
	name: "pool-room",
	what: "The allocation pools of the service subnet have an address for each amphora of the Services to come",
	why:  "beside its VIP each amphora has an address of its own there; without one its load balancer ends in ERROR",
	look: func(g Ground) Result {
		return g.each(false, func(p place) Result { return g.fits(p.service, "the service subnet") })
	},
}

// fits looks whether the amphorae of the Services to come find an address in a subnet.
func (g Ground) fits(s ground.Subnet, of string) Result {
	least, most := g.amphorae()
	if most == 0 {
		return passed("", "this provider's load balancers take no address beside the VIP")
	}
	free, whole, why := g.room(s)
	if why != "" {
		return unchecked(why)
	}
	widen := "openstack subnet set --allocation-pool start=…,end=… " + s.ID
	if free <= 0 {
		return found(Failure, "free addresses", "all %d of the pools of %s are taken", whole, s.CIDR).or("%s", widen)
	}
	n, why := g.coming()
	if why != "" {
		return unchecked(fmt.Sprintf("%d of %d addresses are free; how many Services are to come is not known: %s", free, whole, why))
	}
	expected := fmt.Sprintf("%s free in %s for %s to come", addresses(n*most), of, output.Count(n, "Service"))
	switch {
	case free < n*least:
		return found(Failure, expected, "%d of %d are", free, whole).or("%s", widen)
	case free < n*most:
		return found(Warning, expected+", if each has two amphorae", "%d of %d are", free, whole).or("%s", widen)
	}
	return passed(expected, "%d of %d addresses of %s are free for %s to come", free, whole, s.CIDR, output.Count(n, "Service"))
}

// addresses is a number of them.
func addresses(n int) string {
	if n == 1 {
		return "1 address"
	}
	return fmt.Sprintf("%d addresses", n)
}
