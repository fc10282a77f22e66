package main

import (
	"maps"
	"strings"
)

// A trial is what raises an alert, and what nearly does: series, each with its values from
// minute to minute in the notation of promtool.
type trial struct {
	alert   string
	labels  map[string]string // of the alert, beside its severity
	fires   map[string]string
	silence map[string]string
	at      string // when the alert is looked for; empty: after 40 minutes
}

type values = map[string]string

// Values that many trials have, for 200 minutes.
const (
	zero   = "0x200"
	one    = "1x200"
	steady = "0+60x200" // a counter, once a second
	rarely = "0+1x200"  // once a minute
)

var trials = []trial{
	{alert: "OctagateDown", fires: values{`up`: one}, silence: values{`octagate_facts_timestamp_seconds{facts="subnets"}`: one}},
	{alert: "OctagateUnreachable", labels: values{"name": "validate.octagate.dev"},
		fires:   values{`apiserver_admission_webhook_fail_open_count{name="validate.octagate.dev"}`: rarely},
		silence: values{`apiserver_admission_webhook_fail_open_count{name="validate.example.org"}`: rarely}},
	{alert: "OctagateUnreachable", labels: values{"name": "mutate.octagate.dev"},
		fires:   values{`apiserver_admission_webhook_rejection_count{name="mutate.octagate.dev",error_type="calling_webhook_error"}`: rarely},
		silence: values{`apiserver_admission_webhook_rejection_count{name="mutate.octagate.dev",error_type="no_error"}`: steady}},
	{alert: "OctagateFaults", labels: values{"fault": "panic"},
		fires: values{`octagate_admission_faults_total{webhook="mutate",fault="panic"}`: "0x35 1x100"}, silence: values{`octagate_admission_faults_total{webhook="mutate",fault="panic"}`: "0x5 1x100"}},
	{alert: "OctagateSlow", labels: values{"webhook": "validate"},
		fires: values{`octagate_admission_duration_seconds_bucket{webhook="validate",le="1"}`: zero, `octagate_admission_duration_seconds_bucket{webhook="validate",le="2"}`: steady,
			`octagate_admission_duration_seconds_bucket{webhook="validate",le="+Inf"}`: steady},
		silence: values{`octagate_admission_duration_seconds_bucket{webhook="validate",le="0.5"}`: steady, `octagate_admission_duration_seconds_bucket{webhook="validate",le="1"}`: steady,
			`octagate_admission_duration_seconds_bucket{webhook="validate",le="+Inf"}`: steady}},
	{alert: "OctagateUnverified",
		fires: values{`octagate_admission_answers_total{webhook="validate",verdict="unverified",allowed="true"}`: rarely, `octagate_admission_answers_total{webhook="validate",verdict="accepted",allowed="true"}`: "0+9x200"},
		silence: values{`octagate_admission_answers_total{webhook="validate",verdict="unverified",allowed="true"}`: rarely, `octagate_admission_answers_total{webhook="validate",verdict="accepted",allowed="true"}`: steady,
			`octagate_admission_answers_total{webhook="mutate",verdict="unverified",allowed="true"}`: steady}},
	{alert: "OctagateDenials", labels: values{"rule": "quota"},
		fires: values{`octagate_admission_findings_total{rule="quota",outcome="denied"}`: "0+2x200"}, silence: values{`octagate_admission_findings_total{rule="quota",outcome="denied"}`: rarely, `octagate_admission_findings_total{rule="quota",outcome="warned"}`: steady}},
	{alert: "OctagateFactsOld", labels: values{"facts": "ports"},
		fires:   values{`octagate_facts_timestamp_seconds{facts="ports",pod="a"}`: "60x200", `octagate_facts_timestamp_seconds{facts="ports",pod="b"}`: "0+60x200"},
		silence: values{`octagate_facts_timestamp_seconds{facts="ports",pod="a"}`: "0+60x200"}},
	{alert: "OctagateCircuitOpen", labels: values{"facts": "ports"}, fires: values{`octagate_lookup_circuit_open{facts="ports"}`: one},
		silence: values{`octagate_lookup_circuit_open{facts="ports"}`: "0x37 1x100"}},
	{alert: "OctagateCloudErrors", labels: values{"resource": "ports"},
		fires:   values{`octagate_openstack_requests_total{resource="ports",verb="GET",code="503"}`: rarely, `octagate_openstack_requests_total{resource="ports",verb="GET",code="200"}`: "0+9x200"},
		silence: values{`octagate_openstack_requests_total{resource="ports",verb="GET",code="503"}`: rarely, `octagate_openstack_requests_total{resource="ports",verb="GET",code="200"}`: steady, `octagate_openstack_requests_total{resource="flavors",verb="GET",code="403"}`: steady}},
	{alert: "OctagateLeftAlone", labels: values{"resource": "loadbalancers"}, fires: values{`octagate_openstack_requests_total{resource="loadbalancers",verb="GET",code="silenced"}`: rarely},
		silence: values{`octagate_openstack_requests_total{resource="loadbalancers",verb="GET",code="silenced"}`: "0x30 1x100"}},
	{alert: "OctagateRationed", fires: values{`octagate_openstack_requests_total{resource="pools",verb="PUT",code="rationed"}`: rarely},
		silence: values{`octagate_openstack_requests_total{resource="pools",verb="PUT",code="rationed"}`: "0x20 5x100"}},
	{alert: "OctagateLoadBalancerError", labels: values{"status": "ERROR"}, fires: values{`octagate_load_balancers{status="ERROR"}`: one, `octagate_load_balancers{status="ACTIVE"}`: "7x200"},
		silence: values{`octagate_load_balancers{status="ERROR"}`: "0x35 1x100", `octagate_load_balancers{status="ACTIVE"}`: "7x200"}},
	{alert: "OctagateServiceNotReady", labels: values{"reason": "QuotaExceeded"}, fires: values{`octagate_services_unready_seconds{reason="QuotaExceeded"}`: "0+60x200"},
		silence: values{`octagate_services_unready_seconds{reason="Denied"}`: "0+60x200", `octagate_services_unready_seconds{reason="Working"}`: "600x200"}},
	{alert: "OctagateOrphans", labels: values{"cluster": "this"}, at: "90m", fires: values{`octagate_orphans{cluster="this"}`: "2x200"}, silence: values{`octagate_orphans{cluster="this"}`: "0x60 2x100"}},
	{alert: "OctagateQuotaNear", labels: values{"thing": "load balancers"}, fires: values{`octagate_quota_used{thing="load balancers"}`: "19x200", `octagate_quota_limit{thing="load balancers"}`: "20x200"},
		silence: values{`octagate_quota_used{thing="load balancers"}`: "17x200", `octagate_quota_limit{thing="load balancers"}`: "20x200", `octagate_quota_used{thing="floating IPs"}`: "1000x200", `octagate_quota_limit{thing="floating IPs"}`: "1000000x200"}},
	{alert: "OctagateCertificateNotReady", fires: values{`octagate_certificate_ready{pod="a"}`: zero, `octagate_certificate_ready{pod="b"}`: one}, silence: values{`octagate_certificate_ready{pod="a"}`: one, `octagate_certificate_ready{pod="b"}`: one}},
	{alert: "OctagateCertificateExpires", fires: values{`octagate_certificate_expiry_timestamp_seconds{pod="a"}`: "40000x200"},
		silence: values{`octagate_certificate_expiry_timestamp_seconds{pod="a"}`: "90000x200", `octagate_certificate_expiry_timestamp_seconds{pod="b"}`: zero}},
	{alert: "OctagateNotArmed", fires: values{`octagate_enforcement_armed{pod="a"}`: zero, `octagate_enforcement_armed{pod="b"}`: zero},
		silence: values{`octagate_enforcement_armed{pod="a"}`: one, `octagate_enforcement_armed{pod="b"}`: zero}},
	{alert: "OctagateNoLeader", fires: values{`leader_election_master_status{name="octagate.dev",pod="a"}`: zero},
		silence: values{`leader_election_master_status{name="octagate.dev",pod="a"}`: zero, `leader_election_master_status{name="octagate.dev",pod="b"}`: one}},
	{alert: "OctagateBlind", fires: values{`octagate_watch_timestamp_seconds`: "60x200"}, silence: values{`octagate_watch_timestamp_seconds`: "0+60x200"}},
}

// raised is the test in which the alert is raised.
func (tr trial) raised(a alert) map[string]any {
	expected, texts := maps.Clone(a.Labels), values{}
	maps.Copy(expected, tr.labels)
	for key, text := range a.Annotations {
		for name, value := range tr.labels {
			text = strings.ReplaceAll(text, "{{ $labels."+name+" }}", value)
		}
		texts[key] = text
	}
	return tr.test(tr.fires, []any{map[string]any{"exp_labels": expected, "exp_annotations": texts}})
}

// quiet is the test in which it is not.
func (tr trial) quiet() map[string]any { return tr.test(tr.silence, []any{}) }

func (tr trial) test(series map[string]string, expected []any) map[string]any {
	at := tr.at
	if at == "" {
		at = "40m"
	}
	var input []any
	for name, values := range series {
		input = append(input, map[string]any{"series": name, "values": values})
	}
	return map[string]any{"interval": "1m", "input_series": input,
		"alert_rule_test": []any{map[string]any{"eval_time": at, "alertname": tr.alert, "exp_alerts": expected}}}
}
