package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Result is what a run measured.
type Result struct {
	Profile string
	Seed    uint64
	Users   int
	Rate    float64 // operations a second that were due; 0 when each user began one after the other
	Started time.Time
	// Elapsed is how long requests were begun; what was settled afterwards is not in the figures.
	Elapsed    time.Duration
	Operations []Operation // ordered by name
	Seconds    []Second    // one after the other
	// Unknown is of how many operations nobody knows what became of them.
	Unknown int64
	// Late is how many operations of an open loop began more than a second after they were due, because all users were busy.
	Late int64
	// Dropped is how many operations of an open loop were due and not begun when the load was over.
	Dropped int64
	// Notes tell what else one must know to read the figures, a sentence each.
	Notes []string
}

// An Operation is what was measured of one kind of request.
type Operation struct {
	Name string
	// Statuses are how many answers had which status; 0 are requests without an answer.
	Statuses       map[int]int64
	Codes          map[string]int64 // of the problems among them
	Sent, Received int64            // bytes of bodies and headers
	// Latency is how long answers took from when their request was due, in microseconds; Service from when it was sent.
	Latency, Service *hdrhistogram.Histogram
}

// A Second is what was measured in one second of a run.
type Second struct {
	Answers, Failures int64 // failures are requests without an answer and those with a 5xx
	P50, P99          time.Duration
}

// Progress is how far a run is.
type Progress struct {
	Elapsed, Duration time.Duration
	Users             int // at work
	Answers, Failures int64
	Last              Second
}
