// Package date has civil dates: days of the calendar without a time of day or a zone.
package date

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// A Date is a day of the proleptic Gregorian calendar, in the years 0001 to 9999.
// It is comparable with ==. The zero Date is 0001-01-01.
type Date struct {
	days int32 // since 0001-01-01
}

const layout = time.DateOnly

var errFormat = errors.New("is not a date of the form YYYY-MM-DD")

// epoch is the day 0 of Date, in days relative to 1970-01-01.
const epoch = -719162

// New returns the date of year, month and day, normalised as time.Date does.
func New(year int, month time.Month, day int) Date {
	return Of(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// Of returns the date of t in t's own location.
func Of(t time.Time) Date {
	y, m, d := t.Date()
	unix := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()
	return Date{days: int32(unix/86400 - epoch)}
}

// Parse reads a full-date of RFC 3339, section 5.6. The day must exist.
func Parse(s string) (Date, error) {
	if len(s) != len(layout) {
		return Date{}, fmt.Errorf("%.40q %w", s, errFormat)
	}
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("%q %w", s, errFormat)
	}
	return Of(t), nil
}

// Time returns midnight UTC of d.
func (d Date) Time() time.Time {
	return time.Unix((int64(d.days)+epoch)*86400, 0).UTC()
}

// String returns d as YYYY-MM-DD.
func (d Date) String() string { return d.Time().Format(layout) }

// AddDays returns the date n days after d.
func (d Date) AddDays(n int) Date { return Date{days: d.days + int32(n)} }

// Sub returns the number of days from e to d: the nights of a stay [e, d).
func (d Date) Sub(e Date) int { return int(d.days - e.days) }

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.days < e.days }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return d.days > e.days }

// IsZero reports whether d is 0001-01-01, the zero Date.
func (d Date) IsZero() bool { return d.days == 0 }

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// AppendText implements encoding.TextAppender.
func (d Date) AppendText(b []byte) ([]byte, error) { return d.Time().AppendFormat(b, layout), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(b []byte) error {
	parsed, err := Parse(string(b))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// ScanDate implements pgtype.DateScanner. NULL and infinity are errors: scan those into a *Date.
func (d *Date) ScanDate(v pgtype.Date) error {
	if !v.Valid || v.InfinityModifier != pgtype.Finite {
		return errors.New("date: cannot scan NULL or infinity")
	}
	*d = Of(v.Time)
	return nil
}

// DateValue implements pgtype.DateValuer.
func (d Date) DateValue() (pgtype.Date, error) {
	return pgtype.Date{Time: d.Time(), Valid: true}, nil
}
