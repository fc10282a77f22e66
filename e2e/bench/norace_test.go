//go:build !race

package main

// racing is whether the race detector looks on.
const racing = false
