package health

import (
	"context"
	"net/http"
	"time"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// Register mounts the endpoints on api.
func (h *Health) Register(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /live", ID: "getLive", Tag: "System", Access: httpapi.Public, Probe: true,
		Summary:     "Is the process alive?",
		Description: "Looks at nothing but the process itself. An orchestrator restarts a process that does not answer.",
	}, h.Live)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /ready", ID: "getReady", Tag: "System", Access: httpapi.Public, Probe: true,
		Summary: "Can the process serve requests?",
		Description: "503 while the process starts or drains, and without its database or the current schema of it. " +
			"Other components are reported and do not decide.",
		OtherStatuses: []int{http.StatusServiceUnavailable},
	}, h.Ready)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /health", ID: "getHealth", Tag: "System", Access: httpapi.Public, Budget: httpapi.Unlimited,
		Summary:       "How is the service doing?",
		Description:   "For people and dashboards: version, uptime and every component. 503 when the service is down.",
		OtherStatuses: []int{http.StatusServiceUnavailable},
	}, h.Health)
}

// Liveness is the reply of GET /live.
type Liveness struct {
	Status string `json:"status" enum:"ok"`
}

// Live answers as long as the process can answer at all.
func (h *Health) Live(context.Context, *httpapi.Empty) (*Liveness, error) {
	return &Liveness{Status: "ok"}, nil
}

// Readiness is the reply of GET /ready.
type Readiness struct {
	Status string               `json:"status" enum:"ready,starting,draining,unavailable" description:"Only ready comes with 200."`
	Checks map[string]Component `json:"checks" nullable:"false" description:"The components that were looked at, by name."`
}

// StatusCode is 200 for ready and 503 for everything else.
func (r *Readiness) StatusCode() int {
	if r.Status == "ready" {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// Ready tells whether requests are wanted here.
func (h *Health) Ready(ctx context.Context, _ *httpapi.Empty) (*Readiness, error) {
	components := h.components(ctx)
	status := "ready"
	switch {
	case phase(h.phase.Load()) == starting:
		status = "starting"
	case phase(h.phase.Load()) == draining:
		status = "draining"
	case h.missing(Required, components):
		status = "unavailable"
	}
	return &Readiness{Status: status, Checks: components}, nil
}

// Report is the reply of GET /health.
type Report struct {
	Status        string               `json:"status" enum:"ok,degraded,down" description:"Degraded: serving without an optional component."`
	Version       string               `json:"version" description:"Version of the program." example:"1.0.0"`
	Commit        string               `json:"commit" description:"Commit that the program was built from." example:"0123abc"`
	UptimeSeconds int64                `json:"uptime_seconds" description:"Seconds since the process began."`
	Components    map[string]Component `json:"components" nullable:"false" description:"The components by name."`
}

// StatusCode is 503 when the service is down, else 200.
func (r *Report) StatusCode() int {
	if r.Status == down {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// Health reports on the whole service.
func (h *Health) Health(ctx context.Context, _ *httpapi.Empty) (*Report, error) {
	components := h.components(ctx)
	status := "ok"
	switch {
	case h.missing(Required, components):
		status = down
	case h.missing(Optional, components):
		status = "degraded"
	}
	return &Report{
		Status: status, Version: h.config.Version, Commit: h.config.Commit,
		UptimeSeconds: int64(time.Since(h.config.Started).Seconds()), Components: components,
	}, nil
}
