package policy

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
)

// A Static is something that a rule denies for which nobody has to be asked. It is said in
// CEL, so that the API server itself refuses it while octagate is away. It never refuses
// what Evaluate would not.
//
// In its expressions $A stands for the annotations, $S for the spec, and $B for the annotations
// before the update, of which there are none where a Service is made.
type Static struct {
	Rule     string
	Field    string
	Fault    string // an expression that holds where there is the fault
	Value    string // an expression for what is wrong; empty: something is missing
	Says     string // continues "Field Value"
	Forgives bool   // where the old Service has the same fault, of the same value, there is none; without it, Fault sees to that
}

// Statics are what can be said in CEL of the rules, whatever octagate's configuration is; and
// more, if that is known.
func Statics(cfg *Config) []Static {
	all := slices.Concat(annotationStatics(), addressStatics(), trafficStatics(), builtStatics())
	if cfg != nil {
		all = append(all, cfg.statics()...)
	}
	return all
}

// Parts of expressions.
var (
	lbStatic       = "$S.?type.orValue('ClusterIP') == 'LoadBalancer'"
	internalStatic = celValue(annotation.Internal.Key) + " == 'true'"
	askedStatic    = fmt.Sprintf("($A[?'%s'].orValue($S.?loadBalancerIP.orValue('')))", annotation.LoadBalancerIP.Key)
	foreignStatic  = "(" + foreignIn("$A") + " || " + foreignIn("$B") + ")"
	externalStatic = lbStatic + " && !(" + internalStatic + ")"
)

// foreignIn holds where there are annotations of other controllers, which may mean the same
// as some of ours.
func foreignIn(annotations string) string {
	return annotations + ".exists(k, k.startsWith('loadbalancer.openstack.org/') || k.startsWith('openstack.org/kuryr-') || k.startsWith('service.beta.kubernetes.io/openstack-'))"
}

// celValue is an annotation's value, or nothing.
func celValue(key string) string { return fmt.Sprintf("$A[?'%s'].orValue('')", key) }

// celValid holds where an annotation is there, and its value is taken.
func celValid(key string) string { return celValidIn("$A", key) }

func celValidIn(annotations, key string) string {
	text := fmt.Sprintf("%s['%s']", annotations, key)
	there := fmt.Sprintf("'%s' in %s", key, annotations)
	if e, _ := annotation.Find(key); e.Taken(text) != "" {
		return "(" + there + " && " + e.Taken(text) + ")"
	}
	return "(" + there + ")"
}

// annotationText is where an annotation stands, as people read it.
func annotationText(key string) string { return annotationField(key).String() }

// annotationStatics are of single annotations: their keys, and their values.
func annotationStatics() []Static {
	var keys []string
	var all []Static
	for _, e := range annotation.All() {
		keys = append(keys, "'"+e.Key+"'")
		text := fmt.Sprintf("$A['%s']", e.Key)
		if !e.Authored() || e.Taken(text) == "" {
			continue
		}
		all = append(all, Static{
			Rule: annotations.name, Field: annotationText(e.Key), Value: text, Says: e.Says(),
			Fault: fmt.Sprintf("'%[1]s' in $A && !(%[2]s) && !('%[1]s' in $B && $B['%[1]s'] == $A['%[1]s'])", e.Key, e.Taken(text)),
		})
	}
	strange := fmt.Sprintf("k.startsWith('%s') && !(k in [%s]) && !(k in $B && $B[k] == $A[k])", annotation.Prefix, strings.Join(keys, ", "))
	return append([]Static{{
		Rule: annotations.name, Field: "metadata.annotations", Fault: "$A.exists(k, " + strange + ")", Value: "$A.filter(k, " + strange + ")[0]",
		Says: "is not an annotation of octagate",
	}}, all...)
}

// addressStatics are of the address that the author asks for.
func addressStatics() []Static {
	asked := externalStatic + " && " + askedStatic + " != ''"
	one := func(fault, value, says string) Static {
		return Static{Rule: loadBalancerIP.name, Field: "spec.loadBalancerIP", Fault: fault, Value: value, Says: says, Forgives: true}
	}
	return []Static{
		one(lbStatic+" && "+askedStatic+" != '' && "+internalStatic, askedStatic, "contradicts "+annotation.Internal.Key+"; remove one of the two"),
		one(asked+" && "+askedStatic+" == $S.?loadBalancerIP.orValue('') && !isIP("+askedStatic+")", askedStatic, "is not an IP address; write one like 172.24.4.13"),
		one(asked+" && isIP("+askedStatic+") && ip("+askedStatic+").family() == 6", askedStatic, "is an IPv6 address; floating IPs are IPv4"),
		one(asked+" && $S.?loadBalancerIP.orValue('') != '' && "+askedStatic+" != $S.loadBalancerIP", "$S.?loadBalancerIP.orValue('')",
			"differs from "+annotation.LoadBalancerIP.Key+"; remove one of the two"),
	}
}

