package contract

import (
	"net/http"
	"testing"

	"github.com/octagate/octagate/e2e/session"
)

func TestATokenThatIsNoneIsUnauthorized(t *testing.T) {
	everywhere(t, func(x trial) {
		x.strangers("nonsense")
		x.strangers("")
	})
}

// A cloud may remember for a while that a token was good; one that it never saw
// before has to be worthless at once.
func TestARevokedTokenIsUnauthorized(t *testing.T) {
	everywhere(t, func(x trial) {
		token := x.freshToken()
		x.call(http.MethodDelete, x.Identity+"auth/tokens", nil, "X-Subject-Token", token).is(http.StatusNoContent)
		x.strangers(token)
	})
}

// strangers fails the test if Octavia or Neutron let a token in.
func (x trial) strangers(token string) {
	x.Helper()
	stranger := *x.Session
	stranger.Token = token
	x.by(&stranger).octavia(http.MethodGet, "loadbalancers", nil).unauthorized()
	x.by(&stranger).neutron(http.MethodGet, "floatingips", nil).unauthorized()
}

// freshToken is a token of the same user that no service has seen.
func (x trial) freshToken() string {
	x.Helper()
	again, err := session.Open(x.Context(), x.file, x.entry)
	x.no(err)
	return again.Token
}
