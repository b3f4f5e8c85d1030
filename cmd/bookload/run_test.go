package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/report"
)

// aService answers what a load of the profile browse asks for, with one hotel, and calls each before.
func aService(t *testing.T, each func(requests int)) (base string) {
	t.Helper()
	var mu sync.Mutex
	requests := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		each(requests)
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		hotel := `{"id": 1, "city": {"id": 2}}`
		if r.URL.Path == "/hotels/1" {
			fmt.Fprint(w, hotel)
			return
		}
		fmt.Fprintf(w, `{"items": [%s], "next_cursor": null}`, hotel)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestRun(t *testing.T) {
	t.Parallel()
	base := aService(t, func(int) {})
	dir := t.TempDir()
	jsonPath, htmlPath, ledgerPath := filepath.Join(dir, "run.json"), filepath.Join(dir, "run.html"), filepath.Join(dir, "run.ledger")
	o := invoke(t.Context(), nil, "run", "--base-url", base, "--profile", "browse", "--duration", "1s", "--users", "2", "--seed", "12", "--json", jsonPath,
		"--html", htmlPath, "--ledger", ledgerPath, "--fail-if", "all.errors > 0", "--fail-if", "all.count < 1")
	if o.code != exitSuccess || !strings.Contains(o.stderr, "seed 12") {
		t.Fatalf("exit code %d: %s", o.code, o.stderr)
	}
	var summary report.Summary
	text, err := os.ReadFile(jsonPath)
	if err == nil {
		err = json.Unmarshal(text, &summary)
	}
	if err != nil || summary.Parameters.Seed != 12 || summary.Parameters.Users != 2 || summary.All.Count == 0 || len(summary.Thresholds) != 2 {
		t.Errorf("the JSON is %s (%v)", text, err)
	}
	page, err := os.ReadFile(htmlPath)
	if err != nil || !bytes.Contains(page, []byte("</html>")) {
		t.Errorf("the page is %q (%v)", page, err)
	}
	for _, want := range []string{"browse against " + base, "all.errors > 0", "search"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("standard output has no %q:\n%s", want, o.stdout)
		}
	}
	kept, err := ledger.ReadFile(ledgerPath)
	if err != nil || kept.Header.Seed != 12 || kept.Header.Profile != "browse" || kept.Header.Run == "" || kept.Header.Started.IsZero() {
		t.Errorf("the ledger is %+v (%v)", kept, err)
	}
}

// Standard output is the JSON alone if it is asked for, and without a seed each run has its own.
func TestRunToStandardOutput(t *testing.T) {
	t.Parallel()
	base := aService(t, func(int) {})
	seeds := make(map[uint64]bool)
	for range 2 {
		o := invoke(t.Context(), nil, "run", "--base-url", base, "--profile", "browse", "--duration", "1s", "--json", "-", "--quiet", "--rate", "50")
		var summary report.Summary
		if err := json.Unmarshal([]byte(o.stdout), &summary); err != nil || o.code != exitSuccess || o.stderr != "" {
			t.Fatalf("exit code %d, %v: %s", o.code, err, o.stderr)
		}
		if summary.Parameters.RatePerSecond != 50 {
			t.Errorf("the rate is %g, want 50", summary.Parameters.RatePerSecond)
		}
		seeds[summary.Parameters.Seed] = true
	}
	if len(seeds) != 2 {
		t.Errorf("both runs have the seed %v", seeds)
	}
}

func TestCrossedThresholdsFailTheRun(t *testing.T) {
	t.Parallel()
	base := aService(t, func(int) {})
	o := invoke(t.Context(), nil, "run", "--base-url", base, "--profile", "browse", "--duration", "1s", "--quiet",
		"--fail-if", "all.count > 0", "--fail-if", "book.p99 > 1h", "--fail-if", "all.errors > 0")
	want := regexp.MustCompile(`^bookload run: the threshold "all.count > 0" is crossed: [\d,]+
bookload run: the threshold "book.p99 > 1h" is crossed: nothing was measured
$`)
	if o.code != exitFailure || !want.MatchString(o.stderr) || strings.Count(o.stdout, "CROSSED") != 2 {
		t.Errorf("exit code %d, %q and %s", o.code, o.stderr, o.stdout)
	}
}

// The first signal ends ctx.
func TestInterruptedRunReports(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	base := aService(t, func(requests int) {
		if requests == 200 {
			interrupt()
		}
	})
	o := invoke(ctx, nil, "run", "--base-url", base, "--profile", "browse", "--duration", "1h")
	if o.code != exitFailure || !strings.Contains(o.stdout, "The run was interrupted after") || !strings.Contains(o.stderr, "the run was interrupted") {
		t.Errorf("exit code %d, %q and %s", o.code, o.stderr, o.stdout)
	}
}

func TestRunWithoutService(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	o := invoke(t.Context(), nil, "run", "--base-url", s.URL, "--profile", "browse", "--duration", "1s", "--seed", "5", "--quiet")
	if o.code != exitFailure || !strings.Contains(o.stderr, "404") || !strings.Contains(o.stderr, "seed 5") || o.stdout != "" {
		t.Errorf("exit code %d, %q and %q", o.code, o.stderr, o.stdout)
	}
}

// A service that has died is not one without failures.
func TestRunWithoutAnswersFails(t *testing.T) {
	t.Parallel()
	silent := &load.Result{Operations: []load.Operation{{Name: "search", Statuses: map[int]int64{0: 100}}}}
	if err := verdict(report.Summarize(silent, report.Run{}, nil)); err == nil || !strings.Contains(err.Error(), "no request was answered") {
		t.Errorf("verdict() = %v", err)
	}
}
