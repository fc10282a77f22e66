package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/octagate/octagate/e2e/session"
)

// preflight is what each check of octagate preflight says, in a word, and its exit code.
func (c *corner) preflight(args ...string) (verdicts map[string]string, exit int) {
	c.Helper()
	out, err := c.world.OperatorCommand(c.Context(), append([]string{"preflight", "-o", "json"}, args...)...)
	if err != nil {
		c.Fatal(err)
	}
	var report struct {
		Results []struct{ Check, Severity, Found string }
	}
	if err := json.Unmarshal([]byte(out.Stdout), &report); err != nil {
		c.Fatalf("%v: %s%s", err, out.Stdout, out.Stderr)
	}
	verdicts = map[string]string{}
	for _, r := range report.Results {
		verdicts[r.Check] = r.Severity
		if r.Severity != "passed" {
			c.Logf("%s: %s: %s", r.Check, r.Severity, r.Found)
		}
	}
	return verdicts, out.Code
}

// The ground that all these tests stand on passes, as far as they do nothing to it: what it
// was asked of the cluster, too.
func TestPreflight(t *testing.T) {
	c := newCorner(t, "preflight")
	verdicts, _ := c.preflight("--config", c.world.ConfigFile())
	for _, check := range []string{
		"catalogue", "octavia-version", "neutron-extensions", "provider", "provider-limits", "subnets-exist", "families", "subnets-apart", "cluster-range",
		"range-in-subnet", "pools-apart", "gateways", "router", "external-network", "external-route", "pool-room",
	} {
		if verdicts[check] != "passed" {
			t.Errorf("%s: %s", check, verdicts[check])
		}
	}
}

// What octagate network makes is ground on which nothing fails.
func TestNetworksAreLaid(t *testing.T) {
	for _, layout := range []string{"two-subnets", "single-subnet"} {
		t.Run(layout, func(t *testing.T) {
			c := newCorner(t, "laid-"+layout)
			if layout == "single-subnet" && c.world.Cloud.Emulator == nil {
				t.Skip("NOT RUN: on a real cloud it would take a minute more, for the same calls")
			}
			cluster := "octagate-e2e-" + uuid.NewString()[:8]
			operator := c.operator()
			t.Cleanup(func() { c.clear(operator, cluster) })
			args := []string{"network", "apply", "--yes", "--cloud", c.world.Cloud.Name, "--cluster-name", cluster, "--layout", layout,
				"--external-network", c.world.Cloud.Networks.ExternalNetwork, "--api-server", "192.0.2.10"}
			made, err := c.world.OperatorCommand(t.Context(), args...)
			if err != nil || made.Code != 0 {
				t.Fatalf("%v: %s", err, made.Stderr)
			}
			again, err := c.world.OperatorCommand(t.Context(), args...)
			if err != nil || again.Stderr != "There is nothing to do.\n" || again.Stdout != made.Stdout {
				t.Errorf("%v: once more: %s%s", err, again.Stderr, again.Stdout)
			}
			file := filepath.Join(t.TempDir(), "octagate.yaml")
			if err := os.WriteFile(file, []byte(made.Stdout), 0o600); err != nil {
				t.Fatal(err)
			}
			verdicts, exit := c.preflight("--config", file, "--no-cluster")
			if exit != 0 || verdicts["api-load-balancer"] != "passed" || verdicts["router"] != "passed" {
				t.Errorf("exit %d: %v", exit, verdicts)
			}
		})
	}
}

// A made is something that octagate network made.
type made struct{ ID, Name, Description, Owner string }

// made are the things of a kind that bear the mark of a cluster.
func (c *corner) made(ctx context.Context, by *session.Session, list, cluster string) []made {
	c.Helper()
	var listed map[string][]made
	project := "?project_id=" + url.QueryEscape(by.Project)
	if err := by.Do(ctx, http.MethodGet, list+project, nil, &listed); err != nil {
		c.Fatal(err)
	}
	for _, things := range listed {
		if things = slices.DeleteFunc(things, func(m made) bool { return !strings.Contains(m.Description, "octagate:network="+cluster) }); len(things) > 0 {
			return things
		}
	}
	return nil
}

// clear removes what octagate network made for a cluster, as its operator would.
func (c *corner) clear(by *session.Session, cluster string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must := func(err error) {
		if err != nil {
			c.Error(err)
		}
	}
	for _, lb := range c.made(ctx, by, by.LoadBalancer+"lbaas/loadbalancers", cluster) {
		c.demolish(by, lb.ID)
	}
	ports := c.made(ctx, by, by.Network+"ports", cluster)
	for _, router := range c.made(ctx, by, by.Network+"routers", cluster) {
		for _, p := range ports {
			must(by.Do(ctx, http.MethodPut, by.Network+"routers/"+router.ID+"/remove_router_interface", map[string]string{"port_id": p.ID}, nil))
		}
		must(by.Delete(ctx, by.Network+"routers/"+router.ID))
	}
	for _, n := range c.made(ctx, by, by.Network+"networks", cluster) {
		must(by.Delete(ctx, by.Network+"networks/"+n.ID))
	}
}
