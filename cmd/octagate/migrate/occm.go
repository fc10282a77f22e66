package migrate

// Why options of the cloud controller manager have no equivalent.
const (
	nodes      = "is about Nodes: keep a cloud controller manager for them, with [LoadBalancer] enabled=false"
	vips       = "a VIP is the Service's ClusterIP, in neutron.serviceSubnet, which has to hold the range of ClusterIPs; it cannot be any subnet"
	members    = "members are Pods, not Nodes: they are reached in neutron.podSubnet, by octavia.memberMode"
	byIDs      = "octagate allocates floating IPs from one external network, and from one subnet of it if neutron.externalSubnet names one by its ID"
	perService = "has no equivalent for classes; a Service names its own by the annotations octagate.dev/external-network-id and external-subnet-id"
)

// OCCM turns cloud.conf of the OpenStack cloud controller manager into octagate's
// configuration. The options are those of cloud-provider-openstack
// (pkg/openstack/openstack.go, pkg/client/client.go).
func OCCM(source []byte, c Choices) (Result, error) {
	options, err := gcfg(source)
	if err != nil {
		return Result{}, err
	}
	m := occm.carry(options)
	m.chosen(c)
	const usual = "as the cloud controller manager has it"
	m.usual("octavia.provider", "amphora", usual)
	for _, v := range []struct{ key, text string }{{"enabled", "false"}, {"delay", "5s"}, {"timeout", "3s"}, {"maxRetries", "1"}, {"maxRetriesDown", "3"}} {
		m.usual("octavia.healthMonitor."+v.key, v.text, usual)
	}
	return m.result("Made from a cloud.conf of the OpenStack cloud controller manager. Its load balancers lead to\n" +
		"Nodes, at addresses of their own: octagate does not take them over, but makes others at the\nClusterIPs. Set enabled=false in its [LoadBalancer] before octagate runs with this.\n"), nil
}

// occm is what is known of cloud.conf.
var occm = dialect{
	program: "the cloud controller manager",
	options: map[string]map[string]meaning{
		"global": occmGlobal, "loadbalancer": occmBalancer,
		"loadbalancerclass": {
			"floating-network-id": lost(perService), "floating-subnet-id": lost(perService), "floating-subnet": lost(perService), "floating-subnet-tags": lost(perService),
			"network-id": lost(vips), "subnet-id": lost(vips), "member-subnet-id": lost(members),
		},
	},
	sections: map[string]string{"networking": nodes, "metadata": nodes, "route": nodes, "router": nodes, "blockstorage": "is about volumes, which octagate does not touch"},
}

var occmGlobal = map[string]meaning{
	"cloud":       carried("openstack.cloud", nil),
	"use-clouds":  lost("octagate reads clouds.yaml, always"),
	"clouds-file": lost("name it by the environment variable OS_CLIENT_CONFIG_FILE"),
	"auth-url":    inClouds("auth.auth_url"), "user-id": inClouds("auth.user_id"), "username": inClouds("auth.username"), "password": inClouds("auth.password"),
	"tenant-id": inClouds("auth.project_id"), "tenant-name": inClouds("auth.project_name"),
	"domain-id": inClouds("auth.user_domain_id"), "domain-name": inClouds("auth.user_domain_name"),
	"tenant-domain-id": inClouds("auth.project_domain_id"), "tenant-domain-name": inClouds("auth.project_domain_name"),
	"user-domain-id": inClouds("auth.user_domain_id"), "user-domain-name": inClouds("auth.user_domain_name"),
	"trust-id": inClouds("auth.trust_id"), "trustee-id": inClouds("auth.user_id"), "trustee-password": inClouds("auth.password"), "token": inClouds("auth.token"),
	"application-credential-id": inClouds("auth.application_credential_id"), "application-credential-name": inClouds("auth.application_credential_name"),
	"application-credential-secret": inClouds("auth.application_credential_secret"),
	"region":                        inClouds("region_name"), "os-endpoint-type": inClouds("interface"),
	"ca-file": inClouds("cacert"), "cert-file": inClouds("cert"), "key-file": inClouds("key"), "tls-insecure": inClouds("verify: false"),
}

var occmBalancer = map[string]meaning{
	"floating-network-id":      carried("neutron.externalNetwork", nil),
	"floating-subnet-id":       carried("neutron.externalSubnet", nil),
	"lb-provider":              carried("octavia.provider", nil),
	"lb-method":                carried("octavia.algorithm", algorithm),
	"flavor-id":                carried("octavia.flavor", nil),
	"availability-zone":        carried("octavia.availabilityZone", nil),
	"create-monitor":           carried("octavia.healthMonitor.enabled", yesOrNo),
	"monitor-delay":            carried("octavia.healthMonitor.delay", interval),
	"monitor-timeout":          carried("octavia.healthMonitor.timeout", interval),
	"monitor-max-retries":      carried("octavia.healthMonitor.maxRetries", number),
	"monitor-max-retries-down": carried("octavia.healthMonitor.maxRetriesDown", number),
	"use-octavia":              carried("octavia.backend", backend),

	"enabled":                            lost("who runs octagate wants load balancers; set it to false there"),
	"lb-version":                         lost("octagate speaks Octavia's API 2, or that of LBaaS v2"),
	"subnet-id":                          lost(vips),
	"network-id":                         lost(vips),
	"member-subnet-id":                   lost(members),
	"node-selector":                      lost(members),
	"floating-subnet":                    lost(byIDs),
	"floating-subnet-tags":               lost(byIDs),
	"internal-lb":                        lost("has no equivalent for all Services: the annotation octagate.dev/internal makes one internal; without neutron.externalNetwork none gets an address of the pool"),
	"manage-security-groups":             lost("members are Pods, not ports of Nodes: see that the Pods' security groups let the service subnet in, which octagate preflight checks"),
	"cascade-delete":                     lost("load balancers are deleted with all that is in them, where Octavia can"),
	"enable-ingress-hostname":            lost("where traffic is changed on the way the status has ipMode: Proxy, so that Pods go by the load balancer without a host name"),
	"ingress-hostname-suffix":            lost("octagate writes no host names"),
	"max-shared-lb":                      lost("each Service has a load balancer of its own"),
	"container-store":                    lost("references of certificates are taken as they are"),
	"default-tls-container-ref":          lost("has no equivalent for all Services: the annotation octagate.dev/tls-container-ref is for one"),
	"provider-requires-serial-api-calls": lost("octagate notices a cloud that leaves load balancers half made, and makes them one thing at a time from then on"),
}

// backend is what load balancers are made by.
func backend(usesOctavia string) (string, error) {
	is, err := yesOrNo(usesOctavia)
	if is == "false" {
		return "neutron-lbaasv2", err
	}
	return "", err
}
