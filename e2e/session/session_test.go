package session_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/session"
)

// clouds serves an emulator and writes the clouds.yaml that leads to it.
func clouds(t *testing.T) (file string) {
	t.Helper()
	cloud := emulator.New(emulator.Options{})
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	file = filepath.Join(t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(file, cloud.CloudsYAML(server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestALoginLeadsToTheServices(t *testing.T) {
	s, err := session.Open(t.Context(), clouds(t), "demo")
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{
		s.Network + "networks", s.LoadBalancer + "lbaas/loadbalancers", s.Identity + "auth/catalog",
	} {
		if answer, err := s.Call(t.Context(), http.MethodGet, url, nil); err != nil || answer.Status != http.StatusOK {
			t.Errorf("%s: %v %d %s", url, err, answer.Status, answer.Text)
		}
	}
}

func TestAnApplicationCredentialLogsIn(t *testing.T) {
	file := clouds(t)
	demo, err := session.Open(t.Context(), file, "demo")
	if err != nil {
		t.Fatal(err)
	}
	var me struct {
		Token struct{ User struct{ ID string } }
	}
	answer, err := demo.Call(t.Context(), http.MethodGet, demo.Identity+"auth/tokens", nil, "X-Subject-Token", demo.Token)
	if err != nil || answer.Decode(&me) != nil {
		t.Fatal(err, answer)
	}
	var made struct {
		Credential struct{ ID, Secret string } `json:"application_credential"`
	}
	wanted := map[string]any{"application_credential": map[string]any{"name": "octagate"}}
	if err := demo.Do(t.Context(), http.MethodPost, demo.Identity+"users/"+me.Token.User.ID+"/application_credentials", wanted, &made); err != nil {
		t.Fatal(err)
	}
	content := "clouds: {robot: {auth: {auth_url: " + demo.Identity + ", application_credential_id: " + made.Credential.ID +
		", application_credential_secret: " + made.Credential.Secret + "}}}"
	robots := filepath.Join(t.TempDir(), "clouds.yaml")
	if err := os.WriteFile(robots, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	robot, err := session.Open(t.Context(), robots, "robot")
	if err != nil || robot.Project != demo.Project {
		t.Errorf("%v: %+v", err, robot)
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	file := clouds(t)
	for claim, tt := range map[string]struct{ file, cloud, want string }{
		"a missing file":  {file + "x", "demo", "reading clouds.yaml: open " + file + "x"},
		"a missing cloud": {file, "dmeo", `has no cloud "dmeo", only ["admin" "demo" "other" "reader"]`},
	} {
		if _, err := session.Open(t.Context(), tt.file, tt.cloud); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", claim, err)
		}
	}
}

func TestAnAccountThatCannotLogInSaysWhy(t *testing.T) {
	const auth = "auth_url: http://127.0.0.1:1, project_name: p"
	for claim, tt := range map[string]struct{ cloud, want string }{
		"an authority of its own":   {"{cacert: ca.pem, auth: {" + auth + ", username: u, password: s}}", "SSL_CERT_FILE, and take out cacert"},
		"no verification":           {"{verify: false, auth: {" + auth + ", username: u, password: s}}", "SSL_CERT_FILE, and take out verify"},
		"verify as a text":          {"{verify: 'no', auth: {" + auth + ", username: u, password: s}}", "SSL_CERT_FILE, and take out verify"},
		"the password is elsewhere": {"{auth: {" + auth + ", username: u}}", "auth.password; secure.yaml, profiles and tokens are not read here"},
		"the secret is elsewhere":   {"{auth: {" + auth + ", application_credential_id: i}}", "has no auth.application_credential_secret; secure.yaml"},
		"a profile":                 {"{profile: vendor, auth: {username: u, password: s}}", "has no auth.auth_url; secure.yaml, profiles"},
		"no project":                {"{auth: {auth_url: http://127.0.0.1:1, username: u, password: s}}", "auth.project_name nor auth.project_id"},
		"nothing":                   {"{}", "has no auth.auth_url"},
		"verification is usual":     {"{verify: true, auth: {" + auth + ", username: u, password: s}}", "logging in to OpenStack: "},
	} {
		file := filepath.Join(t.TempDir(), "clouds.yaml")
		if err := os.WriteFile(file, []byte("clouds: {mine: "+tt.cloud+", odd: {region_name: [1]}}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := session.Open(t.Context(), file, "mine"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", claim, err)
		}
	}
}
