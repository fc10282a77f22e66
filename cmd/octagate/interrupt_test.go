package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// Nobody waits for who types nothing.
func TestPatience(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if text, err := io.ReadAll(patient{ctx, strings.NewReader("kind: Service")}); string(text) != "kind: Service" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	silence, speaker := io.Pipe()
	defer speaker.Close()
	cancel()
	if _, err := io.ReadAll(patient{ctx, silence}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWhoInterruptsIsTold(t *testing.T) {
	if err := outcome(context.Canceled, nil); err.Error() != "interrupted: context canceled" || code(err) != trouble {
		t.Errorf("got %v, exit %d", err, code(err))
	}
}
