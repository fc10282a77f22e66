package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// view is a project as Keystone shows it.
func (p *project) view(r *request) any {
	return map[string]any{
		"id": p.ID, "name": p.Name, "domain_id": p.Domain.ID, "parent_id": p.Domain.ID, "description": "", "enabled": true,
		"is_domain": false, "tags": []string{}, "options": map[string]any{},
		"links": map[string]string{"self": r.origin() + identityPrefix + "/projects/" + p.ID},
	}
}

func identityForbidden(action string) error {
	return refusal{status: http.StatusForbidden, body: identityError(http.StatusForbidden,
		"You are not authorized to perform the requested action: identity:"+action+".")}
}

// listProjects is for administrators, as in Keystone.
func (c *Cloud) listProjects(r *request) (any, error) {
	if !r.who.admin() {
		return nil, identityForbidden("list_projects")
	}
	q := r.URL.Query()
	found := []*project{}
	for _, p := range c.projects {
		if !q.Has("name") || q.Get("name") == p.Name {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *project) int { return strings.Compare(a.Name, b.Name) })
	all := []any{}
	for _, p := range found {
		all = append(all, p.view(r))
	}
	return map[string]any{
		"projects": all,
		"links":    map[string]any{"next": nil, "self": r.origin() + identityPrefix + "/projects", "previous": nil},
	}, nil
}

// showProject shows a caller's own project, and any to administrators.
func (c *Cloud) showProject(r *request) (any, error) {
	id := r.PathValue("id")
	if !r.who.owns(id) {
		return nil, identityForbidden("get_project")
	}
	for _, p := range c.projects {
		if p.ID == id {
			return map[string]any{"project": p.view(r)}, nil
		}
	}
	return nil, refusal{status: http.StatusNotFound, body: identityError(http.StatusNotFound, "Could not find project: "+id+".")}
}
