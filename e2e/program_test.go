package e2e

import (
	"debug/elf"
	"os"
	"testing"
)

// The linker leaves out the methods that nobody calls, unless something looks methods up by
// names that it makes up, as text/template does: one template, and the program is nearly
// twice as large.
func TestNobodyLooksMethodsUp(t *testing.T) {
	t.Parallel()
	program, err := elf.Open(os.Getenv("OCTAGATE"))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	symbols, err := program.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, s := range symbols {
		there[s.Name] = true
	}
	if !there["main.main"] {
		t.Fatalf("the program has %d symbols, and main.main is not among them", len(symbols))
	}
	if there["text/template.(*state).evalField"] {
		t.Error("something executes templates; ask the linker what: go build -ldflags=-dumpdep ./cmd/octagate")
	}
}
