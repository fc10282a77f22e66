package policy

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

const (
	large   = "2f0d7f34-5d1c-4f0c-9a53-0e6a3f2c9d10"
	retired = "3f0d7f34-5d1c-4f0c-9a53-0e6a3f2c9d10" // switched off
	unknown = "4f0d7f34-5d1c-4f0c-9a53-0e6a3f2c9d10"
)

// offering is the cloud, with something to choose from.
func offering(s *facts.Snapshot) {
	s.Providers = map[string]facts.Offer{"amphora": {Name: "amphora"}, "octavia": {Name: "octavia"}, "ovn": {Name: "ovn"}, "vmware": {Name: "vmware"}}
	s.Flavors = map[string]facts.Offer{large: {Name: "large"}, retired: {Name: "huge", Off: true}}
	s.Zones = map[string]facts.Offer{"east": {Name: "east"}, "west": {Name: "west"}, "old-east": {Name: "old-east", Off: true}}
}

// standing are Subjects that have a load balancer, each known in another way.
func standing(svc *corev1.Service) map[string]Subject {
	old := svc.DeepCopy()
	builtAlready(old)
	old.Spec.ClusterIP = "10.2.0.8"
	uid := svc.DeepCopy()
	ours(uid)
	return map[string]Subject{
		"as the reconciler saw it":   {Service: svc, Has: LoadBalancer{VIP: netip.MustParseAddr("10.2.0.8"), Subnet: serviceSubnet}},
		"as the Service said before": {Service: svc, Old: old},
		"as the cloud says":          {Service: uid},
	}
}

func TestWhatTheCloudDoesNotOfferIsDenied(t *testing.T) {
	provider, flavor, zone := annotation.Provider.Key, annotation.FlavorID.Key, annotation.AvailabilityZone.Key
	none := func(s *facts.Snapshot) {
		s.Flavors, s.Zones = map[string]facts.Offer{retired: {Name: "huge", Off: true}}, map[string]facts.Offer{}
	}
	for claim, tt := range map[string]struct {
		service *corev1.Service
		known   facts.Snapshot
		want    string
	}{
		"what is there is to be had": {service(with(provider, "octavia"), with(flavor, large), with(zone, "east")), lacking(offering), ""},
		"a misspelt provider": {service(with(provider, "amphroa")), lacking(offering),
			"deny provider-exists: octagate.dev/provider amphroa is no provider of this cloud; did you mean \"amphora\"?\n"},
		"another provider": {service(with(provider, "f5")), lacking(offering),
			"deny provider-exists: octagate.dev/provider f5 is no provider of this cloud; enabled here: amphora, octavia, ovn\n"},
		"a flavor that is not there": {service(with(flavor, unknown)), lacking(offering),
			"deny flavor-exists: octagate.dev/flavor-id " + unknown + " is no flavor of this cloud; try: openstack loadbalancer flavor list\n"},
		"a flavor that is switched off": {service(with(flavor, retired)), lacking(offering),
			"deny flavor-exists: octagate.dev/flavor-id " + retired + " is switched off in this cloud; try: openstack loadbalancer flavor list\n"},
		"a flavor where none is switched on": {service(with(flavor, unknown)), lacking(none),
			"deny flavor-exists: octagate.dev/flavor-id " + unknown + " is no flavor of this cloud; there is none; leave it out\n"},
		"a zone that is not there": {service(with(zone, "mars")), lacking(offering),
			"deny zone-exists: octagate.dev/availability-zone mars is no availability zone of this cloud; enabled here: east, west\n"},
		"a zone that is switched off": {service(with(zone, "old-east")), lacking(offering),
			"deny zone-exists: octagate.dev/availability-zone old-east is switched off in this cloud; enabled here: east, west\n"},
		"a zone where there is none": {service(with(zone, "mars")), lacking(none),
			"deny zone-exists: octagate.dev/availability-zone mars is no availability zone of this cloud; there is none; leave it out\n"},
		"what nobody knows is not denied": {service(with(provider, "f5"), with(flavor, unknown), with(zone, "mars")), cloud, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			v := Evaluate(config, Subject{Service: tt.service}, tt.known)
			if diff := cmp.Diff(tt.want, told(v)); diff != "" {
				t.Error(diff)
			}
			fitting(t, v)
			if v.Denied() && v.Doubts() == (facts.Question{}) {
				t.Error("this rests on what the cloud said, and yet nobody would look again")
			}
		})
	}
}

// What the operator chose is the operator's to mend.
func TestTheOperatorsChoicesAreTold(t *testing.T) {
	cfg := config
	cfg.Provider, cfg.Flavor, cfg.Zone = "f5", unknown, "mars"
	want := "deny provider-exists: octagate.dev/provider f5 is no provider of this cloud; tell the operator\n" +
		"deny flavor-exists: octagate.dev/flavor-id " + unknown + " is no flavor of this cloud; tell the operator\n" +
		"deny zone-exists: octagate.dev/availability-zone mars is no availability zone of this cloud; tell the operator\n"
	v := Evaluate(cfg, Subject{Service: service()}, lacking(offering))
	if diff := cmp.Diff(want, told(v)); diff != "" {
		t.Error(diff)
	}
	fitting(t, v)
}

// A load balancer keeps what it was made with, and needs no room.
func TestWhatIsBuiltIsNotChosenAgain(t *testing.T) {
	for claim, s := range standing(service(plain, with(annotation.Provider.Key, "amphora"), with(annotation.FlavorID.Key, large))) {
		known := lacking(offering)
		known.Providers, known.Flavors = map[string]facts.Offer{"ovn": {}}, map[string]facts.Offer{}
		known.BalancerLimit = facts.Limit{Known: true}
		if s.Old != nil {
			s.Old.Annotations[annotation.Provider.Key], s.Old.Annotations[annotation.FlavorID.Key] = "amphora", large
		}
		if v := Evaluate(config, s, known); len(v.Findings) > 0 {
			t.Errorf("%s: %s", claim, told(v))
		}
	}
}
