package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/cmd/octagate/check"
	"github.com/octagate/octagate/cmd/octagate/manifest"
	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/cmd/octagate/report"
	"github.com/octagate/octagate/policy"
)

// A checking is what the flags of octagate check say.
type checking struct {
	source    source
	outputs   []string
	failOn    string
	namespace string
}

func checkCommand() *cobra.Command {
	var k checking
	c := &cobra.Command{
		Use:   "check FILE|DIRECTORY|GLOB|-...",
		Short: "Judge the Services in manifests as the webhook would",
		Long: "Check reads Services from files, directories, globs or standard input (-) and judges\n" +
			"them by the rules, ids and messages of the admission webhook. Of a directory it reads what\n" +
			"is named .yaml, .yml or .json in it and below, except what is hidden and, as with kubectl,\n" +
			"what links to directories lead to. Without --cloud or --facts the rules that need the cloud\n" +
			"are not checked, which is said once. What the API server sees to itself, such as ports\n" +
			"beyond 65535, is left to it.\n\n" +
			"It exits with 0 if there is nothing to object to, with 1 if there is, and with 2 if\n" +
			"something cannot be read.",
		Example: "  octagate check service.yaml\n" +
			"  octagate check manifests/ -o text -o sarif=out.sarif --fail-on warning\n" +
			"  helm template shop ./chart | octagate check --cloud -",
		Args: func(_ *cobra.Command, names []string) error {
			if len(names) == 0 {
				return errors.New("name a file, a directory, a glob, or - for standard input")
			}
			return nil
		},
		RunE: func(c *cobra.Command, names []string) error { return k.run(c, names) },
	}
	k.source.flags(c)
	c.Flags().StringArrayVarP(&k.outputs, "output", "o", []string{"text"}, "format, or format=file, as often as wanted: "+either(formats()))
	c.Flags().StringVar(&k.failOn, "fail-on", string(report.Error), "what to exit with 1 for: error or warning")
	c.Flags().StringVarP(&k.namespace, "namespace", "n", "default", "namespace of Services that name none")
	offer(c, "fail-on", string(report.Error), string(report.Warning))
	offerDestinations(c, "output", formats())
	return c
}

// formats are the names of the formats of reports.
func formats() []string {
	var names []string
	for _, f := range report.Formats {
		names = append(names, f.Name)
	}
	return names
}

func (k checking) run(c *cobra.Command, names []string) error {
	outputs, err := k.parsed()
	if err != nil {
		return err
	}
	configuration, known, err := k.source.load(c)
	if err != nil {
		return err
	}
	read, unread := manifest.Reader{Stdin: c.InOrStdin(), Namespace: k.namespace}.Read(names)
	if err := c.Context().Err(); err != nil {
		return err
	}
	r := check.Check{Version: version(), Policy: configuration.chosen(), Known: known}.Report(read)
	for _, u := range manifest.All(unread) {
		r.Unread = append(r.Unread, report.Unread{File: u.Place.File, Line: u.Place.Line, Column: u.Place.Column, Message: u.Message})
	}
	var unwritten []error
	for _, o := range outputs {
		unwritten = append(unwritten, o.write(c.OutOrStdout(), r))
	}
	if unread != nil {
		unread = fmt.Errorf("reading manifests:\n%w", unread)
	}
	if err := errors.Join(append(unwritten, unread)...); err != nil {
		return err
	}
	if r.Count(report.Error) > 0 || k.failOn == string(report.Warning) && r.Count(report.Warning) > 0 {
		return errFound
	}
	return nil
}

// A destination is a format, and where it goes.
type destination struct {
	format report.Format
	file   string // empty: standard output
}

// parsed are the outputs that the flags name.
func (k checking) parsed() ([]destination, error) {
	if k.failOn != string(report.Error) && k.failOn != string(report.Warning) {
		return nil, fmt.Errorf("--fail-on %s: must be error or warning", k.failOn)
	}
	var all []destination
	for _, o := range k.outputs {
		name, file, named := strings.Cut(o, "=")
		format, known := report.FormatOf(name)
		if !known {
			return nil, fmt.Errorf("--output %s: must be %s, or one of these with =FILE", name, either(formats()))
		}
		if file == "-" {
			file, named = "", false // as everywhere
		}
		if named && file == "" {
			return nil, fmt.Errorf("--output %s: names no file after the equals sign", o)
		}
		if taken := slices.IndexFunc(all, func(other destination) bool { return other.file == file }); taken >= 0 {
			return nil, fmt.Errorf("--output %s: %s has another format already; give each a file of its own, as in -o sarif=out.sarif", o, cmp.Or(file, "standard output"))
		}
		all = append(all, destination{format, file})
	}
	return all, nil
}

