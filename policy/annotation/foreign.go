package annotation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/octagate/octagate/policy/spelling"
)

// A foreign annotation is one that another controller understands, and what it means
// here.
type foreign struct {
	key   string
	means string                       // the annotation of ours that says the same; empty: none does
	word  func(string) (string, error) // what is to be written there; nil: the same
	hint  string                       // where none does: what to do instead
}

// The prefixes of cloud-provider-openstack and of Kuryr. The former has one key outside its own.
const (
	providerPrefix = "loadbalancer.openstack.org/"
	kuryrPrefix    = "openstack.org/kuryr-"
	internalKey    = "service.beta.kubernetes.io/openstack-internal-load-balancer"
)

// theOperators is the hint for what a Service does not choose.
const theOperators = "it is the operator's choice, in octagate's configuration"

// foreigners are the annotations of the peers. Sources: the constants of
// cloud-provider-openstack's package openstack (v1.32), and Kuryr's page about timeouts
// of listeners.
var foreigners = []foreign{
	{key: internalKey, means: Internal.Key},
	{key: providerPrefix + "availability-zone", means: AvailabilityZone.Key},
	{key: providerPrefix + "class", hint: "use spec.loadBalancerClass"},
	{key: providerPrefix + "connection-limit", means: ConnectionLimit.Key, word: limit},
	{key: providerPrefix + "default-tls-container-ref", means: TLSContainerRef.Key},
	{key: providerPrefix + "enable-health-monitor", means: HealthMonitor.Key},
	{key: providerPrefix + "flavor-id", means: FlavorID.Key},
	{key: providerPrefix + "floating-network-id", means: ExternalNetworkID.Key},
	{key: providerPrefix + "floating-subnet", hint: "use " + ExternalSubnetID.Key},
	{key: providerPrefix + "floating-subnet-id", means: ExternalSubnetID.Key},
	{key: providerPrefix + "floating-subnet-tags", hint: "use " + ExternalSubnetID.Key},
	{key: providerPrefix + "health-monitor-delay", means: HealthMonitorDelay.Key, word: unit("s")},
	{key: providerPrefix + "health-monitor-max-retries", means: HealthMonitorMaxRetries.Key},
	{key: providerPrefix + "health-monitor-max-retries-down", means: HealthMonitorMaxRetriesDown.Key},
	{key: providerPrefix + "health-monitor-timeout", means: HealthMonitorTimeout.Key, word: unit("s")},
	{key: providerPrefix + "hostname", hint: "the status has ipMode Proxy instead"},
	{key: providerPrefix + "keep-floatingip", means: KeepFloatingIP.Key},
	{key: providerPrefix + "lb-method", means: LBAlgorithm.Key},
	{key: providerPrefix + "load-balancer-address", hint: "see the status of the Service"},
	{key: providerPrefix + "load-balancer-id", hint: "each Service has a load balancer of its own"},
	{key: providerPrefix + "member-subnet-id", hint: theOperators},
	{key: providerPrefix + "network-id", hint: theOperators},
	{key: providerPrefix + "node-selector", hint: "members are Pods"},
	{key: providerPrefix + "port-id", hint: "the VIP is the ClusterIP"},
	{key: providerPrefix + "proxy-protocol", means: ProxyProtocol.Key, word: proxied},
	{key: providerPrefix + "subnet-id", hint: theOperators},
	{key: providerPrefix + "timeout-client-data", means: TimeoutClientData.Key, word: unit("ms")},
	{key: providerPrefix + "timeout-member-connect", means: TimeoutMemberConnect.Key, word: unit("ms")},
	{key: providerPrefix + "timeout-member-data", means: TimeoutMemberData.Key, word: unit("ms")},
	{key: providerPrefix + "timeout-tcp-inspect", means: TimeoutTCPInspect.Key, word: unit("ms")},
	{key: providerPrefix + "x-forwarded-for", means: XForwardedFor.Key},
	{key: kuryrPrefix + "timeout-client-data", means: TimeoutClientData.Key, word: unit("ms")},
	{key: kuryrPrefix + "timeout-member-data", means: TimeoutMemberData.Key, word: unit("ms")},
}

// A Reading is what annotations of other controllers mean here.
type Reading struct {
	Annotations map[string]string // as they were, and ours that say the same as theirs
	From        map[string]string // whose annotation said so, by the key of ours
	Ignored     []Fault           // theirs that mean nothing here, in the order of their keys
}

// Read understands the annotations of other controllers, as far as ours say the same and
// are not there. Those whose keys are refused are left out.
func Read(m map[string]string, refused ...string) Reading {
	var keys []string
	for key := range m {
		if isForeign(key) && !slices.Contains(refused, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return Reading{Annotations: m}
	}
	r := Reading{Annotations: maps.Clone(m), From: map[string]string{}}
	slices.Sort(keys)
	for _, key := range keys {
		r.read(key, m[key])
	}
	return r
}

// isForeign reports whether a key is one of another controller's.
func isForeign(key string) bool {
	return strings.HasPrefix(key, providerPrefix) || strings.HasPrefix(key, kuryrPrefix) || key == internalKey
}

func (r *Reading) read(key, value string) {
	i := slices.IndexFunc(foreigners, func(f foreign) bool { return f.key == key })
	switch {
	case i < 0:
		r.Ignored = append(r.Ignored, Fault{key, value, "is ignored: octagate does not know it" + spelling.DidYouMean(key, theirs())})
		return
	case foreigners[i].means == "":
		r.Ignored = append(r.Ignored, Fault{key, value, "is ignored: " + foreigners[i].hint})
		return
	}
	word, err := foreigners[i].said(value)
	if err != nil {
		r.Ignored = append(r.Ignored, Fault{key, value, "is ignored: it " + err.Error()})
		return
	}
	if _, ours := r.Annotations[foreigners[i].means]; !ours && word != "" {
		r.Annotations[foreigners[i].means], r.From[foreigners[i].means] = word, key
	}
}

// said is what a value means in the annotation of ours; empty: nothing.
func (f foreign) said(value string) (string, error) {
	word, err := value, error(nil)
	if f.word != nil {
		word, err = f.word(value)
	}
	if e, known := Find(f.means); err == nil && word != "" && known {
		err = e.check(word)
	}
	return word, err
}

func theirs() []string {
	var keys []string
	for _, f := range foreigners {
		keys = append(keys, f.key)
	}
	return keys
}

// unit writes the unit behind a number.
func unit(u string) func(string) (string, error) {
	return func(s string) (string, error) {
		if _, err := strconv.ParseUint(s, 10, 32); err != nil {
			return "", fmt.Errorf("must be a number of %s", map[string]string{"s": "seconds", "ms": "milliseconds"}[u])
		}
		return s + u, nil
	}
}

// limit leaves out the number that means no limit.
func limit(s string) (string, error) {
	if s == "-1" {
		return "", nil
	}
	return s, nil
}

// proxied also takes the yes and no of older Services.
func proxied(s string) (string, error) {
	switch s {
	case "true", "v1":
		return string(ProxyV1), nil
	case "v2":
		return string(ProxyV2), nil
	case "false", "":
		return "", nil
	}
	return "", errors.New("must be true, v1 or v2")
}
