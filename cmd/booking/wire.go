package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"riverqueue.com/riverui"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/argon2id"
	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/disk"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/health"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/keys"
	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/metrics"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgwatch"
	"github.com/shumbooking/shumbooking/platform/texts"
	"github.com/shumbooking/shumbooking/platform/tracing"
)

const (
	// probeConns is the pool of the health checks. They have their own, because a busy service is not an
	// unhealthy one: judged by the pool of the requests, overload would end readiness and make more of itself.
	probeConns = 2
	// redisCheckTimeout leaves room for a connection, its greeting and the ping.
	redisCheckTimeout = 4 * kv.Timeout
	startPause        = 50 * time.Millisecond
	maxStartPause     = 2 * time.Second
)

// An application is the service put together.
type application struct {
	// pool is for the features, probe for health checks and metrics, and queue for River where jobs are run.
	pool, probe, queue *pgxpool.Pool
	redis              *kv.Client
	registry           *prometheus.Registry
	jobs               *jobs.Client
	worker             *jobs.Worker // nil where no jobs are run
	audit              *audit.Service
	auth               *auth.Service
	catalog            *catalog.Service
	booking            *booking.Service
	media              *media.Service
	store              storage.Store
	riverUI            *riverui.Handler
	tracing            *tracing.Provider // nil where nothing is traced
	argon2id           *argon2id.Helpers
	health             *health.Health
	api                *httpapi.API
	handler            http.Handler
	log                *slog.Logger
}

