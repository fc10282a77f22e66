package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// tokenLife is how long a token is good for.
const tokenLife = 24 * time.Hour

const password = "secret"

type domain struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

var defaultDomain = domain{ID: "default", Name: "Default"}

type project struct {
	Domain domain `json:"domain"`
	ID     string `json:"id"`
	Name   string `json:"name"`
}

type role struct {
	ID   string `json:"id"`
	Name string `json:"name"`

	immutable bool
}

type user struct {
	Domain  domain  `json:"domain"`
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Expires *string `json:"password_expires_at"`

	roles []role
	homes []*project // the projects the roles hold in; the first is the default one
}

// A token is the right of a user to act in a project until it expires.
type token struct {
	user       *user
	project    *project
	method     string
	issued     time.Time
	credential *applicationCredential // nil for a password
}

// admin reports whether the token opens every project.
func (t *token) admin() bool { return t.has("admin") }

func (t *token) has(name string) bool {
	return slices.ContainsFunc(t.user.roles, func(r role) bool { return r.Name == name })
}

// owns reports whether the token may act for a project.
func (t *token) owns(projectID string) bool { return t.admin() || t.project.ID == projectID }

type identity struct {
	ids         identifiers
	projects    map[string]*project // by name
	users       map[string]*user    // by name
	tokens      map[string]*token
	credentials map[string]*applicationCredential
	catalog     catalog
}

func newIdentity(ids identifiers, legacy bool) identity {
	id := identity{
		ids:         ids,
		projects:    map[string]*project{},
		users:       map[string]*user{},
		tokens:      map[string]*token{},
		credentials: map[string]*applicationCredential{},
		catalog:     newCatalog(ids, legacy),
	}
	for _, name := range []string{"demo", "admin", "other", "service"} {
		id.projects[name] = &project{Domain: defaultDomain, ID: ids.hex(), Name: name}
	}
	reader, member := role{ids.hex(), "reader", true}, role{ids.hex(), "member", true}
	balancer := role{ids.hex(), "load-balancer_member", false}
	demo, other := id.projects["demo"], id.projects["other"]
	id.addUser("demo", []role{balancer, member, reader}, demo)
	id.addUser("other", []role{balancer, member, reader}, other)
	id.addUser("plain", []role{member, reader}, demo)
	id.addUser("reader", []role{{ids.hex(), "load-balancer_observer", false}, reader}, demo)
	id.addUser("admin", []role{{ids.hex(), "admin", true}, member, reader}, id.projects["admin"], demo, other)
	return id
}

func (i *identity) addUser(name string, roles []role, homes ...*project) {
	i.users[name] = &user{Domain: defaultDomain, ID: i.ids.hex(), Name: name, roles: roles, homes: homes}
}

// ExpireTokens makes every token handed out so far worthless.
func (c *Cloud) ExpireTokens() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens = map[string]*token{}
}

// tokenHolders admits whoever shows a good token.
func tokenHolders(c *Cloud, r *request) error {
	t := c.tokens[r.Header.Get("X-Auth-Token")]
	if t == nil || c.now.Sub(t.issued) >= tokenLife || !t.credential.admits(r) {
		return unauthorized(r)
	}
	r.who = t
	return nil
}

// networkUsers admits token holders, to write only with a role that is for more than reading.
func networkUsers(c *Cloud, r *request) error {
	if err := tokenHolders(c, r); err != nil {
		return err
	}
	if r.Method != http.MethodGet && !r.who.admin() && !r.who.has("member") {
		return notAuthorized("rule:member_or_higher")
	}
	return nil
}

func unauthorized(r *request) error {
	return refusal{
		status: http.StatusUnauthorized,
		header: map[string]string{"WWW-Authenticate": `Keystone uri="` + r.origin() + identityPrefix + `"`},
		body:   identityError(http.StatusUnauthorized, "The request you have made requires authentication."),
	}
}

func identityError(status int, message string) map[string]any {
	return map[string]any{"error": map[string]any{"code": status, "title": http.StatusText(status), "message": message}}
}

func openIdentityRoutes() []route {
	return []route{
		{"POST", "/auth/tokens", http.StatusCreated, (*Cloud).createToken},
	}
}

