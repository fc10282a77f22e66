//go:build !race

package emulator_test

// racing tells that the race detector is on, which makes everything ten times slower.
const racing = false
