package manifests

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/webhook"
)

func TestWebhooksAreOnePair(t *testing.T) {
	mutating, validating, err := Webhooks()
	if err != nil {
		t.Fatal(err)
	}
	m, v := mutating.Webhooks[0], validating.Webhooks[0]
	if mutating.Name != Name || validating.Name != Name {
		t.Errorf("named %s and %s", mutating.Name, validating.Name)
	}
	if *m.ClientConfig.Service.Path != webhook.MutatePath || *v.ClientConfig.Service.Path != webhook.ValidatePath {
		t.Error("a path is not the one that is served")
	}
	if diff := cmp.Diff(m.Rules, v.Rules) + cmp.Diff(m.MatchConditions, v.MatchConditions) + cmp.Diff(m.NamespaceSelector, v.NamespaceSelector); diff != "" {
		t.Errorf("the two calls are made for different requests: %s", diff)
	}
}
