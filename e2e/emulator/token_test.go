package emulator_test

import (
	"strings"
	"testing"
	"time"
)

const tokens = "identity/v3/auth/tokens"

// passwordLogin is a login, changed a little.
func passwordLogin(user, project object) object {
	scope := object{}
	if project != nil {
		scope["project"] = project
	}
	return object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": user}},
		"scope":    scope,
	}}
}

func TestWhoMayLogIn(t *testing.T) {
	w := newWorld(t)
	anyone := client{world: w}
	domain := object{"name": "Default"}
	me := w.as("demo")
	mine := me.call("GET", tokens, nil, "X-Subject-Token", me.token).want(200)
	for claim, test := range map[string]struct {
		user, project object
		status        int
	}{
		"by name":              {object{"name": "demo", "domain": domain, "password": "secret"}, object{"name": "demo", "domain": domain}, 201},
		"by id":                {object{"id": mine.id("token.user.id"), "password": "secret"}, object{"id": mine.id("token.project.id")}, 201},
		"without a scope":      {object{"name": "demo", "domain": domain, "password": "secret"}, nil, 201},
		"an admin anywhere":    {object{"name": "admin", "domain": domain, "password": "secret"}, object{"name": "other", "domain": domain}, 201},
		"a wrong password":     {object{"name": "demo", "domain": domain, "password": "wrong"}, nil, 401},
		"an unknown user":      {object{"name": "nobody", "domain": domain, "password": "secret"}, nil, 401},
		"another domain":       {object{"name": "demo", "domain": object{"id": "mars"}, "password": "secret"}, nil, 401},
		"another's project":    {object{"name": "demo", "domain": domain, "password": "secret"}, object{"name": "other", "domain": domain}, 401},
		"nothing but the name": {object{"name": "demo"}, nil, 401},
	} {
		t.Run(claim, func(t *testing.T) {
			a := anyone.call("POST", tokens, passwordLogin(test.user, test.project))
			a.t = t
			a.want(test.status)
		})
	}
}

func TestAnApplicationCredentialIsAsGoodAsAPassword(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	user := demo.call("GET", tokens, nil, "X-Subject-Token", demo.token).id("token.user.id")
	made := demo.call("POST", "identity/v3/users/"+user+"/application_credentials", object{"application_credential": object{"name": "octagate"}}).want(201)
	login := func(secret string) answer {
		return client{world: w}.call("POST", tokens, object{"auth": object{"identity": object{
			"methods":                []string{"application_credential"},
			"application_credential": object{"id": made.id("application_credential.id"), "secret": secret},
		}}})
	}
	a := login(made.id("application_credential.secret")).want(201, `"restricted":true`)
	client{w, a.header.Get("X-Subject-Token")}.call("GET", lbaas+"loadbalancers", nil).want(200)
	login("wrong").want(401)
}

func TestTokensExpire(t *testing.T) {
	for claim, expire := range map[string]func(*world, *client){
		"after a day":  func(w *world, _ *client) { w.pass(24 * time.Hour) },
		"when told to": func(w *world, _ *client) { w.cloud.ExpireTokens() },
		"when deleted": func(w *world, c *client) {
			w.as("admin").call("DELETE", tokens, nil, "X-Subject-Token", c.token).want(204)
		},
		"or are made up":   func(_ *world, c *client) { c.token = "made up" },
		"or are not there": func(_ *world, c *client) { c.token = "" },
	} {
		t.Run(claim, func(t *testing.T) {
			w := newWorld(t)
			demo := w.as("demo")
			w.pass(24*time.Hour - 1)
			demo.call("GET", lbaas+"loadbalancers", nil).want(200)
			expire(w, &demo)
			for _, path := range []string{lbaas + "loadbalancers", neutron + "networks", "identity/v3/auth/catalog"} {
				a := demo.call("GET", path, nil).want(401, "The request you have made requires authentication.")
				if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Keystone uri="`) {
					t.Errorf("%s: %v", path, a.header)
				}
			}
		})
	}
}

func TestTheCatalogLeadsBackToWhereItWasAsked(t *testing.T) {
	w := newWorld(t)
	catalog := w.as("demo").call("GET", "identity/v3/auth/catalog", nil).want(200)
	for _, path := range []string{"/identity/v3", "/network", "/load-balancer"} {
		if n := strings.Count(catalog.text, `"url":"`+w.url+path+`"`); n != 3 {
			t.Errorf("%s is there %d times, want one for each interface", path, n)
		}
	}
}

func TestVersionsNeedNoToken(t *testing.T) {
	w := newWorld(t)
	for path, status := range map[string]int{
		"": 200, "identity/": 300, "identity": 300, "identity/v3": 200, "identity/v3/": 200, "network/": 200, "network/v2.0/": 200,
		"load-balancer": 200, "load-balancer/": 200, "load-balancer/v2": 200, "load-balancer/v2.0/lbaas": 200, "load-balancer/healthcheck": 200,
		"nowhere": 404, "load-balancer/v2/nothing": 404,
	} {
		client{world: w}.call("GET", path, nil).want(status)
	}
}

func TestCloudsYAMLNamesEveryUser(t *testing.T) {
	got := string(newWorld(t).cloud.CloudsYAML("http://127.0.0.1:9595"))
	for _, user := range []string{"demo", "admin", "other", "reader"} {
		want := "  " + user + ":\n    region_name: RegionOne\n    auth:\n      auth_url: http://127.0.0.1:9595/identity/v3\n      username: " + user
		if !strings.Contains(got, want) {
			t.Errorf("%s\nlacks\n%s", got, want)
		}
	}
}

func TestAReaderOnlyReads(t *testing.T) {
	w := newWorld(t)
	reader := w.as("reader")
	reader.call("GET", "load-balancer/v2.0/lbaas/loadbalancers", nil).want(200)
	reader.call("GET", "network/v2.0/floatingips", nil).want(200)
	reader.call("POST", "load-balancer/v2.0/lbaas/loadbalancers", object{"loadbalancer": object{}}).want(403, "Policy does not allow")
	reader.call("POST", "network/v2.0/networks", object{"network": object{}}).want(403, "disallowed by policy")
}

// What no access rule allows is refused as if there were no token.
func TestAccessRulesLimitAnApplicationCredential(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	user := demo.call("GET", tokens, nil, "X-Subject-Token", demo.token).id("token.user.id")
	made := demo.call("POST", "identity/v3/users/"+user+"/application_credentials", object{"application_credential": object{"name": "narrow", "access_rules": []object{
		{"service": "network", "method": "GET", "path": "/v2.0/ports/{id}"}, {"service": "load-balancer", "method": "GET", "path": "/v2.0/lbaas/pools"},
	}}}).want(201)
	id := made.id("application_credential.id")
	logged := client{world: w}.call("POST", tokens, object{"auth": object{"identity": object{
		"methods":                []string{"application_credential"},
		"application_credential": object{"id": id, "secret": made.id("application_credential.secret")},
	}}}).want(201)
	narrow := client{world: w, token: logged.header.Get("X-Subject-Token")}
	for call, status := range map[string]int{
		"GET network/v2.0/ports/x": 404, "GET network/v2.0/ports": 401, "DELETE network/v2.0/ports/x": 401, "GET network/v2.0/ports/x/y": 404,
		"GET load-balancer/v2.0/lbaas/pools": 200, "GET load-balancer/v2/lbaas/pools": 401,
	} {
		method, path, _ := strings.Cut(call, " ")
		narrow.call(method, path, nil).want(status)
	}
	if got := w.cloud.Unused(id); len(got) != 0 {
		t.Errorf("unused: %v", got)
	}
}
