package session

import (
	"os"
	"testing"
)

func TestUnheard(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if unheard(writer) {
		t.Error("nobody reads a pipe that is open")
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if !unheard(writer) {
		t.Error("somebody reads a pipe that is closed")
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if unheard(file) {
		t.Error("a file is not heard")
	}
}
