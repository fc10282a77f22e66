package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ticks is how many clock ticks of /proc a second has, on every Linux there is.
const ticks = 100

const (
	kib = 1.0 / (1 << 10)
	mib = 1.0 / (1 << 20)
)

// A memory is what of a process is in memory, in bytes.
type memory struct {
	all  float64 // resident
	anon float64 // less the pages of files: the program itself
}

// memoryOf reads what a process has in memory.
func memoryOf(pid int) (memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return memory{}, fmt.Errorf("measuring memory: %w", err)
	}
	in := func(key string) float64 {
		_, rest, _ := strings.Cut(string(text), key+":")
		n, _ := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
		return n / kib
	}
	return memory{in("VmRSS"), in("RssAnon")}, nil
}

// cpuOf is how much processor time a process has used.
func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("measuring processor time: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name, which may have blanks
	words, sum := strings.Fields(rest), 0
	for _, word := range words[11:13] {
		n, err := strconv.Atoi(word)
		if err != nil {
			return 0, fmt.Errorf("measuring processor time: %w", err)
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// A gauge looks at a process again and again.
type gauge struct {
	pid     int
	begun   time.Time
	before  time.Duration
	stop    context.CancelFunc
	looking sync.WaitGroup

	highest memory
	err     error
}

// looks is how often a gauge looks.
const looks = 50 * time.Millisecond

// follow begins to look at a process.
func follow(ctx context.Context, pid int) (*gauge, error) {
	before, err := cpuOf(pid)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	g := &gauge{pid: pid, begun: time.Now(), before: before, stop: stop}
	g.looking.Go(func() {
		for tick := time.NewTicker(looks); ; {
			now, err := memoryOf(pid)
			if err != nil {
				g.err = err
				return
			}
			g.highest = memory{max(g.highest.all, now.all), max(g.highest.anon, now.anon)}
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	})
	return g, nil
}

// end is the most memory that was seen, and how much processor time was used since.
func (g *gauge) end() (highest memory, used time.Duration, err error) {
	g.stop()
	g.looking.Wait()
	now, err := cpuOf(g.pid)
	if err == nil {
		err = g.err
	}
	return g.highest, now - g.before, err
}
