package main

import (
	"context"
	"errors"
	"fmt"
)

// errFound is returned by a command that did its work, found something wrong with what it
// looked at, and has said so.
var errFound = errors.New("something is wrong with what was looked at")

// What octagate exits with.
const (
	clean   = 0
	found   = 1 // what was looked at is not as it should be
	trouble = 2 // wrong usage, a file that cannot be read, a cloud that does not answer
)

// outcome is what a command returned or, if it did not notice, why not all that it said was
// written. Whoever interrupted it is told so.
func outcome(err, unwritten error) error {
	switch {
	case unwritten != nil && (err == nil || errors.Is(err, errFound)):
		return unwritten
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted: %w", err)
	}
	return err
}

// code is the exit code that stands for what a command returned.
func code(err error) int {
	switch {
	case err == nil:
		return clean
	case errors.Is(err, errFound):
		return found
	}
	return trouble
}
