// Package session is a login to an OpenStack cloud and the plain calls that any
// client can make with it. It shares nothing with octagate's own client: what tests
// see through it is what is there, not what octagate believes.
package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// A Session is a user of a cloud in one project. It is safe for concurrent use.
type Session struct {
	Token   string
	Project string // the id of the project

	// The services' addresses up to the version, with a final slash.
	Identity     string // …/v3/
	Network      string // …/v2.0/
	LoadBalancer string // …/v2/; where there is no Octavia it is Neutron's LBaaS v2: …/v2.0/
}

// Open logs in to a cloud of a clouds.yaml, by password or application credential.
func Open(ctx context.Context, file, cloud string) (*Session, error) {
	a, err := readAccount(file, cloud)
	if err != nil {
		return nil, err
	}
	s := &Session{Identity: strings.TrimSuffix(a.Auth.URL, "/") + "/"}
	if !strings.HasSuffix(s.Identity, "/v3/") {
		s.Identity += "v3/"
	}
	answer, err := s.Call(ctx, http.MethodPost, s.Identity+"auth/tokens", a.login())
	if err != nil {
		return nil, fmt.Errorf("logging in to OpenStack: %w", err)
	}
	if answer.Status != http.StatusCreated {
		return nil, fmt.Errorf("logging in to OpenStack as %s: %d %s", cloud, answer.Status, answer.Text)
	}
	return s, s.learn(answer, a)
}

// learn takes from the answer to a login who we are and where the services are.
func (s *Session) learn(login Answer, a account) error {
	var in struct {
		Token struct {
			Project struct{ ID string }
			Catalog catalog
		}
	}
	if err := login.Decode(&in); err != nil {
		return err
	}
	s.Token, s.Project = login.Header.Get("X-Subject-Token"), in.Token.Project.ID
	s.Network = in.Token.Catalog.url("network", a) + "/v2.0/"
	s.LoadBalancer = s.Network
	if octavia := in.Token.Catalog.url("load-balancer", a); octavia != "" {
		s.LoadBalancer = octavia + "/v2/"
	}
	return nil
}

// A catalog says which services there are, and where.
type catalog []struct {
	Type      string
	Endpoints []struct{ Interface, Region, URL string }
}

// url is where a service is, without a version; empty: there is no such service.
func (c catalog) url(service string, a account) string {
	for _, s := range c {
		for _, e := range s.Endpoints {
			if s.Type == service && e.Interface == a.face() && (a.Region == "" || a.Region == e.Region) {
				return unversioned(e.URL)
			}
		}
	}
	return ""
}

func unversioned(url string) string {
	for _, version := range []string{"/v2.0", "/v2"} {
		url = strings.TrimSuffix(strings.TrimSuffix(url, "/"), version)
	}
	return url
}

// An Answer is what came back from a call.
type Answer struct {
	Status int
	Header http.Header
	Text   string
}

// Decode reads the answer's JSON.
func (a Answer) Decode(into any) error {
	if err := json.Unmarshal([]byte(a.Text), into); err != nil {
		return fmt.Errorf("reading an answer: %w: %s", err, a.Text)
	}
	return nil
}

// Call makes a call with the session's token, and returns any answer. body is sent as
// JSON, a string as it is, nil not at all. headers are names and values in turn.
func (s *Session) Call(ctx context.Context, method, url string, body any, headers ...string) (Answer, error) {
	content, err := encode(body)
	if err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return Answer{}, fmt.Errorf("making a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if s.Token != "" {
		request.Header.Set("X-Auth-Token", s.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return exchange(request)
}

func encode(body any) (io.Reader, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case string:
		return strings.NewReader(body), nil
	}
	content, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("writing a request: %w", err)
	}
	return bytes.NewReader(content), nil
}

// patience is how long a single call may take. Some calls of a real Octavia take half a minute.
const patience = 2 * time.Minute

func exchange(request *http.Request) (Answer, error) {
	client := http.Client{Timeout: patience} // connections are kept by the transport that all share
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	content, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", request.Method, request.URL, err)
	}
	return Answer{response.StatusCode, response.Header, string(content)}, nil
}

// Delete removes what is at a URL. It is no error if that is gone already.
func (s *Session) Delete(ctx context.Context, url string) error {
	answer, err := s.Call(ctx, http.MethodDelete, url, nil)
	if err != nil {
		return err
	}
	if answer.Status/100 != 2 && answer.Status != http.StatusNotFound {
		return fmt.Errorf("DELETE %s: %d %s", url, answer.Status, answer.Text)
	}
	return nil
}

// Do makes a call that has to succeed, and reads its answer into a value; nil: it is
// not wanted.
func (s *Session) Do(ctx context.Context, method, url string, body, into any) error {
	answer, err := s.Call(ctx, method, url, body)
	switch {
	case err != nil:
		return err
	case answer.Status/100 != 2:
		return fmt.Errorf("%s %s: %d %s", method, url, answer.Status, answer.Text)
	case into == nil:
		return nil
	}
	return answer.Decode(into)
}
