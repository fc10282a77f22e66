package openstack

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// lists are all lists that are read, and how.
func (s *sky) lists() map[string]func() error {
	s.Helper()
	session, err := s.watch.Client.meet(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	f := s.facts()
	all := map[string]func() error{
		"/members": func() error { _, err := session.members(s.Context(), string(owner.UID)); return err },
		"/listeners": func() error {
			_, err := session.inventory(s.Context(), "test", false, func(floatingIP) {})
			return err
		},
	}
	for _, k := range kinds {
		if path := map[string]string{
			"floating IPs": "/floatingips", "subnets": "/subnets", "ports": "/ports", "load balancers": "/loadbalancers", "external networks": "/networks",
			"routers": "/routers", "version of Octavia": "/load-balancer/", "providers": "/providers", "flavors": "/flavors", "availability zones": "/availabilityzones",
		}[k.name]; path != "" {
			all[path] = func() error { _, err := k.ask(s.Context(), session, f); return err }
		}
	}
	return all
}

// An answer that is good JSON and has no list does not say that there is nothing.
func TestAnAnswerWithoutAListIsNoEmptyList(t *testing.T) {
	s := newSky(t)
	s.reach(s.desired(octavia.FloatingIP{}))
	for path, read := range s.lists() {
		key := strings.NewReplacer("/load-balancer/", "versions", "availabilityzones", "availability_zones", "/", "").Replace(path)
		for _, body := range []string{`{}`, `{"` + key + `": null}`, `{"` + key + `": {}}`, `{"others": []}`, `[]`, `null`, `""`, `{"` + key + `": [`} {
			s.befall(path, emulator.Fault{Status: http.StatusOK, Body: body})
			if err := read(); plan.ReasonOf(err) != plan.Away {
				t.Errorf("%s: %s is taken for a list: %v", path, body, err)
			}
		}
		s.befall(path, emulator.Fault{Status: http.StatusNoContent})
		if err := read(); err == nil {
			t.Errorf("%s: no content is taken for a list", path)
		}
	}
}

// A page that names no list does not end one that began well.
func TestAListThatBreaksOffIsNotTheWholeList(t *testing.T) {
	s := newSky(t)
	id := s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
	for _, second := range []string{`{}`, `{"floatingips": null}`, `null`, `<html>`} {
		s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
			if !strings.HasSuffix(r.URL.Path, "/floatingips") {
				return nil
			}
			if r.URL.Query().Has("marker") {
				return &emulator.Fault{Status: http.StatusOK, Body: second}
			}
			return &emulator.Fault{Status: http.StatusOK, Body: fmt.Sprintf(`{"floatingips": [{"id": %q, "floating_ip_address": "172.24.4.13"}],
				"floatingips_links": [{"rel": "next", "href": "http://%s%s?marker=a"}]}`, id, r.Host, r.URL.Path)}
		})
		if err := s.lists()["/floatingips"](); plan.ReasonOf(err) != plan.Away {
			t.Errorf("%s ends the list: %v", second, err)
		}
	}
}

// An abroad is a server that nobody should talk to.
type abroad struct {
	*httptest.Server
	heard atomic.Int32
}

func newAbroad(t *testing.T) *abroad {
	a := &abroad{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.heard.Add(1) }))
	t.Cleanup(a.Close)
	return a
}

// Neither the password nor a token goes where an answer leads.
func TestNoAnswerLeadsAbroad(t *testing.T) {
	for _, code := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		for _, path := range []string{"/auth/tokens", "/floatingips", "/loadbalancers", "/load-balancer/", "/lbaas/quotas/"} {
			s, a := newSky(t), newAbroad(t)
			s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
				if strings.Contains(r.URL.Path, path) && (path != "/load-balancer/" || strings.HasSuffix(r.URL.Path, path)) {
					return &emulator.Fault{Status: code, Header: map[string]string{"Location": a.URL + r.URL.Path}}
				}
				return nil
			})
			s.facts().Fresh(t.Context(), ofEverything)
			if s.watch.round(t.Context()); path != "/lbaas/quotas/" && (s.watch.trouble == nil || !strings.Contains(s.watch.trouble.Error(), "it leads to "+a.URL)) {
				t.Errorf("%d %s: %v", code, path, s.watch.trouble)
			}
			if n := a.heard.Load(); n > 0 {
				t.Errorf("%d %s: %d calls went abroad", code, path, n)
			}
		}
	}
}

