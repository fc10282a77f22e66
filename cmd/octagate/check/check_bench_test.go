package check

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/octagate/octagate/cmd/octagate/manifest"
	"github.com/octagate/octagate/cmd/octagate/report"
	"github.com/octagate/octagate/policy"
)

// service is one as they are written, of 20 lines.
const service = `apiVersion: v1
kind: Service
metadata:
  name: web-%d
  namespace: shop
  labels:
    app.kubernetes.io/name: web
  annotations:
    octagate.dev/timeout-client-data: 50s
    octagate.dev/connection-limit: "1000"
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
  - name: http
    port: 80
    targetPort: 8080
`

// warned is a port that each Service is warned of.
const warned = "  - {name: dns, port: 53, protocol: UDP}\n"

// services is how many are checked at once.
const services = 1000

// BenchmarkReport tells how many Services are read and judged in a second, and reported:
// from one file, or from one each, with a warning that has a place, or without.
func BenchmarkReport(b *testing.B) {
	for _, bm := range []struct {
		name, extra string
		each        int // warnings
	}{{"clean", "", 0}, {"warned", warned, 1}} {
		var texts []string
		for i := range services {
			texts = append(texts, fmt.Sprintf(service, i)+bm.extra)
		}
		b.Run(bm.name+" in one file", func(b *testing.B) { reported(b, files(b, strings.Join(texts, "---\n")), bm.each) })
		b.Run(bm.name+" in a file each", func(b *testing.B) { reported(b, files(b, texts...), bm.each) })
	}
}

// files is a directory with a file for each text.
func files(b *testing.B, texts ...string) string {
	b.Helper()
	directory := b.TempDir()
	for i, text := range texts {
		if err := os.WriteFile(filepath.Join(directory, fmt.Sprintf("%d.yaml", i)), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return directory
}

// reported checks a directory of Services with so many warnings each.
func reported(b *testing.B, directory string, each int) {
	known := New(time.Now())
	c := Check{Policy: &policy.Config{ExternalNetwork: "3b4eb25e-e103-491f-a640-a6246d588561"}, Known: &known}
	b.ReportAllocs()
	for b.Loop() {
		read, err := manifest.Reader{}.Read([]string{directory})
		if err != nil {
			b.Fatal(err)
		}
		r := c.Report(read)
		if n := len(r.Findings()); n != each*services {
			b.Fatalf("%d findings", n)
		}
		if err := report.Text(io.Discard, r, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(services*b.N)/b.Elapsed().Seconds(), "services/s")
}
