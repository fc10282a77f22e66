package testbed

import (
	"strings"
)

// octagateYAML is the configuration of the usual World.
const octagateYAML = `apiVersion: octagate.dev/v1alpha1
kind: Configuration
clusterName: CLUSTER
openstack:
  cloud: CLOUD
  reader: READER
  refresh: 30s
  rateLimit: {perSecond: 1000, burst: 1000} # looking often is what these worlds do
neutron:
  podSubnet: POD_SUBNET
  serviceSubnet: SERVICE_SUBNET
  externalNetwork: EXTERNAL_NETWORK
  externalSubnet: EXTERNAL_SUBNET
octavia:
  provider: amphora
  memberMode: L3
  poll: 250ms
  mendAfter: 2s
  orphanGrace: 1s
webhook:
  bindAddress: WEBHOOK
  lameDuck: 0s # nobody else could be asked
metrics:
  bindAddress: METRICS
health:
  bindAddress: HEALTH
leaderElection:
  enabled: false
enforcement: Deny # so that Services pass while octagate is away
`

// configuration is octagate.yaml for a cluster in a cloud, with addresses to serve on: webhook,
// metrics and health.
func configuration(cluster string, c *Cloud, addresses []string) string {
	return strings.NewReplacer(
		"CLUSTER", cluster,
		"CLOUD", c.Name,
		"READER", c.reader(),
		"POD_SUBNET", c.Networks.PodSubnet,
		"SERVICE_SUBNET", c.Networks.ServiceSubnet,
		"EXTERNAL_NETWORK", c.Networks.ExternalNetwork,
		"EXTERNAL_SUBNET", c.Networks.ExternalSubnet,
		"WEBHOOK", addresses[0],
		"METRICS", addresses[1],
		"HEALTH", addresses[2],
	).Replace(octagateYAML)
}

// reader is the entry of clouds.yaml by which admission asks: in an emulator that of
// somebody who may do nothing else.
func (c *Cloud) reader() string {
	if c.Emulator == nil {
		return c.Name
	}
	return "reader"
}
