package testbed

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"sigs.k8s.io/yaml"
)

// Metric is what octagate counts now under a name, of everything that bears a label, such
// as webhook="mutate".
func (w *World) Metric(ctx context.Context, name, label string) (float64, error) {
	return metric(ctx, w.ConfigFile(), name, label)
}

func metric(ctx context.Context, config, name, label string) (float64, error) {
	answer, err := scrape(ctx, config)
	if err != nil {
		return 0, err
	}
	defer answer.Close()
	sum := 0.0
	lines := bufio.NewScanner(answer)
	for lines.Scan() {
		series, value, is := strings.Cut(lines.Text(), "} ")
		if !is || !strings.HasPrefix(series, name+"{") || !strings.Contains(series, label) {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("reading octagate's metrics: %w", err)
		}
		sum += n
	}
	return sum, lines.Err()
}

// Metrics are all that octagate exports, by name.
func (w *World) Metrics(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	answer, err := scrape(ctx, w.ConfigFile())
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(answer)
}

// scrape reads what Prometheus would read of the octagate with a configuration.
func scrape(ctx context.Context, config string) (io.ReadCloser, error) {
	address, err := metricsAddress(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("reading octagate's metrics: %w", err)
	}
	return answer.Body, nil
}

// metricsAddress reads from a configuration file where octagate shows its metrics.
func metricsAddress(config string) (string, error) {
	text, err := os.ReadFile(config)
	if err != nil {
		return "", fmt.Errorf("reading octagate's configuration: %w", err)
	}
	var c struct {
		Metrics struct {
			BindAddress string `json:"bindAddress"`
		} `json:"metrics"`
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		return "", fmt.Errorf("reading octagate's configuration %s: %w", config, err)
	}
	return c.Metrics.BindAddress, nil
}
