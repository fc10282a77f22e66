package octavia

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// An Owner is the Service that a tree belongs to. It is written onto everything
// that octagate makes; what does not bear it is never changed or deleted.
//
// Names are given by people, who may give one to two clusters. UIDs are not: by that
// of its namespace kube-system, which is never deleted, each cluster knows its own.
type Owner struct {
	Cluster string    // the cluster's name in the cloud, unique in the project
	System  types.UID // the UID of the cluster's namespace kube-system
	UID     types.UID // the Service's
}

// The beginnings of our tags.
const (
	clusterTag = "octagate:cluster="
	serviceTag = "octagate:service="
	systemTag  = "octagate:kube-system="
)

// ClusterTag marks everything of one cluster, so that one list call finds it.
func ClusterTag(cluster string) string { return clusterTag + cluster }

// Tag marks everything of one Service.
func (o Owner) Tag() string { return serviceTag + string(o.UID) }

// Succeeds reports whether o is another Service of the cluster that before is of. Of two with one name
// the other is gone.
func (o Owner) Succeeds(before Owner) bool {
	return o.Cluster == before.Cluster && o.System == before.System && o.UID != before.UID
}

// Tags mark a load balancer, listener or pool as o's.
func (o Owner) Tags() []string {
	return []string{ClusterTag(o.Cluster), o.Tag(), systemTag + string(o.System)}
}

// OwnerOf reads the owner from tags; ok is false when they are not octagate's.
func OwnerOf(tags []string) (o Owner, ok bool) {
	for _, t := range tags {
		if c, found := strings.CutPrefix(t, clusterTag); found {
			o.Cluster = c
		} else if uid, found := strings.CutPrefix(t, serviceTag); found {
			o.UID = types.UID(uid)
		} else if uid, found := strings.CutPrefix(t, systemTag); found {
			o.System = types.UID(uid)
		}
	}
	return o, o.Cluster != "" && o.UID != ""
}

// timedTag begins the tag of a listener that remembers which timeouts we chose.
const timedTag = "octagate:timeouts="

// TimedTag remembers which timeouts were chosen; empty: none were.
func TimedTag(names string) string {
	if names == "" {
		return ""
	}
	return timedTag + names
}

// TimedOf reads which timeouts were chosen from tags.
func TimedOf(tags []string) string {
	for _, t := range tags {
		if names, found := strings.CutPrefix(t, timedTag); found {
			return names
		}
	}
	return ""
}

// IsOurs reports whether a tag is one of ours.
func IsOurs(tag string) bool { return strings.HasPrefix(tag, "octagate:") }

// keptWord says in the description of a floating IP that its Service wants it kept: whoever
// takes our finalizer off the Service leaves nobody else to say so.
const keptWord = "octagate:keep"

// Description marks a floating IP as allocated for o in the call that makes it:
// Neutron takes tags in a second call only. It ends early rather than exceed
// Neutron's 255 characters; the Service's name is for people.
//
// What comes before it has at most 207: 63 of the cluster's name, twice 36 of UIDs, and
// the words around them.
func (o Owner) Description(service string, keep bool) string {
	words := o.Tags()
	if keep {
		words = append(words, keptWord)
	}
	d := strings.Join(append(words, service), " ")
	return d[:min(len(d), 255)]
}

// Kept reports whether a floating IP with a description is to be kept.
func Kept(description string) bool { return slices.Contains(strings.Fields(description), keptWord) }

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
