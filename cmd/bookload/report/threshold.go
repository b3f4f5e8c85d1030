package report

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Threshold is a condition under which a run fails, such as "search.p99 > 50ms".
type Threshold struct {
	// Scope is the name of an operation, or All.
	Scope string
	// Metric is one of those that Grammar names.
	Metric     string
	expression string
	operator   string
	limit      float64 // in the unit of the metric
	unit       unit
}

// All is the scope of all operations together.
const All = "all"

// Grammar tells what a threshold may be made of.
const Grammar = `SCOPE.METRIC OPERATOR LIMIT, in quotation marks for the shell.
  SCOPE     the name of an operation as the table has it, or all
  METRIC    p50 p90 p95 p99 p999 max mean   latency from when a request was due; the limit has a unit: 800us, 50ms, 1.5s
            rate                            answers a second that are not failures: 250, 250/s
            errors                          share of requests without an answer or with a 5xx: 0.01, 1%
            count                           requests sent: 1000
            status.503 status.4xx           answers with a status, or with one of a class: 0
            status.none                     requests without an answer: 0
            unknown late dropped            operations that nobody knows the outcome of, that began more than a second
                                            after they were due, or never; with the scope all only
  OPERATOR  < <= > >= == !=
  A threshold on something of which nothing was measured counts as crossed.`

// A unit says how limits of a metric are written, and what its JSON calls them.
type unit string

const (
	microseconds unit = "microseconds"
	perSecond    unit = "per_second"
	share        unit = "share"
	number       unit = "count"
)

// ParseThreshold reads a threshold as Grammar tells. Whether a run has an operation of the name of the scope it cannot know.
func ParseThreshold(expression string) (Threshold, error) {
	t, err := parseThreshold(expression)
	if err != nil {
		return Threshold{}, fmt.Errorf("threshold %q: %w", expression, err)
	}
	return t, nil
}

func parseThreshold(expression string) (Threshold, error) {
	at := strings.IndexAny(expression, "<>=!")
	if at < 0 {
		return Threshold{}, errors.New(`it compares nothing, want something like "search.p99 > 50ms"`)
	}
	rest := strings.TrimLeft(expression[at:], "<>=!")
	t := Threshold{expression: expression, operator: strings.TrimSuffix(expression[at:], rest)}
	if !slices.Contains([]string{"<", "<=", ">", ">=", "==", "!="}, t.operator) {
		return Threshold{}, fmt.Errorf("%q is no operator, want one of < <= > >= == !=", t.operator)
	}
	var err error
	subject := strings.TrimSpace(expression[:at])
	if t.Scope, t.Metric, t.unit, err = parseSubject(subject); err != nil {
		return Threshold{}, err
	}
	limit := strings.TrimSpace(rest)
	if limit == "" {
		return Threshold{}, errors.New("the limit is missing")
	}
	if t.limit, err = parseLimit(limit, t.unit); err != nil {
		return Threshold{}, fmt.Errorf("limit %q: %w", limit, err)
	}
	return t, nil
}

func parseSubject(subject string) (scope, metric string, u unit, err error) {
	scope, metric, found := strings.Cut(subject, ".")
	if !found || !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(scope) {
		return "", "", "", fmt.Errorf("%q is not an operation or %q, a point and a metric", subject, All)
	}
	if scope != All && slices.Contains([]string{"unknown", "late", "dropped"}, metric) {
		return "", "", "", fmt.Errorf("%s is known of all operations together only: %s.%s", metric, All, metric)
	}
	u, known := metricUnit(metric)
	if !known {
		return "", "", "", fmt.Errorf("there is no metric %q, want one of p50, p90, p95, p99, p999, max, mean, rate, errors, count, status.CODE, unknown, late, dropped",
			metric)
	}
	return scope, metric, u, nil
}

func metricUnit(metric string) (u unit, known bool) {
	switch metric {
	case "p50", "p90", "p95", "p99", "p999", "max", "mean":
		return microseconds, true
	case "rate":
		return perSecond, true
	case "errors":
		return share, true
	case "count", "unknown", "late", "dropped":
		return number, true
	}
	return number, regexp.MustCompile(`^status\.([1-5]\d\d|[1-5]xx|` + noAnswer + `)$`).MatchString(metric)
}

func parseLimit(text string, u unit) (float64, error) {
	switch u {
	case microseconds:
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return 0, errors.New("want a duration with its unit, such as 50ms")
		}
		return float64(d) / float64(time.Microsecond), nil
	case perSecond:
		return parseNumber(strings.TrimSuffix(text, "/s"), math.MaxFloat64, "want a rate, such as 250 or 250/s")
	case share:
		const want = "want a share, such as 0.01 or 1%"
		if percent, found := strings.CutSuffix(text, "%"); found {
			limit, err := parseNumber(strings.TrimSpace(percent), 100, want)
			return limit / 100, err
		}
		return parseNumber(text, 1, want)
	default:
		n, err := strconv.ParseUint(text, 10, 53)
		if err != nil {
			return 0, errors.New("want a whole number")
		}
		return float64(n), nil
	}
}

func parseNumber(text string, most float64, want string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	// The condition is turned so that NaN does not pass.
	if err != nil || !(x >= 0 && x <= most) {
		return 0, errors.New(want)
	}
	return x, nil
}
