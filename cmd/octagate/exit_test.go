package main

import (
	"errors"
	"testing"
)

func TestOutcome(t *testing.T) {
	full, broken := errors.New("no space left"), errors.New("not YAML")
	for claim, tt := range map[string]struct {
		err, unwritten, want error
		code                 int
	}{
		"all is well":                             {nil, nil, nil, clean},
		"something was found":                     {errFound, nil, errFound, found},
		"nothing could be written":                {nil, full, full, trouble},
		"what was found could not be written":     {errFound, full, full, trouble},
		"other trouble is told before":            {broken, full, broken, trouble},
		"a command that noticed it says it alone": {full, full, full, trouble},
	} {
		if got := outcome(tt.err, tt.unwritten); got != tt.want || code(got) != tt.code {
			t.Errorf("%s: got %v, exit %d", claim, got, code(got))
		}
	}
}
