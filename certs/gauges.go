package certs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/octagate/octagate/manifests/metric"
)

// What is measured.
var (
	expiry = metric.Def{
		Name: "octagate_certificate_expiry_timestamp_seconds", Kind: metric.Gauge,
		Doc: "When the certificate expires that this replica serves; 0: there is none.",
	}
	well = metric.Def{
		Name: "octagate_certificate_ready", Kind: metric.Gauge,
		Doc: "1 while the certificate is served, trusted by the API server, and renewed in time, else 0: the log says what is wrong, and the condition octagate.dev/CertificateReady of octagate's Service.",
	}
)

// Metrics are what is measured of the certificate.
func Metrics() []metric.Def { return []metric.Def{expiry, well} }

// Gauges are the certificate as Prometheus sees it. Nil Gauges show nothing.
type Gauges struct{ expiry, well prometheus.Gauge }

// NewGauges are gauges that r shows.
func NewGauges(r prometheus.Registerer) *Gauges {
	return &Gauges{expiry.Gauge(r).WithLabelValues(), well.Gauge(r).WithLabelValues()}
}

func (g *Gauges) expire(at time.Time) {
	if g != nil {
		g.expiry.Set(float64(at.Unix()))
	}
}

func (g *Gauges) ready(is bool) {
	switch {
	case g == nil:
	case is:
		g.well.Set(1)
	default:
		g.well.Set(0)
	}
}
