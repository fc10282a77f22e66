package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An endpoint is a Pod behind the address of a Service.
type endpoint struct {
	webhook, readyz string // host:port, URL
	ready           atomic.Bool
}

// An address stands for that of a Service, for there is no kube-proxy here: each new
// connection goes to the next of those that are ready, and stays there. Who is ready is
// asked as often as it is told to proxies in a cluster, if one thinks of the seconds as ten
// times shorter.
type address struct {
	listener  net.Listener
	endpoints []*endpoint
	stop      context.CancelFunc
	running   sync.WaitGroup
	turn      atomic.Uint32

	mu      sync.Mutex
	refused []string // connections that led nowhere: when, and why
}

// probing is how often endpoints are asked whether they are ready.
const probing = 100 * time.Millisecond

func listen(endpoints []*endpoint) (*address, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the Service: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	a := &address{listener: listener, endpoints: endpoints, stop: stop}
	for _, e := range endpoints {
		a.running.Go(func() { e.follow(ctx) })
	}
	a.running.Go(a.accept)
	return a, nil
}

// follow asks whether the endpoint is ready until ctx ends.
func (e *endpoint) follow(ctx context.Context) {
	client := &http.Client{Timeout: grace}
	for tick := time.NewTicker(probing); ctx.Err() == nil; {
		e.ready.Store(answers(ctx, client, e.readyz))
		select {
		case <-ctx.Done():
			tick.Stop()
		case <-tick.C:
		}
	}
}

func (a *address) accept() {
	for {
		from, err := a.listener.Accept()
		if err != nil {
			return
		}
		go a.forward(from)
	}
}

// forward carries a connection to an endpoint; without one it is refused.
func (a *address) forward(from net.Conn) {
	defer from.Close()
	e := a.next()
	if e == nil {
		a.refuse("no endpoint is ready")
		return
	}
	to, err := net.Dial("tcp", e.webhook)
	if err != nil {
		a.refuse(err.Error())
		return
	}
	defer to.Close()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			io.Copy(way[1], way[0])
			way[1].(*net.TCPConn).CloseWrite()
		})
	}
	both.Wait()
}

// next is the next endpoint of those that are ready; nil: none is.
func (a *address) next() *endpoint {
	ready := slices.DeleteFunc(slices.Clone(a.endpoints), func(e *endpoint) bool { return !e.ready.Load() })
	if len(ready) == 0 {
		return nil
	}
	return ready[int(a.turn.Add(1))%len(ready)]
}

// refuse keeps why a connection led nowhere.
func (a *address) refuse(reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused = append(a.refused, time.Now().UTC().Format(time.StampMilli)+" "+reason)
}

// log is a line for each connection that led nowhere.
func (a *address) log() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.refused, "\n")
}

func (a *address) close() error {
	a.stop()
	err := a.listener.Close()
	a.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
