package chaos

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// sabotages are faults that octagate could have, each with a history that finds it: that
// nothing is found otherwise says something, therefore.
var sabotages = map[string]struct {
	history  string // that finds it
	sabotage func(*octagate)
}{
	"allocated floating IPs are not released": {"create 0 2 20s\n delete 0 0 20s", without[plan.ReleaseFloatingIP]},
	"users' floating IPs are not given back":  {"create 0 3 20s\n change 0 4 20s", without[plan.DissociateFloatingIP]},
	"members do not follow Pods":              {"create 0 0 20s\n pods 0 1 20s", without[plan.SetMembers]},
	"listeners stay":                          {"create 0 1 20s\n change 0 0 20s", without[plan.DeleteListener]},
	"a floating IP that is to be kept is released": {"create 0 13 6m\n delete 0 0 20s", tampering(func(_ *octagate, s plan.KeepFloatingIP) plan.Step {
		return plan.ReleaseFloatingIP{ID: s.ID, Address: s.Address}
	})},
	"what is not known is taken for nothing":  {"create 0 0 6m\n down 0 20 1s\n delete 0 0 40s", ignoring},
	"nobody asks who claims a floating IP":    {rivals, unclaiming},
	"another cluster's are taken for orphans": {"create 0 0 15m", mistaking},
	"orphans are left":                        {"create 0 0 20s\n down 0 20 1s\n force 0 0 30s", func(o *octagate) { o.collector.Collect = false }},
	"nothing is held until it is gone":        {"create 0 0 6m\n delete 0 0 20s", func(o *octagate) { o.reconciler.Client = careless{o.cache} }},
	"the status is not written":               {"create 0 0 20s", func(o *octagate) { o.reconciler.Client = taciturn{o.cache} }},
	"lost watches are not noticed":            {"create 0 0 20s\n deaf 0 50 1s\n pods 0 1 1m", func(o *octagate) { o.cache.stubborn = true }},
	"what admission refuses is built":         {"down 0 20 1ms\n create 0 28 6m\n pods 0 1 20s", func(o *octagate) { o.sees = func(s *corev1.Service) { delete(s.Annotations, prefix+"lb-algorithm") } }},
	"what admission refuses is built on": {"create 0 0 20s\n down 0 20 1ms\n change 0 32 6m\n restart 0 4 1m", func(o *octagate) {
		o.sees = func(s *corev1.Service) { delete(s.Annotations, prefix+"x-forwarded-for") }
	}},
	"nothing is held while it is made": {"create 0 2 20s", func(o *octagate) { o.reconciler.Client = unholding{o.cache} }},
	"who leaves is held up":            {"create 0 0 20s\n delete 0 0 20s", func(o *octagate) { o.reconciler.Client = tardy{o.cache} }},
	"a server's port is changed":       {"restart 0 8 1s\n create 0 2 20s", tampering(func(o *octagate, s plan.OpenVIP) plan.Step { return plan.OpenVIP{Port: o.w.house.port} })},
	"a server loses its floating IP":   {"take 0 0 1s\n create 0 0 20s", parting},
	"kept floating IPs bear marks":     {"create 0 13 20s\n delete 0 0 20s", tampering(func(_ *octagate, s plan.KeepFloatingIP) plan.Step { return plan.DissociateFloatingIP(s) })},
	"annotations lie":                  {"create 0 0 20s", func(o *octagate) { o.reconciler.Client = liar{Client: o.cache} }},
	"the status lies":                  {"create 0 2 20s", func(o *octagate) { o.reconciler.Client = liar{o.cache, true} }},
	"load balancers do not change":     {"create 0 0 20s\n meddle 0 0 20s", without[plan.UpdateLoadBalancer]},
	"load balancers stay":              {"create 0 0 20s\n delete 0 0 20s", without[plan.DeleteLoadBalancer]},
	"no listeners are added":           {"create 0 0 20s\n change 0 1 20s", without[plan.CreateListener]},
	"listeners do not change":          {"create 0 18 20s\n change 0 19 20s", without[plan.UpdateListener]},
	"no pools are added":               {"create 0 0 20s\n change 0 1 20s", without[plan.CreatePool]},
	"pools do not change":              {"create 0 2 20s\n change 0 9 20s", without[plan.UpdatePool]},
	"pools stay":                       {"create 0 1 20s\n change 0 0 20s", without[plan.DeletePool]},
	"no health monitors are added":     {"create 0 0 20s\n change 0 16 20s", without[plan.CreateMonitor]},
	"health monitors do not change":    {"create 0 11 20s\n change 0 16 20s\n change 0 27 20s", without[plan.UpdateMonitor]},
	"health monitors stay":             {"create 0 16 20s\n change 0 0 20s", without[plan.DeleteMonitor]},
	"floating IPs are snatched back":   {"snatch 1 0 1ms\n create 0 3 40s", func(o *octagate) { o.blunt = true }},
	"no floating IPs are allocated":    {"create 0 2 20s", without[plan.AllocateFloatingIP]},
	"no floating IPs are associated":   {"create 0 3 20s", without[plan.AssociateFloatingIP]},
	"VIPs stay closed":                 {"restart 0 8 1s\n create 0 2 20s", without[plan.OpenVIP]},
}

// rivals are two Services that name one floating IP, stored while nobody judged them, and
// both waiting for it. With some seeds the younger one looks first when it is free.
const rivals = "take 0 0 1s\n create 0 0 2s\n create 1 0 20s\n down 0 20 1s\n change 0 3 1s\n change 1 3 5m\n take 0 1 2m"

