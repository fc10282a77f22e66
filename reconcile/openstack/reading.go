package openstack

import (
	"math"
	"time"

	"github.com/octagate/octagate/manifests/metric"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
)

// The states of floating IPs in metrics.
const (
	stateFree = "free"
	stateUsed = "used"
	statePool = "pool"
	stateIdle = "idle"
)

// The things that the project has quotas of, and admission counts.
const (
	ofBalancers   = "load balancers"
	ofFloatingIPs = "floating IPs"
)

// byThing is the label that tells these apart.
var byThing = metric.Label{Name: "thing", Values: []string{ofBalancers, ofFloatingIPs}, Doc: "what admission counts"}

// unfinished is the status in metrics of what is called ACTIVE and was never made.
const unfinished = "UNFINISHED"

// provisioning are the statuses that Octavia gives.
var provisioning = []string{string(octavia.Active), string(octavia.Failed), "PENDING_CREATE", "PENDING_UPDATE", "PENDING_DELETE"}

// What is looked up whenever somebody reads it.
var (
	factsAt = metric.Def{
		Name: "octagate_facts_timestamp_seconds", Kind: metric.Gauge, Labels: []metric.Label{byKind},
		Doc: "When OpenStack last said what is known of a kind of facts; 0: it has not yet. `time()` less this is their age.",
	}
	floatingIPStates = metric.Def{
		Name: "octagate_floating_ips", Kind: metric.Gauge, Doc: "Floating IPs of the project.",
		Labels: []metric.Label{{Name: "state", Values: []string{stateFree, stateUsed, statePool, stateIdle},
			Doc: "free: a Service may claim it; used: associated, and the project's own; pool: allocated by octagate, and associated; idle: allocated by octagate, and leading nowhere"}},
	}
	quotaUsed = metric.Def{
		Name: "octagate_quota_used", Kind: metric.Gauge, Labels: []metric.Label{byThing},
		Doc: "How many of a thing the project has, whoever made them.",
	}
	quotaLimit = metric.Def{
		Name: "octagate_quota_limit", Kind: metric.Gauge, Labels: []metric.Label{byThing},
		Doc: "How many of a thing the project may have; +Inf: any number, or OpenStack does not say.",
	}
	byStatus = metric.Def{
		Name: "octagate_load_balancers", Kind: metric.Gauge, Leader: true, Doc: "The cluster's load balancers, as the newest look at them saw them.",
		Labels: []metric.Label{{Name: "status", Values: append(provisioning[:len(provisioning):len(provisioning)], unfinished, other),
			Doc: "Octavia's provisioning status; UNFINISHED: ACTIVE, but something in it was never made; other: what Octavia may yet come to say"}},
	}
	roundAt = metric.Def{
		Name: "octagate_watch_timestamp_seconds", Kind: metric.Gauge, Leader: true,
		Doc: "When all load balancers were last looked at with success; 0: not yet. That is every 30 s, or where it takes longer than 10 s more rarely, but every 4 minutes.",
	}
)

// Reading shows what is known of the cloud.
func (f *Facts) Reading() metric.Reading {
	return metric.Reading{Defs: []metric.Def{factsAt, floatingIPStates, quotaUsed, quotaLimit}, Read: f.read}
}

func (f *Facts) read(show metric.Show) {
	f.mu.Lock()
	for _, k := range kinds {
		show(factsAt, unix(f.said[k.of].at), k.name)
	}
	f.mu.Unlock()
	known := f.Known()
	if known.FloatingIPs != nil {
		showFloatingIPs(known, show)
	}
	if known.Balancers != nil {
		show(quotaUsed, float64(len(known.Balancers)), ofBalancers)
	}
	show(quotaLimit, most(known.BalancerLimit), ofBalancers)
	show(quotaLimit, most(known.FloatingIPLimit), ofFloatingIPs)
}

func showFloatingIPs(known facts.Snapshot, show metric.Show) {
	n := map[string]int{}
	for _, f := range known.FloatingIPs {
		n[state(f)]++
	}
	for _, s := range floatingIPStates.Labels[0].Values {
		show(floatingIPStates, float64(n[s]), s)
	}
	show(quotaUsed, float64(len(known.FloatingIPs)), ofFloatingIPs)
}

func state(f facts.FloatingIP) string {
	switch {
	case f.Pool && f.Port == "":
		return stateIdle
	case f.Pool:
		return statePool
	case f.Port != "":
		return stateUsed
	}
	return stateFree
}

func most(l facts.Limit) float64 {
	if !l.Known || l.Most < 0 {
		return math.Inf(1)
	}
	return float64(l.Most)
}

// Reading shows the load balancers of a Watch that has looked at them.
func (w *Watch) Reading() metric.Reading {
	return metric.Reading{Defs: []metric.Def{byStatus, roundAt}, Read: w.read}
}

func (w *Watch) read(show metric.Show) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun == 0 {
		return // another replica builds
	}
	show(roundAt, unix(w.wideAt))
	if w.ended == 0 {
		return
	}
	n := map[string]int{}
	for _, t := range w.trees {
		if t.Exists() {
			n[statusOf(t)]++
		}
	}
	for _, s := range byStatus.Labels[0].Values {
		show(byStatus, float64(n[s]), s)
	}
}

// statusOf is the status of a load balancer in metrics.
func statusOf(t octavia.Tree) string {
	if t.Stuck != "" {
		return unfinished
	}
	for _, s := range provisioning {
		if string(t.Status) == s {
			return s
		}
	}
	return other
}

// unix is a time as Prometheus has it; 0: never.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
