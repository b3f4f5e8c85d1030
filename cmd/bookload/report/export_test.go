package report

// Formats are for tests of how numbers are written.
var (
	FormatMicroseconds = formatMicroseconds
	FormatCount        = formatCount
	FormatShare        = formatShare
	FormatBytes        = formatBytes
	FormatSeconds      = formatSeconds
)
