package networks_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/networks"
	"github.com/octagate/octagate/e2e/session"
	"github.com/octagate/octagate/e2e/view"
)

func TestWhatIsLaidIsRemoved(t *testing.T) {
	cloud := emulator.New(emulator.Options{})
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(file, cloud.CloudsYAML(server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(cloud string) *session.Session {
		s, err := session.Open(t.Context(), file, cloud)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	demo, admin := open("demo"), open("admin")
	for _, tt := range []struct {
		layout networks.Layout
		things int // without the external network, which is the administrator's
	}{
		{networks.TwoSubnets, 7}, // 2 networks, 2 subnets, 2 ports, 1 router
		{networks.OneSubnet, 4},
	} {
		n, err := networks.Lay(t.Context(), tt.layout, demo, admin)
		if err != nil {
			t.Fatal(err)
		}
		if there := inventory(t, file); len(there) != tt.things {
			t.Errorf("%s: %d things are there: %q", tt.layout.Name, len(there), there)
		}
		if err := n.Remove(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string(nil), inventory(t, file)); diff != "" {
			t.Errorf("%s: %s", tt.layout.Name, diff)
		}
	}
	if _, err := networks.Lay(t.Context(), networks.OneSubnet, demo, nil); err == nil {
		t.Error("networks were laid without an external network")
	}
}

func inventory(t *testing.T, file string) []string {
	t.Helper()
	v, err := view.Dial(t.Context(), file, "demo")
	if err != nil {
		t.Fatal(err)
	}
	there, err := v.Inventory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return there
}
