package emulator

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
)

// A securityRule lets one kind of traffic pass.
type securityRule struct {
	standard
	GroupID       string        `json:"security_group_id"`
	Ethertype     string        `json:"ethertype"`
	Direction     string        `json:"direction"`
	Protocol      *string       `json:"protocol"`
	Least         *int          `json:"port_range_min"`
	Most          *int          `json:"port_range_max"`
	RemotePrefix  *netip.Prefix `json:"remote_ip_prefix"`
	RemoteAddress *string       `json:"remote_address_group_id"`
	Normalized    *netip.Prefix `json:"normalized_cidr"`
	RemoteGroup   *string       `json:"remote_group_id"`
	Description   *string       `json:"description"`
	Tags          []string      `json:"tags,omitempty"` // rules have none
}

// A passage is what tells the rules of a group apart.
type passage struct {
	ethertype, direction, protocol, least, most, prefix, group string
}

var securityRuleWording = wording{"SecurityGroupRule", "Security group rule %s does not exist"}

var securityRuleListing = listing[*securityRule]{
	collection: "security_group_rules",
	tags:       standardTags[*securityRule],
	view:       func(r *securityRule) any { return r },
	columns: standardColumns(columns[*securityRule]{
		"security_group_id": func(r *securityRule) string { return r.GroupID },
		"ethertype":         func(r *securityRule) string { return r.Ethertype },
		"direction":         func(r *securityRule) string { return r.Direction },
		"protocol":          func(r *securityRule) string { return text(r.Protocol) },
		"port_range_min":    func(r *securityRule) string { return numberText(r.Least) },
		"port_range_max":    func(r *securityRule) string { return numberText(r.Most) },
		"remote_ip_prefix":  func(r *securityRule) string { return prefixText(r.RemotePrefix) },
		"remote_group_id":   func(r *securityRule) string { return text(r.RemoteGroup) },
	}),
}

func numberText(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func prefixText(p *netip.Prefix) string {
	if p == nil {
		return ""
	}
	return p.String()
}

func (r *securityRule) passage() passage {
	return passage{r.Ethertype, r.Direction, text(r.Protocol), numberText(r.Least), numberText(r.Most), prefixText(r.RemotePrefix), text(r.RemoteGroup)}
}

// ruleFor is the group's rule about a passage, nil if there is none.
func (g *securityGroup) ruleFor(p passage) *securityRule {
	for _, r := range g.rules {
		if r.passage() == p {
			return r
		}
	}
	return nil
}

// addRule makes a rule part of a group and of the cloud.
func (c *Cloud) addRule(g *securityGroup, rule *securityRule) {
	rule.standard = c.newStandard(g.ProjectID)
	rule.standard.Tags = nil
	rule.GroupID = g.ID
	if rule.RemotePrefix != nil {
		rule.Normalized = new(rule.RemotePrefix.Masked())
	}
	g.rules = append(g.rules, rule)
	c.securityRules[rule.ID] = rule
}

func (c *Cloud) dropRule(g *securityGroup, rule *securityRule) {
	g.rules = keep(g.rules, func(other *securityRule) bool { return other != rule })
	delete(c.securityRules, rule.ID)
}

func (c *Cloud) createSecurityRule(r *request) (any, error) {
	in, err := r.given("security_group_rule", "security_group_id", "direction", "ethertype", "protocol", "port_range_min",
		"port_range_max", "remote_ip_prefix", "remote_group_id", "remote_address_group_id", "description", "project_id", "tenant_id")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"security_group_id", "direction"} {
		if err := in.requires(name); err != nil {
			return nil, err
		}
	}
	g, err := owned(r, c.securityGroups, in.text("security_group_id"), securityGroupWording)
	if err != nil {
		return nil, err
	}
	if err := c.withinNetworkQuota(g.ProjectID, "security_group_rule"); err != nil {
		return nil, err
	}
	rule := &securityRule{Ethertype: "IPv4", Description: new("")}
	if err := in.onto(rule); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	if same := g.ruleFor(rule.passage()); same != nil {
		return nil, networkRefusal(http.StatusConflict, "SecurityGroupRuleExists", "Security group rule already exists. Rule id is %s.", same.ID)
	}
	c.addRule(g, rule)
	c.touch(g)
	return map[string]any{"security_group_rule": rule}, nil
}

func (c *Cloud) showSecurityRule(r *request) (any, error) {
	rule, err := owned(r, c.securityRules, r.PathValue("id"), securityRuleWording)
	if err != nil {
		return nil, err
	}
	return map[string]any{"security_group_rule": pick(rule, r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listSecurityRules(r *request) (any, error) {
	rows := keep(slices.Collect(maps.Values(c.securityRules)), func(rule *securityRule) bool { return r.who.owns(rule.ProjectID) })
	return networkList(r, securityRuleListing, rows)
}

func (c *Cloud) deleteSecurityRule(r *request) (any, error) {
	rule, err := owned(r, c.securityRules, r.PathValue("id"), securityRuleWording)
	if err != nil {
		return nil, err
	}
	g := c.securityGroups[rule.GroupID]
	c.dropRule(g, rule)
	c.touch(g)
	return nil, nil
}
