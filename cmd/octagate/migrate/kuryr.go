package migrate

// Why options of Kuryr have no equivalent.
const (
	pods       = "is about the networking of Pods, which stays with your CNI"
	toCluster  = "octagate finds the cluster by KUBECONFIG, or as a Pod does"
	watching   = "octagate watches the cluster as controllers do, without such a setting"
	oneProject = "octagate builds in the one project of its credentials"
	rules      = "octagate makes no security groups: Octavia's own guard VIPs, and octavia.enforceSecurityGroups: false takes them off"
)

// inClouds is a note for credentials.
func inClouds(key string) meaning {
	return lost("credentials are not in octagate.yaml: goes into clouds.yaml as " + key)
}

// Kuryr turns kuryr.conf into octagate's configuration. The options are those of
// Kuryr-Kubernetes up to its last release, Zed and after (kuryr_kubernetes/config.py, and
// kuryr/lib/config.py of the library).
func Kuryr(source []byte, c Choices) (Result, error) {
	options, err := oslo(source)
	if err != nil {
		return Result{}, err
	}
	m := kuryr.carry(options)
	m.chosen(c)
	m.usual("octavia.adopt", "Kuryr", "Kuryr's load balancers are taken over as they are; octagate adopt --dry-run shows which")
	return m.result("Made from a kuryr.conf. Stop Kuryr's controller before octagate runs with this: two would\nbuild the same load balancers.\n"), nil
}

// kuryr is what is known of kuryr.conf.
var kuryr = dialect{
	program: "Kuryr",
	options: map[string]map[string]meaning{
		"neutron_defaults": kuryrNeutron, "octavia_defaults": kuryrOctavia, "kubernetes": kuryrKubernetes, "neutron": kuryrLogin,
		"health_server":       {"port": carried("health.bindAddress", port)},
		"prometheus_exporter": {"controller_exporter_port": carried("metrics.bindAddress", port), "cni_exporter_port": lost(pods)},
		"ingress":             {"l7_router_uuid": lost("octagate balances Services, no Ingresses or Routes")},
		"default": {
			"bindir": lost(pods), "deployment_type": lost(pods), "pybasedir": lost("is of Kuryr's own installation"), "subnetpool_name_prefix": lost(pods),
			"debug": logged, "log_file": logged, "log_dir": logged, "use_stderr": logged, "log_config_append": logged, "use_syslog": logged,
			"verbose": logged, "logfile": logged, "logdir": logged, "log_config": logged, "log_date_format": logged, "log_color": logged,
			"syslog_log_facility": logged, "use_eventlog": logged, "log_rotation_type": logged, "log_rotate_interval": logged,
			"log_rotate_interval_type": logged, "max_logfile_count": logged, "max_logfile_size_mb": logged, "rate_limit_interval": logged,
			"rate_limit_burst": logged, "rate_limit_except_level": logged, "publish_errors": logged, "fatal_deprecations": logged,
			"instance_format": logged, "instance_uuid_format": logged, "logging_default_format_string": logged,
			"logging_debug_format_suffix": logged, "logging_exception_prefix": logged, "logging_user_identity_format": logged,
			"use_json": logged, "use_journal": logged, "watch_log_file": logged, "default_log_levels": logged, "logging_context_format_string": logged,
		},
	},
	sections: map[string]string{
		"cni_daemon": pods, "cni_health_server": pods, "binding": pods, "pod_vif_nested": pods, "vif_pool": pods, "pool_manager": pods, "sriov": pods,
		"vhostuser": pods, "namespace_subnet": pods, "namespace_sg": pods, "namespace_handler_caching": pods, "np_handler_caching": pods,
		"pod_ip_caching": pods, "subnet_caching": pods, "node_driver_caching": pods, "vif_plug_ovs_privileged": pods, "vif_plug_linux_bridge_privileged": pods,
		"cache_defaults":   "is of Kuryr's own memory",
		"oslo_concurrency": "is of Kuryr's own processes",
	},
}

var logged = lost("octagate logs as JSON to standard error")

var kuryrNeutron = map[string]meaning{
	"pod_subnet":               carried("neutron.podSubnet", nil),
	"service_subnet":           carried("neutron.serviceSubnet", nil),
	"external_svc_net":         carried("neutron.externalNetwork", nil),
	"external_svc_subnet":      carried("neutron.externalSubnet", nil),
	"project":                  lost(oneProject + "; see that they are of this one"),
	"lbaas_activation_timeout": lost("octagate waits for no load balancer; octavia.mendAfter says when a broken one is made anew"),
	"resource_tags":            lost("has no equivalent for all Services; the annotation octagate.dev/tags tags one's load balancer, and tags of what is adopted stay"),
	"pod_security_groups":      lost(pods),
	"pod_subnets":              lost(pods),
	"ovs_bridge":               lost(pods),
	"network_device_mtu":       lost(pods),
	"subnet_mapping":           lost(pods),
}

