package openstack

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/pagination"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/reconcile/octavia"
)

// An inventory is what the shared lists say: one list call of each kind,
// whatever the number of Services.
type inventory struct {
	balancers   []seenBalancer
	listeners   []seenListener
	pools       []seenPool
	monitors    []seenMonitor
	floatingIPs []floatingIP // at VIPs, and ours
	ports       []seenPort   // of VIPs; only where their security groups are our matter
	at          time.Time    // when the floating IPs were asked for
	tagged      bool         // what is the cluster's can bear tags
}

// words reports whether something with these tags, that is ours, says so in words only,
// although it could bear tags: it was made before the cloud had them.
func (i inventory) words(tags []string) bool {
	_, told := octavia.OwnerOf(tags)
	return i.tagged && !told
}

// worded reports whether there is a load balancer of that kind.
func (i inventory) worded() bool {
	return slices.ContainsFunc(i.balancers, func(lb seenBalancer) bool { return i.words(lb.Tags) })
}

// inventory lists everything of a cluster, and shows the project's floating IPs. What is
// marked in words, where there are tags, is looked for only if it shall be: a list by tags is
// shorter.
func (s *session) inventory(ctx context.Context, cluster string, words bool, show func(floatingIP)) (i inventory, err error) {
	i.tagged = s.tagged
	everything, marked := query{}, query{"tags": {octavia.ClusterTag(cluster)}}
	filter := marked
	if !s.tagged || words {
		filter = everything
	}
	if err = s.addBalancers(ctx, &i, cluster, filter); err != nil {
		return i, err
	}
	if s.tagged && !i.worded() {
		filter = marked
	}
	i.at = time.Now()
	take := i.floating()
	err = s.eachFloatingIP(ctx, nil, func(f floatingIP) {
		show(f)
		take(f)
	})
	if err != nil || len(i.balancers) == 0 {
		return i, err
	}
	return i, s.children(ctx, &i, cluster, filter)
}

// children adds what is under the load balancers of a cluster and passes a filter, and the ports of
// VIPs where they are our matter.
func (s *session) children(ctx context.Context, i *inventory, cluster string, filter query) (err error) {
	if err = s.addChildren(ctx, i, cluster, filter); err == nil && s.opens {
		i.ports, err = s.vipPorts(ctx, i.balancers)
	}
	return err
}

// floating takes floating IPs into an inventory that has the load balancers, as far as they are
// at their VIPs, or ours.
func (i *inventory) floating() (take func(floatingIP)) {
	vips := i.vips()
	return func(f floatingIP) {
		if _, ours := octavia.DescribedOwner(f.Description); ours || vips[f.PortID] {
			i.floatingIPs = append(i.floatingIPs, f)
		}
	}
}

// vips are the IDs of the ports that load balancers have.
func (i inventory) vips() map[string]bool {
	all := map[string]bool{}
	for _, lb := range i.balancers {
		if lb.VipPortID != "" {
			all[lb.VipPortID] = true
		}
	}
	return all
}

// addBalancers adds the load balancers of a cluster that pass a filter.
func (s *session) addBalancers(ctx context.Context, i *inventory, cluster string, filter query) error {
	more, err := some(ctx, "load balancers", "loadbalancers", loadbalancers.List(s.balance, s.mine(filter)), ofCluster[seenBalancer](cluster))
	i.balancers = append(i.balancers, more...)
	return err
}

// addChildren adds what is under a cluster's load balancers and passes a filter.
func (s *session) addChildren(ctx context.Context, i *inventory, cluster string, filter query) error {
	filter = s.mine(filter)
	below, err := some(ctx, "listeners", "listeners", listeners.List(s.balance, filter), ofCluster[seenListener](cluster))
	if err != nil {
		return err
	}
	behind, err := some(ctx, "pools", "pools", pools.List(s.balance, filter), ofCluster[seenPool](cluster))
	if err != nil {
		return err
	}
	i.listeners, i.pools = append(i.listeners, below...), append(i.pools, behind...)
	if !monitored(behind) {
		return nil
	}
	// Where there are no tags a health monitor bears no mark: the pool that has it does.
	asking, err := all[seenMonitor](ctx, "health monitors", "healthmonitors", monitors.List(s.balance, filter))
	i.monitors = append(i.monitors, asking...)
	return err
}

