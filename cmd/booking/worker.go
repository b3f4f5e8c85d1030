package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"slices"

	"github.com/riverqueue/river"
	"golang.org/x/sync/errgroup"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/idempotency/purge"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/metrics"
	"github.com/shumbooking/shumbooking/platform/pg"
)

const (
	defaultWorkerAddr = ":8001"
	// queueConns is the pool of River itself. It is apart from that of the jobs, so that jobs which hold all of
	// theirs keep no worker from telling that it lives.
	queueConns = 8
	// spareConns are what jobs may need beside one connection each.
	spareConns = 4
)

func workerCommand() command {
	return command{
		name:    "worker",
		summary: "runs jobs",
		help: `Takes the settings of 'booking api'. Answers /live at once and waits for its database; /ready says 200 when the schema
is current. It serves /health and /metrics as well, and nothing else. The log goes to standard error.
On SIGTERM /ready says 503 and no more jobs are taken. Those that run may finish for 20 s; then they are broken off
and go back to the queue. Jobs of a killed worker are run by another within four minutes.`,
		setup: func(flags *flag.FlagSet) action {
			addr := flags.String("addr", defaultWorkerAddr, "`address` to listen on for probes and metrics")
			return func(ctx context.Context, env environment, _ []string) error {
				return service{newWorkerApplication, runJobs}.start(ctx, env, *addr)
			}
		},
	}
}

// newWorkerApplication puts together what runs jobs and serves nothing but probes and metrics.
func newWorkerApplication(ctx context.Context, s settings, log *slog.Logger) (*application, error) {
	database := s.database
	database.MaxConns = int32(jobs.MaxRunning() + spareConns)
	pool, err := pg.OpenForJobs(ctx, database, log)
	if err != nil {
		return nil, err
	}
	a, err := newFeatures(ctx, s, pool, log)
	if err != nil {
		return nil, err
	}
	a.api = httpapi.New(httpapi.Config{
		Title: apiTitle, Version: currentBuild().version, Classify: a.classify, Log: log, Metrics: a.registry,
	})
	a.health.Register(a.api)
	metrics.Register(a.api, a.registry, log)
	a.handler, err = a.api.Build()
	if err := errors.Join(err, a.employ(ctx, s)); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// employ gives the application a worker that runs the jobs of all features.
func (a *application) employ(ctx context.Context, s settings) (err error) {
	database := s.database
	database.MaxConns = queueConns
	if a.queue, err = pg.OpenForJobs(ctx, database, a.log); err != nil {
		return err
	}
	workers := river.NewWorkers()
	a.audit.AddWorkers(workers)
	a.auth.AddWorkers(workers)
	a.booking.AddWorkers(workers)
	a.media.AddWorkers(workers)
	purge.AddWorkers(workers, a.pool, a.registry)
	a.worker, err = jobs.NewWorker(a.queue, workers, periodicJobs(), a.jobsConfig())
	return err
}

func periodicJobs() []*river.PeriodicJob {
	return slices.Concat(audit.PeriodicJobs(), auth.PeriodicJobs(), booking.PeriodicJobs(), media.PeriodicJobs(), purge.PeriodicJobs())
}

// jobsConfig is for inserters and workers. It names every kind of job that there is.
func (a *application) jobsConfig() jobs.Config {
	kinds := []string{
		audit.PurgeArgs{}.Kind(),
		auth.PurgeArgs{}.Kind(), booking.RecountArgs{}.Kind(), catalog.RemovedArgs{}.Kind(),
		media.ProcessArgs{}.Kind(), media.SweepArgs{}.Kind(), media.SettleArgs{}.Kind(), purge.Args{}.Kind(),
	}
	return jobs.Config{Kinds: kinds, Metrics: a.registry, Log: a.log, Tracer: a.tracing.Tracer()}
}

// runJobs runs jobs until ctx ends and they have stopped. Probes and metrics are served to the end.
func runJobs(ctx context.Context, a *application, _ settings, s server) error {
	g, running := errgroup.WithContext(ctx)
	context.AfterFunc(ctx, a.health.Drain)
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error { return s.run(serving) })
	g.Go(func() error {
		defer stopServing()
		if err := a.retry(running, "the current schema", a.checkSchema); err != nil {
			return unlessStopped(running, err)
		}
		a.health.Started()
		a.log.Info("ready")
		return a.worker.Run(running)
	})
	return g.Wait()
}
