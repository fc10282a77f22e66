package emulator_test

import "testing"

func TestOnlyAdministratorsListProjects(t *testing.T) {
	w := newWorld(t)
	demo, admin := w.as("demo"), w.as("admin")
	found := admin.call("GET", "identity/v3/projects?name=demo", nil).want(200, `"name":"demo"`).id("projects.0.id")
	demo.call("GET", "identity/v3/projects", nil).want(403, "identity:list_projects")
	demo.call("GET", "identity/v3/projects/"+found, nil).want(200, `"name":"demo"`)
	w.as("other").call("GET", "identity/v3/projects/"+found, nil).want(403)
	admin.call("GET", "identity/v3/projects/"+nobody, nil).want(404)
}
