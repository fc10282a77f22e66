package admin

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

func showQuotas(a *admin, _ *http.Request) (any, error) { return a.cloud.Quotas(), nil }

func changeQuotas(a *admin, r *http.Request) (any, error) {
	var in map[string]map[string]int
	if err := read(r, &in); err != nil {
		return nil, err
	}
	for _, project := range slices.Sorted(maps.Keys(in)) {
		for _, resource := range slices.Sorted(maps.Keys(in[project])) {
			if err := a.cloud.SetQuota(project, resource, in[project][resource]); err != nil {
				return nil, err
			}
		}
	}
	return showQuotas(a, r)
}

func showTranscript(a *admin, _ *http.Request) (any, error) {
	type shown struct {
		Method string `json:"method"`
		Path   string `json:"path"`
		Status int    `json:"status"`
		Rows   int    `json:"rows,omitempty"`
	}
	all := []shown{}
	for _, c := range a.cloud.Transcript() {
		all = append(all, shown(c))
	}
	return all, nil
}

func showCounts(a *admin, _ *http.Request) (any, error) { return a.cloud.Counts(), nil }

func resetTranscript(a *admin, _ *http.Request) (any, error) {
	a.cloud.ResetTranscript()
	return done, nil
}

func breakOne(a *admin, r *http.Request) (any, error) {
	var in struct {
		LoadBalancer string `json:"loadbalancer"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var names []string
	balancers := a.cloud.Snapshot()["loadbalancers"]
	for _, id := range slices.Sorted(maps.Keys(balancers)) {
		name, _ := balancers[id]["name"].(string)
		if in.LoadBalancer == id || in.LoadBalancer == name && name != "" {
			a.cloud.Break(id)
			return map[string]string{"broken": id}, nil
		}
		names = append(names, name+" ("+id+")")
	}
	return nil, fmt.Errorf("there is no load balancer %q; there are %q", in.LoadBalancer, names[:min(len(names), 20)])
}

func operate(a *admin, r *http.Request) (any, error) {
	var in struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return done, a.cloud.SetOperatingStatus(in.ID, in.Status)
}

func expire(a *admin, _ *http.Request) (any, error) {
	a.cloud.ExpireTokens()
	return done, nil
}

func showClock(a *admin, _ *http.Request) (any, error) {
	if clock := a.cloud.Clock(); clock != nil {
		return map[string]any{"now": clock.Now(), "manual": true}, nil
	}
	return map[string]any{"now": time.Now().UTC(), "manual": false}, nil
}

func passTime(a *admin, r *http.Request) (any, error) {
	var in struct {
		Pass string `json:"pass"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	clock := a.cloud.Clock()
	if clock == nil {
		return nil, errors.New("the cloud follows the real time; start it with a clock of its own (--clock manual)")
	}
	d, err := duration(in.Pass)
	if err != nil {
		return nil, fmt.Errorf("pass: %w", err)
	}
	clock.Pass(d)
	return showClock(a, r)
}

func addFlavor(a *admin, r *http.Request) (any, error) {
	var in struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Name == "" {
		return nil, errors.New(`a flavor needs a name: {"name": "large"}`)
	}
	return map[string]string{"id": a.cloud.AddFlavor(in.Name, in.Description)}, nil
}
