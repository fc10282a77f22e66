//go:build !race

package chaos

// The slice of make test: as much as takes about half a minute on two cores.
const (
	histories = 100
	racing    = false
)
