package report

import (
	"fmt"
	"io"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// lineEvery is how far lines of progress are apart where they cannot be rewritten.
const lineEvery = 10 * time.Second

// RewrittenLine returns a function that shows progress on a terminal of so many columns, in one line that is written
// over, and one that ends the line.
func RewrittenLine(w io.Writer, columns int) (show func(load.Progress), end func()) {
	shown := false
	show = func(p load.Progress) {
		line := []rune(progressLine(p))
		// A line that is as wide as the terminal would be continued on the next one.
		line = line[:max(0, min(len(line), columns-1))]
		// What is erased is what was longer before.
		fmt.Fprintf(w, "\r%s\x1b[K", string(line))
		shown = true
	}
	end = func() {
		if shown {
			fmt.Fprintln(w)
		}
		shown = false
	}
	return show, end
}

// Lines returns a function that shows progress as a line for every ten seconds of the run.
func Lines(w io.Writer) (show func(load.Progress)) {
	next := lineEvery
	return func(p load.Progress) {
		if p.Elapsed < next {
			return
		}
		next = p.Elapsed.Truncate(lineEvery) + lineEvery
		fmt.Fprintln(w, progressLine(p))
	}
}

func progressLine(p load.Progress) string {
	phase := fmt.Sprintf("%s of %s", formatSeconds(p.Elapsed.Truncate(time.Second).Seconds()), formatSeconds(p.Duration.Seconds()))
	if p.Elapsed > p.Duration {
		phase = fmt.Sprintf("settling, %s", formatSeconds(p.Elapsed.Truncate(time.Second).Seconds()))
	}
	return fmt.Sprintf("%s · %d users · %s/s · p50 %s · p99 %s · %s answers · %s failed", phase, p.Users,
		formatCount(p.Last.Answers), formatMicroseconds(p.Last.P50.Microseconds()), formatMicroseconds(p.Last.P99.Microseconds()),
		formatCount(p.Answers), formatCount(p.Failures))
}
