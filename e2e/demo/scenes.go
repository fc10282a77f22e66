package main

import "context"

// A scene is a piece of the story with one outcome.
type scene struct {
	title, text string
	expectation string // what to say if it is so
	play        func(*story, context.Context) error
}

// scenes are the story in its order.
func scenes() []scene {
	all := []scene{{
		title: "Something to balance",
		text: `
Three Pods run in the cluster: two of the application hello, one of a DNS server. On
OpenStack they have addresses in the pod network, 10.1.0.0/16.`,
		expectation: "three Pods are ready",
		play:        (*story).startPods,
	}}
	for _, a := range good() {
		all = append(all, a.scene())
	}
	all = append(all, scene{
		title: "What came to be in OpenStack",
		text: `
Meanwhile octagate has been at work. Octavia is the part of OpenStack that balances
load: a load balancer has an address (VIP), here the ClusterIP; a listener for each
port; and behind it a pool, whose members are the Pods. Octavia needs its time.`,
		expectation: "four load balancers are ACTIVE, and are what the Services ask for",
		play:        (*story).watchBuilding,
	})
	for _, a := range bad() {
		all = append(all, a.scene())
	}
	return append(all, last()...)
}

// last are the scenes after the Services have been applied.
func last() []scene {
	return []scene{{
		title: "Pods go and come",
		text: `
When Pods change, Kubernetes updates the EndpointSlices of the Service, and octagate
the members of the pool.`,
		expectation: "the members are the Pods, each time",
		play:        (*story).changePods,
	}, {
		title: "A Service goes",
		text: `
The load balancer is deleted with its Service. The floating IP was not octagate's: it
is only set free, for the next Service to ask for.`,
		expectation: "the load balancer is gone, the floating IP " + ours + " is free again",
		play:        (*story).deleteService,
	}, {
		title: "What kubectl knows",
		text: `
The Services show their external addresses, an event for each change that octagate
made, and a condition that scripts can wait for.`,
		expectation: "the three Services that are left are ready",
		play:        (*story).showServices,
	}}
}
