package jobs

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// retryDelay is when a job runs again whose worker was killed.
const retryDelay = time.Second

// backoff decides when a job that failed is tried again.
type backoff struct{}

var _ river.ClientRetryPolicy = backoff{}

// NextRetry implements river.ClientRetryPolicy. It is asked about attempts that failed, and about those that run for
// so long that their worker must be dead: those have waited already, and it was no fault of theirs.
func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	now := time.Now()
	if job.AttemptedAt != nil && now.Sub(*job.AttemptedAt) >= RescueAfter {
		return now.Add(retryDelay)
	}
	seconds := math.Pow(float64(job.Attempt), 4)
	chance := 0.9 + 0.2*rand.Float64() //nolint:gosec // chance, not secrecy
	return now.Add(time.Duration(seconds * chance * float64(time.Second)))
}
