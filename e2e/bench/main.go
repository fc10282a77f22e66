// Command bench measures octagate: how long admission takes, by itself and in a real
// kube-apiserver, how it bears load and a cloud that is slow or silent, how reconciling
// grows with the number of Services, and how fast files are checked.
//
// It prints tables, with the goals of what has one, and at the end the same as lines for
// benchstat. Times say something about the machine, too; so what is compared is measured in
// one run, in turns. What can be counted is held by the package's test, in make test.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// A bench is one run: how much is measured, and what came of it.
type bench struct {
	dir    string // for the files of worlds
	size   size
	report *report
}

// A size is how much is measured.
type size struct {
	turns    int           // of the admission benchmarks
	creates  int           // Services of each kind that an API server is sent
	cell     time.Duration // how long one rate of requests lasts, in one state of the cloud
	rates    []int         // requests in a second
	services []int         // how many are reconciled at once
	checked  int           // Services in files
	soak     time.Duration // of churn
}

// A stage is one part, which can be run by itself.
type stage struct {
	name, does string
	run        func(context.Context, *bench) error
}

// The kernel tells of a child that it had as much memory as its parent when it began, so check
// comes before what makes this program grow.
var stages = []stage{
	{"admission", "one review, beside one that nobody judges", reviews},
	{"check", "octagate check of many files", check},
	{"apiserver", "creates of Services in a kube-apiserver, with and without webhooks", apiserver},
	{"load", "requests at fixed times, while the cloud is slow or silent", load},
	{"scale", "many Services from nothing to ready, a restart, and a storm of endpoints", scale},
	{"lists", "a thousand Services in a cloud whose lists take as long as a real one's", lists},
	{"soak", "churn, and what is left of it in memory; only when it is named", soak},
}

func main() {
	ctrllog.SetLogger(logr.Discard()) // what goes wrong here is an error, and needs no log
	if len(os.Args) > 1 && os.Args[1] == noopCommand {
		serveNoop(os.Args[2:])
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	b := &bench{report: newReport(ctx)}
	set := flag.NewFlagSet("bench", flag.ExitOnError)
	json := set.String("json", "bin/bench.json", "`file` for the results; empty: none")
	lines := set.String("lines", "bin/bench.txt", "`file` for the lines that benchstat reads; empty: none")
	page := set.String("page", "", "`file` whose tables are replaced by those of this run, each between <!-- stage --> and <!-- /stage -->")
	rates := set.String("rates", "50,200,500,1000", "load: requests in a second")
	services := set.String("services", "100,1000,10000", "scale: how many Services")
	set.IntVar(&b.size.turns, "turns", 6, "admission: how often each is measured")
	set.IntVar(&b.size.creates, "creates", 2000, "apiserver: how many Services of each kind")
	set.DurationVar(&b.size.cell, "cell", 6*time.Second, "load: how long each rate is kept up")
	set.IntVar(&b.size.checked, "checked", 10000, "check: how many Services")
	set.DurationVar(&b.size.soak, "duration", 30*time.Minute, "soak: how long")
	set.Usage = func() { usage(set) }
	_ = set.Parse(os.Args[1:]) // ends the program itself
	var err error
	if b.size.rates, err = numbers(*rates); err != nil {
		return fmt.Errorf("-rates: %w", err)
	}
	if b.size.services, err = numbers(*services); err != nil {
		return fmt.Errorf("-services: %w", err)
	}
	if err := b.stages(ctx, set.Args(), *page); err != nil {
		return err
	}
	return b.report.write(*json, *lines)
}

func usage(set *flag.FlagSet) {
	fmt.Fprintln(os.Stderr, "usage: bench [flags] [stage...]")
	for _, s := range stages {
		fmt.Fprintf(os.Stderr, "  %-10s %s\n", s.name, s.does)
	}
	set.PrintDefaults()
}

// stages runs those that are named, else all but the soak. The table of each is printed, and
// written into the page.
func (b *bench) stages(ctx context.Context, named []string, page string) (err error) {
	for _, name := range named {
		if !slices.ContainsFunc(stages, func(s stage) bool { return s.name == name }) {
			return fmt.Errorf("there is no stage %q", name)
		}
	}
	if b.dir, err = os.MkdirTemp("", "octagate-bench-"); err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	for _, s := range stages {
		if slices.Contains(named, s.name) || len(named) == 0 && s.name != "soak" {
			begun := time.Now()
			if err := s.run(ctx, b); err != nil {
				return fmt.Errorf("%s: %w (logs are in %s)", s.name, err, b.dir)
			}
			table := b.report.table(s.name, time.Since(begun))
			fmt.Println("\n" + table)
			if err := place(page, s.name, table); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(b.dir)
}

// numbers are those of a list with commas.
func numbers(list string) (all []int, err error) {
	for word := range strings.SplitSeq(list, ",") {
		var n int
		if _, err := fmt.Sscan(word, &n); err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number above 0", word)
		}
		all = append(all, n)
	}
	return all, nil
}