// trafficStatics are of how traffic is passed on.
func trafficStatics() []Static {
	delay, timeout := annotation.HealthMonitorDelay.Key, annotation.HealthMonitorTimeout.Key
	algorithmKey, proxy, provider, tls := annotation.LBAlgorithm.Key, annotation.ProxyProtocol.Key, annotation.Provider.Key, annotation.TLSContainerRef.Key
	speaks := func(app string) string {
		return "p.?protocol.orValue('TCP') == 'TCP' && p.?appProtocol.orValue('') == '" + app + "'"
	}
	return []Static{
		{Rule: healthMonitor.name, Field: annotationText(timeout), Says: "is longer than the delay; make it shorter, or the delay longer", Forgives: true,
			Fault: celValue(annotation.HealthMonitor.Key) + " == 'true' && " + celValid(delay) + " && " + celValid(timeout) + fmt.Sprintf(" && duration($A['%s']) > duration($A['%s'])", timeout, delay),
			Value: "string(duration(" + celValue(timeout) + "))"},
		{Rule: http.name, Field: annotationText(annotation.XForwardedFor.Key), Value: "'true'", Says: "needs a port that reads HTTP; give one appProtocol: http", Forgives: true,
			Fault: celValue(annotation.XForwardedFor.Key) + " == 'true' && !" + foreignStatic + " && !$S.?ports.orValue([]).exists(p, " + speaks("http") + " || " + celValid(tls) + " && " + speaks("https") + ")"},
		{Rule: http.name, Field: annotationText(tls), Value: celValue(tls), Says: "needs a port that takes encryption off; give one appProtocol: https", Forgives: true,
			Fault: celValid(tls) + " && !$S.?ports.orValue([]).exists(p, " + speaks("https") + ")"},
		{Rule: algorithm.name, Field: annotationText(algorithmKey), Value: celValue(algorithmKey), Says: "is not an algorithm of that provider", Forgives: true,
			Fault: celValid(algorithmKey) + " && " + celValid(provider) + fmt.Sprintf(" && ($A['%s'] == '%s') != ($A['%s'] == '%s')", algorithmKey, annotation.SourceIPPort, provider, ovn)},
		{Rule: proxyProtocol.name, Field: annotationText(proxy), Value: celValue(proxy), Says: "cannot be had from the provider ovn; leave it out", Forgives: true,
			Fault: fmt.Sprintf("%s == '%s' && %s in ['%s', '%s']", celValue(provider), ovn, celValue(proxy), annotation.ProxyV1, annotation.ProxyV2)},
	}
}

// builtStatics are of what cannot be changed once there is a load balancer.
func builtStatics() []Static {
	var all []Static
	for _, key := range []string{annotation.Provider.Key, annotation.FlavorID.Key, annotation.AvailabilityZone.Key} {
		before := fmt.Sprintf("(%s ? $B['%s'] : '')", celValidIn("$B", key), key)
		all = append(all, Static{
			Rule: fixedOnceBuilt.name, Field: annotationText(key), Value: celValue(key), Says: "cannot be had by an existing load balancer; make a new Service",
			Fault: celValidIn("$B", annotation.LoadBalancerID.Key) + " && " + celValid(key) + fmt.Sprintf(" && $A['%s'] != %s", key, before),
		})
	}
	return all
}

// statics are what only holds with this configuration.
func (c Config) statics() []Static {
	translated := []string{quoted(string(corev1.ProtocolTCP))}
	for _, p := range c.beyondTCP() {
		translated = append(translated, quoted(string(p)))
	}
	all := []Static{{
		Rule: noListener.name, Field: "spec.ports", Says: "leaves nothing to balance: every port is ignored; add a TCP port or use type ClusterIP", Forgives: true,
		Fault: lbStatic + " && size($S.?ports.orValue([])) > 0 && $S.?ports.orValue([]).all(p, !(p.?protocol.orValue('TCP') in [" + strings.Join(translated, ", ") + "]))",
		Value: "$S.?ports.orValue([]).map(p, p.?protocol.orValue('TCP') + '/' + string(p.port)).join(',')",
	}}
	if len(c.ServiceCIDRs) > 0 {
		var ranges []string
		for _, r := range c.ServiceCIDRs {
			ranges = append(ranges, quoted(r.String()))
		}
		all = append(all, Static{
			Rule: clusterIPRange.name, Field: "spec.clusterIP", Says: "is outside the service range " + words(c.ServiceCIDRs) + "; choose one inside or leave it empty", Forgives: true,
			Fault: "isIP($S.?clusterIP.orValue('')) && ![" + strings.Join(ranges, ", ") + "].exists(r, cidr(r).containsIP($S.clusterIP))", Value: "$S.?clusterIP.orValue('')",
		})
	}
	if c.ExternalNetwork == "" {
		all = append(all, Static{
			Rule: poolConfigured.name, Field: "spec.loadBalancerIP", Forgives: true,
			Says:  "the cluster has no external network to allocate from; name a floating IP or set " + annotation.Internal.Key + `: "true"`,
			Fault: externalStatic + " && " + askedStatic + " == '' && !" + foreignStatic + " && !" + celValid(annotation.ExternalNetworkID.Key),
		})
	}
	return all
}

func quoted(s string) string { return "'" + s + "'" }

// Ours is an expression in CEL that holds for the specs $S of Services that are balanced; where
// the configuration is not known, for those that are without one.
func Ours(cfg *Config) string {
	if cfg == nil {
		cfg = &Config{}
	}
	var types []string
	for _, t := range []corev1.ServiceType{corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort} {
		if cfg.balances(t) {
			types = append(types, quoted(string(t)))
		}
	}
	ours := "$S.?type.orValue('ClusterIP') in [" + strings.Join(types, ", ") + "]"
	if cfg.balances(corev1.ServiceTypeLoadBalancer) {
		ours += " || " + lbStatic + " && $S.?loadBalancerClass.orValue('') == " + quoted(cfg.LoadBalancerClass)
	}
	return ours
}
