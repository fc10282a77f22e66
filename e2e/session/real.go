package session

import "os"

// A Real is a real cloud that tests may use. Each part comes from a variable of the
// environment.
type Real struct {
	File       string // the clouds.yaml
	Cloud      string // OCTAGATE_E2E_CLOUD: the entry whose project tests work in
	Admin      string // OCTAGATE_E2E_ADMIN: an entry with the role admin; empty: there is none
	Other      string // OCTAGATE_E2E_OTHER: an entry with another project; empty: there is none
	External   string // OCTAGATE_E2E_EXTERNAL: the id of the external network to use; empty: one that is made or found
	Octavia    string // OCTAGATE_E2E_OCTAVIA: a program that takes hold, release, fail-builds, build-again and break ID; empty: there is none
	Quotas     bool   // OCTAGATE_E2E_QUOTAS=1, or the cloud is ours (there is Octavia): quotas of Other may be changed for a while
	AsPackaged bool   // OCTAGATE_E2E_AS_PACKAGED=1: it is Octavia 11.0.0 with all its faults
}

// FromEnvironment is the real cloud that OCTAGATE_E2E_CLOUD and its sisters name; ok is
// false if they name none. OS_CLOUD alone has no say, here or in `make e2e-openstack`: it
// may be the everyday cloud of somebody's shell, and nobody has OCTAGATE_E2E_CLOUD by habit.
func FromEnvironment() (real Real, ok bool, err error) {
	real = Real{
		Cloud:      os.Getenv("OCTAGATE_E2E_CLOUD"),
		Admin:      os.Getenv("OCTAGATE_E2E_ADMIN"),
		Other:      os.Getenv("OCTAGATE_E2E_OTHER"),
		External:   os.Getenv("OCTAGATE_E2E_EXTERNAL"),
		Octavia:    os.Getenv("OCTAGATE_E2E_OCTAVIA"),
		AsPackaged: os.Getenv("OCTAGATE_E2E_AS_PACKAGED") == "1",
	}
	if real.Cloud == "" {
		return Real{}, false, nil
	}
	real.Quotas = real.Octavia != "" || os.Getenv("OCTAGATE_E2E_QUOTAS") == "1"
	real.File, err = CloudsFile()
	return real, err == nil, err
}
