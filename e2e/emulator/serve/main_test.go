package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFlagsMakeACloud(t *testing.T) {
	for line, ok := range map[string]bool{
		"":                                   true,
		"--clock manual --layout one-subnet": true,
		"--provider ovn,amphora --api-version v2.5":   true,
		"--legacy --seed 7 --pending 0 --as-packaged": true,
		"--clock sun": false, "--layout none": false, "--provider f5": false, "--api-version v3": false,
	} {
		if _, err := parse(strings.Fields(line)).cloud(); (err == nil) != ok {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	for listen, ok := range map[string]bool{
		"127.0.0.1:9595": true, "[::1]:9595": true, "localhost:0": true, "127.8.8.8:1": true,
		"0.0.0.0:9595": false, ":9595": false, "192.0.2.1:9595": false, "[::]:9595": false, "example.org:80": false, "9595": false,
	} {
		if err := loopback(listen); (err == nil) != ok {
			t.Errorf("%s: %v", listen, err)
		}
	}
}

func TestServesUntilItIsInterrupted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	ctx, interrupt := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, parse([]string{"--listen", "127.0.0.1:0", "--clouds-yaml", file}), w)
		w.Close()
	}()
	said := make([]byte, 4096)
	n, err := r.Read(said)
	if err != nil {
		t.Fatal(err)
	}
	_, url, _ := strings.Cut(string(said[:n]), "listens on ")
	url, _, _ = strings.Cut(url, " ")
	res, err := http.Get(url + "/load-balancer/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res, err = http.Get(url + "/emulator"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("admin API: %v %v", err, res)
	}
	res.Body.Close()
	if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), url+"/identity/v3") {
		t.Errorf("clouds.yaml: %v\n%s", err, b)
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
