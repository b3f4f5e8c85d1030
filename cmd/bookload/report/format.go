package report

import (
	"fmt"
	"strconv"
	"strings"
)

// formatMicroseconds writes a duration with three significant digits.
func formatMicroseconds(us int64) string {
	switch {
	case us < 1000:
		return fmt.Sprintf("%d µs", us)
	case us < 1_000_000:
		return threeDigits(float64(us)/1e3) + " ms"
	default:
		return threeDigits(float64(us)/1e6) + " s"
	}
}

// threeDigits writes a number of at least 1 with three significant digits, or all of them where there are more before the point.
func threeDigits(x float64) string {
	// The bounds are what rounds to one digit more.
	switch {
	case x < 9.995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case x < 99.95:
		return strconv.FormatFloat(x, 'f', 1, 64)
	default:
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
}

// formatCount writes a number with its thousands apart.
func formatCount(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// formatRate writes a number of events a second.
func formatRate(perSecond float64) string {
	if perSecond < 100 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return formatCount(int64(perSecond + 0.5))
}

// formatShare writes a part of a whole as a percentage, in which not even one of many is lost.
func formatShare(share float64) string {
	if share > 0 && share < 0.0001 {
		return "<0.01 %"
	}
	return strconv.FormatFloat(100*share, 'f', 2, 64) + " %"
}

// formatBytes writes an amount of data in decimal units.
func formatBytes(n int64) string {
	value, unit := float64(n), 0
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	for value >= 999.5 && unit < len(units)-1 {
		value /= 1000
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return threeDigits(value) + " " + units[unit]
}

// formatSeconds writes how long a run is.
func formatSeconds(seconds float64) string {
	if seconds < 120 {
		return strings.TrimSuffix(strconv.FormatFloat(seconds, 'f', 1, 64), ".0") + " s"
	}
	whole := int64(seconds + 0.5)
	var parts []string
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{3600, "h"}, {60, "min"}, {1, "s"}} {
		if n := whole / unit.seconds; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
		}
		whole %= unit.seconds
	}
	return strings.Join(parts, " ")
}
