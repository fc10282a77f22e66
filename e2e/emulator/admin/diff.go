package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/octagate/octagate/e2e/emulator"
)

// A thing is one resource of a snapshot.
type thing struct {
	Collection string `json:"collection"`
	ID         string `json:"id"`
	Name       string `json:"name,omitempty"`
}

func (t thing) String() string {
	if t.Name == "" {
		return t.Collection + " " + t.ID
	}
	return t.Collection + " " + t.Name + " (" + t.ID + ")"
}

// An edit is one attribute that is not what it was.
type edit struct {
	thing
	Attribute string `json:"attribute"`
	From      any    `json:"from"`
	To        any    `json:"to"`
}

// A difference is what became of a cloud between two snapshots, in the order of
// collections and ids.
type difference struct {
	Added   []thing `json:"added"`
	Removed []thing `json:"removed"`
	Changed []edit  `json:"changed"`
}

// compare tells what has to be done to a snapshot to get another one.
func compare(from, to emulator.Snapshot) difference {
	d := difference{[]thing{}, []thing{}, []edit{}}
	collections := maps.Clone(from)
	maps.Copy(collections, to)
	for _, collection := range slices.Sorted(maps.Keys(collections)) {
		d.compareCollection(collection, from[collection], to[collection])
	}
	return d
}

func (d *difference) compareCollection(collection string, from, to map[string]map[string]any) {
	all := maps.Clone(from)
	if all == nil {
		all = map[string]map[string]any{}
	}
	maps.Copy(all, to)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		name, _ := all[id]["name"].(string)
		t := thing{collection, id, name}
		switch {
		case from[id] == nil:
			d.Added = append(d.Added, t)
		case to[id] == nil:
			d.Removed = append(d.Removed, t)
		default:
			d.Changed = append(d.Changed, edits(t, from[id], to[id])...)
		}
	}
}

func edits(t thing, from, to map[string]any) []edit {
	all := maps.Clone(from)
	maps.Copy(all, to)
	var out []edit
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !reflect.DeepEqual(from[name], to[name]) {
			out = append(out, edit{t, name, from[name], to[name]})
		}
	}
	return out
}

// lines are the difference for people.
func (d difference) lines() lines {
	var all lines
	for _, t := range d.Added {
		all = append(all, "+ "+t.String())
	}
	for _, t := range d.Removed {
		all = append(all, "- "+t.String())
	}
	for _, e := range d.Changed {
		from, _ := json.Marshal(e.From)
		to, _ := json.Marshal(e.To)
		all = append(all, fmt.Sprintf("~ %s %s: %s → %s", e.thing, e.Attribute, from, to))
	}
	if len(all) == 0 {
		return lines{"nothing changed"}
	}
	return all
}

func showSnapshot(a *admin, _ *http.Request) (any, error) { return a.cloud.Snapshot(), nil }

func showDiff(a *admin, r *http.Request) (any, error) {
	people, err := forPeople(r)
	if err != nil {
		return nil, err
	}
	var earlier emulator.Snapshot
	if err := read(r, &earlier); err != nil {
		return nil, fmt.Errorf("%w; want a snapshot as GET %s/snapshot gives it", err, prefix)
	}
	if earlier == nil {
		return nil, fmt.Errorf("the body is null; want a snapshot as GET %s/snapshot gives it", prefix)
	}
	changes := compare(earlier, a.cloud.Snapshot())
	if people {
		return changes.lines(), nil
	}
	return changes, nil
}
