//go:build unix

package jobs_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/jobs"
)

// The id of a request stands in the lines of the jobs it asked for, and of those that these ask for.
func TestRequestID(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	inserted := make(chan int64, 2)
	insert := func(ctx context.Context, name string) error {
		result, err := b.inserter.Insert(ctx, args{Name: name}, &river.InsertOpts{Metadata: []byte(`{"mine": 7}`)})
		if err == nil {
			inserted <- result.Job.ID
		}
		return err
	}
	client := apitest.New(t, nil, func(api *httpapi.API) {
		httpapi.Handle(api, httpapi.Route{Pattern: "POST /jobs", ID: "ask", Tag: "T", Summary: "Ask", Access: httpapi.Public},
			func(ctx context.Context, _ *struct{}) (*httpapi.Empty, error) { return nil, insert(ctx, "asks") })
	})
	seen := make(chan string, 2)
	s := b.work(t, func(ctx context.Context, job *river.Job[args]) error {
		seen <- jobs.RequestID(ctx)
		if job.Args.Name == "asks" {
			return insert(ctx, "asked")
		}
		return nil
	})
	res := client.Do(http.MethodPost, "/jobs", nil)
	s.await(t)
	s.await(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	want := res.Header.Get("X-Request-Id")
	for range 2 {
		id := <-inserted
		if got := <-seen; got != want {
			t.Errorf("request id in the context of a job: got %q, want %q", got, want)
		}
		if line := b.log.of(t, id); len(line) != 1 || line[0]["request_id"] != want {
			t.Errorf("log: got %v, want a line with request_id %s", line, want)
		}
		var mine string
		err := b.pool.QueryRow(t.Context(), "SELECT metadata->>'mine' FROM river_job WHERE id = $1", id).Scan(&mine)
		if err != nil || mine != strconv.Itoa(7) {
			t.Errorf("other metadata: got %q, %v, want it kept", mine, err)
		}
	}
}
