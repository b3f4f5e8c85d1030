// Package client asks a booking service over HTTP and keeps three things apart that a simpler client mixes up: an answer
// that says what happened, an answer that says that nothing did, and no answer at all.
package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// defaultTimeout is longer than the service takes to give up by itself.
	defaultTimeout = 15 * time.Second
	// idleTimeout is shorter than the service keeps a connection that nobody uses, so that it is not the one to close it.
	idleTimeout = 30 * time.Second
)

// Config is what a Client needs to know.
type Config struct {
	// BaseURLs are where the service answers. Each client number starts at its own, and goes to the next when one does not answer.
	BaseURLs []string
	// Connections is how many may be open to each of them; 0 is as many as there are requests at once.
	Connections int
	// Timeout is how long one attempt may take; 15 seconds if it is zero.
	Timeout time.Duration
	// Observe is told about every attempt, by many goroutines at once; optional.
	Observe func(Sample)
	// Dial connects to an address; by the system's network if it is nil.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Sample is what one attempt came to.
type Sample struct {
	Op     string
	Client int
	// Due is when the request should have been sent, which for another attempt is when the pause after the last one was over;
	// Begin is when it was sent, End when its answer was there as a whole.
	Due, Begin, End time.Time
	Status          int    // 0 without an answer
	Code            string // of the problem
	Sent, Received  int64  // bytes of the bodies and, nearly, of the headers
}

// A Client sends requests. Its methods may be called by many goroutines at once.
type Client struct {
	// transport is used without an http.Client, which would follow redirects and costs a tenth more.
	transport *http.Transport
	timeout   time.Duration
	bases     []*url.URL
	observe   func(Sample)
	once      bool
	// moves count how often the clients of a number, or of one that is the same modulo 256, have gone on to the next base URL.
	moves *[256]atomic.Uint32
}

// New returns a Client. It does not connect yet.
func New(c Config) (*Client, error) {
	if len(c.BaseURLs) == 0 {
		return nil, errors.New("new client: no base URL")
	}
	made := &Client{transport: transport(c), timeout: c.Timeout, observe: c.Observe, moves: new([256]atomic.Uint32)}
	for _, text := range c.BaseURLs {
		base, err := url.Parse(strings.TrimRight(text, "/"))
		if err != nil {
			return nil, fmt.Errorf("new client: %w", err)
		}
		if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
			return nil, fmt.Errorf("new client: %q is not the base URL of a service", text)
		}
		made.bases = append(made.bases, base)
	}
	if made.observe == nil {
		made.observe = func(Sample) {}
	}
	if made.timeout == 0 {
		made.timeout = defaultTimeout
	}
	return made, nil
}

func transport(c Config) *http.Transport {
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	}
	idle := c.Connections
	if idle == 0 {
		idle = 1 << 16 // All of them: to close what is needed again costs more than the requests.
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSHandshakeTimeout:    5 * time.Second,
		IdleConnTimeout:        idleTimeout,
		MaxConnsPerHost:        c.Connections,
		MaxIdleConnsPerHost:    idle,
		DisableCompression:     true, // What is measured is the service, and not how fast this program unpacks.
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         16 << 10,
	}
}

// Observing returns a Client that shares all connections with c and tells its attempts to observe.
func (c *Client) Observing(observe func(Sample)) *Client {
	observing := *c
	observing.observe = observe
	return &observing
}

// Once returns a Client that shares all connections with c and makes one attempt where c would go on until it knows.
func (c *Client) Once() *Client {
	once := *c
	once.once = true
	return &once
}

// Close ends the connections that are not in use.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// base returns where a client number is at present.
func (c *Client) base(client int) *url.URL {
	at := uint(client) + uint(c.moves[uint(client)%uint(len(c.moves))].Load())
	return c.bases[at%uint(len(c.bases))]
}

// move has a client number go to the next base URL.
func (c *Client) move(client int) { c.moves[uint(client)%uint(len(c.moves))].Add(1) }
