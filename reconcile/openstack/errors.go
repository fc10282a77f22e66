package openstack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/octagate/octagate/reconcile/plan"
)

// refusal says in one word why the cloud did not do as it was told; nil stays nil.
func refusal(err error) error {
	var known *plan.Refusal
	var call *url.Error
	var answer gophercloud.ErrUnexpectedResponseCode
	var locked *gophercloud.ErrUnableToReauthenticate
	switch {
	case errors.As(err, &call) && errors.As(call.Err, &known):
		return known // the lane's own words, without the address of the call
	case err == nil || errors.As(err, &known):
		return err
	case errors.As(err, &locked):
		again := refusal(locked.ErrReauth)
		return &plan.Refusal{Reason: plan.Away, After: plan.AfterOf(again), Err: fmt.Errorf("logging in again: %w", again)}
	case errors.As(err, &answer):
		text := cmp.Or(told(answer.Body), elsewhere(answer.ResponseHeader))
		return &plan.Refusal{Reason: reason(answer.Actual, text), After: silence(answer.Actual, answer.ResponseHeader, time.Now()),
			Err: fmt.Errorf("%s (%d)", cmp.Or(text, http.StatusText(answer.Actual)), answer.Actual)}
	}
	return &plan.Refusal{Reason: plan.Away, Err: err}
}

// taken is how Octavia says that somebody has the address of a VIP.
const taken = "already allocated in subnet"

// signs are the words by which answers with the same code are told apart.
var signs = []struct {
	code   int
	words  string
	reason plan.Reason
}{
	{http.StatusConflict, "immutable", plan.Busy},
	{http.StatusConflict, "Invalid state", plan.Busy},
	{http.StatusConflict, "Quota", plan.Quota},
	{http.StatusForbidden, "Quota", plan.Quota},
	{http.StatusInternalServerError, taken, plan.Conflict},
	{http.StatusInternalServerError, "is not a valid IP for the specified subnet", plan.Invalid},
}

func reason(code int, text string) plan.Reason {
	for _, s := range signs {
		if s.code == code && strings.Contains(text, s.words) {
			return s.reason
		}
	}
	switch {
	case code < http.StatusBadRequest: // it leads elsewhere, and is not followed
		return plan.Away
	case code == http.StatusConflict:
		return plan.Conflict
	case code == http.StatusPreconditionFailed: // a compare-and-swap lost; look again
		return plan.Busy
	case code == http.StatusUnauthorized, code == http.StatusTooManyRequests, code >= http.StatusInternalServerError && code != http.StatusNotImplemented:
		return plan.Away
	}
	return plan.Invalid
}

// told is what an error body of Keystone, Neutron or Octavia says, on one line.
func told(body []byte) string {
	var b struct {
		Fault   string `json:"faultstring"`
		Neutron struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"NeutronError"`
		Keystone struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &b) != nil {
		return ""
	}
	text := cmp.Or(b.Fault, b.Neutron.Message, b.Keystone.Message)
	line, _, _ := strings.Cut(text, "\n")
	if b.Neutron.Type == "OverQuota" {
		return "Quota has been met: " + line
	}
	return line
}

// elsewhere says of an answer that it leads to another place; empty: it does not.
func elsewhere(header http.Header) string {
	u, err := url.Parse(header.Get("Location"))
	if err != nil || u.String() == "" {
		return ""
	}
	return "it leads to " + origin(u) + u.Path + ", where octagate does not follow"
}

// gone takes "not found" for the success that a deletion wants.
func gone(err error) error {
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return nil
	}
	return err
}
