package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A report is all that was measured, and where.
type report struct {
	At      string   `json:"at"`
	Machine string   `json:"machine"`
	Go      string   `json:"go"`
	Commit  string   `json:"commit"`
	Results []result `json:"results"`
}

// A result is what was measured in one case of a stage.
type result struct {
	Stage  string  `json:"stage"`
	Case   string  `json:"case"` // as benchstat has it: rate=50/cloud=300ms
	Values []value `json:"values"`
}

// A value is one number.
type value struct {
	Unit  string   `json:"unit"` // such as ns/op, p99-ms, rss-MiB
	Value float64  `json:"value"`
	Most  *float64 `json:"goal,omitempty"` // the goal: no more than this
}

// is a value without a goal.
func is(v float64, unit string) value { return value{Unit: unit, Value: v} }

// atMost is a value with one.
func atMost(v, most float64, unit string) value { return value{unit, v, &most} }

// missed reports whether there is a goal that was not met.
func (v value) missed() bool { return v.Most != nil && v.Value > *v.Most }

func newReport(ctx context.Context) *report {
	commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		commit = []byte("unknown")
	}
	return &report{
		At: time.Now().UTC().Format(time.RFC3339), Machine: machine(), Commit: strings.TrimSpace(string(commit)),
		Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
	}
}

// machine is what everything runs on, in words.
func machine() string {
	model := "an unknown processor"
	cpus, _ := os.ReadFile("/proc/cpuinfo") // elsewhere it stays unknown
	for line := range strings.Lines(string(cpus)) {
		if name, is := strings.CutPrefix(line, "model name"); is {
			model = strings.Trim(name, "\t :\n")
			break
		}
	}
	return fmt.Sprintf("%s, %d cores", model, runtime.NumCPU())
}

// add takes a result in, and tells it whoever waits.
func (r *report) add(stage, name string, values ...value) {
	one := result{stage, name, values}
	r.Results = append(r.Results, one)
	fmt.Fprintln(os.Stderr, one.line())
}

// table is the table of a stage. Results with the same units stand below one head.
func (r *report) table(stage string, took time.Duration) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s, in %s (%s, %s, %s, commit %s)\n", stage, took.Round(time.Second), r.At, r.Machine, r.Go, r.Commit)
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := ""
	for _, one := range r.Results {
		if one.Stage != stage {
			continue
		}
		if h := one.head(); h != head {
			head = h
			fmt.Fprintln(table, h)
		}
		fmt.Fprintln(table, one.row())
	}
	table.Flush()
	return out.String()
}

// place puts the table of a stage into a page, in place of an older one.
func place(page, stage, table string) error {
	if page == "" {
		return nil
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	begin, end := "<!-- "+stage+" -->\n", "<!-- /"+stage+" -->"
	before, rest, begins := strings.Cut(string(text), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the table of %s", page, stage)
	}
	return os.WriteFile(page, []byte(before+begin+"```\n"+table+"```\n"+end+after), 0o644)
}

// head names what stands below it, and the goals.
func (r result) head() string {
	h := "\t"
	for _, v := range r.Values {
		h += v.Unit
		if v.Most != nil {
			h += " (≤" + number(*v.Most) + ")"
		}
		h += "\t"
	}
	return h
}

// row is a result in numbers; what misses its goal is marked.
func (r result) row() string {
	row := r.Case + "\t"
	for _, v := range r.Values {
		if v.missed() {
			row += "! "
		}
		row += number(v.Value) + "\t"
	}
	return row
}

// number has three digits that count.
func number(v float64) string {
	if v >= 100 || v <= -100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// line is a result as go test prints a benchmark.
func (r result) line() string {
	l := "Benchmark" + strings.ToUpper(r.Stage[:1]) + r.Stage[1:] + "/" + r.Case + " 1"
	for _, v := range r.Values {
		l += " " + strconv.FormatFloat(v.Value, 'f', -1, 64) + " " + v.Unit
	}
	return l
}

// write prints all as lines for benchstat, and writes both files that are named.
func (r *report) write(jsonFile, linesFile string) error {
	text := fmt.Sprintf("goos: %s\ngoarch: %s\ncpu: %s\ncommit: %s\n", runtime.GOOS, runtime.GOARCH, r.Machine, r.Commit)
	for _, one := range r.Results {
		text += one.line() + "\n"
	}
	fmt.Printf("\nfor benchstat:\n%s", text)
	if linesFile != "" {
		if err := os.WriteFile(linesFile, []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing the lines: %w", err)
		}
	}
	if jsonFile == "" {
		return nil
	}
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(jsonFile, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}
