package admin

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// A behaviour is that of the cloud as JSON has it: with durations as texts.
type behaviour struct {
	Pending    map[string]string `json:"pending"`
	Latency    map[string]string `json:"latency"`
	Rows       map[string]string `json:"rows"`
	Held       bool              `json:"held"`
	FailBuilds bool              `json:"failBuilds"`
}

// A change names what is to be otherwise; what it leaves out stays. An empty
// duration takes one back.
type change struct {
	Pending    map[string]string `json:"pending"`
	Latency    map[string]string `json:"latency"`
	Rows       map[string]string `json:"rows"`
	Held       *bool             `json:"held"`
	FailBuilds *bool             `json:"failBuilds"`
}

func showBehaviour(a *admin, _ *http.Request) (any, error) {
	b := a.cloud.Behaviour()
	return behaviour{texts(b.Pending), texts(b.Latency), texts(b.Rows), b.Held, b.FailBuilds}, nil
}

func texts(durations map[string]time.Duration) map[string]string {
	all := map[string]string{}
	for key, d := range durations {
		all[key] = d.String()
	}
	return all
}

func changeBehaviour(a *admin, r *http.Request) (any, error) {
	var in change
	if err := read(r, &in); err != nil {
		return nil, err
	}
	b := a.cloud.Behaviour()
	var err error
	if b.Pending, err = changed(b.Pending, in.Pending, a.cloud.CheckPending); err != nil {
		return nil, fmt.Errorf("pending: %w", err)
	}
	if b.Latency, err = changed(b.Latency, in.Latency, a.cloud.CheckCall); err != nil {
		return nil, fmt.Errorf("latency: %w", err)
	}
	if b.Rows, err = changed(b.Rows, in.Rows, a.cloud.CheckCall); err != nil {
		return nil, fmt.Errorf("rows: %w", err)
	}
	if in.Held != nil {
		b.Held = *in.Held
	}
	if in.FailBuilds != nil {
		b.FailBuilds = *in.FailBuilds
	}
	if err := a.cloud.SetBehaviour(b); err != nil {
		return nil, err
	}
	return showBehaviour(a, r)
}

// changed are the old durations with some changed, whose keys pass a check.
func changed(old map[string]time.Duration, by map[string]string, check func(key string) error) (map[string]time.Duration, error) {
	all := map[string]time.Duration{}
	maps.Copy(all, old)
	for _, key := range slices.Sorted(maps.Keys(by)) {
		text := by[key]
		if err := check(key); err != nil {
			return nil, err
		}
		if text == "" {
			delete(all, key)
			continue
		}
		d, err := duration(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		all[key] = d
	}
	return all, nil
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration; want one such as 300ms, 5s or 1m30s", text)
	}
	return d, nil
}

func hold(a *admin, _ *http.Request) (any, error) {
	a.cloud.Hold()
	return done, nil
}

func release(a *admin, _ *http.Request) (any, error) {
	a.cloud.Release()
	return done, nil
}
