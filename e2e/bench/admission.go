package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/go-logr/logr"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/openstack"
	"github.com/octagate/octagate/webhook"
)

// The goals of a review of 2 KiB.
const (
	mostMicroseconds = 150
	mostAllocations  = 200
	mostRatio        = 1.5 // of ours to one that judges nothing, on the same server
)

// reviews measures one review: the handler by itself, and as a client sees it, beside a
// webhook that judges nothing.
func reviews(ctx context.Context, b *bench) error {
	if err := b.handler(ctx); err != nil {
		return err
	}
	return b.beside(ctx)
}

// benchmarked is how go test prints a benchmark.
var benchmarked = regexp.MustCompile(`(?m)^Benchmark(\S+)-\d+\s.*?([\d.]+) ns/op.*?([\d.]+) B/op\s+(\d+) allocs/op`)

// handler runs the benchmarks of the package webhook. The middle of all turns counts.
func (b *bench) handler(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-trimpath", "-run", "^$", "-bench", "^Benchmark(Mutate|Validate)$", "-benchmem", "-count", strconv.Itoa(b.size.turns), "./webhook")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test ./webhook: %w\n%s", err, out)
	}
	all, names := map[string][3][]float64{}, []string{}
	for _, found := range benchmarked.FindAllStringSubmatch(string(out), -1) {
		columns := all[found[1]]
		for i := range columns {
			n, _ := strconv.ParseFloat(found[2+i], 64) // the expression takes only numbers
			columns[i] = append(columns[i], n)
		}
		if all[found[1]] = columns; !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("go test ./webhook has no such benchmarks:\n%s", out)
	}
	for _, name := range names {
		b.report.add("admission", "handler/"+name,
			atMost(middle(all[name][0])/1000, mostMicroseconds, "µs/op"), is(middle(all[name][1]), "B/op"), atMost(middle(all[name][2]), mostAllocations, "allocs/op"))
	}
	return nil
}

// middle is the median.
func middle(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// batch is how many reviews are sent, one after the other, before it is the next one's turn.
const batch = 1000

// beside sends the same review to both webhooks and to one that judges nothing, all on one
// server, in turns.
func (b *bench) beside(ctx context.Context) error {
	handler, end, err := judging(ctx)
	if err != nil {
		return err
	}
	defer end()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a, err := serveAll(ctx, map[string]http.Handler{
		"/noop": passing(), mutate.path: handler.Mutating(), validate.path: handler.Validating(),
	})
	if err != nil {
		return err
	}
	paths := []string{"/noop", mutate.path, validate.path}
	took := map[string][]float64{}
	for turn := range b.size.turns + 1 {
		for i := range paths {
			path := paths[(turn+i)%len(paths)]
			each, err := a.times(ctx, path)
			if err != nil {
				return err
			}
			if turn > 0 { // the first is for connections, and what is made once
				took[path] = append(took[path], each)
			}
		}
	}
	idle := middle(took["/noop"])
	b.report.add("admission", "served/Noop", is(idle, "µs/op"), is(1, "ratio"))
	b.report.add("admission", "served/Mutate", is(middle(took[mutate.path]), "µs/op"), atMost(middle(took[mutate.path])/idle, mostRatio, "ratio"))
	b.report.add("admission", "served/Validate", is(middle(took[validate.path]), "µs/op"), atMost(middle(took[validate.path])/idle, mostRatio, "ratio"))
	return nil
}

// times is how long one of a batch of reviews took, in microseconds.
func (a asker) times(ctx context.Context, path string) (float64, error) {
	r := applied()
	begun := time.Now()
	for range batch {
		is, err := a.ask(ctx, call{path, validate.timeout}, r)
		if err == nil && is != good {
			err = errors.New("a good review is not answered as one")
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return float64(time.Since(begun).Microseconds()) / batch, nil
}

// serveAll serves handlers from octagate's own server until ctx ends.
func serveAll(ctx context.Context, all map[string]http.Handler) (asker, error) {
	l, err := newLeaf()
	if err != nil {
		return asker{}, err
	}
	address, err := freeAddress()
	if err != nil {
		return asker{}, err
	}
	server := newServer(address, l)
	for path, one := range all {
		server.Register(path, one)
	}
	go server.Start(ctx)
	for server.StartedChecker()(httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)) != nil {
		if err := pause(ctx, time.Millisecond); err != nil {
			return asker{}, err
		}
	}
	return newAsker(address, serviceName), nil
}

// A judge's facts are those of the cloud alone.
type alone struct{ *openstack.Facts }

// Known implements webhook.Facts.
func (a alone) Known(context.Context) facts.Snapshot { return a.Facts.Known() }

// judging is a handler that knows all that it needs of an emulated cloud. end takes the
// cloud away.
func judging(ctx context.Context) (h webhook.Handler, end func(), err error) {
	cloud := emulator.New(emulator.Options{})
	nets := cloud.LayTwoSubnets()
	cloud.AddFloatingIP(nets.ExternalNetwork, known)
	server := httptest.NewServer(cloud)
	client, err := clientOf(cloud, server.URL)
	if err != nil {
		server.Close()
		return h, nil, err
	}
	f := &openstack.Facts{
		Client: client, Cluster: "bench", Refresh: time.Hour, Log: logr.Discard(),
		ServiceSubnets: []string{nets.ServiceSubnet}, PodSubnets: []string{nets.PodSubnet},
	}
	if _, errs := f.Look(ctx); len(errs) > 0 {
		server.Close()
		return h, nil, errors.Join(errs...)
	}
	return webhook.Handler{Policy: policyOf(nets), Facts: alone{f}}, server.Close, nil
}

// clientOf is octagate's own way to a cloud.
func clientOf(cloud *emulator.Cloud, url string) (*openstack.Client, error) {
	dir, err := os.MkdirTemp("", "octagate-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "clouds.yaml")
	if err := os.WriteFile(file, bytes.Clone(cloud.CloudsYAML(url)), 0o600); err != nil {
		return nil, err
	}
	if err := os.Setenv("OS_CLIENT_CONFIG_FILE", file); err != nil {
		return nil, err
	}
	return openstack.Configure("demo", openstack.Rate{})
}

// policyOf is a configuration for networks.
func policyOf(nets emulator.Networks) policy.Config {
	return policy.Config{
		ServiceSubnet: nets.ServiceSubnet, PodSubnet: nets.PodSubnet, ExternalNetwork: nets.ExternalNetwork, ExternalSubnet: nets.ExternalSubnet, MemberMode: annotation.L3,
	}
}
