package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/report"
)

func progress(at time.Duration) load.Progress {
	return load.Progress{
		Elapsed: at, Duration: time.Minute, Users: 32, Answers: 45_678, Failures: 3,
		Last: load.Second{Answers: 1234, P50: 1200 * time.Microsecond, P99: 9800 * time.Microsecond},
	}
}

func TestRewrittenLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	show, end := report.RewrittenLine(&b, 200)
	show(progress(12 * time.Second))
	show(progress(61 * time.Second))
	end()
	want := "\r12 s of 60 s · 32 users · 1,234/s · p50 1.20 ms · p99 9.80 ms · 45,678 answers · 3 failed\x1b[K" +
		"\rsettling, 61 s · 32 users · 1,234/s · p50 1.20 ms · p99 9.80 ms · 45,678 answers · 3 failed\x1b[K\n"
	if b.String() != want {
		t.Errorf("the terminal got %q, want %q", b.String(), want)
	}
}

// A line as wide as the terminal would go on in the next row, which is not written over.
func TestRewrittenLineIsCut(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{0, 1, 20} {
		var b bytes.Buffer
		show, _ := report.RewrittenLine(&b, columns)
		show(progress(12 * time.Second))
		line := strings.TrimSuffix(strings.TrimPrefix(b.String(), "\r"), "\x1b[K")
		if n := len([]rune(line)); n != max(0, columns-1) {
			t.Errorf("in %d columns the line %q has %d", columns, line, n)
		}
	}
}

func TestRewrittenLineThatWasNot(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	_, end := report.RewrittenLine(&b, 80)
	end()
	if b.Len() != 0 {
		t.Errorf("it ended nothing with %q", b.String())
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	show := report.Lines(&b)
	for second := range 47 {
		if second < 20 || second > 40 { // It was not asked for a while.
			show(progress(time.Duration(second)*time.Second + time.Millisecond))
		}
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "10 s of 60 s") || !strings.HasPrefix(lines[1], "41 s of 60 s") {
		t.Errorf("the lines are %q, want one of 10 s and one of 41 s", lines)
	}
}
