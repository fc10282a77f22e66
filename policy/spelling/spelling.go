// Package spelling finds the word that somebody meant.
//
// It serves every "did you mean": annotation keys on Services and keys of the
// configuration file. It never corrects anything by itself.
package spelling

import (
	"fmt"

	"github.com/agext/levenshtein"
)

// enough is the similarity, from 0 to 1, from which a guess helps more than it misleads.
const enough = 0.6

// Nearest is the word most like s; it is empty when none is close.
func Nearest(s string, words []string) string {
	best, score := "", enough
	for _, w := range words {
		if m := levenshtein.Match(s, w, nil); m >= score && (m > score || best == "") {
			best, score = w, m
		}
	}
	return best
}

// DidYouMean is `; did you mean "x"?` for the nearest word, and empty when none is close.
func DidYouMean(s string, words []string) string {
	if w := Nearest(s, words); w != "" {
		return fmt.Sprintf("; did you mean %q?", w)
	}
	return ""
}
