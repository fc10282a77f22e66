package chaos

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A History is all that happens to a cluster and its cloud. What happens by chance, such as
// how long a call takes and which one fails in a storm, follows from the seed and the call,
// not from the order of the calls.
type History struct {
	Seed  uint64
	Deeds []Deed
}

// A Deed is one thing that somebody does, or that happens. Every deed is possible at any
// time, with any numbers: so a part of a history is one, too.
type Deed struct {
	Do     string // one of the deeds
	On, By int    // to whom, and how: each deed reads them as it likes
	Pause  time.Duration
}

// String is the history as ReadHistory reads it: the seed, and one deed a line.
func (h History) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, "seed", h.Seed)
	for _, d := range h.Deeds {
		fmt.Fprintln(&b, d)
	}
	return b.String()
}

func (d Deed) String() string { return fmt.Sprintf("%s %d %d %s", d.Do, d.On, d.By, d.Pause) }

// ReadHistory reads what String wrote. What follows # on a line is for people.
func ReadHistory(text string) (History, error) {
	var h History
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if _, err := fmt.Sscanf(line, "seed %d", &h.Seed); err == nil {
			continue
		}
		d, err := readDeed(line)
		if err != nil {
			return h, err
		}
		h.Deeds = append(h.Deeds, d)
	}
	return h, nil
}

func readDeed(line string) (d Deed, err error) {
	var pause string
	if _, err := fmt.Sscanf(line, "%s %d %d %s", &d.Do, &d.On, &d.By, &pause); err != nil {
		return d, fmt.Errorf("%q is not a deed, such as %q: %w", line, "create 1 2 3s", err)
	}
	if _, known := deeds[d.Do]; !known {
		return d, fmt.Errorf("%q is none of the deeds %s", d.Do, strings.Join(slices.Sorted(maps.Keys(deeds)), ", "))
	}
	if d.Pause, err = time.ParseDuration(pause); err != nil {
		return d, fmt.Errorf("reading %q: %w", line, err)
	}
	return d, nil
}

// Draw is the history of a seed.
func Draw(seed uint64) History {
	random := rand.New(rand.NewPCG(seed, 0))
	var hat []string
	for _, name := range slices.Sorted(maps.Keys(deeds)) {
		for range deeds[name].often {
			hat = append(hat, name)
		}
	}
	h := History{Seed: seed}
	for range 1 + random.IntN(4) {
		h.Deeds = append(h.Deeds, Deed{"create", random.IntN(1000), random.IntN(1000), pause(random)})
	}
	for range 5 + random.IntN(25) {
		h.Deeds = append(h.Deeds, Deed{hat[random.IntN(len(hat))], random.IntN(1000), random.IntN(1000), pause(random)})
	}
	return h
}

// pause is how long nothing else is done after a deed: hardly any time, as long as a call
// takes, or until all is quiet again.
func pause(random *rand.Rand) time.Duration {
	longest := []time.Duration{time.Millisecond, 100 * time.Millisecond, 3 * time.Second, 20 * time.Second, 2 * time.Minute}
	return time.Duration(random.Int64N(int64(longest[random.IntN(len(longest))])))
}

// Shrink is a shorter history that still fails: less and less of it is left out, as long
// as that changes nothing.
func Shrink(h History, fails func(History) bool) History {
	for size := len(h.Deeds) / 2; size > 0; {
		shorter := false
		for at := 0; at < len(h.Deeds); {
			less := History{h.Seed, slices.Concat(h.Deeds[:at], h.Deeds[min(at+size, len(h.Deeds)):])}
			if fails(less) {
				h, shorter = less, true
			} else {
				at += size
			}
		}
		if !shorter || size > len(h.Deeds) {
			size /= 2
		}
	}
	return h
}
