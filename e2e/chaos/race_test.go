//go:build race

package chaos

// The slice of make test with the race detector, which makes everything ten times slower:
// make test runs the other slice, too.
const (
	histories = 6
	racing    = true
)
