// Package view is OpenStack as any of its clients sees it: load balancers with all
// that is in them, read over HTTP and drawn as trees. It shares nothing with octagate's
// own client, so that tests and the demo show what is there and not what octagate
// believes.
package view

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"sigs.k8s.io/yaml"
)

// A Cloud is a project of an OpenStack cloud.
type Cloud struct {
	token                 string
	network, loadBalancer string // where Neutron and Octavia are
}

// An account is one entry of clouds.yaml.
type account struct {
	URL      string `json:"auth_url"`
	User     string `json:"username"`
	Password string `json:"password"`
	Project  string `json:"project_name"`
}

// Dial logs in to the cloud demo of a clouds.yaml.
func Dial(ctx context.Context, file string) (*Cloud, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading clouds.yaml: %w", err)
	}
	var clouds struct {
		Clouds map[string]struct {
			Auth account `json:"auth"`
		} `json:"clouds"`
	}
	if err := yaml.Unmarshal(content, &clouds); err != nil {
		return nil, fmt.Errorf("reading clouds.yaml: %w", err)
	}
	return clouds.Clouds["demo"].Auth.login(ctx)
}

// login gets a token and learns from the catalog where the services are.
func (a account) login(ctx context.Context) (*Cloud, error) {
	body, err := json.Marshal(a.credentials())
	if err != nil {
		return nil, fmt.Errorf("writing the login: %w", err)
	}
	var answer struct {
		Token struct{ Catalog []service }
	}
	header, err := exchange(ctx, http.MethodPost, a.URL+"/auth/tokens", "", bytes.NewReader(body), &answer)
	if err != nil {
		return nil, fmt.Errorf("logging in to OpenStack: %w", err)
	}
	c := &Cloud{token: header.Get("X-Subject-Token")}
	for _, s := range answer.Token.Catalog {
		switch s.Type {
		case "network":
			c.network = s.url() + "/v2.0/"
		case "load-balancer":
			c.loadBalancer = s.url() + "/v2/lbaas/"
		}
	}
	return c, nil
}

// credentials are what Keystone wants to have for a token of the project.
func (a account) credentials() any {
	domain := map[string]any{"name": "Default"}
	user := map[string]any{"name": a.User, "password": a.Password, "domain": domain}
	return map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": user}},
		"scope":    map[string]any{"project": map[string]any{"name": a.Project, "domain": domain}},
	}}
}

// A service is an entry of the catalog.
type service struct {
	Type      string
	Endpoints []struct{ Interface, URL string }
}

func (s service) url() string {
	for _, e := range s.Endpoints {
		if e.Interface == "public" {
			return e.URL
		}
	}
	return ""
}

// get reads a URL into an answer.
func (c *Cloud) get(ctx context.Context, url string, answer any) error {
	_, err := exchange(ctx, http.MethodGet, url, c.token, nil, answer)
	return err
}

// exchange sends a request and decodes what comes back.
func exchange(ctx context.Context, method, url, token string, body io.Reader, answer any) (http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Auth-Token", token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, url, response.Status, content)
	}
	return response.Header, json.Unmarshal(content, answer)
}
