package media

import (
	"time"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

const (
	sweepPeriod  = time.Hour
	settlePeriod = 5 * time.Minute
	// periodicAttempts are few, as the next job of the kind comes anyway.
	periodicAttempts = 3
)

// PeriodicJobs are the jobs of this package that come by themselves.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		jobs.Periodic(sweepPeriod, SweepArgs{}),
		jobs.Periodic(settlePeriod, SettleArgs{}),
	}
}

// AddWorkers adds the workers of this package.
func (s *Service) AddWorkers(workers *river.Workers) {
	river.AddWorker(workers, &processor{Service: s})
	river.AddWorker(workers, &remover{Service: s})
	river.AddWorker(workers, &sweeper{Service: s})
	river.AddWorker(workers, &settler{Service: s})
}
