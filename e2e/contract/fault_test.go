package contract

// A fault is what some versions of Octavia do and others do not. octagate has to live
// with both; the contract is that a cloud does what is known of its version.
type fault struct{ what, versions string }

var (
	treesForgotten = fault{
		"everything inside a load balancer that was created in one call stays PENDING_CREATE for ever",
		"11.0.0 with the amphora provider, as it is packaged; corrected in 11.0.1",
	}
	loosePoolsForgotten = fault{
		"a pool that no listener leads to stays PENDING_CREATE for ever when it was created with its load balancer",
		"11.0.0 with the amphora provider; corrected in 11.0.1",
	}
	portsLeak = fault{
		"a load balancer that is refused because of what is in it leaves its VIP port behind",
		"11.0.0 (API v2.26); later ones were not tried",
	}
	filtersForgotten = fault{
		"the link to the next page of a filtered list leads to one of everything",
		"11.0.0 (API v2.26); later ones were not tried",
	}
	twinsHang = fault{
		"a batch that names a member twice that is there already leaves the load balancer PENDING_UPDATE for ever",
		"11.0.0 (API v2.26); 15.0.0 answers 400",
	}
)

// measured is the API version of the Octavia that these faults were seen in.
const measured = "v2.26"

// known are the faults that a real cloud has for certain, or has not. The number of
// the API says nothing about corrections: what is not known is missing.
func known(api string, asPackaged bool) map[fault]bool {
	all := map[fault]bool{treesForgotten: asPackaged}
	if asPackaged {
		all[loosePoolsForgotten] = true
	}
	if api == measured {
		all[portsLeak], all[filtersForgotten], all[twinsHang] = true, true, true
	}
	return all
}

// shows compares a fault, or its absence, with what is known of the cloud.
func (x trial) shows(f fault, seen bool) {
	x.Helper()
	expected, known := x.faults[f]
	switch {
	case !known:
		x.Logf("seen %t: %s (known of %s)", seen, f.what, f.versions)
	case seen != expected:
		x.Errorf("seen %t, want %t: %s (known of %s)", seen, expected, f.what, f.versions)
	}
}
