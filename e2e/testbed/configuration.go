package testbed

import (
	"strings"

	"github.com/octagate/octagate/e2e/emulator"
)

// octagateYAML is the configuration of the usual World.
const octagateYAML = `apiVersion: octagate.dev/v1alpha1
kind: Configuration
clusterName: demo
openstack:
  cloud: demo
  refresh: 30s
neutron:
  podSubnet: POD_SUBNET
  serviceSubnet: SERVICE_SUBNET
  externalNetwork: EXTERNAL_NETWORK
  externalSubnet: EXTERNAL_SUBNET
octavia:
  provider: amphora
  memberMode: L3
  poll: 250ms
webhook:
  bindAddress: WEBHOOK
metrics:
  bindAddress: METRICS
health:
  bindAddress: HEALTH
leaderElection:
  enabled: false
`

// configuration is octagate.yaml for these networks, serving on these addresses.
func configuration(n emulator.Networks, webhook, metrics, health string) string {
	return strings.NewReplacer(
		"POD_SUBNET", n.PodSubnet,
		"SERVICE_SUBNET", n.ServiceSubnet,
		"EXTERNAL_NETWORK", n.ExternalNetwork,
		"EXTERNAL_SUBNET", n.ExternalSubnet,
		"WEBHOOK", webhook,
		"METRICS", metrics,
		"HEALTH", health,
	).Replace(octagateYAML)
}
