package reconcile_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/octagate/octagate/reconcile/octavia"
)

// A meddling is what happened to a load balancer since it was made.
type meddling struct {
	Gone       bool                      `json:"gone"` // somebody deleted it; the floating IP stays
	Status     octavia.Status            `json:"status"`
	Stuck      string                    `json:"stuck"` // what Octavia never finished making
	Name       string                    `json:"name"`
	Tags       []string                  `json:"tags"`
	Disabled   bool                      `json:"disabled"`
	Listeners  map[string]listenerChange `json:"listeners"`
	Pools      map[string]poolChange     `json:"pools"`
	Members    map[string]memberChange   `json:"members"`
	LeftOver   []string                  `json:"leftOver"` // pools of ours that no listener leads to
	FloatingIP floatingIPChange          `json:"floatingIP"`
}

type listenerChange struct {
	Gone            bool   `json:"gone"`
	Disabled        bool   `json:"disabled"`
	Name            string `json:"name"`
	ConnectionLimit int    `json:"connectionLimit"`
}

type poolChange struct {
	Gone        bool   `json:"gone"`
	Disabled    bool   `json:"disabled"`
	Algorithm   string `json:"algorithm"`
	MonitorGone bool   `json:"monitorGone"`
	Unseen      bool   `json:"unseen"` // nobody has looked at its members yet
}

// A memberChange is of the members of a name, in whichever pool.
type memberChange struct {
	Gone    bool `json:"gone"`
	Altered bool `json:"altered"` // its weight, say
}

type floatingIPChange struct {
	Gone bool    `json:"gone"` // it is not at our port any more, and not ours
	Port *string `json:"port"` // that one of ours is associated with; empty: none
}

// with does it to t, of which everything that is named must be there.
func (m meddling) with(t *octavia.Tree) error {
	if m.Status != "" {
		t.Status = m.Status
	}
	if m.Name != "" {
		t.Name = m.Name
	}
	if m.Tags != nil {
		t.Tags = m.Tags
	}
	t.Stuck, t.Disabled = m.Stuck, m.Disabled
	if m.FloatingIP.Gone {
		t.FloatingIP = octavia.FloatingIP{}
	}
	if m.FloatingIP.Port != nil {
		t.FloatingIP.Port = *m.FloatingIP.Port
	}
	for _, name := range m.LeftOver {
		t.Pools = append(t.Pools, octavia.Pool{ID: "pool " + name, PoolKey: octavia.PoolKey{Name: name, Protocol: "TCP"}})
	}
	if m.Gone {
		*t = octavia.Tree{FloatingIP: t.FloatingIP}
		t.FloatingIP.Port = ""
	}
	if err := each(m.Listeners, func(key string, c listenerChange) bool { return c.to(t, key) }); err != nil {
		return err
	}
	if err := each(m.Pools, func(name string, c poolChange) bool { return c.to(t, name) }); err != nil {
		return err
	}
	return each(m.Members, func(name string, c memberChange) bool { return c.to(t, name) })
}

// each makes every change, in order; one to what is not there is an error.
func each[C any](changes map[string]C, change func(string, C) bool) error {
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if !change(name, changes[name]) {
			return fmt.Errorf("there is no %s", name)
		}
	}
	return nil
}

func (c listenerChange) to(t *octavia.Tree, key string) bool {
	i := slices.IndexFunc(t.Listeners, func(l octavia.Listener) bool { return l.Key.String() == key })
	if i < 0 {
		return false
	}
	if c.Gone {
		t.Listeners = slices.Delete(t.Listeners, i, i+1)
		return true
	}
	s := &t.Listeners[i].Settings
	s.Disabled = c.Disabled
	if c.Name != "" {
		s.Name = c.Name
	}
	if c.ConnectionLimit != 0 {
		s.ConnectionLimit = c.ConnectionLimit
	}
	return true
}

// to changes a pool. Listeners lead nowhere when theirs is gone.
func (c poolChange) to(t *octavia.Tree, name string) bool {
	i := slices.IndexFunc(t.Pools, func(p octavia.Pool) bool { return p.Name == name })
	if i < 0 {
		return false
	}
	if c.Gone {
		for j := range t.Listeners {
			if t.Listeners[j].Pool == t.Pools[i].PoolKey {
				t.Listeners[j].Pool = octavia.PoolKey{}
			}
		}
		t.Pools = slices.Delete(t.Pools, i, i+1)
		return true
	}
	p := &t.Pools[i]
	p.Disabled, p.Unseen = c.Disabled, c.Unseen
	if c.Algorithm != "" {
		p.Algorithm = c.Algorithm
	}
	if c.MonitorGone {
		p.Monitor = octavia.Monitor{}
	}
	return true
}

func (c memberChange) to(t *octavia.Tree, name string) bool {
	found := false
	for i := range t.Pools {
		p := &t.Pools[i]
		for j := range p.Members {
			if p.Members[j].Name == name {
				found, p.Members[j].Altered = true, c.Altered
			}
		}
		if c.Gone {
			p.Members = slices.DeleteFunc(p.Members, func(m octavia.Member) bool { return m.Name == name })
		}
	}
	return found
}
