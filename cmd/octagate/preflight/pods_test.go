package preflight

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/reconcile/ground"
)

func TestPodsInTheirSubnet(t *testing.T) {
	look(t, map[string]fault{
		"elsewhere": {podsInSubnet, func(k *known) { k.pods = append(k.pods, Pod{"shop/db-0", ip("10.244.0.7")}) },
			"failure: 1 of 2 Pods are elsewhere: shop/db-0 at 10.244.0.7; expected: addresses in 10.1.0.0/16"},
		"none": {podsInSubnet, func(k *known) { k.pods = nil }, "unchecked: no Pod has an address of its own yet"},
	})
}

func TestWhatPodsAreLet(t *testing.T) {
	ruled := func(rules ...ground.Rule) func(*known) {
		return func(k *known) { k.groups["pods-group"] = ground.Group{ID: "pods-group", Rules: rules} }
	}
	shut := "failure: ports like p1 (1) are not let it; expected: TCP from 10.2.0.0/16"
	open := "passed: ports like p1 (1) are let it"
	look(t, map[string]fault{
		"nothing":              {podSecurity, ruled(), shut},
		"from their own group": {podSecurity, ruled(ground.Rule{Members: true}), shut},
		"UDP":                  {podSecurity, ruled(ground.Rule{Protocol: "udp"}), shut},
		"IPv6":                 {podSecurity, ruled(ground.Rule{Six: true}), shut},
		"from half of it":      {podSecurity, ruled(ground.Rule{From: prefix("10.2.0.0/17")}), shut},
		"from around it":       {podSecurity, ruled(ground.Rule{From: prefix("10.0.0.0/8")}), open},
		"by number":            {podSecurity, ruled(ground.Rule{Protocol: "6"}), open},
		"at all ports":         {podSecurity, ruled(ground.Rule{Protocol: "tcp", First: 1, Last: 65535}), open},
		"at some ports": {podSecurity, ruled(ground.Rule{First: 80, Last: 90}, ground.Rule{First: 443, Last: 443}),
			"warning: ports like p1 (1) are let it at ports 80-90, 443-443 only; expected: TCP from 10.2.0.0/16"},
		"in L2": {podSecurity, func(k *known) { k.Policy.MemberMode = "L2" }, "failure: ports like p1 (1) are not let it; expected: TCP from 10.1.0.0/16"},
		"UDP as well": {podSecurity, func(k *known) { k.Policy.Protocols = []corev1.Protocol{corev1.ProtocolUDP} },
			"failure: ports like p1 (1) are not let it; expected: UDP from 10.2.0.0/16"},
		"everything, unfiltered": {podSecurity, func(k *known) { k.ports[6].Open = true }, "passed: nothing that reaches ports like p1 (1) is filtered"},
		"nobody there":           {podSecurity, func(k *known) { k.ports = k.ports[:6] }, "unchecked: no Pod of this project has a port in 10.1.0.0/16 yet"},
		"nothing, without a group": {podSecurity, func(k *known) { k.ports[6].Groups = nil },
			"failure: ports like p1 (1) have none, so that nothing is let in; expected: a security group that lets in 10.2.0.0/16"},
		"who knows what": {podSecurity, func(k *known) { k.groups = nil }, "unchecked: security group pods-group of port p1 is not shown to us"},
	})
}
