package openstack

import (
	"cmp"
	"context"
	"fmt"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/providers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/quotas"
	"github.com/gophercloud/gophercloud/v2/pagination"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/plan"
)

// askProviders lists the providers of Octavia that are enabled. There is no cloud without
// any.
func askProviders(ctx context.Context, _ *session, f *Facts) (telling, error) {
	found, err := offered(ctx, f, "providers", listProviders, providers.ExtractProviders)
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
	found, err := offered(ctx, f, "flavors", listFlavors, flavors.ExtractFlavors)
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
	found, err := offered(ctx, f, "availability zones", listZones, extractZones)
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
func offered[T any](ctx context.Context, f *Facts, what string,
	list func(*gophercloud.ServiceClient) pagination.Pager, extract func(pagination.Page) ([]T, error)) ([]T, error) {
	s, err := f.Client.meet(ctx)
	if err != nil || s.legacy {
		return nil, err
	}
	found, err := all(ctx, what, list(s.balance), extract)
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

// askBalancerLimit looks how many load balancers the project may have. Those of LBaaS v2
// are Neutron's matter, and are not looked for. gophercloud asks at another place than
// the one that Octavia documents.
func askBalancerLimit(ctx context.Context, _ *session, f *Facts) (telling, error) {
	s, err := f.Client.meet(ctx)
	if err != nil || s.legacy || s.project == "" {
		return unsaid, err
	}
	var body struct {
		Quota struct {
			Old *int `json:"loadbalancer"`
			Now *int `json:"load_balancer"`
		} `json:"quota"`
	}
	if _, err = s.balance.Get(ctx, s.balance.ServiceURL("lbaas", "quotas", s.project), &body, nil); err != nil {
		return unsaid, withheld(fmt.Errorf("reading the quotas of Octavia: %w", refusal(err)))
	}
	known := limit(cmp.Or(body.Quota.Now, body.Quota.Old))
	return func(s *facts.Snapshot) { s.BalancerLimit = known }, nil
}

// askFloatingIPLimit looks how many floating IPs the project may have. gophercloud takes
// it for none where Neutron does not say.
func askFloatingIPLimit(ctx context.Context, s *session, _ *Facts) (telling, error) {
	if s.project == "" {
		return unsaid, nil
	}
	var body struct {
		Quota struct {
			FloatingIP *int `json:"floatingip"`
		} `json:"quota"`
	}
	if err := quotas.Get(ctx, s.network, s.project).ExtractInto(&body); err != nil {
		return unsaid, withheld(fmt.Errorf("reading the quotas of Neutron: %w", refusal(err)))
	}
	known := limit(body.Quota.FloatingIP)
	return func(s *facts.Snapshot) { s.FloatingIPLimit = known }, nil
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

// A zonePage is a page of a list of them.
type zonePage struct{ pagination.LinkedPageBase }

func listZones(octavia *gophercloud.ServiceClient) pagination.Pager {
	return pagination.NewPager(octavia, octavia.ServiceURL("lbaas", "availabilityzones"), func(r pagination.PageResult) pagination.Page {
		return zonePage{pagination.LinkedPageBase{PageResult: r}}
	})
}

// NextPageURL implements pagination.Page.
func (p zonePage) NextPageURL() (string, error) {
	var body struct {
		Links []gophercloud.Link `json:"availability_zones_links"`
	}
	if err := p.ExtractInto(&body); err != nil {
		return "", err
	}
	return gophercloud.ExtractNextURL(body.Links)
}

// IsEmpty implements pagination.Page.
func (p zonePage) IsEmpty() (bool, error) {
	found, err := extractZones(p)
	return len(found) == 0, err
}

func extractZones(p pagination.Page) ([]zone, error) {
	var body struct {
		Zones []zone `json:"availability_zones"`
	}
	err := p.(zonePage).ExtractInto(&body)
	return body.Zones, err
}
