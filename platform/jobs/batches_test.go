package jobs_test

import (
	"context"
	"errors"
	"testing"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

func TestInBatches(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		rows      int64
		err       error
		wantCalls int
	}{
		"nothing to do":           {0, nil, 1},
		"less than a batch":       {9, nil, 1},
		"a whole batch":           {10, nil, 2},
		"two batches and a rest":  {21, nil, 3},
		"more than for one job":   {1000, nil, 5},
		"an error is not retried": {1000, broken, 1},
	} {
		calls, left := 0, tt.rows
		err := jobs.InBatches(t.Context(), 10, 5, func(_ context.Context, size int) (int64, error) {
			calls++
			done := min(left, int64(size))
			left -= done
			return done, tt.err
		})
		if calls != tt.wantCalls || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %d calls and %v, want %d and %v", name, calls, err, tt.wantCalls, tt.err)
		}
	}
}