var kuryrOctavia = map[string]meaning{
	"member_mode":         carried("octavia.memberMode", word("L2", "L3")),
	"lb_algorithm":        carried("octavia.algorithm", algorithm),
	"timeout_client_data": carried("octavia.timeouts.clientData", milliseconds),
	"timeout_member_data": carried("octavia.timeouts.memberData", milliseconds),
	"enforce_sg_rules":    carried("octavia.enforceSecurityGroups", unless("true")),
	"sg_mode":             lost(rules),
}

var kuryrKubernetes = map[string]meaning{
	"endpoints_driver_octavia_provider": carried("octavia.provider", provider),
	"controller_ha":                     carried("leaderElection.enabled", yesOrNo),
	"controller_ha_elector_port":        lost("the leader is elected by a Lease, without a container of its own"),
	"endpoints_lbaas_driver":            lost("octagate has one driver; for load balancers of Neutron itself set octavia.backend: neutron-lbaasv2"),
	"service_public_ip_driver":          lost("octagate's external IPs are floating IPs, always"),
	"service_security_groups_driver":    lost(rules),
	"service_subnets_driver":            lost("VIPs are in neutron.serviceSubnet, always"),
	"service_project_driver":            lost(oneProject),
	"namespace_project_driver":          lost(oneProject),
	"network_policy_project_driver":     lost(oneProject),
	"pod_project_driver":                lost(pods),
	"pod_subnets_driver":                lost(pods),
	"pod_security_groups_driver":        lost(pods),
	"pod_vif_driver":                    lost(pods),
	"vif_pool_driver":                   lost(pods),
	"nodes_subnets_driver":              lost(pods),
	"multi_vif_drivers":                 lost(pods),
	"additional_ifname_prefix":          lost(pods),
	"port_debug":                        lost(pods),
	"enable_manager":                    lost(pods),
	"network_policy_driver":             lost("NetworkPolicies stay with your CNI"),
	"enabled_handlers":                  lost("octagate handles Services and their EndpointSlices; all else that Kuryr handled needs somebody else"),
	"use_events":                        lost("octagate writes Events, and conditions, always"),
	"api_root":                          lost(toCluster),
	"ssl_client_crt_file":               lost(toCluster),
	"ssl_client_key_file":               lost(toCluster),
	"ssl_ca_crt_file":                   lost(toCluster),
	"ssl_verify_server_crt":             lost(toCluster + "; the API server is verified, always"),
	"token_file":                        lost(toCluster),
	"watch_retry_timeout":               lost(watching),
	"watch_connection_timeout":          lost(watching),
	"watch_read_timeout":                lost(watching),
	"watch_reconcile_period":            lost(watching),
}

var kuryrLogin = map[string]meaning{
	"auth_url": inClouds("auth.auth_url"), "auth_type": inClouds("auth_type"), "auth_section": inClouds("auth"),
	"username": inClouds("auth.username"), "user_id": inClouds("auth.user_id"), "password": inClouds("auth.password"),
	"project_name": inClouds("auth.project_name"), "project_id": inClouds("auth.project_id"),
	"tenant_name": inClouds("auth.project_name"), "tenant_id": inClouds("auth.project_id"),
	"user_domain_name": inClouds("auth.user_domain_name"), "user_domain_id": inClouds("auth.user_domain_id"),
	"project_domain_name": inClouds("auth.project_domain_name"), "project_domain_id": inClouds("auth.project_domain_id"),
	"domain_name": inClouds("auth.domain_name"), "domain_id": inClouds("auth.domain_id"),
	"default_domain_name": inClouds("auth.default_domain"), "default_domain_id": inClouds("auth.default_domain"),
	"application_credential_id": inClouds("auth.application_credential_id"), "application_credential_name": inClouds("auth.application_credential_name"),
	"application_credential_secret": inClouds("auth.application_credential_secret"), "user_name": inClouds("auth.username"),
	"trust_id": inClouds("auth.trust_id"), "token": inClouds("auth.token"), "system_scope": inClouds("auth.system_scope"),
	"region_name": inClouds("region_name"), "endpoint_type": inClouds("interface"), "valid_interfaces": inClouds("interface"),
	"cafile": inClouds("cacert"), "certfile": inClouds("cert"), "keyfile": inClouds("key"), "insecure": inClouds("verify: false"),
	"timeout":              lost("octagate waits up to a minute for each answer"),
	"split_loggers":        lost("octagate logs as JSON to standard error"),
	"collect_timing":       lost("octagate counts its calls in metrics"),
	"www_authenticate_uri": lost("is of services that check tokens, as octagate does not"), "memcached_servers": lost("is of services that check tokens, as octagate does not"),
	"signing_dir": lost("is of services that check tokens, as octagate does not"),
	"enable_dhcp": lost(pods), "default_subnetpool_v4": lost(pods), "default_subnetpool_v6": lost(pods),
	"vif_plugging_is_fatal": lost(pods), "vif_plugging_timeout": lost(pods),
}