// Keystone, too, says where its versions are.
func TestOnlyTheOperatorSaysWhereKeystoneIs(t *testing.T) {
	a := newAbroad(t)
	keystone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"versions": {"values": [{"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": "%s/v3/"}]}]}}`, a.URL)
	}))
	t.Cleanup(keystone.Close)
	s := newSky(t)
	c := s.client("demo")
	c.credentials.auth.IdentityEndpoint = keystone.URL + "/"
	c.places.trust(keystone.URL)
	_, err := c.login(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is neither the auth_url nor in the catalogue: nothing is sent there") || a.heard.Load() > 0 {
		t.Errorf("got %v, and %d calls went abroad", err, a.heard.Load())
	}
}

// A link to the next page is read for its query. What the list is filtered by stays.
func TestTheNextPageIsWhereTheFirstWas(t *testing.T) {
	s, a := newSky(t), newAbroad(t)
	var asked []string
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if !strings.HasSuffix(r.URL.Path, "/lbaas/loadbalancers") {
			return nil
		}
		page := r.URL.Query().Get("marker")
		asked = append(asked, page+" of "+r.URL.Query().Get("project_id"))
		links := map[string]string{"": "1", "1": "2"}[page]
		body := `{"loadbalancers": [{"id": "lb` + page + `"}]`
		if links != "" {
			body += `, "loadbalancers_links": [{"rel": "next", "href": "` + a.URL + `/elsewhere?marker=` + links + `"}]`
		}
		return &emulator.Fault{Status: http.StatusOK, Body: body + `}`}
	})
	if err := s.lists()["/loadbalancers"](); err != nil {
		t.Error(err)
	}
	p := s.project()
	if want := []string{" of " + p, "1 of " + p, "2 of " + p}; fmt.Sprint(asked) != fmt.Sprint(want) || a.heard.Load() > 0 {
		t.Errorf("asked for %q, and %d calls went abroad", asked, a.heard.Load())
	}
}

func TestAListInACircleEnds(t *testing.T) {
	s := newSky(t)
	s.befall("/floatingips", emulator.Fault{Status: http.StatusOK, Body: `{"floatingips": [{"floating_ip_address": "172.24.4.13"}],
		"floatingips_links": [{"rel": "next", "href": "http://elsewhere/?marker=a"}]}`})
	if err := s.lists()["/floatingips"](); err == nil || !strings.Contains(err.Error(), "its pages lead in a circle") {
		t.Errorf("got %v", err)
	}
}

// A token for no project shows what is everybody's.
func TestNobodyLogsInForNoProject(t *testing.T) {
	s := newSky(t)
	s.befall("/auth/tokens", emulator.Fault{Status: http.StatusCreated, Header: map[string]string{"X-Subject-Token": "t"}, Body: `{"token": {"catalog": [
		{"type": "network", "endpoints": [{"interface": "public", "region_id": "RegionOne", "url": "http://127.0.0.1:1/"}]}]}}`})
	if _, err := s.watch.Client.login(t.Context()); err == nil || !strings.Contains(err.Error(), "the credentials are for no project") {
		t.Errorf("got %v", err)
	}
}

// The token runs out between two pages: who reads a list logs in again on the way.
func TestAListGoesOnAfterALogin(t *testing.T) {
	s := newSky(t)
	read := s.lists()["/floatingips"]
	s.cloud.ExpireTokens()
	if err := read(); err != nil {
		t.Error(err)
	}
}

// In most clouds each service has a host, or at least a port, of its own: the catalogue
// names it, and it is asked for its versions before anything else.
func TestServicesAreWhereTheCatalogueSays(t *testing.T) {
	s := newSky(t)
	services := httptest.NewServer(s.cloud)
	t.Cleanup(services.Close)
	keystone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = strings.TrimPrefix(services.URL, "http://") // so that the catalogue names the other
		s.cloud.ServeHTTP(w, r)
	}))
	t.Cleanup(keystone.Close)
	c := s.client("demo")
	c.credentials.auth.IdentityEndpoint = keystone.URL + "/identity/v3/"
	c.places.known = nil
	c.places.trust(keystone.URL)
	met, err := c.meet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{met.network.Endpoint, met.balance.Endpoint} {
		if !strings.HasPrefix(at, services.URL) {
			t.Errorf("%s is not at %s", at, services.URL)
		}
	}
}

// A connection whose last answer was not read to its end would be of no further use.
func TestListsComeOnOneConnection(t *testing.T) {
	s := newSky(t)
	read := s.lists()["/floatingips"]
	var mu sync.Mutex
	from := map[string]bool{}
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		mu.Lock()
		defer mu.Unlock()
		from[r.RemoteAddr] = true
		return &emulator.Fault{Status: http.StatusOK, Body: `{"floatingips": []}` + strings.Repeat(" ", 1<<20)}
	})
	for range 5 {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	if len(from) != 1 {
		t.Errorf("5 lists came on %d connections", len(from))
	}
}
