package facts

import (
	"net/netip"
	"slices"
	"testing"
)

// What the cloud was asked for by its address goes before what was known of it, and of nothing
// else anything is known that was not before.
func TestWhatWasAskedForGoesBeforeWhatWasKnown(t *testing.T) {
	elsewhere := netip.MustParseAddr("172.24.4.20")
	known := Snapshot{
		FloatingIPs: map[netip.Addr]FloatingIP{here: {ID: "old", Address: here}, elsewhere: {ID: "other"}},
		Asked:       map[netip.Addr]FloatingIP{here: {ID: "new", Address: here, Port: "p"}, there: {}},
		Old:         FloatingIPs | Routes,
	}
	gone := Snapshot{FloatingIPs: known.FloatingIPs, Asked: map[netip.Addr]FloatingIP{here: {}}}
	alone := Snapshot{Asked: known.Asked}
	for claim, tt := range map[string]struct {
		snapshot Snapshot
		address  netip.Addr
		id       string
		want     Answer
	}{
		"it has changed":                     {known, here, "new", Yes},
		"it has gone":                        {gone, here, "", No},
		"it is not there":                    {known, there, "", No},
		"nobody asked for it":                {known, elsewhere, "other", Yes},
		"nobody knows of any other":          {alone, here, "new", Yes},
		"nobody knows, and it is not there":  {alone, there, "", No},
		"nobody knows, and it was not asked": {alone, elsewhere, "", Unknown},
	} {
		if f, got := tt.snapshot.FloatingIP(tt.address); got != tt.want || f.ID != tt.id {
			t.Errorf("%s: got %v %+v", claim, got, f)
		}
	}
	if free := known.FreeFloatingIPs("", "shop", 3); !slices.Equal(free, []netip.Addr{elsewhere}) {
		t.Errorf("what is in use by now is offered: %s", free)
	}
	if free := gone.FreeFloatingIPs("", "shop", 3); !slices.Equal(free, []netip.Addr{elsewhere}) {
		t.Errorf("what has gone is offered: %s", free)
	}
	for claim, tt := range map[string]struct {
		asked Question
		want  bool
	}{
		"nothing":                       {Question{}, true},
		"what is not old":               {Question{Kinds: Externals | Ports}, true},
		"what is":                       {Question{Kinds: Externals | Routes}, false},
		"all floating IPs":              {Question{Kinds: FloatingIPs}, false},
		"one that was asked for":        {Question{FloatingIP: here}, true},
		"one that is not there":         {Question{FloatingIP: there}, true},
		"one that nobody asked for":     {Question{FloatingIP: elsewhere}, false},
		"one, and something that is":    {Question{Kinds: Routes, FloatingIP: here}, false},
		"one, and something that isn't": {Question{Kinds: Externals, FloatingIP: here}, true},
	} {
		if known.Confirms(tt.asked) != tt.want {
			t.Errorf("%s: got %v", claim, !tt.want)
		}
	}
	if !(Snapshot{Old: Routes}).Confirms(Question{FloatingIP: here}) {
		t.Error("all floating IPs were listed anew, and one of them is in doubt")
	}
}
