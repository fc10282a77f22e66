package main

// good are the Services that are accepted and become load balancers.
func good() []act {
	return []act{
		{
			service: "hello", title: "A Service inside the cluster",
			text: `
The plainest Service there is: one port, reached from inside the cluster. Before
Kubernetes stores it, the API server asks octagate, which writes down what it will
make in OpenStack: a load balancer at the Service's ClusterIP, with one listener.`,
			notes: map[string]string{"verdict": "accepted", "load-balancer": "default/hello", "listeners": "TCP/80", "external-ip": "none"},
		},
		{
			service: "web", title: "A Service with a public address of your own",
			text: `
172.24.4.13 is a floating IP, a public address that somebody created in OpenStack
before. Type LoadBalancer with loadBalancerIP asks to be reached at it. octagate
finds it in OpenStack, sees that it is free, and notes which one it is.`,
			notes: map[string]string{"verdict": "accepted", "listeners": "TCP/80,TCP/443", "external-ip": "user/172.24.4.13", "floating-ip-id": "*"},
		},
		{
			service: "shop", title: "A Service with a public address from the pool",
			text: `
Without loadBalancerIP, octagate creates a floating IP on the external network, and
deletes it together with the Service.`,
			notes: map[string]string{"verdict": "accepted", "listeners": "TCP/80", "external-ip": "pool"},
		},
		{
			service: "dns", title: "A Service with a port that cannot be balanced",
			text: `
Only TCP ports get a listener. A Service that has others too is accepted, and its
author is warned at once instead of wondering later why UDP does not arrive.`,
			says:  []string{"UDP/53", "is ignored"},
			notes: map[string]string{"verdict": "accepted", "listeners": "TCP/53", "ignored-ports": "UDP/53", "external-ip": "pool"},
		},
	}
}

// bad are the Services that are refused, each with what is wrong and how to mend it.
func bad() []act {
	return []act{
		{
			service: "bad-cluster-ip", refused: true, title: "A ClusterIP from somewhere else",
			text: `The ClusterIP becomes an address in OpenStack, so it must be one the cluster has.`,
			says: []string{"spec.clusterIP", "10.99.0.1", "10.2.0.0/17"},
		},
		{
			service: "bad-spelling", refused: true, title: "An address that can be read in two ways",
			text: `Kubernetes would store it with a warning. Some programs read 13, others octal 11.`,
			says: []string{"spec.loadBalancerIP", "172.24.4.013", "write 172.24.4.13"},
		},
		{
			service: "bad-no-such-ip", refused: true, title: "A public address that does not exist",
			text: `Without octagate this Service would be stored, and stay <pending> for ever.`,
			says: []string{"spec.loadBalancerIP", "172.24.4.99", "is not a floating IP of this project", "172.24.4.20"},
		},
		{
			service: "bad-ip-in-use", refused: true, title: "A public address that serves another Service",
			text: `OpenStack would move it without a word, and take the Service web off the net.`,
			says: []string{"spec.loadBalancerIP", "172.24.4.13", "in use"},
		},
		{
			service: "bad-network", refused: true, title: "A public network that leads nowhere",
			text: `A floating IP leads to the cluster only if a router does, from the same network.`,
			says: []string{"octagate.dev/external-network-id", "no external network that a router leads to"},
		},
		{
			service: "bad-udp-only", refused: true, title: "Nothing left to balance",
			text: `Its only port is ignored, so that nothing would ever answer at its address.`,
			says: []string{"spec.ports", "UDP/53"},
		},
		{
			service: "bad-annotation", refused: true, title: "A slip of the finger",
			text: `Kubernetes knows no wrong annotations; octagate does, under its own prefix.`,
			says: []string{"octagate.dev/load-balancer-ipp", "did you mean", "load-balancer-ip"},
		},
		{
			service: "bad-two-ips", refused: true, title: "Two different answers to one question",
			text: `The annotation replaces spec.loadBalancerIP, which is deprecated; both must agree.`,
			says: []string{"172.24.4.13", "differs from", "172.24.4.20"},
		},
	}
}
