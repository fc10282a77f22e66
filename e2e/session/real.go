package session

import "os"

// A Real is a real cloud that tests may use.
type Real struct {
	File    string // the clouds.yaml
	Cloud   string // the project in it that tests work in
	Admin   string // an administrator; empty: there is none
	Other   string // a user of another project; empty: there is none
	Octavia string // a program that meddles with Octavia: hold, release…; empty: there is none

	AsPackaged bool // it has the fault of Octavia 11.0.0 in fully populated creates
}

// FromEnvironment is the real cloud that OCTAGATE_E2E_CLOUD and its sisters name; ok is
// false if they name none. OS_CLOUD has no say, so that nobody's tests run in a cloud
// that happens to be the one of their shell.
func FromEnvironment() (real Real, ok bool, err error) {
	real = Real{
		Cloud:      os.Getenv("OCTAGATE_E2E_CLOUD"),
		Admin:      os.Getenv("OCTAGATE_E2E_ADMIN"),
		Other:      os.Getenv("OCTAGATE_E2E_OTHER"),
		Octavia:    os.Getenv("OCTAGATE_E2E_OCTAVIA"),
		AsPackaged: os.Getenv("OCTAGATE_E2E_AS_PACKAGED") == "1",
	}
	if real.Cloud == "" {
		return Real{}, false, nil
	}
	real.File, err = CloudsFile()
	return real, err == nil, err
}
