package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/testbed"
)

// A deserted cluster has everything of octagate installed, and no octagate.
type deserted struct {
	*testing.T
	cluster *testbed.Cluster
}

// While octagate is away the API server asks it in vain, refuses what the rules can say in
// CEL, and undoes what is forged.
func TestTheAPIServerStandsIn(t *testing.T) {
	if ground.Real != nil {
		t.Skip("NOT RUN: nothing of this depends on the cloud")
	}
	t.Parallel()
	goOn(t)
	d := &deserted{T: t}
	ctx, cancel := context.WithTimeout(interrupted, patience)
	defer cancel()
	var err error
	if d.cluster, err = testbed.StartCluster(ctx, t.TempDir(), "10.2.0.0/17"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	d.takes("older Services with faults", named("old-ip", manifest(balanced+"  loadBalancerIP: 172.24.4.013\n"+http80)), "create", "-f", "-")
	d.takes("an older Service with a key of nobody", named("old-key", manifest(http80, "octagate.dev/intrenal: 'true'")), "create", "-f", "-")
	if err := d.cluster.Install(ctx, "127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	d.awake()
	d.refuses()
	d.passes()
	d.forgives()
	d.resets()
	d.tells()
}

func (d *deserted) kubectl(stdin string, args ...string) (int, string) {
	d.Helper()
	goOn(d.T)
	out, err := d.cluster.Kubectl(d.Context(), stdin, args...)
	if err != nil {
		d.Fatal(err)
	}
	return out.Code, out.Stderr + out.Stdout
}

func (d *deserted) takes(claim, stdin string, args ...string) {
	d.Helper()
	if code, said := d.kubectl(stdin, args...); code != 0 {
		d.Errorf("%s: refused: %s", claim, said)
	}
}

// awake waits until the API server knows the policies.
func (d *deserted) awake() {
	d.Helper()
	bad := manifest(http80, "octagate.dev/internal: maybe", "octagate.dev/verdict: forged")
	for d.Context().Err() == nil {
		code, said := d.kubectl(bad, "create", "--dry-run=server", "-o", "yaml", "-f", "-")
		_, good := d.kubectl(manifest(http80, "octagate.dev/verdict: forged"), "create", "--dry-run=server", "-o", "yaml", "-f", "-")
		if code != 0 && strings.Contains(said, "ValidatingAdmissionPolicy 'octagate'") && !strings.Contains(good, "forged") {
			return
		}
	}
}

func (d *deserted) refuses() {
	d.Helper()
	for claim, tt := range map[string]struct{ manifest, want string }{
		"an unknown annotation":    {manifest(http80, "octagate.dev/intrenal: 'true'"), `metadata.annotations: "octagate.dev/intrenal" is not an annotation of octagate`},
		"a bad value":              {manifest(http80, "octagate.dev/timeout-client-data: '50'"), `metadata.annotations[octagate.dev/timeout-client-data]: "50" must be a time with its unit, from 1ms to 24h, such as 50s`},
		"a misspelt address":       {manifest(balanced + "  loadBalancerIP: fe80::1%eth0\n" + http80), `spec.loadBalancerIP: "fe80::1%eth0" is not an IP address; write one like 172.24.4.13`},
		"two addresses":            {manifest(balanced+"  loadBalancerIP: 172.24.4.21\n"+http80, "octagate.dev/load-balancer-ip: 172.24.4.22"), "differs from octagate.dev/load-balancer-ip"},
		"an address and internal":  {manifest(balanced+"  loadBalancerIP: 172.24.4.21\n"+http80, "octagate.dev/internal: 'true'"), "contradicts octagate.dev/internal"},
		"a header without HTTP":    {manifest(http80, "octagate.dev/x-forwarded-for: 'true'"), "needs a port that reads HTTP"},
		"a monitor that overtakes": {manifest(http80, "octagate.dev/health-monitor: 'true'", "octagate.dev/health-monitor-delay: 5s", "octagate.dev/health-monitor-timeout: 9s"), "is longer than the delay"},
	} {
		code, said := d.kubectl(named("bad", tt.manifest), "create", "-f", "-")
		if code == 0 || !strings.Contains(said, "ValidatingAdmissionPolicy 'octagate'") || !strings.Contains(said, tt.want) {
			d.Errorf("%s: %d %s", claim, code, said)
		}
	}
}

// passes is what is none of octagate's business.
func (d *deserted) passes() {
	d.Helper()
	const wrong = "octagate.dev/internal: maybe"
	d.takes("a good Service", named("good", manifest(balanced+"  loadBalancerIP: 172.24.4.21\n"+http80, "octagate.dev/timeout-client-data: 50s", "octagate.dev/tags: 'a, b'")), "create", "-f", "-")
	d.takes("a headless Service", named("headless", manifest("  clusterIP: None\n"+http80, wrong)), "create", "-f", "-")
	d.takes("a NodePort", named("node-port", manifest("  type: NodePort\n"+http80, wrong)), "create", "-f", "-")
	d.takes("another class", named("class", manifest(balanced+"  loadBalancerClass: example.org/other\n  loadBalancerIP: nonsense\n"+http80)), "create", "-f", "-")
	d.takes("kube-system", named("bad", manifest(http80, wrong)), "create", "--namespace", "kube-system", "-f", "-")
}

// forgives old faults, and not new ones.
func (d *deserted) forgives() {
	d.Helper()
	for _, old := range []string{"old-ip", "old-key"} {
		d.takes("a label on "+old, "", "label", "service", old, "team=x")
		d.takes("another port of "+old, "", "patch", "service", old, "-p", `{"spec":{"sessionAffinity":"ClientIP"}}`)
		if code, said := d.kubectl("", "annotate", "service", old, "octagate.dev/keep-floating-ip=perhaps"); code == 0 {
			d.Errorf("a new fault of %s passes: %s", old, said)
		}
	}
	if code, said := d.kubectl("", "patch", "service", "old-ip", "-p", `{"spec":{"loadBalancerIP":"172.24.4.014"}}`); code == 0 {
		d.Errorf("a new fault of the same kind passes: %s", said)
	}
	d.takes("a deletion", "", "delete", "service", "old-ip", "old-key", "good", "headless")
}

// resets what only octagate writes, and leaves authors what is theirs.
func (d *deserted) resets() {
	d.Helper()
	d.takes("a forgery", manifest(http80, "octagate.dev/verdict: accepted", "octagate.dev/load-balancer-id: x", "octagate.dev/provider: amphora", "team: x"), "create", "-f", "-")
	d.has("what is forged when a Service is made", "octagate.dev/provider=amphora", "team=x")
	octagate := []string{"--as=system:serviceaccount:octagate-system:octagate", "--as-group=system:masters"}
	d.takes("octagate itself", "", append([]string{"annotate", "service", "web", "octagate.dev/verdict=accepted", "octagate.dev/policy=12345678"}, octagate...)...)
	written := []string{"octagate.dev/policy=12345678", "octagate.dev/provider=amphora", "octagate.dev/verdict=accepted", "team=x"}
	d.has("octagate's own", written...)
	d.takes("another forgery", "", "annotate", "--overwrite", "service", "web", "octagate.dev/verdict=denied", "octagate.dev/listeners=TCP/1", "octagate.dev/policy=x")
	d.has("what is forged later", written...)
	d.takes("a deletion of a mark", "", "annotate", "service", "web", "octagate.dev/verdict-", "octagate.dev/provider-", "team-")
	d.has("what is taken away", written[0], written[2])
	d.takes("a deletion of all", "", "patch", "service", "web", "-p", `{"metadata":{"annotations":null}}`)
	d.has("what is taken away with all, but for the way out", written[2])
}

// has demands that the Service web has certain annotations, and no others.
func (d *deserted) has(claim string, want ...string) {
	d.Helper()
	svc := &corner{T: d.T, world: &testbed.World{Cluster: d.cluster}, namespace: "default"}
	var got []string
	for key, value := range svc.service("web").Annotations {
		got = append(got, key+"="+value)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("%s: %s", claim, diff)
	}
}

// tells is what the API server counts of an octagate that does not answer: alerts go by it.
func (d *deserted) tells() {
	d.Helper()
	d.takes("the end of patience", "", "patch", "validatingwebhookconfiguration", "octagate", "--type=json", "-p", `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"}]`)
	counts := map[string]bool{`apiserver_admission_webhook_fail_open_count{name="validate.octagate.dev",type="validating"}`: false,
		`apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error",name="validate.octagate.dev"`: false}
	for n := 0; d.Context().Err() == nil && slices.Contains(slices.Collect(maps.Values(counts)), false); n++ {
		d.kubectl(named(fmt.Sprint("asked-", n), manifest(http80)), "create", "-f", "-")
		_, metrics := d.kubectl("", "get", "--raw", "/metrics")
		for series := range counts {
			counts[series] = strings.Contains(metrics, series)
		}
	}
}
