package check

import (
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/policy/facts"
)

// What a file of facts says that it is.
const (
	apiVersion = "octagate.dev/v1alpha1"
	kind       = "Facts"
)

// Knowledge is what is known of the cloud and the cluster at a moment, as octagate facts
// writes it. It holds no secrets, but addresses and IDs of the project.
type Knowledge struct {
	APIVersion string            `json:"apiVersion"` // octagate.dev/v1alpha1
	Kind       string            `json:"kind"`       // Facts
	Taken      time.Time         `json:"taken"`
	Facts      facts.Snapshot    `json:"facts"`
	Services   map[string]Stored `json:"services,omitzero"` // of the cluster, by ns/name; nil: unknown
}

// A Stored is as much of a Service of the cluster as says what is its own in the cloud.
type Stored struct {
	UID        types.UID `json:"uid"`
	ClusterIPs []string  `json:"clusterIPs,omitempty"`
}

// Parse reads what octagate facts wrote.
func Parse(text []byte) (Knowledge, error) {
	var k Knowledge
	if err := yaml.Unmarshal(text, &k); err != nil {
		return k, err
	}
	if k.APIVersion != apiVersion || k.Kind != kind {
		return k, fmt.Errorf("is not of apiVersion %s, kind %s; write it by: octagate facts > FILE", apiVersion, kind)
	}
	err := yaml.UnmarshalStrict(text, &k)
	k.Facts.FloatingIPIndex, k.Facts.BalancerIndex = facts.IndexFloatingIPs(k.Facts.FloatingIPs), facts.IndexBalancers(k.Facts.Balancers)
	return k, err
}

// New is knowledge of a moment, of nothing yet.
func New(now time.Time) Knowledge {
	return Knowledge{APIVersion: apiVersion, Kind: kind, Taken: now.UTC().Truncate(time.Second)}
}

// Text is the knowledge as its file has it.
func (k Knowledge) Text() ([]byte, error) {
	text, err := json.MarshalIndent(k, "", "  ")
	return append(text, '\n'), err
}
