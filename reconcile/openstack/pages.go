package openstack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/pagination"

	"github.com/octagate/octagate/reconcile/plan"
)

// A listing is a list that is being read, page by page.
type listing struct {
	key   string            // under which every page has its part of the list
	first *url.URL          // of the first page; nil: it was not asked for yet
	read  map[string]bool   // the queries of the pages that were answered
	parts []json.RawMessage // of the list, one of each page
	next  string            // the URL of the next page; empty: there is none
}

type listingKey struct{}

// gather reads every page of a list, that answers have under a key. gophercloud sends the
// requests; were it to read the pages, too, it would take each apart and put it together
// again three times over.
func gather[T any](ctx context.Context, key string, list pagination.Pager) ([]T, error) {
	if list.Err != nil {
		return nil, list.Err
	}
	l := &listing{key: key, read: map[string]bool{}}
	pages := list.WithPageCreator(func(pagination.PageResult) pagination.Page { return page{l} })
	all := func(context.Context, pagination.Page) (bool, error) { return true, nil }
	if err := pages.EachPage(context.WithValue(ctx, listingKey{}, l), all); err != nil {
		return nil, err
	}
	var ts []T
	for _, part := range l.parts {
		var some []T
		if err := json.Unmarshal(part, &some); err != nil {
			return nil, l.fault(err)
		}
		ts = append(ts, some...)
	}
	return ts, nil
}

// A page is the one of a listing that was read last.
type page struct{ *listing }

// NextPageURL implements pagination.Page.
func (p page) NextPageURL() (string, error) { return p.next, nil }

// IsEmpty implements pagination.Page. A list ends with a page that has nothing of it.
func (p page) IsEmpty() (bool, error) {
	last := p.parts[len(p.parts)-1]
	return bytes.HasPrefix(bytes.TrimSpace(last[1:]), []byte("]")), nil
}

// GetBody implements pagination.Page. Nobody asks for it.
func (page) GetBody() any { return nil }

// pages is the way of lists. An answer without a list is an error, and not a list of
// nothing: Services would be refused for what is missing in it. Whatever an answer says of
// where the next page is, it is the first one's URL with another marker: no answer sends our
// token elsewhere, and none can forget what the list is filtered by.
type pages struct{ road http.RoundTripper }

// good are the codes with which gophercloud takes an answer for a list.
var good = []int{http.StatusOK, http.StatusNoContent, http.StatusMultipleChoices}

// RoundTrip implements http.RoundTripper.
func (p pages) RoundTrip(r *http.Request) (*http.Response, error) {
	l, lists := r.Context().Value(listingKey{}).(*listing)
	if !lists || r.Method != http.MethodGet {
		return p.road.RoundTrip(r) // such as a login on the way
	}
	r, err := l.turn(r)
	if err != nil {
		return nil, err
	}
	answer, err := p.road.RoundTrip(r)
	if err != nil || !slices.Contains(good, answer.StatusCode) {
		return answer, err
	}
	l.read[r.URL.Query().Encode()] = true
	return l.whole(answer)
}

// turn is the request for the page that r asks for.
func (l *listing) turn(r *http.Request) (*http.Request, error) {
	if l.first == nil {
		l.first = r.URL
		return r, nil
	}
	query, next := l.first.Query(), *l.first
	maps.Copy(query, r.URL.Query())
	if next.RawQuery = query.Encode(); l.read[next.RawQuery] {
		return nil, l.fault(errors.New("its pages lead in a circle"))
	}
	r = r.Clone(r.Context())
	r.URL, r.Host = &next, next.Host
	return r, nil
}

// longestPage is how many bytes a page may have: many times what the largest cloud sends.
const longestPage = 64 << 20

// whole takes an answer for a page: it is read to its end, and has a part of the list.
func (l *listing) whole(answer *http.Response) (*http.Response, error) {
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, longestPage+1))
	if err != nil {
		return nil, l.fault(err)
	}
	var page map[string]json.RawMessage
	if err := json.Unmarshal(body, &page); len(body) > longestPage || err != nil || !bytes.HasPrefix(page[l.key], []byte("[")) {
		return nil, l.fault(errors.New("the answer has none"))
	}
	if l.next, err = following(page[l.key+"_links"]); err != nil {
		return nil, l.fault(err)
	}
	l.parts = append(l.parts, page[l.key])
	answer.Body = http.NoBody
	answer.Header.Del("Content-Type") // or gophercloud wants JSON
	return answer, nil
}

// following is the URL of the page after one with these links; empty: that was the last.
func following(links json.RawMessage) (string, error) {
	if links == nil {
		return "", nil
	}
	var all []gophercloud.Link
	if err := json.Unmarshal(links, &all); err != nil {
		return "", err
	}
	return gophercloud.ExtractNextURL(all)
}

func (l *listing) fault(why error) error {
	return &plan.Refusal{Reason: plan.Away, Err: fmt.Errorf("no list of %s: %w", l.key, why)}
}