func (o destination) write(stdout io.Writer, r report.Report) error {
	if o.file == "" {
		return o.print(stdout, r)
	}
	file, err := os.Create(o.file)
	if err != nil {
		return err
	}
	return errors.Join(o.print(file, r), file.Close())
}

// print writes a report, of which there may be many lines, in large pieces.
func (o destination) print(w io.Writer, r report.Report) error {
	b := bufio.NewWriter(w)
	if err := o.format.Write(b, r, output.PaintFor(w)); err != nil {
		return err
	}
	return b.Flush()
}

// A source is where the configuration and the facts come from.
type source struct {
	config string
	facts  string
	cloud  bool
}

// usualConfig is the configuration file where none is named.
const usualConfig = "octagate.yaml"

func (s *source) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.config, "config", "", "the configuration file (default: "+usualConfig+" if there is one here)")
	c.Flags().StringVar(&s.facts, "facts", "", "a file that octagate facts wrote")
	c.Flags().BoolVar(&s.cloud, "cloud", false, "ask the cloud, and the cluster if there is one (needs a configuration)")
	offerFiles(c, "config", "yaml", "yml")
	offerFiles(c, "facts", "json", "yaml")
}

// load reads the configuration and the facts, each nil if there is none. What the cloud
// did not tell is said on standard error.
func (s source) load(c *cobra.Command) (*Configuration, *check.Knowledge, error) {
	configuration, err := s.configuration()
	if err != nil {
		return nil, nil, err
	}
	switch {
	case s.facts != "" && s.cloud:
		return nil, nil, errors.New("--facts and --cloud: what is known comes from a file or from the cloud, not from both")
	case s.facts != "":
		k, err := readFacts(s.facts)
		if age := time.Since(k.Taken); err == nil && age > fresh {
			fmt.Fprintf(c.ErrOrStderr(), "octagate: note: the facts are of %s; they are renewed by: octagate facts > %s\n", k.Taken.Format(time.RFC3339), s.facts)
		}
		return configuration, &k, err
	case s.cloud && configuration == nil:
		return nil, nil, errNoConfiguration
	case s.cloud:
		k, err := looked(c.Context(), *configuration, c.ErrOrStderr())
		return configuration, &k, err
	}
	return configuration, nil, nil
}

// fresh is how old facts may be without a word.
const fresh = 24 * time.Hour

func readFacts(file string) (check.Knowledge, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return check.Knowledge{}, fmt.Errorf("reading the facts: %w", err)
	}
	k, err := check.Parse(text)
	if err != nil {
		return k, fmt.Errorf("reading the facts: %s: %w", file, err)
	}
	return k, nil
}

// chosen is the policy of a configuration, nil if there is none.
func (c *Configuration) chosen() *policy.Config {
	if c == nil {
		return nil
	}
	return new(c.policy())
}

// errNoConfiguration is why the cloud cannot be asked.
var errNoConfiguration = errors.New("the cloud can be asked only for what a configuration names (--config FILE)")

func (s source) configuration() (*Configuration, error) {
	file := s.config
	if file == "" {
		if _, err := os.Stat(usualConfig); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		file = usualConfig
	}
	c, err := load(file)
	return &c, err
}

// looked is what the cloud and the cluster say, with a note of what they do not.
func looked(ctx context.Context, c Configuration, notes io.Writer) (check.Knowledge, error) {
	k, unknown, err := look(ctx, c)
	for _, note := range unknown {
		fmt.Fprintln(notes, "octagate: note:", note)
	}
	return k, err
}

func factsCommand() *cobra.Command {
	var s source
	c := &cobra.Command{
		Use:   "facts",
		Short: "Write what is known of the cloud and the cluster, for check --facts",
		Long: "Facts asks the cloud, and the cluster if there is one, for all that Services are judged\n" +
			"by, and prints it as JSON. It holds addresses, IDs and names, and no secrets.",
		Example: "  octagate facts --config octagate.yaml > facts.json\n  octagate check --facts facts.json manifests/",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s.cloud = true
			_, k, err := s.load(c)
			if err != nil {
				return err
			}
			text, err := k.Text()
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
	c.Flags().StringVar(&s.config, "config", "", "the configuration file (default: "+usualConfig+")")
	offerFiles(c, "config", "yaml", "yml")
	return c
}
