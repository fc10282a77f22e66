package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// farewell is how long a command may take to end once somebody wants it to.
const farewell = time.Second

// interruptible has every command end when ctx does: by itself, or after a while in any
// case. Only run takes leave as it likes.
func interruptible(ctx context.Context, root *cobra.Command) *cobra.Command {
	root.SetIn(patient{ctx, os.Stdin})
	root.PersistentPreRun = func(c *cobra.Command, _ []string) {
		if c.Name() == "run" {
			return
		}
		context.AfterFunc(ctx, func() {
			time.Sleep(farewell)
			fmt.Fprintln(os.Stderr, "octagate: interrupted")
			os.Exit(trouble)
		})
	}
	return root
}

// A patient reader waits for what there is to read, but no longer than its context.
type patient struct {
	ctx context.Context
	in  io.Reader
}

// Read reads on its own, so that nobody waits for somebody who types nothing. What it reads
// after that is lost.
func (p patient) Read(into []byte) (int, error) {
	type answer struct {
		text []byte
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		own := make([]byte, len(into))
		n, err := p.in.Read(own)
		read <- answer{own[:n], err}
	}()
	select {
	case <-p.ctx.Done():
		return 0, p.ctx.Err()
	case a := <-read:
		return copy(into, a.text), a.err
	}
}
