package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/octagate/octagate/webhook"
)

// An asker asks a webhook over TLS as API servers do: by HTTP/1.1, on connections that
// stay, of which as many are kept as they keep.
type asker struct {
	client *http.Client
	url    string // https://host:port
}

// kept is how many idle connections an API server keeps to a webhook.
const kept = 25

func newAsker(address, name string) asker {
	return asker{url: "https://" + address, client: &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{ServerName: name, InsecureSkipVerify: true}, // who it is was seen when it was started
		MaxIdleConnsPerHost: kept,
		IdleConnTimeout:     90 * time.Second,
	}}}
}

// A call is one way to ask: where, and for how long an API server waits.
type call struct {
	path    string
	timeout time.Duration
}

// The calls to both webhooks, with the time-outs that ship.
var (
	mutate   = call{webhook.MutatePath, 2 * time.Second}
	validate = call{webhook.ValidatePath, 3 * time.Second}
)

// ask is what comes of a review.
func (a asker) ask(ctx context.Context, c call, r review) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	url := fmt.Sprintf("%s%s?timeout=%s", a.url, c.path, c.timeout)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(r))
	if err != nil {
		return failed, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return failed, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return failed, err
	}
	if response.StatusCode != http.StatusOK {
		return failed, errors.New(response.Status)
	}
	return read(body)
}

// A sample is one request: how long after the time it was meant for its answer was there.
type sample struct {
	took  time.Duration
	doubt bool // the cloud had to be asked about it
	is    answer
	err   error
}

// oneIn is how often a request is about what the cloud has to be asked for.
const oneIn = 10

// manyDoubts is how many addresses such requests are about.
const manyDoubts = 1000

// pour sends requests at fixed times for a while, whether or not those before were
// answered: who waits for answers before the next does not see the queue. Both webhooks
// are asked in turn.
func (a asker) pour(ctx context.Context, rate int, lasts time.Duration) []sample {
	plain, doubts := applied(), doubtful(manyDoubts)
	samples := make([]sample, int(lasts.Seconds()*float64(rate)))
	begun := time.Now()
	var pouring sync.WaitGroup
	for i := range samples {
		due := begun.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if pause(ctx, time.Until(due)) != nil {
			return samples[:i]
		}
		pouring.Go(func() {
			s := &samples[i]
			r, c := plain, mutate
			if i%2 == 1 {
				c = validate
			}
			if s.doubt = i/2%oneIn == 0; s.doubt {
				r = doubts[i/2/oneIn%manyDoubts]
			}
			s.is, s.err = a.ask(ctx, c, r)
			s.took = time.Since(due)
		})
	}
	pouring.Wait()
	return samples
}

// percentile is how long the quickest part of all took at most, in milliseconds.
func percentile(sorted []time.Duration, part float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := min(len(sorted)-1, int(part*float64(len(sorted))))
	return float64(sorted[i]) / float64(time.Millisecond)
}

// times are those of the samples that are such, in order.
func times(all []sample, such func(sample) bool) []time.Duration {
	var times []time.Duration
	for _, s := range all {
		if such(s) {
			times = append(times, s.took)
		}
	}
	slices.Sort(times)
	return times
}
