package networks

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// look is how often Evict looks whether load balancers are gone.
const look = time.Second / 2

// A guest is something that somebody else made in the networks.
type guest struct {
	ID, Name, Description string
	Address               string `json:"floating_ip_address"`
	Port                  string `json:"port_id"`
	Owner                 string `json:"device_owner"`
	Status                string `json:"provisioning_status"`
}

// Evict deletes what others made in the networks and what would keep Remove from
// removing them: load balancers whose address is in one of the subnets, with all that is in
// them; floating IPs that lead to a port there, or carry the name of the run; and ports that
// belong to nobody. It returns when they are gone, and says what it found.
func (n *Networks) Evict(ctx context.Context) (found []string, err error) {
	addresses, err := n.addresses(ctx)
	if err != nil {
		return nil, err
	}
	if found, err = n.evictBalancers(ctx); err != nil {
		return found, err
	}
	ports, err := n.guests(ctx, n.Owner.Network, "ports", "network_id", n.networks())
	if err != nil {
		return found, err
	}
	for _, f := range addresses {
		found = append(found, "floating IP "+f.Address+" "+f.ID)
		if err := n.Owner.Delete(ctx, n.Owner.Network+"floatingips/"+f.ID); err != nil {
			return found, err
		}
	}
	for _, p := range ports {
		if p.Owner != "" {
			continue
		}
		found = append(found, "port "+p.Name+" "+p.ID)
		if err := n.Owner.Delete(ctx, n.Owner.Network+"ports/"+p.ID); err != nil {
			return found, err
		}
	}
	return found, nil
}

func (n *Networks) networks() []string { return distinct(n.PodNetwork, n.ServiceNetwork) }
func (n *Networks) subnets() []string  { return distinct(n.PodSubnet, n.ServiceSubnet) }

// distinct is each id once.
func distinct(ids ...string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// addresses are the floating IPs that lead to a port in the networks, or are the run's;
// without those that Remove will delete.
func (n *Networks) addresses(ctx context.Context) ([]guest, error) {
	ports, err := n.guests(ctx, n.Owner.Network, "ports", "network_id", n.networks())
	if err != nil {
		return nil, err
	}
	all, err := n.guests(ctx, n.Owner.Network, "floatingips", "project_id", []string{n.Owner.Project})
	return slices.DeleteFunc(all, func(f guest) bool {
		here := slices.ContainsFunc(ports, func(p guest) bool { return p.ID == f.Port })
		ofRun := n.Run != "" && strings.Contains(f.Description, n.Run)
		return f.Description == n.named(ofUser) || !here && !ofRun
	}), err
}

// evictBalancers deletes the load balancers in the subnets, and waits until none is left.
func (n *Networks) evictBalancers(ctx context.Context) (found []string, err error) {
	for {
		left, err := n.guests(ctx, n.Owner.LoadBalancer+"lbaas/", "loadbalancers", "vip_subnet_id", n.subnets())
		if err != nil || len(left) == 0 {
			return distinct(found...), err
		}
		for _, lb := range left {
			found = append(found, "load balancer "+lb.Name+" "+lb.ID)
			if err := n.evictBalancer(ctx, lb); err != nil {
				return distinct(found...), err
			}
		}
		select {
		case <-ctx.Done():
			return distinct(found...), fmt.Errorf("waiting for load balancers to be gone: %w; left: %s", ctx.Err(), left)
		case <-time.After(look):
		}
	}
}

// evictBalancer deletes a load balancer unless it is busy: the next look tries again.
func (n *Networks) evictBalancer(ctx context.Context, lb guest) error {
	if strings.HasPrefix(lb.Status, "PENDING_") {
		return nil
	}
	answer, err := n.Owner.Call(ctx, http.MethodDelete, n.Owner.LoadBalancer+"lbaas/loadbalancers/"+lb.ID+"?cascade=true", nil)
	if err != nil {
		return fmt.Errorf("deleting load balancer %s: %w", lb, err)
	}
	switch answer.Status {
	case http.StatusNoContent, http.StatusNotFound, http.StatusConflict:
		return nil
	}
	return fmt.Errorf("deleting load balancer %s: %d %s", lb, answer.Status, answer.Text)
}

// String is the guest as messages show it.
func (g guest) String() string {
	return strings.TrimSpace(cmp.Or(g.Name, g.Address) + " " + g.ID + " " + g.Status)
}

// guests lists what has one of several values in a field.
func (n *Networks) guests(ctx context.Context, service, kind, field string, values []string) ([]guest, error) {
	var all []guest
	for _, value := range values {
		if value == "" {
			continue // Lay did not come that far
		}
		var list map[string][]guest
		if err := n.Owner.Do(ctx, http.MethodGet, service+kind+"?"+url.Values{field: {value}}.Encode(), nil, &list); err != nil {
			return nil, fmt.Errorf("listing %s: %w", kind, err)
		}
		all = append(all, list[kind]...)
	}
	return all, nil
}
