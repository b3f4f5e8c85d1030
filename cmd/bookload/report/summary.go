package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// FormatVersion is the version of the JSON that WriteJSON writes.
const FormatVersion = 1

// A Run is what is known of a run beside its result.
type Run struct {
	Program                  string // and its version
	BaseURLs                 []string
	Duration, RampUp, Settle time.Duration // as asked for
	Ledger                   string        // the path; "" without one
	Interrupted              bool
}

// A Summary is a run in figures. All forms of a report show these, and no form computes its own.
type Summary struct {
	FormatVersion  int         `json:"format_version"`
	Program        string      `json:"program"`
	Profile        string      `json:"profile"`
	Parameters     Parameters  `json:"parameters"`
	StartedAt      time.Time   `json:"started_at"`
	ElapsedSeconds float64     `json:"elapsed_seconds"`
	Interrupted    bool        `json:"interrupted"`
	UnknownCount   int64       `json:"unknown_count"`
	LateCount      int64       `json:"late_count"`
	DroppedCount   int64       `json:"dropped_count"`
	Notes          []string    `json:"notes"`
	All            Figures     `json:"all"`
	Operations     []Operation `json:"operations"`
	Seconds        []Second    `json:"seconds"`
	Thresholds     []Verdict   `json:"thresholds"`
}

// Parameters are what a run was asked to do.
type Parameters struct {
	BaseURLs        []string `json:"base_urls"`
	DurationSeconds float64  `json:"duration_seconds"`
	RampUpSeconds   float64  `json:"ramp_up_seconds"`
	SettleSeconds   float64  `json:"settle_seconds"`
	Users           int      `json:"users"`
	RatePerSecond   float64  `json:"rate_per_second"`
	Seed            uint64   `json:"seed"`
	Ledger          string   `json:"ledger"`
}

// An Operation are the figures of one kind of request.
type Operation struct {
	Name string `json:"name"`
	Figures
}

// A Second are the figures of one second of a run.
type Second struct {
	AnswerCount     int64 `json:"answer_count"`
	FailureCount    int64 `json:"failure_count"`
	P50Microseconds int64 `json:"p50_microseconds"`
	P99Microseconds int64 `json:"p99_microseconds"`
}

// Summarize computes the figures of a result and judges the thresholds.
func Summarize(result *load.Result, run Run, thresholds []Threshold) *Summary {
	s := &Summary{
		FormatVersion: FormatVersion, Program: run.Program, Profile: result.Profile,
		Parameters: Parameters{
			BaseURLs: append([]string{}, run.BaseURLs...), DurationSeconds: run.Duration.Seconds(), RampUpSeconds: run.RampUp.Seconds(),
			SettleSeconds: run.Settle.Seconds(), Users: result.Users, RatePerSecond: result.Rate, Seed: result.Seed, Ledger: run.Ledger,
		},
		StartedAt: result.Started.UTC(), ElapsedSeconds: result.Elapsed.Seconds(), Interrupted: run.Interrupted,
		UnknownCount: result.Unknown, LateCount: result.Late, DroppedCount: result.Dropped,
		Notes:      append([]string{}, result.Notes...),
		All:        figuresOf(total(result.Operations), result.Elapsed),
		Operations: []Operation{}, Seconds: []Second{}, Thresholds: []Verdict{},
	}
	for _, o := range result.Operations {
		s.Operations = append(s.Operations, Operation{Name: o.Name, Figures: figuresOf(o, result.Elapsed)})
	}
	for _, second := range result.Seconds {
		s.Seconds = append(s.Seconds, Second{
			AnswerCount: second.Answers, FailureCount: second.Failures,
			P50Microseconds: second.P50.Microseconds(), P99Microseconds: second.P99.Microseconds(),
		})
	}
	for _, t := range thresholds {
		s.Thresholds = append(s.Thresholds, t.Judge(s))
	}
	return s
}

// Crossed returns how many thresholds were crossed.
func (s *Summary) Crossed() int {
	n := 0
	for _, v := range s.Thresholds {
		if v.Crossed {
			n++
		}
	}
	return n
}

// WriteJSON writes the summary as the package's comment says.
func (s *Summary) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return fmt.Errorf("write JSON report: %w", err)
	}
	return nil
}

// total adds up operations into one.
func total(operations []load.Operation) load.Operation {
	sum := load.Operation{Statuses: make(map[int]int64), Codes: make(map[string]int64)}
	var latencies, services []*hdrhistogram.Histogram
	for _, o := range operations {
		for status, n := range o.Statuses {
			sum.Statuses[status] += n
		}
		for code, n := range o.Codes {
			sum.Codes[code] += n
		}
		sum.Sent += o.Sent
		sum.Received += o.Received
		latencies = append(latencies, o.Latency)
		services = append(services, o.Service)
	}
	sum.Latency, sum.Service = merge(latencies), merge(services)
	return sum
}

// noAnswer stands for a status where no answer came.
const noAnswer = "none"

func statusName(status int) string {
	if status == 0 {
		return noAnswer
	}
	return strconv.Itoa(status)
}
