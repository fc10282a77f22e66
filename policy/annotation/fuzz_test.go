package annotation

import (
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// again reports whether what an annotation is read as is read again from what it is
// written as, if s is a value of it at all.
type again func(s string) bool

func of[T any](d Def[T]) again {
	return func(s string) bool {
		v, ok := d.Read(map[string]string{d.Key: s})
		if !ok {
			return true
		}
		m := map[string]string{}
		d.Write(m, v)
		w, ok := d.Read(m)
		return ok && reflect.DeepEqual(v, w)
	}
}

// contract is every annotation.
var contract = []again{
	of(LoadBalancerIP), of(Internal), of(KeepFloatingIP), of(ExternalNetworkID), of(ExternalSubnetID), of(Tags), of(XForwardedFor),
	of(TLSContainerRef), of(LBAlgorithm), of(ConnectionLimit), of(TimeoutClientData), of(TimeoutMemberData), of(TimeoutMemberConnect),
	of(TimeoutTCPInspect), of(ProxyProtocol), of(CheckExceptions), of(HealthMonitor), of(HealthMonitorDelay), of(HealthMonitorTimeout),
	of(HealthMonitorMaxRetries), of(HealthMonitorMaxRetriesDown), of(Provider), of(FlavorID), of(AvailabilityZone), of(Members),
	of(Verdict), of(LoadBalancer), of(Listeners), of(IgnoredPorts), of(ExternalIP), of(FloatingIPID), of(VIPSubnetID), of(Policy),
	of(LoadBalancerID),
}

// What is written is read as what was meant, for every annotation and every value.
func FuzzAnnotations(f *testing.F) {
	if len(contract) != len(All()) {
		f.Errorf("%d annotations are tried of %d", len(contract), len(All()))
	}
	for _, s := range []string{
		"", "true", "172.24.4.13", "2001:DB8:0::1", "48ddcfec-1b29-411b-be92-8329cc09fc12", " b , a,b ", "50s", "1h2m3.004s", "+1m", "007", "v2", "L3", "ROUND_ROBIN",
	} {
		f.Add(s)
	}
	f.Fuzz(survives)
}

func survives(t *testing.T, s string) {
	for i, same := range contract {
		if !same(s) {
			t.Errorf("%s: %q changes when it is written", All()[i].Key, s)
		}
	}
}

// What is taken for an address is the same address to everybody who reads it, and what is
// advised instead of another spelling is taken.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"172.24.4.13", "172.24.4.013", " ::1", "fe80::1%eth0", "::ffff:1.2.3.4", "１.2.3.4", "1.2.3", "2001:DB8::", "0x1.2.3.4", "1.2.3.4/24", ""} {
		f.Add(s)
	}
	f.Fuzz(agrees)
}

func agrees(t *testing.T, s string) {
	a, err := ParseAddress(s)
	if err == nil {
		n, nerr := netip.ParseAddr(s)
		if old := net.ParseIP(s); nerr != nil || n != a || old == nil || !old.Equal(net.IP(a.AsSlice())) {
			t.Errorf("%q is %s to us, %s to netip and %s to net", s, a, n, old)
		}
		return
	}
	_, advice, given := strings.Cut(err.Error(), "; write ")
	if given && !strings.HasPrefix(advice, "one like") {
		if _, err := ParseAddress(advice); err != nil {
			t.Errorf("%q: the advice %q is refused: %v", s, advice, err)
		}
	} else if n, err := netip.ParseAddr(s); err == nil {
		t.Errorf("%q is %s, and refused without advice", s, n)
	}
}

// many is of how many drawn values the same is asked in every run of the tests, as go test
// has no time to fuzz. They are the same each time.
const many = 2_000

// values are like those of annotations, or nearly.
var values = rapid.OneOf(
	rapid.String(),
	rapid.StringMatching(`[0-9]{1,6}(ms|s|m|h|us)?`), rapid.StringMatching(`([0-9]{1,2}h)?([0-9]{1,2}m)?([0-9]{1,2}(\.[0-9]{1,4})?s)?`),
	rapid.StringMatching(`[a-z]{0,3}(:[a-z]{0,3})?(, ?[a-z]{0,3}){0,3}`), rapid.StringMatching(`[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
	rapid.StringMatching(`(v[123]|none|true|false|L[23]|ROUND_ROBIN|SOURCE_IP(_PORT)?)`),
)

// addresses are like IP addresses, or nearly.
var addresses = rapid.OneOf(
	rapid.StringMatching(` ?[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}( |/24|%eth0)?`), rapid.StringMatching(`0?[012]?[0-9]\.0{0,2}[0-9]\.[0-9]\.[0-9]`),
	rapid.StringMatching(`([0-9a-fA-F]{0,4}:){1,7}[0-9a-fA-F]{0,4}(%[a-z0-9]{1,4})?`), rapid.StringMatching(`::(ffff|FFFF|0):[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}`),
	rapid.StringMatching(`[１-９][０-９]?\.[0-9]\.[0-9]\.[0-9]`), rapid.String(),
)

func TestDrawnAnnotations(t *testing.T) {
	for seed := range many {
		survives(t, values.Example(seed))
	}
}

func TestDrawnAddresses(t *testing.T) {
	for seed := range many {
		agrees(t, addresses.Example(seed))
	}
}
