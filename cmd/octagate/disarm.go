package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/manifests"
	"github.com/octagate/octagate/webhook/enforce"
)

func disarmCommand() *cobra.Command {
	var remove bool
	c := &cobra.Command{
		Use:   "disarm",
		Short: "Have the API server store Services while octagate is away, before octagate is uninstalled",
		Long: "Disarm sets the failurePolicy of octagate's webhooks to Ignore, and annotates their\n" +
			"configurations so that an octagate which still runs leaves it so. The cluster is found by\n" +
			"KUBECONFIG or from inside a Pod. To arm it again, take the annotation away:\n" +
			"  kubectl annotate validatingwebhookconfiguration " + manifests.Name + " " + enforce.Disarmed + "-",
		Example: "  octagate disarm\n  octagate disarm --delete",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cluster, err := cluster()
			if err != nil {
				return err
			}
			api, err := client.New(cluster, client.Options{})
			if err != nil {
				return fmt.Errorf("connecting to the API server: %w", err)
			}
			return disarm(c.Context(), api, c.OutOrStdout(), remove)
		},
	}
	c.Flags().BoolVar(&remove, "delete", false, "delete both webhook configurations, too, so that octagate is not asked any more")
	return c
}

// disarm has the API server not insist on octagate's answers, or not ask it at all.
func disarm(ctx context.Context, api client.Client, out io.Writer, remove bool) error {
	for _, configuration := range []client.Object{&admissionv1.ValidatingWebhookConfiguration{}, &admissionv1.MutatingWebhookConfiguration{}} {
		err := retry.RetryOnConflict(retry.DefaultRetry, func() error { return unarm(ctx, api, configuration) })
		if err == nil && remove {
			err = api.Delete(ctx, configuration)
		}
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("disarming octagate: %w", err)
		}
	}
	if remove {
		fmt.Fprintln(out, "octagate's webhook configurations are deleted: the API server asks it no more")
	} else {
		fmt.Fprintln(out, "octagate is disarmed: the API server stores Services while it is away")
	}
	return nil
}

// unarm takes Fail back, whoever set it, and writes down when, so that it stays so.
func unarm(ctx context.Context, api client.Client, configuration client.Object) error {
	if err := api.Get(ctx, client.ObjectKey{Name: manifests.Name}, configuration); err != nil {
		return err
	}
	enforce.SetPolicy(configuration, false)
	annotations := configuration.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[enforce.Disarmed] = time.Now().UTC().Format(time.RFC3339)
	configuration.SetAnnotations(annotations)
	return api.Update(ctx, configuration)
}
