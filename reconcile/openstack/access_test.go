package openstack

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/bits"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"

	"github.com/octagate/octagate/e2e/emulator"
)

// rules are the access rules that manifests has for a credential.
func rules(t testing.TB, name string) (rules []emulator.AccessRule) {
	t.Helper()
	text, err := os.ReadFile("../../manifests/credentials/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(text, &rules)
	}
	if err != nil || len(rules) == 0 {
		t.Fatalf("%d rules: %v", len(rules), err)
	}
	return rules
}

// credentials are entries of clouds.yaml for what octagate logs in as: each may call what
// its access rules name, and nothing else. LBaaS v2 is older than such rules.
func (s *sky) credentials(url string) (entries []byte) {
	for user, name := range map[string]string{"demo": "writer", "reader": "reader"} {
		allowed := rules(s, name)
		if s.legacy {
			allowed = nil
		}
		id, secret := s.cloud.AddCredential(user, allowed)
		entries = fmt.Appendf(entries, `  %s:
    region_name: RegionOne
    auth_type: v3applicationcredential
    auth: {auth_url: "%s/identity/v3", application_credential_id: %s, application_credential_secret: %s}
`, name, url, id, secret)
		if !s.legacy {
			s.Cleanup(func() { idle.keep(name, s.cloud.Unused(id)) })
		}
	}
	return entries
}

// unused are the access rules that no test of this package has needed yet, by credential.
type unused struct {
	sync.Mutex
	rules map[string][]emulator.AccessRule
}

var idle = unused{rules: map[string][]emulator.AccessRule{}}

// keep leaves of a credential's rules those that are not needed by another test either.
func (u *unused) keep(name string, rules []emulator.AccessRule) {
	u.Lock()
	defer u.Unlock()
	if before, some := u.rules[name]; some {
		rules = slices.DeleteFunc(rules, func(r emulator.AccessRule) bool { return !slices.Contains(before, r) })
	}
	u.rules[name] = rules
}

// Who only reads cannot write, and admission has no need of it.
func TestTheReaderOnlyReads(t *testing.T) {
	s := newSky(t)
	session, err := s.reader.meet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := loadbalancers.Delete(t.Context(), session.balance, "x", nil).ExtractErr(); err == nil || gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		t.Errorf("it may delete load balancers: %v", err)
	}
	if known := s.facts().Fresh(t.Context(), ofEverything); known.Old != 0 || bits.OnesCount(uint(known.Kinds())) != len(kinds) {
		t.Errorf("it knows %b of %d kinds", known.Kinds(), len(kinds))
	}
}

// The facts of another project would be held against everybody.
func TestTheReaderIsOfTheSameProject(t *testing.T) {
	s := newSky(t)
	if _, err := s.watch.Client.login(t.Context()); err != nil {
		t.Fatal(err)
	}
	stranger, err := s.watch.Client.Reader("other")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.login(t.Context()); err == nil || !strings.Contains(err.Error(), "openstack.cloud and openstack.reader are for two projects") {
		t.Errorf("got %v", err)
	}
}

// All tests together use every access rule, and none is there for nothing.
func TestMain(m *testing.M) {
	code := m.Run()
	if whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""; code == 0 && whole && !testing.Short() {
		for name, rules := range idle.rules {
			for _, r := range rules {
				fmt.Printf("manifests/credentials/%s.json allows %s %s of %s, which octagate does not call\n", name, r.Method, r.Path, r.Service)
				code = 1
			}
		}
	}
	os.Exit(code)
}
