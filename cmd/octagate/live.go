package main

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/cmd/octagate/translation"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/octavia"
)

// foreseen is what the reconciler would do now about a Service of the cluster.
func foreseen(c *cobra.Command, s source, name string) (translation.Translation, error) {
	w, err := s.open(c.Context(), name)
	if err != nil {
		return translation.Translation{}, err
	}
	if w.blind != nil {
		return translation.Translation{}, w.blind
	}
	w.tell(c.ErrOrStderr())
	svc := w.service(name)
	if svc == nil {
		return translation.Translation{}, w.missing(name)
	}
	p := w.reconciler.Foresee(c.Context(), svc)
	known := w.source(svc, p)
	if known.Steps = p.Steps; p.Desired.Exists() {
		known.Tree = wanted(p)
	}
	return translation.Of(known), nil
}

// wanted is the desired tree, with the address that it has already of the pool.
func wanted(p reconcile.Prospect) octavia.Tree {
	t := p.Desired
	if t.FloatingIP.Allocate && p.Observed.FloatingIP.Allocate {
		t.FloatingIP, t.VIP.Port = p.Observed.FloatingIP, p.Observed.VIP.Port
	}
	return t
}

// open looks at the cloud of the configuration, and the cluster.
func (s source) open(ctx context.Context, name string) (*window, error) {
	if err := wellNamed(name); name != "" && err != nil {
		return nil, err
	}
	configuration, err := s.configuration()
	if err != nil {
		return nil, err
	}
	if configuration == nil {
		return nil, errNoConfiguration
	}
	return open(ctx, *configuration, name)
}

// source is what is known of a Service of the cluster.
func (w *window) source(svc *corev1.Service, p reconcile.Prospect) translation.Source {
	return translation.Source{
		Service: svc, Verdict: p.Verdict, Judged: true, Tree: p.Observed, Slices: slicesOf(svc, w.slices, ""),
		Waiting: translation.Waiting{Reason: p.Against.Reason, Message: p.Against.Waiting},
	}
}

// translate is what there is of the Service of a name, or of all if the name is empty.
func (w *window) translate(ctx context.Context, name string, notes io.Writer) ([]translation.Translation, error) {
	w.tell(notes)
	var found []translation.Source
	rest := w.watch.Trees()
	for i := range w.services {
		svc := &w.services[i]
		p := w.reconciler.Foresee(ctx, svc)
		delete(rest, w.reconciler.Owner(svc))
		asked := name == svc.Namespace+"/"+svc.Name
		if asked || name == "" && (p.Verdict.Managed || !p.Observed.Empty()) {
			found = append(found, w.source(svc, p))
		}
	}
	for _, tree := range rest {
		if name == "" || name == tree.Name {
			found = append(found, w.orphan(tree))
		}
	}
	if name != "" && len(found) == 0 {
		return nil, w.missing(name)
	}
	return w.translated(ctx, found)
}

// orphan is a tree that no Service is known for.
func (w *window) orphan(tree octavia.Tree) translation.Source {
	s := translation.Source{Tree: tree}
	if w.blind == nil {
		s.Waiting = translation.Waiting{Reason: "NoService", Message: "no Service of the cluster has it; see octavia.orphans"}
	}
	return s
}

// atOnce is how many load balancers are asked for their states at a time.
const atOnce = 8

// translated adds the states of everything, and puts all in order.
func (w *window) translated(ctx context.Context, found []translation.Source) ([]translation.Translation, error) {
	all := make([]translation.Translation, len(found))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, s := range found {
		group.Go(func() (err error) {
			if s.Tree.ID != "" {
				s.States, err = w.cloud.States(ctx, s.Tree.ID)
			}
			all[i] = translation.Of(s)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b translation.Translation) int { return cmp.Compare(a.Service.Name, b.Service.Name) })
	return all, nil
}

// completionPatience is how long somebody waits who presses the tab key.
const completionPatience = time.Second

// serviceNames completes the name of a Service of the cluster, if that answers quickly.
func serviceNames(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmp.Or(c.Context(), context.Background()), completionPatience)
	defer cancel()
	names := map[string]bool{}
	api, err := dialCluster()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var services corev1.ServiceList
	if err := api.List(ctx, &services, client.Limit(mostNames)); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, s := range services.Items {
		names[s.Namespace+"/"+s.Name] = true
	}
	return slices.Sorted(maps.Keys(names)), cobra.ShellCompDirectiveNoFileComp
}

// mostNames is how many Services are offered.
const mostNames = 500
