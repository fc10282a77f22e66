package openstack

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"unique"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
)

// A floatingIP is as much of one as lists are asked for: a project may have tens of thousands.
type floatingIP struct {
	ID          string     `json:"id"`
	Address     netip.Addr `json:"floating_ip_address"`
	NetworkID   shared     `json:"floating_network_id"`
	PortID      string     `json:"port_id"` // empty: none
	FixedIP     netip.Addr `json:"fixed_ip_address"`
	Description string     `json:"description"`
	Tags        []string   `json:"tags"`
	Revision    int        `json:"revision_number"`
}

// fields are those of a floatingIP, as Neutron is asked for them.
var fields = []string{"id", "floating_ip_address", "floating_network_id", "port_id", "fixed_ip_address", "description", "tags", "revision_number"}

// A shared text is that of many things, and kept once for all.
type shared string

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *shared) UnmarshalText(text []byte) error {
	*s = shared(one(string(text)))
	return nil
}

// one is the text that is kept of all that are like it.
func one(text string) string { return unique.Make(text).Value() }

// eachFloatingIP shows those of our project, also when an administrator asks.
func (s *session) eachFloatingIP(ctx context.Context, filter query, show func(floatingIP)) error {
	filter = s.mine(filter)
	filter["fields"] = fields
	if err := each(ctx, "floatingips", floatingips.List(s.network, filter), show); err != nil {
		return fmt.Errorf("listing floating IPs: %w", refusal(err))
	}
	return nil
}

// floatingIPs lists those that are shown.
func (s *session) floatingIPs(ctx context.Context, filter query) (all []floatingIP, err error) {
	err = s.eachFloatingIP(ctx, filter, func(f floatingIP) { all = append(all, f) })
	return all, err
}

// onTree is f as trees have it; none for the zero f.
func (f floatingIP) onTree() octavia.FloatingIP {
	return octavia.FloatingIP{Address: f.Address, ID: f.ID, Port: f.PortID}
}

// fact is f as admission knows it.
func (f floatingIP) fact() facts.FloatingIP {
	_, ours := octavia.DescribedOwner(f.Description)
	return facts.FloatingIP{
		ID: f.ID, Address: f.Address, Network: string(f.NetworkID), Port: f.PortID, FixedIP: f.FixedIP, Pool: ours, Namespaces: namespaces(f.Tags),
	}
}

// namespaceTag begins the tags of a floating IP that its owner keeps for namespaces.
const namespaceTag = "octagate:namespace="

// namespaces are those that tags keep something for.
func namespaces(tags []string) []string {
	var all []string
	for _, tag := range tags {
		if name, found := strings.CutPrefix(tag, namespaceTag); found {
			all = append(all, name)
		}
	}
	return all
}

// A roster is all floating IPs of the project, as admission knows them.
type roster map[netip.Addr]facts.FloatingIP

// roster is an empty one, with room for as many as there were.
func (f *Facts) roster() roster { return make(roster, len(f.Known().FloatingIPs)) }

func (r roster) add(f floatingIP) { r[f.Address] = f.fact() }

// telling is to be asked for when all are in it.
func (r roster) telling() telling {
	index := facts.IndexFloatingIPs(r)
	return func(s *facts.Snapshot) { s.FloatingIPs, s.FloatingIPIndex = r, index }
}

func askFloatingIPs(ctx context.Context, s *session, f *Facts) (telling, error) {
	r := f.roster()
	err := s.eachFloatingIP(ctx, nil, r.add)
	return r.telling(), err
}

// byAddress is what look-ups of some floating IPs are called. The cloud may answer them while
// it takes too long to list all, and so they are judged by themselves.
const byAddress = "floating IPs by address"

// nowhere is no floating IP's address: how long the cloud takes to say so tells whether it can
// be asked for others'.
var nowhere = []netip.Addr{netip.IPv4Unspecified()}

// floatingIPsAt are the floating IPs at some addresses. No kind is told of as a whole by what the
// cloud says of them: it is for those who asked, and neither goes before a list nor is hidden
// by one.
func floatingIPsAt(about []netip.Addr) kind {
	return kind{0, byAddress, func(ctx context.Context, s *session, _ *Facts) (telling, error) {
		return askFloatingIPsAt(ctx, s, about)
	}}
}

func askFloatingIPsAt(ctx context.Context, s *session, about []netip.Addr) (telling, error) {
	known, filter := make(roster, len(about)), query{}
	for _, a := range about {
		known[a] = facts.FloatingIP{}
		filter["floating_ip_address"] = append(filter["floating_ip_address"], a.String())
	}
	err := s.eachFloatingIP(ctx, filter, func(f floatingIP) {
		if _, asked := known[f.Address]; asked {
			known.add(f)
		}
	})
	return func(s *facts.Snapshot) { s.Asked = known }, err
}
