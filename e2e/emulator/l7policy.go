package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// An l7policy decides about some of a listener's HTTP requests otherwise.
type l7policy struct {
	resource
	Description    string  `json:"description"`
	Action         string  `json:"action"`
	ListenerID     string  `json:"listener_id"`
	RedirectPoolID *string `json:"redirect_pool_id"`
	RedirectURL    *string `json:"redirect_url"`
	RedirectPrefix *string `json:"redirect_prefix"`
	RedirectCode   *int    `json:"redirect_http_code"`
	Position       int     `json:"position"`

	listener *listener
	rules    []*l7rule
}

const policyKind = "L7 Policy"

var policyListing = listing[*l7policy]{
	collection: "l7policies",
	tags:       balancerTags[*l7policy],
	view:       (*l7policy).view,
	columns: balancerColumns(columns[*l7policy]{
		"description":      func(p *l7policy) string { return p.Description },
		"action":           func(p *l7policy) string { return p.Action },
		"listener_id":      func(p *l7policy) string { return p.ListenerID },
		"loadbalancer_id":  func(p *l7policy) string { return p.listener.balancer.ID },
		"position":         func(p *l7policy) string { return strconv.Itoa(p.Position) },
		"redirect_pool_id": func(p *l7policy) string { return text(p.RedirectPoolID) },
		"redirect_url":     func(p *l7policy) string { return text(p.RedirectURL) },
	}),
}

var policyPut = schema{
	"name":               words(255),
	"description":        words(255),
	"admin_state_up":     flag(true),
	"action":             oneOf("REJECT", "REDIRECT_TO_URL", "REDIRECT_TO_POOL", "REDIRECT_PREFIX"),
	"redirect_pool_id":   id(),
	"redirect_url":       nullableWords(255),
	"redirect_prefix":    nullableWords(255),
	"redirect_http_code": number("null", 301, 308),
	"position":           number("2147483647", 1, 1<<31-1),
	"tags":               tagList(),
}

var policyInTree = policyPut.with(schema{
	"action":        policyPut["action"].must(),
	"redirect_pool": nested(poolInTree).alone(),
	"rules":         nestedList(rulePost).alone(),
})

var policyPost = policyInTree.with(schema{
	"listener_id": id().must(),
	"project_id":  words(36),
	"tenant_id":   words(36),
})

func (p *l7policy) view() any {
	type shown struct {
		l7policy
		Rules []ref `json:"rules"`
	}
	return shown{*p, refs(p.rules)}
}

func (p *l7policy) remove(c *Cloud) {
	p.listener.policies = keep(p.listener.policies, func(other *l7policy) bool { return other != p })
	p.listener.number()
	delete(c.l7policies, p.ID)
}

// number counts the policies of a listener, in the order in which they decide.
func (l *listener) number() {
	for i, p := range l.policies {
		p.Position = i + 1
	}
}

// insert puts a policy where its position says; what was there decides after it.
func (l *listener) insert(p *l7policy) {
	l.policies = keep(l.policies, func(other *l7policy) bool { return other != p })
	at := min(p.Position-1, len(l.policies))
	l.policies = slices.Insert(l.policies, at, p)
	l.number()
}

// newPolicy is a policy that its listener does not have yet.
func (c *Cloud) newPolicy(l *listener, s schema, in object) (*l7policy, error) {
	p := &l7policy{resource: c.newResource(l.ProjectID), listener: l}
	s.apply(p, in, creating)
	p.ProjectID, p.TenantID, p.ListenerID, p.Tags = l.ProjectID, l.ProjectID, l.ID, tagSet(p.Tags)
	if err := p.complete(); err != nil {
		return nil, err
	}
	for _, in := range in.list("rules") {
		rule, err := c.newRule(p, rulePost, in)
		if err != nil {
			return nil, err
		}
		p.rules = append(p.rules, rule)
	}
	return p, l.takesPolicies()
}

func policyArguments(format string, args ...any) error {
	return balancerRefusal(http.StatusBadRequest, "Invalid L7 Policy arguments: "+format, args...)
}

