package report_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/report"
)

var update = flag.Bool("update", false, "write the expected outputs of this package's tests")

// aRun goes with the results of this file.
func aRun() report.Run {
	return report.Run{
		Program: "bookload 1.2.3", BaseURLs: []string{"http://127.0.0.1:8001", "http://127.0.0.1:8002"},
		Duration: time.Minute, RampUp: 5 * time.Second, Settle: 30 * time.Second, Ledger: "run.ledger",
	}
}

// aResult is what a minute of a service could be like that stalls once. It is the same each time.
func aResult() *load.Result {
	random := rand.New(rand.NewPCG(1, 2))
	r := &load.Result{
		Profile: "mixed", Seed: 4021, Users: 64, Rate: 1500, Started: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC), Elapsed: time.Minute,
		Unknown: 1, Late: 7, Dropped: 2, Notes: []string{"The pool of photographs was used up."},
		Operations: []load.Operation{
			operation(random, "book", 9000, 4500, map[int]int64{201: 7400, 409: 1590, 429: 4, 503: 5, 0: 1},
				map[string]int64{"room_not_available": 1500, "request_in_progress": 90, "rate_limited": 4, "unavailable": 5}),
			operation(random, "cancel", 2400, 3100, map[int]int64{200: 2400}, nil),
			operation(random, "look", 6000, 700, map[int]int64{200: 6000}, nil),
			operation(random, "pry", 300, 650, map[int]int64{404: 300}, map[string]int64{"not_found": 300}),
			operation(random, "search", 60000, 1400, map[int]int64{200: 59990, 503: 10}, map[string]int64{"unavailable": 10}),
			operation(random, "upload", 12, 24000, map[int]int64{202: 12}, nil),
		},
	}
	for i := range 60 {
		answers := int64(1270 + random.IntN(60))
		second := load.Second{P50: time.Duration(1300+random.IntN(300)) * time.Microsecond, P99: time.Duration(7000+random.IntN(4000)) * time.Microsecond}
		switch {
		case i < 5:
			answers = answers * int64(i+1) / 6
		case i == 31:
			answers, second.Failures, second.P50, second.P99 = 402, 16, 410*time.Millisecond, 930*time.Millisecond
		case i == 32:
			answers, second.P50, second.P99 = 2107, 3*time.Millisecond, 480*time.Millisecond
		}
		second.Answers = answers
		r.Seconds = append(r.Seconds, second)
	}
	return r
}

func operation(random *rand.Rand, name string, n int, median float64, statuses map[int]int64, codes map[string]int64) load.Operation {
	o := load.Operation{
		Name: name, Statuses: statuses, Codes: codes, Sent: int64(n) * 310, Received: int64(n) * 1400,
	}
	latencies, services := make([]int64, n), make([]int64, n)
	for i := range n {
		services[i] = int64(median * math.Exp(0.55*random.NormFloat64()))
		latencies[i] = services[i]
		if random.IntN(150) == 0 {
			latencies[i] += int64(random.IntN(900_000))
		}
	}
	o.Latency, o.Service = histogram(latencies...), histogram(services...)
	return o
}

func histogram(microseconds ...int64) *hdrhistogram.Histogram {
	h := hdrhistogram.New(1, 60_000_000, 3)
	for _, us := range microseconds {
		if err := h.RecordValue(us); err != nil {
			panic(err)
		}
	}
	return h
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs (go test -update writes it anew). Got:\n%s\nwant:\n%s", name, got, want)
	}
}

// parse reads thresholds that are right.
func parse(t *testing.T, expressions ...string) []report.Threshold {
	t.Helper()
	var list []report.Threshold
	for _, e := range expressions {
		threshold, err := report.ParseThreshold(e)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, threshold)
	}
	return list
}
