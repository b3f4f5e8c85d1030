package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// WriteTable writes the summary for people, in plain text.
func (s *Summary) WriteTable(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s against %s\n", s.Profile, strings.Join(s.Parameters.BaseURLs, ", "))
	for _, p := range s.parameterList() {
		fmt.Fprintf(b, "  %-9s %s\n", p.Name, p.Value)
	}
	fmt.Fprintln(b)
	writeColumns(b, s.latencyRows(), "l")
	fmt.Fprintln(b)
	writeColumns(b, s.answerRows(), "lrrl")
	if notes := s.remarks(); len(notes) > 0 {
		fmt.Fprintf(b, "\n%s\n", strings.Join(notes, "\n"))
	}
	if len(s.Thresholds) > 0 {
		fmt.Fprintln(b)
		writeColumns(b, s.thresholdRows(), "lrl")
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

type parameter struct{ Name, Value string }

// parameterList are the parameters of the run in words.
func (s *Summary) parameterList() []parameter {
	p := s.Parameters
	arrivals := fmt.Sprintf("%s users, each begins one request after the other", formatCount(int64(p.Users)))
	if p.RatePerSecond > 0 {
		arrivals = fmt.Sprintf("%s operations are due a second, for up to %s users", formatRate(p.RatePerSecond), formatCount(int64(p.Users)))
	}
	ran := fmt.Sprintf("%s of %s", formatSeconds(s.ElapsedSeconds), formatSeconds(p.DurationSeconds))
	if p.RampUpSeconds > 0 {
		ran += fmt.Sprintf(", with %s of ramp-up", formatSeconds(p.RampUpSeconds))
	}
	return []parameter{
		{"started", s.StartedAt.Format(time.RFC3339)},
		{"ran", ran},
		{"load", arrivals},
		{"seed", fmt.Sprint(p.Seed)},
		{"ledger", cmp.Or(p.Ledger, "none")},
		{"program", s.Program},
	}
}

// latencyRows are the figures of each operation, the last row those of all.
func (s *Summary) latencyRows() [][]string {
	rows := [][]string{{"operation", "count", "rate/s", "p50", "p90", "p99", "p99.9", "max", "errors"}}
	open := s.Parameters.RatePerSecond > 0
	if open {
		rows[0] = append(rows[0], "service p50", "service p99")
	}
	for _, o := range s.rows() {
		l := o.Latency
		row := []string{o.Name, formatCount(o.Count), formatRate(o.RatePerSecond)}
		for _, us := range []int64{l.P50Microseconds, l.P90Microseconds, l.P99Microseconds, l.P999Microseconds, l.MaxMicroseconds} {
			row = append(row, l.format(us))
		}
		row = append(row, formatShare(o.FailureShare))
		if open {
			row = append(row, o.Service.format(o.Service.P50Microseconds), o.Service.format(o.Service.P99Microseconds))
		}
		rows = append(rows, row)
	}
	return rows
}

// rows are all operations and their sum.
func (s *Summary) rows() []Operation {
	return append(slices.Clone(s.Operations), Operation{Name: All, Figures: s.All})
}

func (l Latency) format(us int64) string {
	if l.Count == 0 {
		return "-"
	}
	return formatMicroseconds(us)
}

func (s *Summary) answerRows() [][]string {
	rows := [][]string{{"operation", "sent", "received", "answers"}}
	for _, o := range s.rows() {
		answers := slices.Concat(tally(o.Statuses), tally(o.Codes))
		rows = append(rows, []string{o.Name, formatBytes(o.SentBytes), formatBytes(o.ReceivedBytes), strings.Join(answers, "  ")})
	}
	return rows
}

// tally lists how often what occurred, by name.
func tally(counts map[string]int64) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%s: %s", name, formatCount(counts[name])))
	}
	return list
}

// remarks say what makes the figures less than they seem.
func (s *Summary) remarks() []string {
	var notes []string
	if s.Interrupted {
		notes = append(notes, fmt.Sprintf("The run was interrupted after %s.", formatSeconds(s.ElapsedSeconds)))
	}
	if s.UnknownCount > 0 {
		notes = append(notes, fmt.Sprintf("Operations of which nobody knows what became, because the service gave no definite answer in time: %s.",
			formatCount(s.UnknownCount)))
	}
	if s.LateCount > 0 {
		notes = append(notes, fmt.Sprintf("Operations that began more than a second after they were due, because all users were waiting: %s.",
			formatCount(s.LateCount)))
	}
	if s.DroppedCount > 0 {
		notes = append(notes, fmt.Sprintf("Operations that were due and had not begun when the run was over: %s.", formatCount(s.DroppedCount)))
	}
	return append(notes, s.Notes...)
}

func (s *Summary) thresholdRows() [][]string {
	rows := [][]string{{"fail if", "measured", "verdict"}}
	for _, v := range s.Thresholds {
		rows = append(rows, []string{v.Expression, v.Text(), v.word()})
	}
	return rows
}

func (v Verdict) word() string {
	if v.Crossed {
		return "CROSSED"
	}
	return "ok"
}

// writeColumns aligns the columns that align has a letter for ("l" to the left, "r" to the right), and those after them to the right.
func writeColumns(w io.Writer, rows [][]string, align string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < len(align) && align[i] == 'l' {
				line.WriteString(cell + gap + "  ")
			} else {
				line.WriteString(gap + cell + "  ")
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}
