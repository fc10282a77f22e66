package emulator

import (
	"net/http"
	"slices"
)

// tagged finds the resource whose tags a call is about.
func tagged[T networkResource](all func(*Cloud) map[string]T, w wording) func(*Cloud, *request) (networkResource, error) {
	return func(c *Cloud, r *request) (networkResource, error) { return owned(r, all(c), r.PathValue("id"), w) }
}

// tagRoutes are the calls about the tags of one collection.
func tagRoutes(collection string, find func(*Cloud, *request) (networkResource, error)) []route {
	path := "/" + collection + "/{id}/tags"
	on := func(f func(*Cloud, *request, networkResource) (any, error)) handler {
		return func(c *Cloud, r *request) (any, error) {
			found, err := find(c, r)
			if err != nil {
				return nil, err
			}
			return f(c, r, found)
		}
	}
	return []route{
		{"GET", path, http.StatusOK, on(listTags)},
		{"PUT", path, http.StatusOK, on(replaceTags)},
		{"DELETE", path, http.StatusNoContent, on(clearTags)},
		{"PUT", path + "/{tag}", http.StatusCreated, on(addTag)},
		{"DELETE", path + "/{tag}", http.StatusNoContent, on(removeTag)},
	}
}

func listTags(_ *Cloud, _ *request, found networkResource) (any, error) {
	return map[string]any{"tags": found.attributes().Tags}, nil
}

func replaceTags(c *Cloud, r *request, found networkResource) (any, error) {
	var in struct {
		Tags []string `json:"tags"`
	}
	if err := decode(r.body, &in); err != nil || in.Tags == nil {
		return nil, badNetworkRequest("Invalid input for tags.")
	}
	found.attributes().Tags = tagSet(in.Tags)
	c.touch(found)
	return map[string]any{"tags": in.Tags}, nil
}

func clearTags(c *Cloud, _ *request, found networkResource) (any, error) {
	found.attributes().Tags = []string{}
	c.touch(found)
	return nil, nil
}

func addTag(c *Cloud, r *request, found networkResource) (any, error) {
	found.attributes().Tags = tagSet(append([]string{r.PathValue("tag")}, found.attributes().Tags...))
	c.touch(found)
	return nil, nil
}

func removeTag(c *Cloud, r *request, found networkResource) (any, error) {
	tag := r.PathValue("tag")
	if !slices.Contains(found.attributes().Tags, tag) {
		return nil, networkRefusal(http.StatusNotFound, "TagNotFound", "Tag %s could not be found.", tag)
	}
	found.attributes().Tags = keep(found.attributes().Tags, func(t string) bool { return t != tag })
	c.touch(found)
	return nil, nil
}

// repeated reports whether a tag is given twice, over which Octavia's database
// stumbles where a load balancer, listener or pool is made and where a load balancer
// is changed.
func (o object) repeated() bool {
	tags := o.texts("tags")
	return len(tagSet(tags)) < len(tags)
}

// entityExists is what Octavia makes of it.
func entityExists() error {
	return balancerRefusal(http.StatusConflict, "Already an entity with that specified id.")
}

// tagSet are the tags in order and each once; never nil.
func tagSet(tags []string) []string {
	set := append([]string{}, tags...)
	slices.Sort(set)
	return slices.Compact(set)
}