// A tampered cloud takes other steps than it is told.
type tampered struct {
	reconcile.Cloud
	tamper func(plan.Step) plan.Step // nil: none is taken
}

func (t tampered) Take(ctx context.Context, o octavia.Owner, step plan.Step) error {
	if step = t.tamper(step); step == nil {
		return nil
	}
	return t.Cloud.Take(ctx, o, step)
}

func (t tampered) Observe(o octavia.Owner) (octavia.Tree, error) { return t.Cloud.Observe(o) }

// tampering has other steps taken than those of a kind.
func tampering[S plan.Step](with func(*octagate, S) plan.Step) func(*octagate) {
	return func(o *octagate) {
		o.reconciler.Cloud = tampered{o.watch, func(s plan.Step) plan.Step {
			if one, is := s.(S); is {
				return with(o, one)
			}
			return s
		}}
	}
}

// without has steps of a kind not taken.
func without[S plan.Step](o *octagate) {
	o.reconciler.Cloud = tampered{o.watch, func(s plan.Step) plan.Step {
		if _, is := s.(S); is {
			return nil
		}
		return s
	}}
}

// ignoring has it take what it does not know for nothing.
func ignoring(o *octagate) { o.reconciler.Cloud = ignorant{o.watch} }

// mistaking has its cluster be the other one of its name.
func mistaking(o *octagate) { o.collector.System, o.collector.Live = stranger, impostor{truth{o: o}} }

// unclaiming has it not know who claims what.
func unclaiming(o *octagate) { o.reconciler.Facts = unclaimed{known{o}} }

// An ignorant cloud knows no trouble.
type ignorant struct{ reconcile.Cloud }

func (i ignorant) Observe(o octavia.Owner) (octavia.Tree, error) {
	t, _ := i.Cloud.Observe(o)
	return t, nil
}

// An impostor is the API server of the other cluster of that name.
type impostor struct{ truth }

func (impostor) Get(_ context.Context, _ client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	o.SetUID(stranger)
	return nil
}

// unclaimed facts do not tell who claims what.
type unclaimed struct{ known }

func (u unclaimed) Known(ctx context.Context) facts.Snapshot {
	s := u.known.Known(ctx)
	s.Claims = nil
	return s
}

// A careless client writes nothing of a Service but its status.
type careless struct{ *cache }

func (careless) Patch(context.Context, client.Object, client.Patch, ...client.PatchOption) error {
	return nil
}

// A taciturn client writes no status.
type taciturn struct{ *cache }

func (taciturn) Status() client.SubResourceWriter { return voiceless{} }

type voiceless struct{ client.SubResourceWriter }

func (voiceless) Patch(context.Context, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
	return nil
}

// An unholding client does as if it had put on a finalizer.
type unholding struct{ *cache }

func (u unholding) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	if o.GetAnnotations()[prefix+"load-balancer-id"] == "" && len(o.GetFinalizers()) > 0 {
		return nil
	}
	return u.cache.Patch(ctx, o, p, opts...)
}

// A tardy client takes no finalizer off for long.
type tardy struct{ *cache }

func (t tardy) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	if at := o.GetDeletionTimestamp(); at != nil && time.Since(at.Time) < 2*hurry {
		return errRoad
	}
	return t.cache.Patch(ctx, o, p, opts...)
}

// A liar writes what is not so.
type liar struct {
	client.Client
	ofStatus bool // rather than in annotations
}

func (l liar) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	if _, built := o.GetAnnotations()[prefix+"load-balancer-id"]; built && !l.ofStatus {
		o.GetAnnotations()[prefix+"load-balancer-id"] = "another"
	}
	return l.Client.Patch(ctx, o, p, opts...)
}

func (l liar) Status() client.SubResourceWriter {
	if l.ofStatus {
		return statusLiar{l.Client.Status()}
	}
	return l.Client.Status()
}

type statusLiar struct{ client.SubResourceWriter }

func (l statusLiar) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	for i := range o.(*corev1.Service).Status.LoadBalancer.Ingress {
		o.(*corev1.Service).Status.LoadBalancer.Ingress[i].IP = "172.24.4.1"
	}
	return l.SubResourceWriter.Patch(ctx, o, p, opts...)
}

// parting has a user's floating IP taken off wherever it is.
func parting(o *octagate) {
	o.reconciler.Cloud = tampered{o.watch, func(s plan.Step) plan.Step {
		for id, f := range o.w.cloud.Snapshot("floatingips")["floatingips"] {
			if text(f, "port_id") == o.w.house.port {
				return plan.DissociateFloatingIP{ID: id, Port: o.w.house.port}
			}
		}
		return s
	}}
}

// soon is how long it has to do everything: longer than orphans are left alone.
const soon = 40 * time.Minute

// luckless is how many seeds are tried: who of two comes first is up to them.
const luckless = 20

func TestEverySabotageIsFound(t *testing.T) {
	if racing {
		t.Skip("the slice without the race detector has it")
	}
	for fault, tt := range sabotages {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			h, err := ReadHistory(tt.history)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for h.Seed = 1; len(found) == 0 && h.Seed <= luckless; h.Seed++ {
				if e := Run(t, h, func(w *world) { w.patience = soon }); len(e.Wrong) > 0 {
					t.Fatalf("without it: %q\n%s", e.Wrong, e.Log)
				}
				found = Run(t, h, func(w *world) { w.sabotage, w.patience = tt.sabotage, soon }).Wrong
			}
			if len(found) == 0 {
				t.Error("it is not found")
			}
			t.Logf("%q", found)
		})
	}
}
