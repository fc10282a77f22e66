package octavia

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// An Owner is the Service that a tree belongs to. It is written onto everything
// that octagate makes; what does not bear it is never changed or deleted.
type Owner struct {
	Cluster string // the cluster's name in the cloud, unique in the project
	UID     types.UID
}

// The beginnings of our tags.
const (
	clusterTag = "octagate:cluster="
	serviceTag = "octagate:service="
)

// ClusterTag marks everything of one cluster, so that one list call finds it.
func ClusterTag(cluster string) string { return clusterTag + cluster }

// Tags mark a load balancer, listener or pool as o's.
func (o Owner) Tags() []string {
	return []string{ClusterTag(o.Cluster), serviceTag + string(o.UID)}
}

// OwnerOf reads the owner from tags; ok is false when they are not ours.
func OwnerOf(tags []string) (o Owner, ok bool) {
	for _, t := range tags {
		if c, found := strings.CutPrefix(t, clusterTag); found {
			o.Cluster = c
		} else if uid, found := strings.CutPrefix(t, serviceTag); found {
			o.UID = types.UID(uid)
		}
	}
	return o, o.Cluster != "" && o.UID != ""
}

// IsOurs reports whether a tag is one of ours.
func IsOurs(tag string) bool { return strings.HasPrefix(tag, "octagate:") }

// Description marks a floating IP as allocated for o in the call that makes it:
// Neutron takes tags in a second call only. It ends early rather than exceed
// Neutron's 255 characters; the Service's name is for people.
func (o Owner) Description(service string) string {
	d := strings.Join(append(o.Tags(), service), " ")
	return d[:min(len(d), 255)]
}

// DescribedOwner reads the owner from a floating IP's description.
func DescribedOwner(description string) (Owner, bool) {
	return OwnerOf(strings.Fields(description))
}

// Name is the name of the listener and of the pool for one port of a Service,
// as the reference has it: default/kubernetes:HTTPS:443.
func Name(service string, k Key) string {
	return fmt.Sprintf("%s:%s:%d", service, k.Protocol, k.Port)
}

// sortListeners puts listeners in the order of their keys.
func sortListeners(ls []Listener) {
	slices.SortFunc(ls, func(a, b Listener) int { return a.Key.compare(b.Key) })
}
