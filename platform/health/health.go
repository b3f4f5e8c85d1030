// Package health tells orchestrators and people how a process and what it depends on are doing.
package health

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultTimeout = time.Second
	// freshness is how long a result is given to others who ask: the endpoints are open to anyone, and must not
	// become a way to load the dependencies.
	freshness = 250 * time.Millisecond
)

// A Need says what it means for the process when a dependency is away.
type Need int

const (
	// Required dependencies gate readiness: nothing can be served without them.
	Required Need = iota
	// Optional dependencies are reported; their loss is bridged.
	Optional
)

// A Check looks at one dependency.
type Check struct {
	// Name is the component's name in replies, in snake_case.
	Name string
	Need Need
	// Timeout bounds Run: 1 s when zero.
	Timeout time.Duration
	// Run returns an error when the dependency cannot be used. The error is logged and never shown to clients.
	Run func(context.Context) error
}

// Config is what a Health needs to know.
type Config struct {
	// Version and Commit say what is running.
	Version, Commit string
	// Started is when the process began.
	Started time.Time
	Checks  []Check
	// Log hears when a component goes down and when it comes back.
	Log *slog.Logger
}

type phase int32

const (
	starting phase = iota
	serving
	draining
)

// Health knows the phase of the process and the state of its dependencies. It begins in the phase of starting.
type Health struct {
	config Config
	phase  atomic.Int32

	mu        sync.Mutex // held while checks run, so that callers share one run
	checkedAt time.Time
	last      map[string]Component
}

// New returns the Health of a process that is starting.
func New(c Config) *Health { return &Health{config: c} }

// Started lets the process be ready, unless it is draining.
func (h *Health) Started() { h.phase.CompareAndSwap(int32(starting), int32(serving)) }

// IsStarting reports whether Started is still to come.
func (h *Health) IsStarting() bool { return phase(h.phase.Load()) == starting }

// Drain ends readiness for good: no new requests are wanted.
func (h *Health) Drain() { h.phase.Store(int32(draining)) }

// A Component is the state of one dependency.
type Component struct {
	Status    string  `json:"status" enum:"up,down" description:"Whether the component can be used."`
	LatencyMS float64 `json:"latency_ms" description:"How long the look took, in milliseconds." example:"0.4"`
}

const (
	up   = "up"
	down = "down"
)

// components runs all checks at once, or returns what they said a moment ago.
func (h *Health) components(ctx context.Context) map[string]Component {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != nil && time.Since(h.checkedAt) < freshness {
		return h.last
	}
	// A client that goes away must not make a component look down to the next one.
	ctx = context.WithoutCancel(ctx)
	found := make([]Component, len(h.config.Checks))
	var running sync.WaitGroup
	for i, check := range h.config.Checks {
		running.Go(func() { found[i] = h.run(ctx, check, h.last[check.Name]) })
	}
	running.Wait()
	h.last = make(map[string]Component, len(found))
	for i, check := range h.config.Checks {
		h.last[check.Name] = found[i]
	}
	h.checkedAt = time.Now()
	return h.last
}

// run runs one check and logs a change of what it says.
func (h *Health) run(ctx context.Context, check Check, before Component) Component {
	timeout := check.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	begin := time.Now()
	err := check.Run(ctx)
	now := Component{Status: up, LatencyMS: float64(time.Since(begin).Microseconds()) / 1000}
	if err != nil {
		now.Status = down
	}
	switch {
	case now.Status == down && before.Status != down:
		h.config.Log.Warn("component is down", "component", check.Name, "error", err)
	case now.Status == up && before.Status == down:
		h.config.Log.Info("component is up again", "component", check.Name)
	}
	return now
}

// missing reports whether a component of the given need is down.
func (h *Health) missing(need Need, components map[string]Component) bool {
	for _, check := range h.config.Checks {
		if check.Need == need && components[check.Name].Status == down {
			return true
		}
	}
	return false
}
