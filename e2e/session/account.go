package session

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"
)

// An account is one cloud of a clouds.yaml.
type account struct {
	Region    string `json:"region_name"`
	Interface string `json:"interface"`
	Verify    any    `json:"verify"`
	CA        string `json:"cacert"`
	Auth      struct {
		URL           string `json:"auth_url"`
		User          string `json:"username"`
		UserID        string `json:"user_id"`
		Password      string `json:"password"`
		Project       string `json:"project_name"`
		ProjectID     string `json:"project_id"`
		UserDomain    string `json:"user_domain_name"`
		ProjectDomain string `json:"project_domain_name"`

		CredentialID     string `json:"application_credential_id"`
		CredentialSecret string `json:"application_credential_secret"`
	} `json:"auth"`
}

// readAccount reads one cloud of a clouds.yaml. The others may be as they like.
func readAccount(file, cloud string) (account, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return account{}, fmt.Errorf("reading clouds.yaml: %w", err)
	}
	var all struct {
		Clouds map[string]json.RawMessage `json:"clouds"`
	}
	if err := yaml.Unmarshal(content, &all); err != nil {
		return account{}, fmt.Errorf("reading %s: %w", file, err)
	}
	found, ok := all.Clouds[cloud]
	if !ok {
		return account{}, fmt.Errorf("%s has no cloud %q, only %q", file, cloud, slices.Sorted(maps.Keys(all.Clouds)))
	}
	var a account
	if err := json.Unmarshal(found, &a); err != nil {
		return account{}, fmt.Errorf("reading cloud %s of %s: %w", cloud, file, err)
	}
	if fault := a.fault(); fault != "" {
		return account{}, fmt.Errorf("cloud %s of %s %s", cloud, file, fault)
	}
	return a, nil
}

// fault is why nobody can log in here with what stands in clouds.yaml, although other
// clients may; empty: there is no reason.
func (a account) fault() string {
	const elsewhere = "; secure.yaml, profiles and tokens are not read here"
	switch {
	case a.CA != "":
		return "has a cacert, which is not read here: name the file by SSL_CERT_FILE, and take out cacert"
	case a.Verify != nil && a.Verify != true:
		return "has verify, which is not read here: name the cloud's authority by SSL_CERT_FILE, and take out verify"
	case a.Auth.URL == "":
		return "has no auth.auth_url" + elsewhere
	case a.Auth.CredentialID != "" && a.Auth.CredentialSecret == "":
		return "has no auth.application_credential_secret" + elsewhere
	case a.Auth.CredentialID != "":
		return ""
	case a.Auth.User+a.Auth.UserID == "" || a.Auth.Password == "":
		return "has neither auth.application_credential_id nor auth.username and auth.password" + elsewhere
	case a.Auth.Project+a.Auth.ProjectID == "":
		return "has neither auth.project_name nor auth.project_id" + elsewhere
	}
	return ""
}

// face is the interface of the services that the account uses.
func (a account) face() string { return cmp.Or(a.Interface, "public") }

// login is what Keystone wants to have for a token.
func (a account) login() any {
	if a.Auth.CredentialID != "" {
		return named("auth", named("identity", map[string]any{
			"methods":                []string{"application_credential"},
			"application_credential": map[string]any{"id": a.Auth.CredentialID, "secret": a.Auth.CredentialSecret},
		}))
	}
	user := identified(a.Auth.UserID, a.Auth.User, a.Auth.UserDomain)
	user["password"] = a.Auth.Password
	return named("auth", map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": named("user", user)},
		"scope":    named("project", identified(a.Auth.ProjectID, a.Auth.Project, a.Auth.ProjectDomain)),
	})
}

func named(name string, value any) map[string]any { return map[string]any{name: value} }

// identified is a user or a project, by id or by name.
func identified(id, name, domain string) map[string]any {
	if id != "" {
		return map[string]any{"id": id}
	}
	return map[string]any{"name": name, "domain": named("name", cmp.Or(domain, "Default"))}
}

// CloudsFile is the clouds.yaml that OpenStack's own clients would take.
func CloudsFile() (string, error) {
	home, _ := os.UserHomeDir() // without one, there is one place less to look
	for _, file := range []string{
		os.Getenv("OS_CLIENT_CONFIG_FILE"), "clouds.yaml",
		filepath.Join(home, ".config", "openstack", "clouds.yaml"), "/etc/openstack/clouds.yaml",
	} {
		if _, err := os.Stat(file); err == nil {
			return filepath.Abs(file)
		}
	}
	return "", errors.New("there is no clouds.yaml; name one by OS_CLIENT_CONFIG_FILE")
}
