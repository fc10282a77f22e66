package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// An applicationCredential lets a program act as a user in one project without
// knowing the password.
type applicationCredential struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	Description  *string           `json:"description"`
	UserID       string            `json:"user_id"`
	ProjectID    string            `json:"project_id"`
	System       *string           `json:"system"`
	ExpiresAt    *string           `json:"expires_at"`
	Unrestricted *bool             `json:"unrestricted"`
	Roles        []any             `json:"roles"`
	Secret       string            `json:"secret"`
	Links        map[string]string `json:"links"`
	Rules        []AccessRule      `json:"access_rules,omitempty"`

	user    *user
	project *project
	used    map[AccessRule]bool
}

// An AccessRule is one call that an application credential is good for. In the path, a
// segment in braces stands for any.
type AccessRule struct {
	Service string `json:"service"`
	Method  string `json:"method"`
	Path    string `json:"path"`
}

// admits reports whether a credential is good for a call: one without rules is for all.
// Services see the path below the name that they share one host by.
func (a *applicationCredential) admits(r *request) bool {
	if a == nil || a.Rules == nil {
		return true
	}
	service, path, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	for _, rule := range a.Rules {
		if rule.Service == service && rule.Method == r.Method && fits(strings.Split(path, "/"), strings.Split(strings.Trim(rule.Path, "/"), "/")) {
			a.used[rule] = true
			return true
		}
	}
	return false
}

func fits(path, pattern []string) bool {
	return slices.EqualFunc(path, pattern, func(is, may string) bool { return is == may || strings.HasPrefix(may, "{") })
}

// AddCredential makes an application credential of a user that is good for nothing but what
// rules allow; nil: for everything.
func (c *Cloud) AddCredential(user string, rules []AccessRule) (id, secret string) {
	c.begin()
	defer c.mu.Unlock()
	u := c.users[user]
	a := &applicationCredential{
		ID: c.ids.hex(), Name: user + "-restricted", UserID: u.ID, ProjectID: u.homes[0].ID, Roles: rolesInFull(u.roles),
		Secret: c.ids.hex(), Rules: slices.Clone(rules), user: u, project: u.homes[0], used: map[AccessRule]bool{},
	}
	c.credentials[a.ID] = a
	return a.ID, a.Secret
}

// Unused are the rules of an application credential that allowed nothing so far.
func (c *Cloud) Unused(id string) []AccessRule {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.credentials[id].Rules), func(r AccessRule) bool { return c.credentials[id].used[r] })
}

// rolesInFull are roles as only application credentials show them.
func rolesInFull(roles []role) []any {
	type shown struct {
		role
		Domain      *string         `json:"domain_id"`
		Description *string         `json:"description"`
		Options     map[string]bool `json:"options"`
	}
	all := []any{}
	for _, r := range roles {
		v := shown{role: r, Options: map[string]bool{}}
		if r.immutable {
			v.Options["immutable"] = true
		}
		all = append(all, v)
	}
	return all
}

func (c *Cloud) createCredential(r *request) (any, error) {
	if r.PathValue("user") != r.who.user.ID {
		return nil, refusal{status: http.StatusForbidden, body: identityError(http.StatusForbidden, "You are not authorized to perform the requested action.")}
	}
	var in struct {
		Credential struct {
			Name        string  `json:"name"`
			Description *string `json:"description"`
			Secret      string  `json:"secret"`

			Rules []AccessRule `json:"access_rules"`
		} `json:"application_credential"`
	}
	if err := json.Unmarshal(r.body, &in); err != nil || in.Credential.Name == "" {
		return nil, refusal{status: http.StatusBadRequest, body: identityError(http.StatusBadRequest, "'name' is a required property")}
	}
	a := &applicationCredential{
		ID: c.ids.hex(), Name: in.Credential.Name, Description: in.Credential.Description,
		UserID: r.who.user.ID, ProjectID: r.who.project.ID, Roles: rolesInFull(r.who.user.roles),
		Secret: in.Credential.Secret, Rules: in.Credential.Rules, user: r.who.user, project: r.who.project, used: map[AccessRule]bool{},
	}
	if a.Secret == "" {
		a.Secret = c.ids.hex()
	}
	a.Links = map[string]string{"self": r.origin() + identityPrefix + "/application_credentials/" + a.ID}
	c.credentials[a.ID] = a
	return map[string]any{"application_credential": a}, nil
}

func (c *Cloud) authenticateCredential(in login) *token {
	given := in.Auth.Identity.Credential
	for _, a := range c.credentials {
		byID := given.ID == a.ID
		byName := given.ID == "" && given.Name == a.Name && given.User.means(a.user.ID, a.user.Name)
		if (byID || byName) && given.Secret == a.Secret {
			return &token{user: a.user, project: a.project, method: "application_credential", issued: c.now, credential: a}
		}
	}
	return nil
}
