package facts

import (
	"net/netip"
	"slices"
	"testing"
)

func TestWhatNobodyLookedForIsUnknown(t *testing.T) {
	here, there := netip.MustParseAddr("172.24.4.13"), netip.MustParseAddr("172.24.4.99")
	known := Snapshot{FloatingIPs: map[netip.Addr]FloatingIP{here: {ID: "x", Address: here}}}
	for claim, tt := range map[string]struct {
		snapshot Snapshot
		address  netip.Addr
		want     Answer
	}{
		"what is there":         {known, here, Yes},
		"what is not":           {known, there, No},
		"nothing is there":      {Snapshot{FloatingIPs: map[netip.Addr]FloatingIP{}}, here, No},
		"nobody looked for any": {Snapshot{}, here, Unknown},
	} {
		if _, got := tt.snapshot.FloatingIP(tt.address); got != tt.want {
			t.Errorf("%s: got %v", claim, got)
		}
	}
}

func TestFreeFloatingIPsComeInOrder(t *testing.T) {
	all := map[netip.Addr]FloatingIP{}
	for address, f := range map[string]FloatingIP{
		"172.24.4.20": {}, "172.24.4.3": {}, "172.24.4.5": {Port: "used"}, "172.24.4.6": {Pool: true},
	} {
		all[netip.MustParseAddr(address)] = f
	}
	want := []netip.Addr{netip.MustParseAddr("172.24.4.3"), netip.MustParseAddr("172.24.4.20")}
	if got := (Snapshot{FloatingIPs: all}).FreeFloatingIPs(); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
