package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/testbed"
)

// An act is one Service that is applied, and what is expected of it.
type act struct {
	service string            // its name, and its manifest's
	title   string            // the heading
	text    string            // what is going on, in plain words
	refused bool              // else it is accepted
	says    []string          // what kubectl must print, as a refusal or a warning
	notes   map[string]string // annotations it must get, without the prefix; "*" is any value
}

// prefix is that of octagate's annotations.
const prefix = "octagate.dev/"

// scene is the act as a part of the story.
func (a act) scene() scene {
	expectation := "accepted"
	if a.refused {
		expectation = "refused"
	}
	return scene{a.title, a.text, expectation, a.play}
}

// play applies the Service and compares what happens with what is expected.
func (a act) play(s *story, ctx context.Context) error {
	a.show(s.out)
	printed, err := s.kubectl(ctx, "apply", "-f", example(a.service))
	if err != nil {
		return err
	}
	if a.refused {
		return a.judgeRefusal(printed)
	}
	if printed.Code != 0 {
		return fmt.Errorf("expected: accepted\ngot: exit code %d", printed.Code)
	}
	notes, err := s.annotations(ctx, a.service)
	if err != nil {
		return err
	}
	s.out.line("\n  octagate wrote on it:")
	s.out.inset(table(notes))
	return a.judge(printed, notes)
}

// show prints a good manifest whole, and of a bad one what is bad.
func (a act) show(out *screen) {
	out.line("")
	if a.refused {
		out.block(faint, remarkable(a.service))
		return
	}
	out.block(faint, text(a.service))
}

func (a act) judgeRefusal(printed testbed.Output) error {
	if printed.Code == 0 {
		return fmt.Errorf("expected: refused\ngot: accepted")
	}
	return missing("the refusal", printed.Stderr, a.says)
}

func (a act) judge(printed testbed.Output, notes map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(a.notes)) {
		if got := notes[key]; got == "" || a.notes[key] != "*" && a.notes[key] != got {
			return fmt.Errorf("expected: annotation %s%s: %s\ngot: %q", prefix, key, a.notes[key], got)
		}
	}
	if len(a.says) == 0 && strings.Contains(printed.Stderr, "Warning:") {
		return fmt.Errorf("expected: no warning\ngot: %s", printed.Stderr)
	}
	return missing("the warning", printed.Stderr, a.says)
}

// missing is an error if one of the words is not in the text.
func missing(what, text string, words []string) error {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return fmt.Errorf("expected: %s says %q\ngot: %s", what, word, strings.TrimSpace(text))
		}
	}
	return nil
}

// annotations are octagate's on a Service, by key without the prefix.
func (s *story) annotations(ctx context.Context, service string) (map[string]string, error) {
	var stored corev1.Service
	if err := s.world.Cluster.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: service}, &stored); err != nil {
		return nil, fmt.Errorf("reading Service %s: %w", service, err)
	}
	notes := map[string]string{}
	for key, value := range stored.Annotations {
		if short, ok := strings.CutPrefix(key, prefix); ok {
			notes[short] = value
		}
	}
	return notes, nil
}

// table is one line for each annotation.
func table(notes map[string]string) string {
	var lines strings.Builder
	for _, key := range slices.Sorted(maps.Keys(notes)) {
		fmt.Fprintf(&lines, "%-31s %s\n", prefix+key+":", notes[key])
	}
	return lines.String()
}
