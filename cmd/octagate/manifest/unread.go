package manifest

import (
	"errors"
	"fmt"
	"io/fs"
)

// An Unread is something that could not be read.
type Unread struct {
	Place   Place // its line is 0 where all of a file is meant
	Message string
}

func (u Unread) Error() string {
	if u.Place.Line == 0 {
		return u.Place.File + ": " + u.Message
	}
	return u.Place.String() + ": " + u.Message
}

// unread is an error about what stands at a place.
func unread(p Place, format string, a ...any) error { return Unread{p, fmt.Sprintf(format, a...)} }

// unopened is an error about a file, nil if there is none.
func unopened(file string, err error) error {
	var of *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &of):
		err = of.Err // which does not name it again
	}
	return Unread{Place{File: file}, err.Error()}
}

// All are what an error of Read is about.
func All(err error) (all []Unread) {
	if joined, several := err.(interface{ Unwrap() []error }); several {
		for _, one := range joined.Unwrap() {
			all = append(all, All(one)...)
		}
		return all
	}
	if one, ok := errors.AsType[Unread](err); ok {
		return []Unread{one}
	}
	return nil
}
