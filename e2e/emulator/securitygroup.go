package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// A securityGroup is a set of rules that ports share.
type securityGroup struct {
	standard
	Name     string `json:"name"`
	Stateful bool   `json:"stateful"`

	rules []*securityRule
}

// defaultGroupName is the name of the group that every project has.
const defaultGroupName = "default"

var securityGroupWording = wording{"SecurityGroup", "Security group %s does not exist"}

var securityGroupListing = listing[*securityGroup]{
	collection: "security_groups",
	tags:       standardTags[*securityGroup],
	view:       (*securityGroup).view,
	columns: standardColumns(columns[*securityGroup]{
		"name":     func(g *securityGroup) string { return g.Name },
		"stateful": func(g *securityGroup) string { return strconv.FormatBool(g.Stateful) },
		"shared":   func(*securityGroup) string { return "false" },
	}),
}

func (g *securityGroup) view() any {
	type shown struct {
		securityGroup
		Rules []*securityRule `json:"security_group_rules"`
	}
	return shown{*g, append([]*securityRule{}, g.rules...)}
}

// newGroup is a group that lets everything out, as all of them do at first.
func (c *Cloud) newGroup(projectID, name string) *securityGroup {
	g := &securityGroup{standard: c.newStandard(projectID), Name: name, Stateful: true}
	g.Revision = 1
	for _, ethertype := range []string{"IPv4", "IPv6"} {
		c.addRule(g, &securityRule{Direction: "egress", Ethertype: ethertype})
	}
	c.securityGroups[g.ID] = g
	return g
}

// defaultGroup is a project's own group, made when it is first needed: it lets in
// whatever comes from the group itself.
func (c *Cloud) defaultGroup(projectID string) *securityGroup {
	if g := c.defaultGroups[projectID]; g != nil {
		return g
	}
	g := c.newGroup(projectID, defaultGroupName)
	g.Description = "Default security group"
	for _, ethertype := range []string{"IPv4", "IPv6"} {
		c.addRule(g, &securityRule{Direction: "ingress", Ethertype: ethertype, RemoteGroup: &g.ID})
	}
	c.defaultGroups[projectID] = g
	return g
}

// dropGroup removes a group with its rules.
func (c *Cloud) dropGroup(g *securityGroup) {
	for _, rule := range g.rules {
		delete(c.securityRules, rule.ID)
	}
	delete(c.securityGroups, g.ID)
}

// knownGroups refuses groups that the caller does not see.
func (c *Cloud) knownGroups(r *request, ids []string) error {
	for _, id := range ids {
		if _, err := owned(r, c.securityGroups, id, securityGroupWording); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cloud) createSecurityGroup(r *request) (any, error) {
	in, err := r.given("security_group", "name", "description", "stateful", "project_id", "tenant_id")
	if err != nil {
		return nil, err
	}
	projectID, err := r.projectFor(in, "create_security_group")
	if err != nil {
		return nil, err
	}
	c.defaultGroup(projectID)
	if in.text("name") == defaultGroupName {
		return nil, networkRefusal(http.StatusConflict, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.")
	}
	if err := c.withinNetworkQuota(projectID, "security_group"); err != nil {
		return nil, err
	}
	g := c.newGroup(projectID, "")
	if err := in.onto(g); err != nil {
		c.dropGroup(g)
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	g.ProjectID, g.TenantID = projectID, projectID
	return map[string]any{"security_group": g.view()}, nil
}

func (c *Cloud) showSecurityGroup(r *request) (any, error) {
	g, err := owned(r, c.securityGroups, r.PathValue("id"), securityGroupWording)
	if err != nil {
		return nil, err
	}
	return map[string]any{"security_group": pick(g.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listSecurityGroups(r *request) (any, error) {
	c.defaultGroup(r.who.project.ID)
	rows := keep(slices.Collect(maps.Values(c.securityGroups)), func(g *securityGroup) bool { return r.who.owns(g.ProjectID) })
	return networkList(r, securityGroupListing, rows)
}

func (c *Cloud) updateSecurityGroup(r *request) (any, error) {
	g, err := owned(r, c.securityGroups, r.PathValue("id"), securityGroupWording)
	if err != nil {
		return nil, err
	}
	in, err := r.given("security_group", "name", "description", "stateful")
	if err != nil {
		return nil, err
	}
	if c.defaultGroups[g.ProjectID] == g && in["name"] != nil {
		return nil, networkRefusal(http.StatusConflict, "SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.")
	}
	if err := r.revised(&g.standard); err != nil {
		return nil, err
	}
	if err := in.onto(g); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	c.touch(g)
	return map[string]any{"security_group": g.view()}, nil
}

func (c *Cloud) deleteSecurityGroup(r *request) (any, error) {
	g, err := owned(r, c.securityGroups, r.PathValue("id"), securityGroupWording)
	if err != nil {
		return nil, err
	}
	if c.defaultGroups[g.ProjectID] == g && !r.who.admin() {
		return nil, networkRefusal(http.StatusConflict, "SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.")
	}
	for _, p := range c.ports {
		if slices.Contains(p.SecurityGroups, g.ID) {
			return nil, networkRefusal(http.StatusConflict, "SecurityGroupInUse", "Security Group %s in use.", g.ID)
		}
	}
	if c.defaultGroups[g.ProjectID] == g {
		delete(c.defaultGroups, g.ProjectID)
	}
	c.dropGroup(g)
	return nil, nil
}
