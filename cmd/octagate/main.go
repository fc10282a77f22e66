// Command octagate judges Services when they are applied and builds the Octavia
// load balancers that they ask for.
package main

import (
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	if err := command().ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, "octagate:", err)
		os.Exit(1)
	}
}