// mine is a filter that lets nothing of other projects through, also when an administrator asks.
func (s *session) mine(filter query) query {
	mine := query{"project_id": {s.project}}
	maps.Copy(mine, filter)
	return mine
}

// vipPorts lists the ports of the subnets that VIPs are in: one, unless somebody
// configured another since.
func (s *session) vipPorts(ctx context.Context, balancers []seenBalancer) ([]seenPort, error) {
	var found []seenPort
	asked := map[shared]bool{}
	for _, lb := range balancers {
		if asked[lb.VipSubnetID] {
			continue
		}
		asked[lb.VipSubnetID] = true
		more, err := all[seenPort](ctx, "VIP ports", "ports", ports.List(s.network, s.mine(query{"fixed_ips": {"subnet_id=" + string(lb.VipSubnetID)}})))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// monitored reports whether any pool has a health monitor: most have none.
func monitored(all []seenPool) bool {
	return slices.ContainsFunc(all, func(p seenPool) bool { return p.MonitorID != "" })
}

// everybodys is no cluster: what is listed for it is whosever it is.
const everybodys = ""

// ofCluster reports whether something is a cluster's: a cloud without tags lists everything, and
// Octavia's link to the next page of a filtered list leads to one of everything.
func ofCluster[T interface{ owner() (octavia.Owner, bool) }](cluster string) func(T) bool {
	return func(one T) bool {
		o, ours := one.owner()
		return cluster == everybodys || ours && o.Cluster == cluster
	}
}

func (s *session) members(ctx context.Context, pool string) ([]pools.Member, error) {
	return listed(ctx, "members", pools.ListMembers(s.balance, pool, pools.ListMembersOpts{}), whatever[pools.Member])
}

// all reads every page of a list, that answers have under a key.
func all[T any](ctx context.Context, what, key string, list pagination.Pager) ([]T, error) {
	return some(ctx, what, key, list, whatever[T])
}

func whatever[T any](T) bool { return true }

// some is the same, less what is not wanted.
func some[T any](ctx context.Context, what, key string, list pagination.Pager, wanted func(T) bool) ([]T, error) {
	ts, err := listed(ctx, key, list, wanted)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", what, refusal(err))
	}
	return ts, nil
}

// trees joins an inventory into one tree per owner. known has what is known of the
// members of each pool, by the pool's ID. Load balancers beyond an owner's first are rivals.
func (i inventory) trees(cluster string, known map[string]membership) (trees map[octavia.Owner]octavia.Tree, rivals map[octavia.Owner]string) {
	trees, rivals = map[octavia.Owner]octavia.Tree{}, map[octavia.Owner]string{}
	under := i.children(known)
	for _, lb := range i.balancers {
		owner, ours := lb.owner()
		switch {
		case !ours, trees[owner].ID == lb.ID: // of others, or on two pages
		case trees[owner].Exists():
			rivals[owner] = lb.ID
		default:
			owner.Cluster, owner.System = one(owner.Cluster), types.UID(one(string(owner.System)))
			trees[owner] = under.tree(lb)
		}
	}
	for _, f := range i.floatingIPs {
		if owner, ours := octavia.DescribedOwner(f.Description); ours && owner.Cluster == cluster {
			t := trees[owner]
			if other := t.FloatingIP; !other.Allocate && other.ID != f.ID {
				t.Foreign = other
			}
			t.FloatingIP = f.onTree()
			t.FloatingIP.Allocate, t.FloatingIP.Keep = true, octavia.Kept(f.Description)
			trees[owner] = t
		}
	}
	return trees, rivals
}
