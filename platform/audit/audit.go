// Package audit keeps a log of who did what to which object, in the transaction of the deed, and shows it to those who
// may see it.
//
// Entries are only ever added, and removed when they are older than 400 days; the rights on the table see to that.
package audit

import (
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/page"
)

// Config is what a Service needs to know. Fields without "optional" are required.
type Config struct {
	// Access is what GET /audit demands of its callers.
	Access httpapi.Access
	// Cursors signs the cursors of the list.
	Cursors page.Signer
	// Metrics takes the counters; optional.
	Metrics prometheus.Registerer
	// Log is told of what no caller can be told; optional.
	Log *slog.Logger
}

// Service shows the log, adds refusals to it, and removes what is old. What else belongs into the log is added by
// Record, in the transaction of whoever does it.
type Service struct {
	db      *pgxpool.Pool
	access  httpapi.Access
	cursors page.Signer
	metrics metrics
	log     *slog.Logger
}

// New returns a Service over db.
func New(db *pgxpool.Pool, cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{db: db, access: cfg.Access, cursors: cfg.Cursors, metrics: newMetrics(cfg.Metrics), log: cfg.Log}
}

// Register mounts the endpoint on api.
func (s *Service) Register(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /audit", ID: "listAuditLog", Tag: "Audit", Summary: "Show who did what",
		Description: "Sign-ins, refusals and every change by staff, newest first. Entries are kept for 400 days.",
		Access:      s.access, Errors: []errs.Kind{errs.CursorInvalid},
	}, s.List)
}

// What became of a refusal.
const (
	recorded = "recorded"
	spared   = "spared"
	lost     = "lost"
)

type metrics struct {
	refusals *prometheus.CounterVec
	purged   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	factory := promauto.With(r)
	m := metrics{
		refusals: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "audit_refusals_total",
			Help: "Requests for what is not the caller's, by outcome: recorded, spared (of too many alike), lost. Lost must not grow.",
		}, []string{"outcome"}),
		purged: factory.NewCounter(prometheus.CounterOpts{
			Name: "audit_entries_purged_total", Help: "Entries of the audit log removed for their age.",
		}),
	}
	// A series that appears with its first event hides that event from rate().
	for _, outcome := range []string{recorded, spared, lost} {
		m.refusals.WithLabelValues(outcome)
	}
	return m
}
