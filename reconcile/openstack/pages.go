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

	"github.com/octagate/octagate/reconcile/plan"
)

// A listing is a list that is being read, page by page.
type listing struct {
	key   string          // under which every page has its part of the list
	first *url.URL        // of the first page; nil: it was not asked for yet
	read  map[string]bool // the queries of the pages that were answered
}

type listingKey struct{}

// listed is ctx for whoever reads one list, that answers have under a key.
func listed(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, listingKey{}, &listing{key: key, read: map[string]bool{}})
}

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

// whole is an answer that is read to its end and has the list.
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
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

func (l *listing) fault(why error) error {
	return &plan.Refusal{Reason: plan.Away, Err: fmt.Errorf("no list of %s: %w", l.key, why)}
}
