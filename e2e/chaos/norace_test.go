//go:build !race

package chaos

// The slice of make test: as much as takes about a minute on two cores.
const (
	histories = 300
	racing    = false
)
