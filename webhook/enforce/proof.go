package enforce

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy"
)

// An Answer is what an API server's answer to the bad Service says.
type Answer int

// The answers, from the one that says least.
const (
	Silent Answer = iota // nothing: it was not heard, or somebody else refused the Service
	Proven               // octagate refused it
	Broken               // it would have been stored, or octagate could not be asked
)

// Proof is the annotation that makes the Service bad. It is none of the contract's, nor
// may it become one.
const Proof = "octagate.dev/proof"

// webhook is the validating webhook's name, as the manifests have it.
const webhook = "validate.octagate.dev"

// patience is for an API server that asks two webhooks.
const patience = 6 * time.Second

// Bad is a Service that octagate balances and has to refuse.
func Bad(cfg policy.Config) *corev1.Service {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: metav1.NamespaceDefault, GenerateName: "octagate-proof-", Annotations: map[string]string{Proof: "this has to be refused"},
		},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Ports: []corev1.ServicePort{{Port: 1, Protocol: corev1.ProtocolTCP}}},
	}
	if types := cfg.ServiceTypes; len(types) > 0 && !slices.Contains(types, corev1.ServiceTypeClusterIP) {
		svc.Spec.Type = types[0]
	}
	if class := cfg.LoadBalancerClass; svc.Spec.Type == corev1.ServiceTypeLoadBalancer && class != "" {
		svc.Spec.LoadBalancerClass = &class
	}
	return svc
}

// A Prover sends a bad Service to the API servers, in dry runs.
type Prover struct {
	Bad     *corev1.Service
	Cluster *rest.Config  // the address of all API servers together
	Reader  client.Reader // knows the address of each
}

// Prove asks the API server, and each one that can be reached by an address of its own:
// each has its own way to octagate. What one of them says against it counts, what the
// others do not say does not: their addresses may be closed to us.
func (p Prover) Prove(ctx context.Context) (Answer, string) {
	answer, why := p.ask(ctx, p.Cluster)
	if answer != Proven {
		return answer, why
	}
	var asking errgroup.Group
	for _, server := range p.servers(ctx) {
		asking.Go(func() error {
			if answer, why := p.ask(ctx, server); answer == Broken {
				return fmt.Errorf("the API server %s: %s", server.Host, why)
			}
			return nil
		})
	}
	if err := asking.Wait(); err != nil {
		return Broken, err.Error()
	}
	return Proven, ""
}

// servers are the API servers one by one.
func (p Prover) servers(ctx context.Context) []*rest.Config {
	var slices discoveryv1.EndpointSliceList
	err := p.Reader.List(ctx, &slices, client.InNamespace(metav1.NamespaceDefault), client.MatchingLabels{discoveryv1.LabelServiceName: "kubernetes"})
	if err != nil {
		return nil
	}
	var all []*rest.Config
	for _, s := range slices.Items {
		for _, e := range s.Endpoints {
			for _, port := range s.Ports {
				if port.Port != nil && len(e.Addresses) > 0 {
					all = append(all, p.server(e.Addresses[0], *port.Port))
				}
			}
		}
	}
	return all
}

// server is the API server at an address. The certificate of each has the name by which
// Pods know them all, whatever its address.
func (p Prover) server(address string, port int32) *rest.Config {
	c := rest.CopyConfig(p.Cluster)
	c.Host, c.ServerName = "https://"+net.JoinHostPort(address, strconv.Itoa(int(port))), "kubernetes.default.svc"
	return c
}

// ask sends the Service to one address.
func (p Prover) ask(ctx context.Context, server *rest.Config) (Answer, string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	api, err := typedcorev1.NewForConfig(server)
	if err != nil {
		return Silent, err.Error()
	}
	_, err = api.Services(p.Bad.Namespace).Create(ctx, p.Bad.DeepCopy(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return read(err)
}

// read tells what came back for the bad Service.
func read(err error) (Answer, string) {
	switch {
	case err == nil:
		return Broken, "a bad Service is not refused"
	case strings.Contains(err.Error(), fmt.Sprintf("admission webhook %q denied the request", webhook)) && strings.Contains(err.Error(), Proof):
		return Proven, ""
	case apierrors.ReasonForError(err) == metav1.StatusReasonInternalError && strings.Contains(err.Error(), fmt.Sprintf("failed calling webhook %q", webhook)):
		return Broken, err.Error()
	}
	return Silent, err.Error()
}
