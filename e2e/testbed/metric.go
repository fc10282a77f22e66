package testbed

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Metric is what octagate counts now under a name, of everything that bears a label, such
// as webhook="mutate".
func (w *World) Metric(ctx context.Context, name, label string) (float64, error) {
	address, err := metricsAddress(w.ConfigFile())
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("reading octagate's metrics: %w", err)
	}
	defer answer.Body.Close()
	sum := 0.0
	lines := bufio.NewScanner(answer.Body)
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
