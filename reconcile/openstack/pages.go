package openstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/gophercloud/gophercloud/v2/pagination"

	"github.com/octagate/octagate/reconcile/plan"
)

// A listing is a list that is being read, page by page. What is on a page is taken from
// the answer as it arrives, thing by thing: a page may be as long as the list, and the list
// have tens of thousands of things.
type listing struct {
	key   string                        // under which every page has its part of the list
	take  func(*jsontext.Decoder) error // the next thing of the list
	first *url.URL                      // of the first page; nil: it was not asked for yet
	read  map[string]bool               // the queries of the pages that were answered

	taken int    // things of the newest page
	next  string // URL of the page after it; empty: it is the last
}

// IsEmpty implements pagination.Page, for the newest page.
func (l *listing) IsEmpty() (bool, error) { return l.taken == 0, nil }

// NextPageURL implements pagination.Page.
func (l *listing) NextPageURL() (string, error) { return l.next, nil }

// GetBody implements pagination.Page. What was in it was taken out.
func (l *listing) GetBody() any { return nil }

type listingKey struct{}

// listed reads a list that answers have under a key, and keeps what is wanted of it.
func listed[T any](ctx context.Context, key string, list pagination.Pager, wanted func(T) bool) (all []T, err error) {
	err = each(ctx, key, list, func(one T) {
		if wanted(one) {
			all = append(all, one)
		}
	})
	return all, err
}

// each reads a list that answers have under a key, and shows each thing of it once.
func each[T any](ctx context.Context, key string, list pagination.Pager, show func(T)) error {
	if list.Err != nil {
		return list.Err
	}
	var one, blank T // one for all, since there may be tens of thousands
	l := &listing{key: key, read: map[string]bool{}, take: func(d *jsontext.Decoder) error {
		one = blank
		if err := json.UnmarshalDecode(d, &one); err != nil {
			return err
		}
		show(one)
		return nil
	}}
	ctx = context.WithValue(ctx, listingKey{}, l)
	return list.WithPageCreator(func(pagination.PageResult) pagination.Page { return l }).EachPage(ctx, func(context.Context, pagination.Page) (bool, error) {
		return true, nil
	})
}

// pages is the way of lists. An answer without a list is an error, and not a list of
// nothing: Services would be refused for what is missing in it. Whatever an answer says of
// where the next page is, it is the first one's URL with another marker: no answer sends our
// token elsewhere, and none can forget what the list is filtered by.
type pages struct{ road http.RoundTripper }

// asEver is how encoding/json reads, too, which takes longer: what stands twice, is not
// UTF-8 or in another case is no reason to know nothing.
var asEver = jsonv1.DefaultOptionsV1()

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

// whole is an answer that has the list, and was read to its end. Nothing is left in it for
// whoever asked.
func (l *listing) whole(answer *http.Response) (*http.Response, error) {
	defer answer.Body.Close()
	l.taken, l.next = 0, ""
	body := io.LimitReader(answer.Body, longestPage)
	if err := l.page(jsontext.NewDecoder(body, asEver)); err != nil {
		return nil, l.fault(err)
	}
	if _, err := io.Copy(io.Discard, body); err != nil { // or the connection is of no further use
		return nil, l.fault(err)
	}
	answer.Body = io.NopCloser(strings.NewReader("{}"))
	return answer, nil
}

// errNone is why an answer is not taken for a list.
var errNone = errors.New("the answer has none")

// page reads a page: the list, and the link to the next page, in whatever order.
func (l *listing) page(d *jsontext.Decoder) error {
	if !opens(d, jsontext.KindBeginObject) {
		return errNone
	}
	there := false
	for d.PeekKind() != jsontext.KindEndObject {
		key, err := d.ReadToken()
		if err != nil {
			return errNone
		}
		switch name := key.String(); name {
		case l.key:
			there, err = true, l.things(d)
		case l.key + "_links":
			err = l.links(d)
		default:
			err = d.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil || !there {
		return errNone
	}
	return nil
}

// things takes everything from the list.
func (l *listing) things(d *jsontext.Decoder) error {
	if !opens(d, jsontext.KindBeginArray) {
		return errNone
	}
	for d.PeekKind() != jsontext.KindEndArray {
		if err := l.take(d); err != nil {
			return err
		}
		l.taken++
	}
	_, err := d.ReadToken()
	return err
}

// links finds out where the next page is.
func (l *listing) links(d *jsontext.Decoder) error {
	var links []struct{ Rel, Href string }
	err := json.UnmarshalDecode(d, &links)
	for _, one := range links {
		if one.Rel == "next" {
			l.next = one.Href
		}
	}
	return err
}

// opens reports whether something begins as it has to.
func opens(d *jsontext.Decoder, with jsontext.Kind) bool {
	begins, err := d.ReadToken()
	return err == nil && begins.Kind() == with
}

func (l *listing) fault(why error) error {
	return &plan.Refusal{Reason: plan.Away, Err: fmt.Errorf("no list of %s: %w", l.key, why)}
}
