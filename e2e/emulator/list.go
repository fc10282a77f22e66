package emulator

import (
	"cmp"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// columns are the attributes of a resource that lists can be filtered and sorted by.
type columns[T any] map[string]func(T) string

// A listing is how one collection answers a list.
type listing[T any] struct {
	collection string // the key in the answer
	columns    columns[T]
	tags       func(T) []string
	view       func(T) any
	done       []string // parameters that its rows were selected by already
}

// A link leads to another page.
type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// A page is what a list asks for: limit rows after (or before) the marker.
type page struct {
	limit   int // 0: all
	marker  string
	reverse bool
}

// order is one key of a sort.
type order struct {
	column string
	down   bool
}

func newPage(q url.Values) (page, bool) {
	p := page{marker: q.Get("marker"), reverse: truth(q.Get("page_reverse"))}
	if !q.Has("limit") {
		return p, true
	}
	var err error
	p.limit, err = strconv.Atoi(q.Get("limit"))
	return p, err == nil && p.limit >= 0
}

// sorted are the rows in order; ids decide last, so that paging is stable.
func (l listing[T]) sorted(rows []T, by []order) []T {
	by = append(slices.Clip(by), order{column: "id"})
	ranks := make([]rank, 0, len(rows)*len(by)) // looked up once: there may be thousands of rows
	places := make([]int, len(rows))
	for i, row := range rows {
		places[i] = i
		for _, o := range by {
			ranks = append(ranks, rankOf(l.columns[o.column](row)))
		}
	}
	slices.SortFunc(places, func(a, b int) int {
		for i, o := range by {
			if n := ranks[a*len(by)+i].compare(ranks[b*len(by)+i]); n != 0 && o.down {
				return -n
			} else if n != 0 {
				return n
			}
		}
		return 0
	})
	sorted := make([]T, len(rows))
	for i, place := range places {
		sorted[i] = rows[place]
	}
	return sorted
}

// A rank is a value that rows are sorted by: numbers by value, all others as text.
type rank struct {
	text    string
	number  int
	numeric bool
}

func rankOf(text string) rank {
	if text == "" || strings.Trim(text, "-0123456789") != "" {
		return rank{text: text}
	}
	n, err := strconv.Atoi(text)
	return rank{text, n, err == nil}
}

func (r rank) compare(other rank) int {
	if r.numeric && other.numeric {
		return cmp.Compare(r.number, other.number)
	}
	return cmp.Compare(r.text, other.text)
}

// cut is the page of the sorted rows, and whether the marker was found.
func (l listing[T]) cut(rows []T, p page) ([]T, bool) {
	if p.marker != "" {
		id := l.columns["id"]
		at := slices.IndexFunc(rows, func(row T) bool { return id(row) == p.marker })
		if at < 0 {
			return nil, false
		}
		if p.reverse {
			rows = rows[:at]
		} else {
			rows = rows[at+1:]
		}
	}
	if p.limit == 0 || len(rows) <= p.limit {
		return rows, true
	}
	if p.reverse {
		return rows[len(rows)-p.limit:], true
	}
	return rows[:p.limit], true
}

// views are the rows as the answer shows them, reduced to the fields asked for.
func (l listing[T]) views(rows []T, fields []string) []any {
	out, p := make([]any, len(rows)), newPicker(fields)
	for i, row := range rows {
		out[i] = p.pick(l.view(row))
	}
	return out
}

// matches reports whether a row's column has one of the wanted values.
func matches(value string, wanted []string) bool {
	if value == "true" || value == "false" {
		return slices.ContainsFunc(wanted, func(w string) bool { return truth(w) == (value == "true") })
	}
	return slices.Contains(wanted, value)
}

// truth reads a boolean as OpenStack does.
func truth(s string) bool {
	return slices.Contains([]string{"1", "t", "true", "on", "y", "yes"}, strings.ToLower(s))
}

// A tagFilter is one of the four ways to select by tags.
type tagFilter func(has func(tag string) bool, wanted []string) bool

var tagFilters = map[string]tagFilter{
	"tags":         hasAll,
	"tags-any":     hasAny,
	"not-tags":     func(has func(string) bool, wanted []string) bool { return !hasAll(has, wanted) },
	"not-tags-any": func(has func(string) bool, wanted []string) bool { return !hasAny(has, wanted) },
}

func hasAll(has func(string) bool, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool { return !has(w) })
}

func hasAny(has func(string) bool, wanted []string) bool { return slices.ContainsFunc(wanted, has) }

// accepts reports whether a row passes the filters, all of them known ones.
func (l listing[T]) accepts(row T, filters url.Values) bool {
	for name, wanted := range filters {
		if column, ok := l.columns[name]; ok {
			if !matches(column(row), wanted) {
				return false
			}
			continue
		}
		tags := l.tags(row)
		has := func(tag string) bool { return slices.Contains(tags, tag) }
		if !tagFilters[name](has, strings.Split(strings.Join(wanted, ","), ",")) {
			return false
		}
	}
	return true
}

// filters are the query's parameters but for those that page, sort and pick, and
// the name of the first that this collection does not know.
func (l listing[T]) filters(q url.Values, reserved ...string) (known url.Values, unknown string) {
	known = url.Values{}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		_, column := l.columns[name]
		_, tags := tagFilters[name]
		switch {
		case slices.Contains(reserved, name), slices.Contains(l.done, name):
		case column || tags:
			known[name] = q[name]
		default:
			return nil, name
		}
	}
	return known, ""
}

// pageURL is the request's own URL with another marker; remembered says which other
// parameters it keeps.
func (r *request) pageURL(marker string, reverse bool, remembered func(parameter string) bool) string {
	var kept []string
	for _, pair := range strings.Split(r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if pair != "" && name != "marker" && name != "page_reverse" && remembered(name) {
			kept = append(kept, pair)
		}
	}
	kept = append(kept, "marker="+marker)
	if reverse {
		kept = append(kept, "page_reverse=True")
	}
	return r.origin() + r.URL.Path + "?" + strings.Join(kept, "&")
}

// keep are the rows for which ok holds.
func keep[T any](rows []T, ok func(T) bool) []T {
	var out []T
	for _, row := range rows {
		if ok(row) {
			out = append(out, row)
		}
	}
	return out
}

// text is the column of a text that may be null.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// addressText is the column of an address that may be null.
func addressText(a *netip.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}
