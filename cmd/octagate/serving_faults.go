package main

import (
	"strconv"
	"time"
)

// A span is a duration that must not be too short or too long; a longest of 0 is for ever.
type span struct {
	path              string
	value             duration
	shortest, longest time.Duration
	message           string
}

func faultsOf(spans []span) []fault {
	var all []fault
	for _, s := range spans {
		d, err := time.ParseDuration(string(s.value))
		if err != nil || d < s.shortest || s.longest > 0 && d > s.longest {
			all = append(all, fault{s.path, string(s.value), s.message})
		}
	}
	return all
}

func (w Webhook) faults() []fault {
	all := faultsOf([]span{
		{"webhook.connectionAge", w.ConnectionAge, 100 * time.Millisecond, 0, "must be a duration of at least 100ms, such as 1m"},
		{"webhook.lameDuck", w.LameDuck, 0, 20 * time.Second, "must be a duration up to 20s, such as 10s: a Pod has 45 s to end"},
	})
	if !address(w.BindAddress) {
		all = append(all, fault{"webhook.bindAddress", w.BindAddress, "must be host:port or :port"})
	}
	if w.InFlight < 1 {
		all = append(all, fault{"webhook.inFlight", strconv.Itoa(w.InFlight), "must be a number of requests, at least 1"})
	}
	return all
}

// A certificate is renewed at two thirds of its life, and must have been known for long
// enough when its predecessor ends.
func (c Certificates) faults() []fault {
	all := faultsOf([]span{{"certificates.settle", c.Settle, 100 * time.Millisecond, 10 * time.Minute, "must be a duration from 100ms to 10m, such as 1m"}})
	return append(all, faultsOf([]span{
		{"certificates.lifetime", c.Lifetime, 10 * c.Settle.value(), 90 * 24 * time.Hour, "must be from ten times certificates.settle to 2160h, such as 168h"},
	})...)
}

// A leader must have ended before another takes its place.
func (l LeaderElection) faults() []fault {
	return faultsOf([]span{
		{"leaderElection.retryPeriod", l.RetryPeriod, 50 * time.Millisecond, l.RenewDeadline.value() * 2 / 3, "must be from 50ms to two thirds of renewDeadline, such as 2s"},
		{"leaderElection.renewDeadline", l.RenewDeadline, 0, l.LeaseDuration.value() * 4 / 5, "must be at most four fifths of leaseDuration, such as 10s"},
		{"leaderElection.leaseDuration", l.LeaseDuration, time.Second, 0, "must be a duration of at least 1s, such as 15s"},
	})
}