// complete refuses an action without its object, and forgets the objects of others.
func (p *l7policy) complete() error {
	for _, a := range []struct {
		action, name string
		object       **string
	}{
		{"REDIRECT_TO_URL", "redirect_url", &p.RedirectURL},
		{"REDIRECT_TO_POOL", "redirect_pool_id or redirect_pool", &p.RedirectPoolID},
		{"REDIRECT_PREFIX", "redirect_prefix", &p.RedirectPrefix},
	} {
		if a.action != p.Action {
			*a.object = nil
		} else if *a.object == nil {
			return policyArguments("%s must not be None", a.name)
		}
	}
	if p.RedirectCode == nil && (p.RedirectURL != nil || p.RedirectPrefix != nil) {
		p.RedirectCode = new(302)
	}
	return nil
}

// takesPolicies refuses policies where nobody speaks HTTP.
func (l *listener) takesPolicies() error {
	switch {
	case l.Protocol == "PROMETHEUS":
		return balancerRefusal(http.StatusBadRequest, "Protocol %s listeners cannot have child objects.", l.Protocol)
	case !l.balancer.driver().l7:
		return balancerRefusal(http.StatusNotImplemented, "Provider '%s' does not support a requested action: "+
			"This provider does not support creating l7policies.", l.balancer.Provider)
	case l.Protocol != "HTTP" && l.Protocol != "TERMINATED_HTTPS":
		return l.balancer.unsupported("%s protocol listeners do not support L7 policies", l.Protocol)
	}
	return nil
}

// redirectable refuses a pool that a policy cannot lead to.
func (c *Cloud) redirectable(l *listener, in object) error {
	id := in.text("redirect_pool_id")
	if id == "" {
		return nil
	}
	p := c.pools[id]
	if p == nil {
		return missing(poolKind, id)
	}
	asked := listener{Protocol: l.Protocol}
	return asked.leadTo(p)
}

func (c *Cloud) createPolicy(r *request) (any, error) {
	in, err := r.argued("l7policy_", "l7policy", policyPost)
	if err != nil {
		return nil, err
	}
	l, err := reachable(r, c.listeners, listenerKind, in.text("listener_id"))
	if err != nil {
		return nil, err
	}
	if err := c.redirectable(l, in); err != nil {
		return nil, err
	}
	p, err := c.newPolicy(l, policyPost, in)
	if err != nil {
		return nil, err
	}
	if err := c.withinBalancerQuota(l.ProjectID, policyKind, 1); err != nil {
		return nil, err
	}
	if err := l.balancer.open(); err != nil {
		return nil, err
	}
	l.insert(p)
	c.startInListener(l, c.adoptPolicy(p)...)
	return map[string]any{"l7policy": p.view()}, nil
}

// adoptPolicy makes a policy part of the cloud, with its rules.
func (c *Cloud) adoptPolicy(p *l7policy) []mark {
	c.l7policies[p.ID] = p
	marks := []mark{{p, pendingCreate}}
	for _, rule := range p.rules {
		marks = append(marks, mark{rule, pendingCreate})
	}
	return marks
}

// startInListener begins work on what a listener decides by.
func (c *Cloud) startInListener(l *listener, marks ...mark) {
	c.start(l.balancer, pendingUpdate, append([]mark{{l, pendingUpdate}}, marks...)...)
}

func (c *Cloud) showPolicy(r *request) (any, error) {
	p, err := reachable(r, c.l7policies, policyKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"l7policy": pick(p.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listPolicies(r *request) (any, error) {
	return balancerList(r, policyListing, slices.Collect(maps.Values(c.l7policies)))
}

func (c *Cloud) updatePolicy(r *request) (any, error) {
	in, err := r.argued("l7policy_", "l7policy", policyPut)
	if err != nil {
		return nil, err
	}
	p, err := reachable(r, c.l7policies, policyKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := c.redirectable(p.listener, in); err != nil {
		return nil, err
	}
	asked := *p
	policyPut.apply(&asked, in, updating)
	if err := asked.complete(); err != nil {
		return nil, err
	}
	if err := p.listener.balancer.open(); err != nil {
		return nil, err
	}
	asked.Tags = tagSet(asked.Tags)
	*p = asked
	p.listener.insert(p)
	c.startInListener(p.listener, mark{p, pendingUpdate})
	return map[string]any{"l7policy": p.view()}, nil
}

func (c *Cloud) deletePolicy(r *request) (any, error) {
	p, err := reachable(r, c.l7policies, policyKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := p.listener.balancer.open(); err != nil {
		return nil, err
	}
	c.startInListener(p.listener, mark{p, pendingDelete})
	return nil, nil
}
