package testbed

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/session"
	"github.com/octagate/octagate/e2e/view"
)

// realCloud is an emulator that is taken for a real cloud. Every change passes by the
// watcher first.
func realCloud(t *testing.T, watch func()) *session.Real {
	t.Helper()
	cloud := emulator.New(emulator.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/tokens") {
			watch()
		}
		cloud.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(file, cloud.CloudsYAML(server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	return &session.Real{File: file, Cloud: "demo", Admin: "admin"}
}

// Each change that starting a cloud makes is the one during which somebody gives up, once.
func TestACloudThatIsGivenUpIsLeftEmpty(t *testing.T) {
	started := false
	for last := 1; !started; last++ {
		ctx, giveUp := context.WithCancel(t.Context())
		changes := 0
		real := realCloud(t, func() {
			if changes++; changes == last {
				giveUp()
			}
		})
		c, err := startCloud(ctx, t.TempDir(), Options{Real: real, FloatingIPs: []string{"172.24.4.21", "172.24.4.22"}})
		giveUp()
		if started = err == nil; started {
			if err := c.Clear(t.Context()); err != nil {
				t.Error(err)
			}
		} else if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "left") {
			t.Errorf("given up at change %d: %v", last, err)
		}
		for _, who := range []string{"demo", "admin"} {
			if diff := cmp.Diff([]string(nil), inventory(t, real.File, who)); diff != "" {
				t.Errorf("given up at change %d: left of %s: %s", last, who, diff)
			}
		}
	}
}

func TestALoadBalancerThatIsLeftIsRemovedAndTold(t *testing.T) {
	real := realCloud(t, func() {})
	c, err := startCloud(t.Context(), t.TempDir(), Options{Real: real})
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"loadbalancer": map[string]any{"name": "forgotten", "vip_subnet_id": c.Networks.ServiceSubnet}}
	owner := c.Networks.Owner
	if err := owner.Do(t.Context(), http.MethodPost, owner.LoadBalancer+"lbaas/loadbalancers", body, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Clear(t.Context()); err == nil || !strings.Contains(err.Error(), "load balancer forgotten") {
		t.Errorf("it was not told: %v", err)
	}
	if left := inventory(t, real.File, "demo"); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func inventory(t *testing.T, file, entry string) []string {
	t.Helper()
	v, err := view.Dial(t.Context(), file, entry)
	if err != nil {
		t.Fatal(err)
	}
	there, err := v.Inventory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return there
}
