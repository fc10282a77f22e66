package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/octagate/octagate/cmd/octagate/manifest"
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
  - {name: dns, port: 53, protocol: UDP}
---
`

// services is how many are checked at once.
const services = 1000

// BenchmarkReport tells how many Services are read and judged in a second, each with a
// warning that has a place.
func BenchmarkReport(b *testing.B) {
	var text strings.Builder
	for i := range services {
		fmt.Fprintf(&text, service, i)
	}
	known := New(time.Now())
	c := Check{Policy: &policy.Config{ExternalNetwork: "3b4eb25e-e103-491f-a640-a6246d588561"}, Known: &known}
	b.ReportAllocs()
	for b.Loop() {
		read, err := manifest.Reader{Stdin: strings.NewReader(text.String())}.Read([]string{"-"})
		if err != nil {
			b.Fatal(err)
		}
		if n := len(c.Report(read).Findings()); n != services {
			b.Fatalf("%d findings", n)
		}
	}
	b.ReportMetric(float64(services*b.N)/b.Elapsed().Seconds(), "services/s")
}
