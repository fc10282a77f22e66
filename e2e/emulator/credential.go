package emulator

import (
	"encoding/json"
	"net/http"
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

	user    *user
	project *project
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
		} `json:"application_credential"`
	}
	if err := json.Unmarshal(r.body, &in); err != nil || in.Credential.Name == "" {
		return nil, refusal{status: http.StatusBadRequest, body: identityError(http.StatusBadRequest, "'name' is a required property")}
	}
	a := &applicationCredential{
		ID: c.ids.hex(), Name: in.Credential.Name, Description: in.Credential.Description,
		UserID: r.who.user.ID, ProjectID: r.who.project.ID, Roles: rolesInFull(r.who.user.roles),
		Secret: in.Credential.Secret, user: r.who.user, project: r.who.project,
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
