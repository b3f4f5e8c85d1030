// Package report tells what a run of load measured: as a line while it goes on, as a table, as JSON, as a page with
// plots, and as verdicts on the thresholds that were set for it.
//
// # JSON
//
// WriteJSON writes one object. Names end in their unit; a field is never renamed or given another meaning without
// format_version going up. Lists and maps may be empty and are never null.
//
//	{
//	  "format_version": 1,
//	  "program": "bookload 1.2.0",
//	  "profile": "mixed",
//	  "parameters": {
//	    "base_urls": ["http://127.0.0.1:8000"],
//	    "duration_seconds": 60, "ramp_up_seconds": 5, "settle_seconds": 30,   as asked for
//	    "users": 32,                                                          the most that were at work at once
//	    "rate_per_second": 0,                                                 0: each user begins one after the other
//	    "seed": 4021,
//	    "ledger": "run.ledger"                                                "" without one
//	  },
//	  "started_at": "2026-01-02T15:04:05Z",
//	  "elapsed_seconds": 60.002,
//	  "interrupted": false,                                                   stopped before its time
//	  "unknown_count": 0,                                                     operations of which nobody knows what became
//	  "late_count": 0,                                                        begun more than a second after they were due
//	  "dropped_count": 0,                                                     due and not begun when the run was over
//	  "notes": ["..."],                                                       what else one must know to read the figures
//	  "all": {...},                                                           figures of all operations together
//	  "operations": [                                                         by name
//	    {"name": "search", ...figures}
//	  ],
//	  "seconds": [                                                            of the run, one after the other
//	    {"answer_count": 812, "failure_count": 0, "p50_microseconds": 1200, "p99_microseconds": 7300}
//	  ],
//	  "thresholds": [
//	    {"expression": "search.p99 > 50ms", "crossed": false,
//	     "measured": 7300, "unit": "microseconds"}                            measured is null where there was nothing to measure
//	  ]
//	}
//
// Figures are:
//
//	"count": 48000,                requests that were sent
//	"rate_per_second": 799.9,      answers that are not failures, over elapsed_seconds
//	"failure_count": 2,            requests without an answer, and answers with a 5xx
//	"failure_share": 0.0000417,    of count
//	"sent_bytes": 1, "received_bytes": 1,      headers and bodies
//	"statuses": {"200": 47998, "503": 1, "none": 1},      none: no answer
//	"codes": {"unavailable": 1},   of the problems among the answers
//	"latency": {"count": 47999, "min_microseconds": 1, "mean_microseconds": 1, "p50_microseconds": 1, "p90_microseconds": 1,
//	            "p95_microseconds": 1, "p99_microseconds": 1, "p999_microseconds": 1, "max_microseconds": 1},
//	"service": {...},              as latency
//	"curve": [{"percentile": 99.9, "microseconds": 21000}]      of latency, up to what count can tell
//
// Latency counts from when a request was due, so that a service that stalls is charged for those who had to wait; service
// counts from when it was sent. Where there is no rate to keep, the two are the same. All percentiles come from
// histograms of three significant digits, those of all operations from their sum.
package report
