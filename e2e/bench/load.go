package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/manifests"
)

// serviceName is the name by which API servers know the webhook.
const serviceName = manifests.Name + "." + manifests.Namespace + ".svc"

// manyFloatingIPs is how many the project has under load.
const manyFloatingIPs = 10_000

// mostMemory is the goal for what is resident then, in MiB.
const mostMemory = 64

// A sky is what the cloud is like for a while.
type sky struct {
	name  string
	fault *emulator.Fault // of every call; nil: none
}

// skies become worse and worse.
var skies = []sky{
	{"0ms", nil},
	{"50ms", &emulator.Fault{Delay: 50 * time.Millisecond}},
	{"300ms", &emulator.Fault{Delay: 300 * time.Millisecond}},
	{"2s", &emulator.Fault{Delay: 2 * time.Second}},
	{"503", &emulator.Fault{Status: http.StatusServiceUnavailable, Body: "down"}},
	{"blackhole", &emulator.Fault{Delay: time.Hour}},
}

// load sends requests straight to the webhook of the program that ships.
func load(ctx context.Context, b *bench) (err error) {
	w, err := b.world(ctx, "load", testbed.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Stop()) }()
	if err := b.idle(ctx, w, "idle/floatingips=0"); err != nil {
		return err
	}
	floatingIPs(w, manyFloatingIPs)
	if err := b.idle(ctx, w, fmt.Sprintf("idle/floatingips=%d", manyFloatingIPs)); err != nil {
		return err
	}
	address, err := webhookAddress(w)
	if err != nil {
		return err
	}
	a := newAsker(address, serviceName)
	a.pour(ctx, 50, 2*time.Second) // connections, and what is made once
	for _, s := range skies {
		w.Cloud.Emulator.SetFault(func(*http.Request) *emulator.Fault { return s.fault })
		for _, rate := range b.size.rates {
			if err := b.cell(ctx, w, a, s, rate); err != nil {
				return err
			}
		}
	}
	w.Cloud.Emulator.SetFault(nil)
	return nil
}

// webhookAddress reads where the webhook is served.
func webhookAddress(w *testbed.World) (string, error) {
	text, err := os.ReadFile(w.ConfigFile())
	var c struct {
		Webhook struct {
			BindAddress string `json:"bindAddress"`
		} `json:"webhook"`
	}
	if err == nil {
		err = yaml.Unmarshal(text, &c)
	}
	if err != nil {
		return "", fmt.Errorf("looking for the webhook: %w", err)
	}
	return c.Webhook.BindAddress, nil
}

// idle is what octagate takes when nobody asks it anything, for as long as it needs to
// renew all that it knows.
func (b *bench) idle(ctx context.Context, w *testbed.World, name string) error {
	const while = 35 * time.Second
	g, err := follow(ctx, w.Octagate.PID())
	if err != nil {
		return err
	}
	if err := pause(ctx, while); err != nil {
		return err
	}
	highest, used, err := g.end()
	b.report.add("load", name, atMost(highest.all*mib, mostMemory, "rss-MiB"), is(highest.anon*mib, "anon-MiB"), is(used.Seconds()/while.Seconds(), "cores"))
	return err
}

// cell is one rate under one sky.
func (b *bench) cell(ctx context.Context, w *testbed.World, a asker, s sky, rate int) error {
	g, err := follow(ctx, w.Octagate.PID())
	if err != nil {
		return err
	}
	all := a.pour(ctx, rate, b.size.cell)
	highest, used, err := g.end()
	if err != nil {
		return err
	}
	count := map[answer]int{}
	for _, one := range all {
		count[one.is]++
		if one.is == refused && !one.doubt {
			count[failed]++ // nobody is refused who asks for nothing bad
		}
		if one.err != nil && count[failed] == 1 {
			fmt.Fprintf(os.Stderr, "load: %s, %d/s: %v\n", s.name, rate, one.err)
		}
	}
	plain := times(all, func(s sample) bool { return !s.doubt })
	doubt := times(all, func(s sample) bool { return s.doubt })
	b.report.add("load", fmt.Sprintf("cloud=%s/rate=%d", s.name, rate),
		is(percentile(plain, 0.5), "p50-ms"), is(percentile(plain, 0.99), "p99-ms"), is(percentile(plain, 0.999), "p99.9-ms"),
		is(percentile(doubt, 0.5), "asking-p50-ms"), is(percentile(doubt, 0.99), "asking-p99-ms"),
		atMost(float64(count[failed]), 0, "errors"), is(float64(count[refused]), "refused"), is(float64(count[unverified]), "unverified"),
		atMost(highest.all*mib, mostMemory, "rss-MiB"), is(highest.anon*mib, "anon-MiB"), is(used.Seconds()/b.size.cell.Seconds(), "cores"))
	return nil
}
