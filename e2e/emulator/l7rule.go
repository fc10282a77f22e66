package emulator

import (
	"net/http"
	"slices"
	"strconv"
)

// An l7rule is a condition of a policy; all of them have to hold.
type l7rule struct {
	resource
	Type    string  `json:"type"`
	Compare string  `json:"compare_type"`
	Key     *string `json:"key"`
	Value   string  `json:"value"`
	Invert  bool    `json:"invert"`
	Name    string  `json:"name,omitempty"` // rules have none

	policy *l7policy
}

const ruleKind = "L7 Rule"

// mostRules is how many rules a policy may have.
const mostRules = 50

var ruleListing = listing[*l7rule]{
	collection: "rules",
	tags:       balancerTags[*l7rule],
	view:       (*l7rule).view,
	columns: balancerColumns(columns[*l7rule]{
		"type":         func(r *l7rule) string { return r.Type },
		"compare_type": func(r *l7rule) string { return r.Compare },
		"key":          func(r *l7rule) string { return text(r.Key) },
		"value":        func(r *l7rule) string { return r.Value },
		"invert":       func(r *l7rule) string { return strconv.FormatBool(r.Invert) },
	}),
}

var rulePut = schema{
	"type":           oneOf("HOST_NAME", "PATH", "FILE_TYPE", "HEADER", "COOKIE", "SSL_CONN_HAS_CERT", "SSL_VERIFY_RESULT", "SSL_DN_FIELD"),
	"compare_type":   oneOf("REGEX", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "EQUAL_TO"),
	"key":            nullableWords(255),
	"value":          words(255),
	"invert":         flag(false),
	"admin_state_up": flag(true),
	"tags":           tagList(),
}

var rulePost = rulePut.with(schema{
	"type":         rulePut["type"].must(),
	"compare_type": rulePut["compare_type"].must(),
	"value":        rulePut["value"].must(),
	"project_id":   words(36),
	"tenant_id":    words(36),
})

func (r *l7rule) view() any { return *r }

func (r *l7rule) remove(*Cloud) {
	r.policy.rules = keep(r.policy.rules, func(other *l7rule) bool { return other != r })
}

// newRule is a rule that its policy does not have yet.
func (c *Cloud) newRule(p *l7policy, s schema, in object) (*l7rule, error) {
	r := &l7rule{resource: c.newResource(p.ProjectID), policy: p}
	s.apply(r, in, creating)
	r.ProjectID, r.TenantID, r.Tags = p.ProjectID, p.ProjectID, tagSet(r.Tags)
	return r, r.sound()
}

// sound refuses a rule that compares nothing, or in a way that makes no sense.
func (r *l7rule) sound() error {
	why := ""
	switch {
	case r.Value == "":
		why = "L7 rule type requires a value"
	case (r.Type == "HEADER" || r.Type == "COOKIE" || r.Type == "SSL_DN_FIELD") && text(r.Key) == "":
		why = "L7 rule type requires a key"
	case r.Type == "FILE_TYPE" && r.Compare != "REGEX" && r.Compare != "EQUAL_TO":
		why = "invalid comparison type for rule type"
	default:
		return nil
	}
	return balancerRefusal(http.StatusBadRequest, "Error parsing L7Rule: Invalid L7 Rule: %s", why)
}

// rulePolicy is the policy in the path.
func (c *Cloud) rulePolicy(r *request) (*l7policy, error) {
	return reachable(r, c.l7policies, policyKind, r.PathValue("policy"))
}

func (c *Cloud) rule(r *request) (*l7policy, *l7rule, error) {
	p, err := c.rulePolicy(r)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(p.rules, func(rule *l7rule) bool { return rule.ID == r.PathValue("id") })
	if i < 0 {
		return nil, nil, missing(ruleKind, r.PathValue("id"))
	}
	return p, p.rules[i], nil
}

// open refuses to touch what is in a policy that is busy itself, or in a load
// balancer that is.
func (p *l7policy) open() error {
	if !allowed[change][p.Provisioning] {
		return balancerRefusal(http.StatusConflict, "L7Policy %s is immutable and cannot be updated.", p.ID)
	}
	return p.listener.balancer.open()
}

func (c *Cloud) startInPolicy(p *l7policy, m mark) {
	c.startInListener(p.listener, mark{p, pendingUpdate}, m)
}

func (c *Cloud) createRule(r *request) (any, error) {
	in, err := r.argued("rule_", "rule", rulePost)
	if err != nil {
		return nil, err
	}
	p, err := c.rulePolicy(r)
	if err != nil {
		return nil, err
	}
	rule, err := c.newRule(p, rulePost, in)
	if err != nil {
		return nil, err
	}
	if len(p.rules) >= mostRules {
		return nil, balancerRefusal(http.StatusConflict, "Too many rules on L7 policy %s", p.ID)
	}
	if err := c.withinBalancerQuota(p.ProjectID, ruleKind, 1); err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	p.rules = append(p.rules, rule)
	c.startInPolicy(p, mark{rule, pendingCreate})
	return map[string]any{"rule": rule.view()}, nil
}

func (c *Cloud) showRule(r *request) (any, error) {
	_, rule, err := c.rule(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{"rule": pick(rule.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listRules(r *request) (any, error) {
	p, err := c.rulePolicy(r)
	if err != nil {
		return nil, err
	}
	return balancerList(r, ruleListing, slices.Clone(p.rules))
}

func (c *Cloud) updateRule(r *request) (any, error) {
	in, err := r.argued("rule_", "rule", rulePut)
	if err != nil {
		return nil, err
	}
	p, rule, err := c.rule(r)
	if err != nil {
		return nil, err
	}
	asked := *rule
	rulePut.apply(&asked, in, updating)
	if err := asked.sound(); err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	asked.Tags = tagSet(asked.Tags)
	*rule = asked
	c.startInPolicy(p, mark{rule, pendingUpdate})
	return map[string]any{"rule": rule.view()}, nil
}

func (c *Cloud) deleteRule(r *request) (any, error) {
	p, rule, err := c.rule(r)
	if err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	c.startInPolicy(p, mark{rule, pendingDelete})
	return nil, nil
}
