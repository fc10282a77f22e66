package emulator_test

import (
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/octagate/octagate/e2e/emulator"
)

// gopher is gophercloud, logged in as demo.
func (w *world) gopher() *gophercloud.ProviderClient {
	w.t.Helper()
	p, err := openstack.AuthenticatedClient(w.t.Context(), gophercloud.AuthOptions{
		IdentityEndpoint: w.url + "/identity/v3", Username: "demo", Password: "secret", DomainID: "default",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// TestGophercloudSpeaksToBothGenerations makes, reads and deletes a load balancer as
// programs do: with the client of the load-balancer service, or, where Neutron has
// the load balancers, with that of the network service.
func TestGophercloudSpeaksToBothGenerations(t *testing.T) {
	for legacy, open := range map[bool]func(*gophercloud.ProviderClient, gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error){
		false: openstack.NewLoadBalancerV2,
		true:  openstack.NewNetworkV2,
	} {
		w := newWorld(t, func(o *emulator.Options) { o.Legacy, o.Pending = legacy, 0 })
		client, err := open(w.gopher(), gophercloud.EndpointOpts{Region: "RegionOne"})
		if err != nil {
			t.Fatal(err)
		}
		lb, err := loadbalancers.Create(t.Context(), client, loadbalancers.CreateOpts{Name: "web", VipSubnetID: w.nets.ServiceSubnet}).Extract()
		if err != nil {
			t.Fatal(err)
		}
		l, err := listeners.Create(t.Context(), client, listeners.CreateOpts{LoadbalancerID: lb.ID, Protocol: "TCP", ProtocolPort: 80}).Extract()
		if err != nil {
			t.Fatal(err)
		}
		lb, err = loadbalancers.Get(t.Context(), client, lb.ID).Extract()
		if err != nil || lb.ProvisioningStatus != "ACTIVE" || len(lb.Listeners) != 1 {
			t.Errorf("legacy %t: %+v %v", legacy, lb, err)
		}
		if err := listeners.Delete(t.Context(), client, l.ID).ExtractErr(); err != nil {
			t.Error(err)
		}
		if err := loadbalancers.Delete(t.Context(), client, lb.ID, nil).ExtractErr(); err != nil {
			t.Error(err)
		}
	}
}

func TestGophercloudSetsTheSecurityGroupsOfAVIP(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	group := demo.call("POST", neutron+"security-groups", object{"security_group": object{"name": "web"}}).want(201).id("security_group.id")
	client, err := openstack.NewNetworkV2(w.gopher(), gophercloud.EndpointOpts{Region: "RegionOne"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := ports.Update(t.Context(), client, b.port, ports.UpdateOpts{SecurityGroups: &[]string{group}}).Extract()
	if err != nil || len(p.SecurityGroups) != 1 || p.SecurityGroups[0] != group {
		t.Errorf("%+v %v", p, err)
	}
}
