// Command octagate judges Services when they are applied and builds the Octavia
// load balancers that they ask for.
package main

import (
	"errors"
	"fmt"
	"os"

	_ "golang.org/x/crypto/x509roots/fallback" // the image has no roots of trust but these
	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	err := called(command(), os.Args[0]).ExecuteContext(ctrl.SetupSignalHandler())
	if err != nil && !errors.Is(err, errFound) {
		fmt.Fprintln(os.Stderr, "octagate:", err)
	}
	os.Exit(code(err))
}
