package emulator

import (
	"net/http"
	"slices"
)

func loadBalancerRoutes() []route {
	members, rules := "/lbaas/pools/{pool}/members", "/lbaas/l7policies/{policy}/rules"
	return slices.Concat(
		collection{"/lbaas/loadbalancers", (*Cloud).listLoadBalancers, (*Cloud).createLoadBalancer, (*Cloud).showLoadBalancer, (*Cloud).updateLoadBalancer, (*Cloud).deleteLoadBalancer}.routes(),
		collection{"/lbaas/listeners", (*Cloud).listListeners, (*Cloud).createListener, (*Cloud).showListener, (*Cloud).updateListener, (*Cloud).deleteListener}.routes(),
		collection{"/lbaas/pools", (*Cloud).listPools, (*Cloud).createPool, (*Cloud).showPool, (*Cloud).updatePool, (*Cloud).deletePool}.routes(),
		collection{members, (*Cloud).listMembers, (*Cloud).createMember, (*Cloud).showMember, (*Cloud).updateMember, (*Cloud).deleteMember}.routes(),
		collection{"/lbaas/healthmonitors", (*Cloud).listHealthMonitors, (*Cloud).createHealthMonitor, (*Cloud).showHealthMonitor, (*Cloud).updateHealthMonitor, (*Cloud).deleteHealthMonitor}.routes(),
		collection{"/lbaas/l7policies", (*Cloud).listPolicies, (*Cloud).createPolicy, (*Cloud).showPolicy, (*Cloud).updatePolicy, (*Cloud).deletePolicy}.routes(),
		collection{rules, (*Cloud).listRules, (*Cloud).createRule, (*Cloud).showRule, (*Cloud).updateRule, (*Cloud).deleteRule}.routes(),
		[]route{
			{"GET", "/lbaas/loadbalancers/{id}/status", http.StatusOK, (*Cloud).showStatusTree},
			{"GET", "/lbaas/loadbalancers/{id}/statuses", http.StatusOK, (*Cloud).showStatusTree},
			{"GET", "/lbaas/loadbalancers/{id}/stats", http.StatusOK, (*Cloud).showLoadBalancerStats},
			{"PUT", "/lbaas/loadbalancers/{id}/failover", http.StatusAccepted, (*Cloud).failoverLoadBalancer},
			{"GET", "/lbaas/listeners/{id}/stats", http.StatusOK, (*Cloud).showListenerStats},
			{"PUT", members, http.StatusAccepted, (*Cloud).replaceMembers},
			{"GET", "/lbaas/providers", http.StatusOK, (*Cloud).listProviders},
			{"GET", "/lbaas/flavors", http.StatusOK, (*Cloud).listFlavors},
			{"GET", "/lbaas/flavors/{id}", http.StatusOK, (*Cloud).showFlavor},
			{"GET", "/lbaas/flavorprofiles/{id}", http.StatusOK, (*Cloud).showProfile},
			{"GET", "/lbaas/availabilityzones", http.StatusOK, (*Cloud).listZones},
			{"GET", "/lbaas/availabilityzones/{name}", http.StatusOK, (*Cloud).showZone},
			{"GET", "/lbaas/quotas", http.StatusOK, (*Cloud).listBalancerQuotas},
			{"GET", "/lbaas/quotas/defaults", http.StatusOK, (*Cloud).showDefaultQuota},
			{"GET", "/lbaas/quotas/{id}", http.StatusOK, (*Cloud).showBalancerQuota},
			{"PUT", "/lbaas/quotas/{id}", http.StatusAccepted, (*Cloud).updateBalancerQuota},
			{"DELETE", "/lbaas/quotas/{id}", http.StatusAccepted, (*Cloud).deleteBalancerQuota},
		},
	)
}