// newApplication puts the service together. It connects to nothing yet.
func newApplication(ctx context.Context, s settings, log *slog.Logger) (*application, error) {
	pool, err := pg.Open(ctx, s.database, log)
	if err != nil {
		return nil, err
	}
	a, err := newFeatures(ctx, s, pool, log)
	if err != nil {
		return nil, err
	}
	if err := a.serveFeatures(s); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// newFeatures returns an application that has features on pool, which it closes, and no API yet.
func newFeatures(ctx context.Context, s settings, pool *pgxpool.Pool, log *slog.Logger) (*application, error) {
	b := currentBuild()
	started := time.Now()
	a := &application{log: log, pool: pool, argon2id: argon2id.New(log), tracing: newTracing(ctx, s.tracing, log)}
	a.registry = metrics.NewRegistry(metrics.Build{Version: b.version, Commit: b.commit, Started: started})
	a.redis = a.openRedis(s.redis)
	probe := s.database
	probe.MaxConns = probeConns
	var err error
	if a.probe, err = pg.Open(ctx, probe, log); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if err := a.makeFeatures(s); err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.registry.MustRegister(
		pg.NewCollector(a.pool), pgwatch.NewCollector(a.probe, log), jobs.NewCollector(a.probe, log),
		disk.NewCollector(volumes(s.images), log),
	)
	a.health = health.New(health.Config{
		Version: b.version, Commit: b.commit, Started: started, Checks: a.checks(), Log: log,
	})
	return a, nil
}

// serveFeatures makes the API of the features.
func (a *application) serveFeatures(s settings) error {
	catalogue, err := texts.Parse(catalogueFile)
	if err != nil {
		return err
	}
	a.api = httpapi.New(httpapi.Config{
		Title: apiTitle, Version: currentBuild().version, Description: apiDescription, Tags: apiTags(),
		AccessTexts: auth.AccessTexts(),
		RootPath:    s.rootPath, CORSOrigins: s.corsOrigins, TrustedProxies: s.limits.trustedProxies,
		Admit: a.auth.Admit, Refused: a.audit.Refused, Classify: a.classify,
		FingerprintKeys: keys.NewRing([]byte(s.tokens.secret), []byte(s.tokens.previous)).Derive("idempotency fingerprint"),
		Log:             a.log, Metrics: a.registry, Tracer: a.tracing.Tracer(), Texts: catalogue,
	})
	a.health.Register(a.api)
	metrics.Register(a.api, a.registry, a.log)
	httpapi.HandleDocs(a.api)
	a.auth.Register(a.api)
	a.catalog.Register(a.api)
	a.booking.Register(a.api)
	a.media.Register(a.api)
	a.audit.Register(a.api)
	if err := a.mountRiverUI(s); err != nil {
		return err
	}
	a.handler, err = a.api.Build()
	return err
}

// makeFeatures makes the features. It is the only place where they meet.
func (a *application) makeFeatures(s settings) error {
	secret, previous := []byte(s.tokens.secret), []byte(s.tokens.previous)
	cursors := page.NewSigner(secret, previous)
	var err error
	if a.jobs, err = jobs.NewInserter(a.pool, a.jobsConfig()); err != nil {
		return err
	}
	limits, err := a.newLimiters(s.limits)
	if err != nil {
		return err
	}
	a.auth, err = auth.New(a.pool, auth.Config{
		SecretKey: secret, PreviousKey: previous, AccessTTL: s.tokens.accessTTL, RefreshIdle: s.tokens.refreshIdle,
		DeriveKey: a.argon2id.Key, Cursors: cursors, Redis: a.redis, Limits: limits, Metrics: a.registry, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.audit = audit.New(a.pool, audit.Config{Access: auth.AdminOnly, Cursors: cursors, Metrics: a.registry, Log: a.log})
	a.catalog = catalog.New(a.pool, catalog.Config{Cursors: cursors, Jobs: a.jobs, Metrics: a.registry})
	a.booking = booking.New(a.pool, booking.Config{Cursors: cursors, Jobs: a.jobs, Metrics: a.registry, Log: a.log})
	if a.store, err = openStore(s.images); err != nil {
		return err
	}
	a.media = media.New(a.pool, media.Config{
		Store: a.store, Jobs: a.jobs, MaxFileSize: s.images.maxFileSize, Metrics: a.registry, Log: a.log,
	})
	return nil
}

func (a *application) checks() []health.Check {
	return []health.Check{
		{Name: "postgres", Run: a.probe.Ping},
		{Name: "schema", Run: a.checkSchema},
		{Name: "redis", Need: health.Optional, Timeout: redisCheckTimeout, Run: a.redis.Ping},
		{Name: "jobs", Need: health.Optional, Run: func(ctx context.Context) error { return jobs.Check(ctx, a.probe) }},
		{Name: "storage", Need: health.Optional, Run: a.store.Check},
	}
}

// checkSchema returns an error while the schema is older than this program.
func (a *application) checkSchema(ctx context.Context) error {
	status, err := migrations.Check(ctx, a.probe)
	if err == nil && !status.Ready() {
		err = fmt.Errorf("the schema is at version %d, want %d: run 'booking migrate up'", status.Current, status.Latest)
	}
	return err
}

// classify tells clients to come back where the error is one of the moment. Until the application has started,
// every error of its own is: there may not even be a schema.
func (a *application) classify(err error) error {
	if !pg.IsUnavailable(err) && !a.health.IsStarting() {
		return err
	}
	e := errs.Unavailable.New("").Because(err)
	e.RetryAfter = time.Second
	return e
}

// run serves requests until ctx ends. Meanwhile start does what comes before readiness, and declares it; then jobs
// are run, if this application does that.
func (a *application) run(ctx context.Context, s server, start func(context.Context) error) error {
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return s.run(running) })
	g.Go(func() error {
		if err := start(running); err != nil {
			return unlessStopped(running, err)
		}
		if err := a.riverUI.Start(running); err != nil {
			return fmt.Errorf("start River UI: %w", err)
		}
		if a.worker == nil {
			return nil
		}
		return a.worker.Run(running)
	})
	return g.Wait()
}

// unlessStopped returns err, or nil when ctx has ended: what fails because of being told to stop is no failure.
func unlessStopped(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// retry runs try until it succeeds, with growing pauses, or until ctx ends.
func (a *application) retry(ctx context.Context, what string, try func(context.Context) error) error {
	for pause := startPause; ; pause = min(2*pause, maxStartPause) {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.log.Warn("waiting", "for", what, "error", err, "retry_in", pause.String())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// close sends the traces that are not sent yet, and ends the connections.
func (a *application) close() error {
	a.tracing.Stop()
	a.argon2id.Close()
	for _, pool := range []*pgxpool.Pool{a.pool, a.probe, a.queue} {
		if pool != nil {
			pool.Close()
		}
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			return fmt.Errorf("close the store of images: %w", err)
		}
	}
	if err := a.redis.Close(); err != nil {
		return fmt.Errorf("close Redis: %w", err)
	}
	return nil
}
