package output

import (
	"fmt"
	"os"
)

// A File is one that is written, and remembers the first thing that could not be: who
// writes a help text or a table need not ask.
type File struct {
	file *os.File
	err  error
}

// To is a file that is written.
func To(file *os.File) *File { return &File{file: file} }

// Write writes, unless writing failed before.
func (f *File) Write(text []byte) (n int, err error) {
	if f.err != nil {
		return 0, f.err
	}
	if n, err = f.file.Write(text); err != nil {
		f.err = fmt.Errorf("the output is not whole: %w", err)
	}
	return n, f.err
}

// Fd is the file, for who wants to know whether it is a terminal.
func (f *File) Fd() uintptr { return f.file.Fd() }

// Err is why something could not be written.
func (f *File) Err() error { return f.err }