func identityRoutes() []route {
	return []route{
		{"GET", "/auth/tokens", http.StatusOK, (*Cloud).showToken},
		{"DELETE", "/auth/tokens", http.StatusNoContent, (*Cloud).deleteToken},
		{"GET", "/auth/catalog", http.StatusOK, (*Cloud).showCatalog},
		{"GET", "/projects", http.StatusOK, (*Cloud).listProjects},
		{"GET", "/projects/{id}", http.StatusOK, (*Cloud).showProject},
		{"POST", "/users/{user}/application_credentials", http.StatusCreated, (*Cloud).createCredential},
	}
}

// A login is the body of POST /auth/tokens, as far as it is understood.
type login struct {
	Auth struct {
		Identity struct {
			Methods  []string `json:"methods"`
			Password struct {
				User struct {
					named
					Password string `json:"password"`
				} `json:"user"`
			} `json:"password"`
			Credential struct {
				named
				Secret string `json:"secret"`
				User   named  `json:"user"`
			} `json:"application_credential"`
		} `json:"identity"`
		Scope struct {
			Project *named `json:"project"`
		} `json:"scope"`
	} `json:"auth"`
}

// named is how Keystone's clients point at something: by id, or by name and domain.
type named struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain domain `json:"domain"`
}

func (n named) means(id, name string) bool {
	if n.ID != "" {
		return n.ID == id
	}
	return n.Name == name && (n.Domain.ID == defaultDomain.ID || n.Domain.Name == defaultDomain.Name)
}

func (c *Cloud) createToken(r *request) (any, error) {
	var in login
	if err := json.Unmarshal(r.body, &in); err != nil {
		return nil, refusal{status: http.StatusBadRequest, body: identityError(http.StatusBadRequest, "Malformed request body.")}
	}
	t := c.authenticate(in)
	if t == nil {
		return nil, unauthorized(r)
	}
	key := "gAAAAA" + c.ids.hex() + c.ids.hex()
	c.tokens[key] = t
	return reply{map[string]string{"X-Subject-Token": key}, c.tokenView(t, r)}, nil
}

// authenticate is the token a login is worth, nil when it is worth none.
func (c *Cloud) authenticate(in login) *token {
	switch {
	case slices.Contains(in.Auth.Identity.Methods, "password"):
		return c.authenticatePassword(in)
	case slices.Contains(in.Auth.Identity.Methods, "application_credential"):
		return c.authenticateCredential(in)
	}
	return nil
}

func (c *Cloud) authenticatePassword(in login) *token {
	given := in.Auth.Identity.Password.User
	for _, u := range c.users {
		if given.means(u.ID, u.Name) && given.Password == password {
			return c.issue(u, in.Auth.Scope.Project, "password")
		}
	}
	return nil
}

// issue is a token for one of the user's projects; no scope means the first.
func (c *Cloud) issue(u *user, scope *named, method string) *token {
	for _, p := range u.homes {
		if scope == nil || scope.means(p.ID, p.Name) {
			return &token{user: u, project: p, method: method, issued: c.now}
		}
	}
	return nil
}

func (c *Cloud) showToken(r *request) (any, error) {
	key := r.Header.Get("X-Subject-Token")
	t := c.tokens[key]
	if t == nil {
		return nil, refusal{status: http.StatusNotFound, body: identityError(http.StatusNotFound, "Could not find token.")}
	}
	return reply{map[string]string{"X-Subject-Token": key}, c.tokenView(t, r)}, nil
}

func (c *Cloud) deleteToken(r *request) (any, error) {
	delete(c.tokens, r.Header.Get("X-Subject-Token"))
	return nil, nil
}

func (c *Cloud) tokenView(t *token, r *request) any {
	view := map[string]any{
		"methods":    []string{t.method},
		"user":       t.user,
		"audit_ids":  []string{c.ids.hex()[:22]},
		"expires_at": keystoneTime(t.issued.Add(tokenLife)),
		"issued_at":  keystoneTime(t.issued),
		"project":    t.project,
		"is_domain":  false,
		"roles":      t.user.roles,
		"catalog":    c.catalog.at(r.origin()),
	}
	if t.credential != nil {
		view["application_credential"] = map[string]any{"id": t.credential.ID, "name": t.credential.Name, "restricted": true}
	}
	return map[string]any{"token": view}
}

func keystoneTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
