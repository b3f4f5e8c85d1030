package report_test

import (
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/report"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{report.FormatMicroseconds(0), "0 µs"},
		{report.FormatMicroseconds(999), "999 µs"},
		{report.FormatMicroseconds(1000), "1.00 ms"},
		{report.FormatMicroseconds(9996), "10.0 ms"},
		{report.FormatMicroseconds(99_960), "100 ms"},
		{report.FormatMicroseconds(999_999), "1000 ms"},
		{report.FormatMicroseconds(12_345_678), "12.3 s"},
		{report.FormatCount(0), "0"},
		{report.FormatCount(999), "999"},
		{report.FormatCount(1000), "1,000"},
		{report.FormatCount(-1_234_567), "-1,234,567"},
		{report.FormatShare(0), "0.00 %"},
		{report.FormatShare(0.000_000_1), "<0.01 %"},
		{report.FormatShare(1), "100.00 %"},
		{report.FormatBytes(999), "999 B"},
		{report.FormatBytes(1000), "1.00 kB"},
		{report.FormatBytes(999_499), "999 kB"},
		{report.FormatBytes(999_500), "1.00 MB"},
		{report.FormatBytes(1 << 62), "4.61 EB"},
		{report.FormatSeconds(0), "0 s"},
		{report.FormatSeconds(1.52), "1.5 s"},
		{report.FormatSeconds(60), "60 s"},
		{report.FormatSeconds(120), "2 min"},
		{report.FormatSeconds(3723), "1 h 2 min 3 s"},
		{report.FormatSeconds(86_400), "24 h"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
