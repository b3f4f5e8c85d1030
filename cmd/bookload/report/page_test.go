package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/report"
)

func pageOf(t *testing.T, s *report.Summary) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// plots returns the plots of a page and the texts in them, and fails unless each is well-formed XML.
func plots(t *testing.T, page string) (list []string, texts []string) {
	t.Helper()
	list = regexp.MustCompile(`(?s)<svg .*?</svg>`).FindAllString(page, -1)
	if strings.Count(page, "<svg") != len(list) {
		t.Errorf("the page has %d plots that begin and %d that end", strings.Count(page, "<svg"), len(list))
	}
	for _, plot := range list {
		decoder := xml.NewDecoder(strings.NewReader(plot))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("a plot is not well-formed: %v\n%s", err, plot)
			}
			if data, isText := token.(xml.CharData); isText {
				texts = append(texts, string(data))
			}
		}
	}
	return list, texts
}

func TestPage(t *testing.T) {
	t.Parallel()
	page := pageOf(t, report.Summarize(aResult(), aRun(), parse(t, "search.p99 > 50ms", "all.errors > 0.01%")))
	list, texts := plots(t, page)
	// Throughput, latency, a curve for each of six operations, statuses.
	if len(list) != 9 {
		t.Errorf("the page has %d plots, want 9", len(list))
	}
	for _, want := range []string{"ramp-up ends", "99.9", "10 ms", "book, 4xx: refused: 1,594 (17.71 %)", "book, no answer: 1 (0.01 %)",
		"31 s: 402 answers/s, 16 failed, p50 410 ms, p99 930 ms"} {
		if !strings.Contains(strings.Join(texts, "\n"), want) {
			t.Errorf("no plot says %q", want)
		}
	}
	for _, want := range []string{"mixed", "http://127.0.0.1:8001, http://127.0.0.1:8002", "4021", "run.ledger", "bookload 1.2.3", "1,500 operations are due a second",
		"<code>search.p99 &gt; 50ms</code></td><td>6.11 ms</td><td class=\"good\">ok", "<td class=\"bad\">CROSSED", "prefers-color-scheme: dark"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if numbers := regexp.MustCompile(`NaN|Inf|"-\d`).FindAllString(page, -1); numbers != nil {
		t.Errorf("the page has the numbers %q", numbers)
	}
}

// The page is one file: it runs nothing and asks nobody for anything.
func TestPageStandsAlone(t *testing.T) {
	t.Parallel()
	page := pageOf(t, report.Summarize(aResult(), aRun(), nil))
	for _, word := range []string{"<script", "<link", "<iframe", "<img", "src=", "href=", "@import", "url(", " on"} {
		pattern := regexp.MustCompile(regexp.QuoteMeta(word) + `[a-z]*`)
		for _, found := range pattern.FindAllString(page, -1) {
			if word != " on" || strings.Contains(page, found+"=") {
				t.Errorf("the page has %q", found)
			}
		}
	}
}

func TestPageEscapesNames(t *testing.T) {
	t.Parallel()
	const hostile = `</svg><script>alert("1")</script>&'`
	h := histogram(5)
	result := &load.Result{
		Profile: hostile, Elapsed: time.Second, Seconds: []load.Second{{Answers: 1, P50: time.Millisecond, P99: time.Millisecond}},
		Operations: []load.Operation{{Name: hostile, Statuses: map[int]int64{200: 1}, Codes: map[string]int64{hostile: 1}, Latency: h, Service: h}},
	}
	run := report.Run{Program: hostile, BaseURLs: []string{hostile}, Ledger: hostile}
	page := pageOf(t, report.Summarize(result, run, nil))
	list, texts := plots(t, page)
	if strings.Contains(page, "<script") || len(list) != 4 {
		t.Errorf("a name got out of its place:\n%s", page)
	}
	if !strings.Contains(strings.Join(texts, "\n"), hostile) {
		t.Error("no plot has the name")
	}
}

// What has nothing to show still is a page.
func TestPageOfNothing(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]*load.Result{
		"nothing":    {},
		"no answers": {Elapsed: time.Second, Seconds: []load.Second{{}}, Operations: []load.Operation{{Name: "search", Statuses: map[int]int64{0: 3}}}},
	} {
		page := pageOf(t, report.Summarize(result, report.Run{}, nil))
		plots(t, page)
		if strings.Contains(page, "NaN") || !strings.Contains(page, "</html>") {
			t.Errorf("%s: the page is\n%s", name, page)
		}
	}
}

// A long run has no more points than a plot has room for, and the worst second is still to be seen.
func TestPageOfLongRun(t *testing.T) {
	t.Parallel()
	result := aResult()
	result.Seconds = make([]load.Second, 86_400)
	for i := range result.Seconds {
		result.Seconds[i] = load.Second{Answers: 1000, P50: time.Millisecond, P99: 3 * time.Millisecond}
	}
	result.Seconds[50_000] = load.Second{Answers: 1, Failures: 9, P50: time.Second, P99: 8 * time.Second}
	page := pageOf(t, report.Summarize(result, aRun(), nil))
	list, texts := plots(t, page)
	if n := strings.Count(list[0], "<rect"); n > 500 {
		t.Errorf("the plot has %d points", n)
	}
	all := strings.Join(texts, "\n")
	if !strings.Contains(all, "13 h 53 min 17 s to 13 h 56 min 10 s: 994 answers/s, 9 failed, p50 1.00 s, p99 8.00 s") {
		t.Errorf("the worst second is lost:\n%s", regexp.MustCompile(`13 h 5.*`).FindAllString(all, 3))
	}
}
