package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/webhook/enforce"
)

const good = `apiVersion: octagate.dev/v1alpha1
kind: Configuration
clusterName: demo
neutron:
  podSubnet: e0a888ab-9915-4685-a600-bffe240dc58b
  serviceSubnet: d6438a81-22fa-4a88-9b05-c4723662ef36
`

func TestParse(t *testing.T) {
	for claim, tt := range map[string]struct{ source, want string }{
		"the least that is needed": {good, ""},
		"everything": {good + `  externalNetwork: 3b4eb25e-e103-491f-a640-a6246d588561
  externalSubnet: 48ddcfec-1b29-411b-be92-8329cc09fc12
kubernetes: {serviceCIDRs: [10.2.0.0/17], loadBalancerClass: octagate.dev/octavia}
openstack: {cloud: demo, reader: demo-reader, refresh: 1m, onCloudError: Deny, rateLimit: {perSecond: 10, burst: 1}}
octavia: {provider: amphora, memberMode: L2, poll: 500ms, flavor: 48ddcfec-1b29-411b-be92-8329cc09fc12}
webhook: {bindAddress: "127.0.0.1:9443", minTLSVersion: "1.2", clientCA: /etc/ca.crt, inFlight: 1, connectionAge: 5m, lameDuck: 0s}
certificates: {source: CertManager, secret: bundle, directory: /tls, certificate: mine, lifetime: 10m, settle: 1s}
metrics: {bindAddress: "0"}
health: {bindAddress: ":8081"}
leaderElection: {enabled: true, namespace: octagate-system, leaseDuration: 60s, renewDeadline: 40s, retryPeriod: 5s}
`, ""},
		"a misspelt key is told with its place": {good + "  externalNetwrok: x\n",
			`o:7:3: unknown key "externalNetwrok"; did you mean "externalNetwork"?`},
		"a key in a wrong case is told": {good + "octavia:\n  membermode: L3\n",
			`o:8:3: unknown key "membermode"; did you mean "memberMode"?`},
		"a strange key is told without a guess": {good + "zzz: 1\n", `o:7:1: unknown key "zzz"`},
		"a name is not an ID": {good + "  externalNetwork: public\n",
			`o:7:20: neutron.externalNetwork "public" must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12`},
		"a range is a range": {good + "kubernetes:\n  serviceCIDRs: [10.2.0.0]\n",
			`o:8:18: kubernetes.serviceCIDRs[0] "10.2.0.0" must be a range, such as 10.2.0.0/17`},
		"a mode is one of two":    {good + "octavia: {memberMode: L4}\n", `o:7:23: octavia.memberMode "L4" must be L3 or L2`},
		"a backend is one of two": {good + "octavia: {backend: lbaasv2}\n", `o:7:20: octavia.backend "lbaasv2" must be octavia or neutron-lbaasv2`},
		"who is adopted is known": {good + "octavia: {adopt: kuryr}\n", `o:7:18: octavia.adopt "kuryr" must be None or Kuryr`},
		"a type is one that has an address": {good + "kubernetes: {serviceTypes: [LoadBalancer, ExternalName]}\n",
			`o:7:43: kubernetes.serviceTypes[1] "ExternalName" must be ClusterIP, NodePort or LoadBalancer`},
		"an algorithm is one of Octavia's": {good + "octavia: {algorithm: ROUNDROBIN}\n",
			`o:7:22: octavia.algorithm "ROUNDROBIN" must be ROUND_ROBIN or LEAST_CONNECTIONS or SOURCE_IP or SOURCE_IP_PORT; did you mean "ROUND_ROBIN"?`},
		"a timeout has a unit": {good + "octavia: {timeouts: {memberData: 50}}\n",
			`o:7:34: octavia.timeouts.memberData "50" must be a time with its unit, from 1ms to 24h, such as 50s`},
		"a health monitor does not wait for longer than it pauses": {good + "octavia: {healthMonitor: {delay: 2s, maxRetries: 11}}\n",
			`o:7:50: octavia.healthMonitor.maxRetries "11" must be a number from 1 to 10
o:7:11: octavia.healthMonitor.timeout "5s" must not be longer than the delay, which is 2s`},
		"LBaaS v2 has little": {good + "  serviceSubnetIPv6: 3b4eb25e-e103-491f-a640-a6246d588561\n" +
			"octavia: {backend: neutron-lbaasv2, protocols: [TCP, UDP], availabilityZone: east, timeouts: {tcpInspect: 1s},\n" +
			"  algorithm: SOURCE_IP_PORT, flavor: 48ddcfec-1b29-411b-be92-8329cc09fc12}\n",
			`o:7:22: neutron.serviceSubnetIPv6 "3b4eb25e-e103-491f-a640-a6246d588561" cannot be had from LBaaS v2; leave it out, or set octavia.backend: octavia
o:9:38: octavia.flavor "48ddcfec-1b29-411b-be92-8329cc09fc12" cannot be had from LBaaS v2; leave it out, or set octavia.backend: octavia
o:8:78: octavia.availabilityZone "east" cannot be had from LBaaS v2; leave it out, or set octavia.backend: octavia
o:9:14: octavia.algorithm "SOURCE_IP_PORT" cannot be had from LBaaS v2; leave it out, or set octavia.backend: octavia
o:8:54: octavia.protocols[1] "UDP" cannot be had from LBaaS v2; leave it out, or set octavia.backend: octavia
o:8:107: octavia.timeouts.tcpInspect "1s" cannot be had from LBaaS v2; leave it out, or set octavia.backend: octavia`},
		"and is enough for much":     {good + "octavia: {backend: neutron-lbaasv2, provider: haproxy, protocols: [TCP], healthMonitor: {enabled: true}}\n", ""},
		"a protocol is one of three": {good + "octavia: {protocols: [TCP, DUP]}\n", `o:7:28: octavia.protocols[1] "DUP" must be TCP, UDP or SCTP`},
		"TCP is always there":        {good + "octavia: {protocols: [UDP]}\n", `o:7:11: octavia.protocols must have TCP: it is always balanced`},
		"a duration has a unit":      {good + "octavia: {poll: fast}\n", `o:7:17: octavia.poll "fast" must be a duration of at least 50ms, such as 3s`},
		"a rate is a number of calls": {good + "openstack: {rateLimit: {burst: -1}}\n",
			`o:7:32: openstack.rateLimit.burst "-1" must be a number of calls, at least 1`},
		"a cloud that fails denies or not": {good + "openstack: {onCloudError: deny}\n",
			`o:7:27: openstack.onCloudError "deny" must be Allow or Deny`},
		"orphans are collected or not": {good + "octavia: {orphans: delete, orphanGrace: 0s}\n", `o:7:20: octavia.orphans "delete" must be Collect or Report
o:7:41: octavia.orphanGrace "0s" must be a duration of at least 1s, such as 10m`},
		"an alias is told where it stands": {good + "  externalNetwork: &n public\n  externalSubnet: *n\n",
			`o:7:20: neutron.externalNetwork "public" must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12
o:8:19: neutron.externalSubnet "public" must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12`},
		"what is merged in is told where it stands": {good + "octavia: {timeouts: &t {memberData: 50}, healthMonitor: {}}\n",
			`o:7:37: octavia.timeouts.memberData "50" must be a time with its unit, from 1ms to 24h, such as 50s`},
		"a byte order mark is no key":    {"\ufeff" + good, ""},
		"a file may say where it begins": {"---\n" + good + "---\n# the end\n...\n", ""},
		"a second document is told":      {good + "---\noctavia: {memberMode: L2}\n", `o:8:1: there is a second document; a configuration is one`},
		"something else is told":         {"apiVersion: v1\nkind: Service\nmetadata: {}\n", `o:2:7: is a Service, and not octagate's Configuration`},
		"a key stands once":              {good + "kind: Configuration\n", `o:7:1: mapping key "kind" already defined at [2:1]`},
		"YAML must be YAML":              {good + "a: [\n", `o:7:4: sequence end token ']' not found`},
		"a number is no text":            {good + "openstack: {rateLimit: {burst: many}}\n", `o:7:32: must be a whole number, but is text`},
		"a number has its limits":        {good + "openstack: {rateLimit: {burst: 99999999999999999999}}\n", `o:7:32: is a number too large`},
		"a choice is no text":            {good + "leaderElection: {enabled: maybe}\n", `o:7:27: must be true or false, but is text`},
		"a list is no text":              {good + "octavia: {protocols: TCP}\n", `o:7:22: string was used where sequence is expected`},
		"a list is no mapping":           {good + "octavia: [a]\n", `o:7:10: sequence was used where mapping is expected`},
		"an old version is told":         {"apiVersion: octagate.dev/v1\n" + good[len("apiVersion: octagate.dev/v1alpha1\n"):], `o:1:13: apiVersion "octagate.dev/v1" must be octagate.dev/v1alpha1`},
		"TLS has two versions": {good + "webhook: {minTLSVersion: '1.1', inFlight: -1, lameDuck: 5}\n", `o:7:26: webhook.minTLSVersion "1.1" must be 1.3 or 1.2
o:7:57: webhook.lameDuck "5" must be a duration up to 20s, such as 10s: a Pod has 45 s to end
o:7:43: webhook.inFlight "-1" must be a number of requests, at least 1`},
		"a certificate has two sources": {good + "certificates: {source: self, settle: 1ms}\n", `o:7:24: certificates.source "self" must be Self or CertManager
o:7:38: certificates.settle "1ms" must be a duration from 100ms to 10m, such as 1m`},
		"a certificate lives longer than it takes to be known": {good + "certificates: {lifetime: 5m}\n",
			`o:7:26: certificates.lifetime "5m" must be from ten times certificates.settle to 2160h, such as 168h`},
		"a leader ends before its successor begins": {good + "leaderElection: {leaseDuration: 10s}\n",
			`o:7:1: leaderElection.renewDeadline "10s" must be at most four fifths of leaseDuration, such as 10s`},
		"an address has a port": {good + "health: {bindAddress: localhost}\n", `o:7:23: health.bindAddress "localhost" must be host:port or :port`},
		"nothing lacks everything": {"{}", `o:1:1: apiVersion must be octagate.dev/v1alpha1
o:1:1: kind must be Configuration
o:1:1: clusterName must be letters, digits, dots and dashes, at most 63; it marks what is ours in the cloud
o:1:1: neutron.podSubnet must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12
o:1:1: neutron.serviceSubnet must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12`},
	} {
		t.Run(claim, func(t *testing.T) {
			got := ""
			if _, err := parse("o", []byte(tt.source)); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoFile(t *testing.T) {
	_, err := load("does-not-exist.yaml")
	if err == nil || err.Error() != "reading the configuration: open does-not-exist.yaml: no such file or directory" {
		t.Errorf("got %v", err)
	}
}

func TestTheExampleHasEveryKey(t *testing.T) {
	source, err := os.ReadFile("octagate.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse("octagate.yaml", source); err != nil {
		t.Error(err)
	}
	for _, key := range keys(reflect.TypeFor[Configuration]()) {
		if !strings.Contains(string(source), key+":") {
			t.Errorf("octagate.yaml does not show %s", key)
		}
	}
}

// What is written for copying, and what the manifests set beside it, has to be good.
func TestTheExampleOfTheManifests(t *testing.T) {
	c, err := load(filepath.Join("..", "..", "manifests", "example", "octagate.yaml"), "leaderElection.enabled=true")
	if err != nil || !c.LeaderElection.Enabled || c.Enforcement != enforce.Arm {
		t.Errorf("%v: %+v", err, c)
	}
}

func TestSettings(t *testing.T) {
	const source = good + "octavia: {backend: octavia, provider: amphora, pools: Shared}\n"
	for claim, tt := range map[string]struct {
		settings []string
		want     string
	}{
		"a setting is stronger than the file": {[]string{"octavia.backend=neutron-lbaasv2"}, "neutron-lbaasv2 amphora Shared"},
		"the last of two is the strongest":    {[]string{"octavia.provider=a", "octavia.provider=ovn", "octavia.algorithm=SOURCE_IP_PORT"}, "octavia ovn Shared"},
		"a key is told if there is none":      {[]string{"octavia.backnd=octavia"}, `--set: octavia.backnd: unknown key "backnd"; did you mean "backend"?`},
		"a value is needed":                   {[]string{"octavia.backend"}, `--set: "octavia.backend" must be a key and a value, such as octavia.backend=octavia`},
		"a key is needed, too":                {[]string{"=octavia"}, `--set: "=octavia" must be a key and a value, such as octavia.backend=octavia`},
		"a value is one":                      {[]string{"clusterName=a\nneutron: {}"}, `--set: "clusterName=a\nneutron: {}" must be a key and a value, such as octavia.backend=octavia`},
		"a value in a mapping is checked":     {[]string{"octavia={backend: octavia, pools: shared}"}, `--set: octavia.pools "shared" must be Separate or Shared`},
		"a number is one":                     {[]string{"octavia.healthMonitor.maxRetries=many"}, `--set: octavia.healthMonitor.maxRetries: must be a whole number, but is text`},
		"a value is checked as in the file":   {[]string{"octavia.pools=shared"}, `--set: octavia.pools "shared" must be Separate or Shared`},
	} {
		c, err := parse("o", []byte(source), tt.settings...)
		got := strings.Join([]string{c.Octavia.Backend, c.Octavia.Provider, c.Octavia.Pools}, " ")
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}
