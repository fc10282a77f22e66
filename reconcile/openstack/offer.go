package openstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/providers"
	"github.com/gophercloud/gophercloud/v2/pagination"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/plan"
)

// askProviders lists the providers of Octavia that are enabled. There is no cloud without
// any.
func askProviders(ctx context.Context, _ *session, f *Facts) (telling, error) {
	found, err := offered[providers.Provider](ctx, f, "providers", listProviders)
	if len(found) == 0 {
		return unsaid, err
	}
	known := map[string]facts.Offer{}
	for _, p := range found {
		known[p.Name] = facts.Offer{Name: p.Name}
	}
	return func(s *facts.Snapshot) { s.Providers = known }, nil
}

func askFlavors(ctx context.Context, _ *session, f *Facts) (telling, error) {
	found, err := offered[flavors.Flavor](ctx, f, "flavors", listFlavors)
	if found == nil {
		return unsaid, err
	}
	known := map[string]facts.Offer{}
	for _, f := range found {
		known[f.ID] = facts.Offer{Name: f.Name, Off: !f.Enabled}
	}
	return func(s *facts.Snapshot) { s.Flavors = known }, nil
}

func askZones(ctx context.Context, _ *session, f *Facts) (telling, error) {
	found, err := offered[zone](ctx, f, "availability_zones", listZones)
	if found == nil {
		return unsaid, err
	}
	known := map[string]facts.Offer{}
	for _, z := range found {
		known[z.Name] = facts.Offer{Name: z.Name, Off: !z.Enabled}
	}
	return func(s *facts.Snapshot) { s.Zones = known }, nil
}

func listProviders(octavia *gophercloud.ServiceClient) pagination.Pager {
	return providers.List(octavia, nil)
}

func listFlavors(octavia *gophercloud.ServiceClient) pagination.Pager {
	return flavors.List(octavia, nil)
}

// offered lists what Octavia offers; nil: it does not say. LBaaS v2 offers nothing.
func offered[T any](ctx context.Context, f *Facts, key string, list func(*gophercloud.ServiceClient) pagination.Pager) ([]T, error) {
	s, err := f.Client.meet(ctx)
	if err != nil || s.legacy {
		return nil, err
	}
	found, err := all[T](ctx, strings.ReplaceAll(key, "_", " "), key, list(s.balance))
	if err != nil {
		return nil, withheld(err)
	}
	return append([]T{}, found...), nil
}

// withheld takes it for an answer when the cloud is too old to say something, or does
// not say it to us.
func withheld(err error) error {
	if plan.ReasonOf(err) == plan.Invalid {
		return nil
	}
	return err
}

// unsaid tells nothing.
func unsaid(*facts.Snapshot) {}

// askBalancerLimits looks how many load balancers the project may have, and how much in
// them. Those of LBaaS v2 are Neutron's matter, and are not looked for. gophercloud asks at
// another place than the one that Octavia documents.
func askBalancerLimits(ctx context.Context, _ *session, f *Facts) (telling, error) {
	s, err := f.Client.meet(ctx)
	if err != nil || s.legacy {
		return unsaid, err
	}
	type quota struct {
		Old       *int `json:"loadbalancer"`
		Now       *int `json:"load_balancer"`
		Listeners *int `json:"listener"`
		Pools     *int `json:"pool"`
	}
	q, err := quotaOf[quota](ctx, s.balance, "lbaas", "quotas", s.project)
	if err != nil {
		return unsaid, withheld(err)
	}
	balancers, listeners, pools := limit(cmp.Or(q.Now, q.Old)), limit(q.Listeners), limit(q.Pools)
	return func(s *facts.Snapshot) { s.BalancerLimit, s.ListenerLimit, s.PoolLimit = balancers, listeners, pools }, nil
}

// askFloatingIPLimit looks how many floating IPs the project may have. gophercloud takes
// it for none where Neutron does not say.
func askFloatingIPLimit(ctx context.Context, s *session, _ *Facts) (telling, error) {
	type quota struct {
		FloatingIPs *int `json:"floatingip"`
	}
	q, err := quotaOf[quota](ctx, s.network, "quotas", s.project)
	if err != nil {
		return unsaid, withheld(err)
	}
	known := limit(q.FloatingIPs)
	return func(s *facts.Snapshot) { s.FloatingIPLimit = known }, nil
}

// quotaOf reads what a service says the project may have. A quota may leave something
// open, but an answer without any is none.
func quotaOf[T any](ctx context.Context, by *gophercloud.ServiceClient, path ...string) (q T, err error) {
	body := struct {
		Quota *T `json:"quota"`
	}{}
	if _, err = by.Get(ctx, by.ServiceURL(path...), &body, nil); err != nil {
		return q, fmt.Errorf("reading quotas: %w", refusal(err))
	}
	if body.Quota == nil {
		return q, &plan.Refusal{Reason: plan.Away, Err: errors.New("reading quotas: the answer has none")}
	}
	return *body.Quota, nil
}

// limit is what a quota says; nil: it says nothing.
func limit(most *int) facts.Limit {
	if most == nil {
		return facts.Limit{}
	}
	return facts.Limit{Known: true, Most: *most}
}

// A zone is an availability zone of Octavia, which gophercloud does not have.
type zone struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
}

func listZones(octavia *gophercloud.ServiceClient) pagination.Pager {
	return pagination.NewPager(octavia, octavia.ServiceURL("lbaas", "availabilityzones"), nil)
}
