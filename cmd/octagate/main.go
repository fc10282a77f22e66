// Command octagate judges Services when they are applied and builds the Octavia
// load balancers that they ask for.
package main

import (
	"errors"
	"fmt"
	"os"

	_ "golang.org/x/crypto/x509roots/fallback" // the image has no roots of trust but these
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/octagate/octagate/cmd/octagate/output"
)

func main() {
	ctx, stdout := ctrl.SetupSignalHandler(), output.To(os.Stdout)
	c := interruptible(ctx, called(command(), os.Args[0]))
	c.SetOut(stdout)
	err := outcome(c.ExecuteContext(ctx), stdout.Err())
	if err != nil && !errors.Is(err, errFound) {
		fmt.Fprintln(os.Stderr, "octagate:", err)
	}
	os.Exit(code(err))
}
