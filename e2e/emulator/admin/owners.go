package admin

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/octagate/octagate/e2e/emulator"
)

// The starts of the tags by which octagate marks what is its own.
const (
	clusterTag = "octagate:cluster="
	serviceTag = "octagate:service="
)

// An owner is who something was made for. The zero owner is nobody.
type owner struct {
	Cluster string `json:"cluster"`
	Service string `json:"service"`
}

// A possession is something in the cloud and whose it is.
type possession struct {
	owner
	thing
	Status      string `json:"status,omitempty"`
	Address     string `json:"address,omitempty"`
	Description string `json:"description,omitempty"`
}

// ownerOf reads the tags of a resource, and the words of its description: a floating
// IP is made before it can be tagged.
func ownerOf(attributes map[string]any) owner {
	var o owner
	marks := strings.Fields(text(attributes, "description"))
	tags, _ := attributes["tags"].([]any)
	for _, tag := range tags {
		tag, _ := tag.(string)
		marks = append(marks, tag)
	}
	for _, mark := range marks {
		if cluster, ok := strings.CutPrefix(mark, clusterTag); ok {
			o.Cluster = cluster
		}
		if service, ok := strings.CutPrefix(mark, serviceTag); ok {
			o.Service = service
		}
	}
	return o
}

// possessions are all load balancers, floating IPs and ports, by owner.
func possessions(s emulator.Snapshot) []possession {
	var all []possession
	made := map[string]owner{} // by the ids of what ports are for
	for _, collection := range []string{"loadbalancers", "floatingips"} {
		for id, attributes := range s[collection] {
			p := possessionOf(collection, id, attributes, ownerOf(attributes))
			all = append(all, p)
			made[id] = p.owner
			if port := text(attributes, "vip_port_id"); port != "" {
				made[port] = p.owner
			}
		}
	}
	groups := balancerGroups(s)
	for id, attributes := range s["ports"] {
		o := cmp.Or(ownerOf(attributes), made[id], made[text(attributes, "device_id")], made[groups[firstGroup(attributes)]])
		all = append(all, possessionOf("ports", id, attributes, o))
	}
	slices.SortFunc(all, func(a, b possession) int {
		return cmp.Or(cmp.Compare(b.Cluster, a.Cluster), cmp.Compare(b.Service, a.Service),
			cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// balancerGroups are the load balancers that security groups are named after.
func balancerGroups(s emulator.Snapshot) map[string]string {
	all := map[string]string{}
	for id, attributes := range s["security_groups"] {
		if lb, ok := strings.CutPrefix(text(attributes, "name"), "lb-"); ok {
			all[id] = lb
		}
	}
	return all
}

func firstGroup(attributes map[string]any) string {
	groups, _ := attributes["security_groups"].([]any)
	if len(groups) == 0 {
		return ""
	}
	id, _ := groups[0].(string)
	return id
}

// text is an attribute that is a text, "" if it is none.
func text(attributes map[string]any, name string) string {
	s, _ := attributes[name].(string)
	return s
}

func possessionOf(collection, id string, attributes map[string]any, o owner) possession {
	p := possession{owner: o, thing: thing{collection, id, text(attributes, "name")}, Description: text(attributes, "description")}
	p.Status = cmp.Or(text(attributes, "provisioning_status"), text(attributes, "status"))
	p.Address = cmp.Or(text(attributes, "vip_address"), text(attributes, "floating_ip_address"))
	if ips, _ := attributes["fixed_ips"].([]any); len(ips) > 0 {
		p.Address, _ = ips[0].(map[string]any)["ip_address"].(string)
	}
	return p
}

func showOwners(a *admin, r *http.Request) (any, error) {
	people, err := forPeople(r)
	if err != nil {
		return nil, err
	}
	all := possessions(a.cloud.Snapshot())
	if people {
		return ownerLines(all), nil
	}
	return all, nil
}

func ownerLines(all []possession) lines {
	var out lines
	var last *owner
	for _, p := range all {
		if last == nil || *last != p.owner {
			out, last = append(out, p.owner.title()), &p.owner
		}
		line := fmt.Sprintf("  %-14s %-15s %s %s", strings.TrimSuffix(p.Collection, "s"), p.Address, p.Status, cmp.Or(p.Name, p.ID))
		if p.Description != "" {
			line += "  # " + p.Description
		}
		out = append(out, line)
	}
	return out
}

func (o owner) title() string {
	if o == (owner{}) {
		return "nobody:"
	}
	return fmt.Sprintf("cluster %s, Service %s:", o.Cluster, o.Service)
}
