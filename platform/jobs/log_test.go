package jobs_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

// Of what River says, warnings are worth a line beside ours, whatever is added to its logger.
func TestRiverLogger(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	log := jobs.RiverLogger(slog.New(slog.NewTextHandler(&text, nil))).With("client", 7).WithGroup("river")
	log.Info("a job errored")
	log.Warn("a job is stuck", "id", 1)
	if got := text.String(); strings.Contains(got, "errored") || !strings.Contains(got, `msg="a job is stuck" client=7 river.id=1`) {
		t.Errorf("log: got %q, want the warning alone", got)
	}
	quiet := jobs.RiverLogger(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelError})))
	if quiet.Enabled(t.Context(), slog.LevelWarn) {
		t.Error("a logger of errors alone passes warnings on")
	}
}
