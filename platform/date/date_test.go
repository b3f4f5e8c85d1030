package date_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shumbooking/shumbooking/platform/date"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"0001-01-01", "1970-01-01", "2024-02-29", "2026-11-23", "9999-12-31"} {
		d, err := date.Parse(s)
		if err != nil || d.String() != s {
			t.Errorf("Parse(%q) = %v, %v", s, d, err)
		}
	}
	for _, s := range []string{"", "2027-02-29", "2026-13-01", "2026-00-01", "2026-01-32", "2026-1-1", "10000-01-01", "0000-01-01", "-001-01-01",
		"infinity", "today", "2026-01-01T00:00:00Z", " 2026-01-01", "2026/01/01", "20260101", "２０２６-01-01"} {
		if d, err := date.Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", s, d)
		}
	}
}

func TestNightsAreCivil(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	from, to := time.Date(2026, 3, 28, 0, 0, 0, 0, berlin), time.Date(2026, 3, 30, 0, 0, 0, 0, berlin)
	if hours := to.Sub(from).Hours(); hours != 47 {
		t.Fatalf("the stay has %v hours, want one over the change to summer time", hours)
	}
	if nights := date.Of(to).Sub(date.Of(from)); nights != 2 {
		t.Errorf("nights = %d, want 2", nights)
	}
	late := time.Date(2026, 3, 28, 23, 30, 0, 0, berlin)
	if got, want := date.Of(late), date.New(2026, 3, 28); got != want {
		t.Errorf("Of(%v) = %v, want %v", late, got, want)
	}
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	d := date.New(2024, 2, 28)
	if got, want := d.AddDays(2), date.New(2024, 3, 1); got != want {
		t.Errorf("AddDays(2) = %v, want %v", got, want)
	}
	if !d.Before(d.AddDays(1)) || d.Before(d) || !d.AddDays(1).After(d) || d.After(d) {
		t.Error("Before and After disagree with AddDays")
	}
	if !(date.Date{}).IsZero() || d.IsZero() {
		t.Error("IsZero is wrong")
	}
	if got := (date.Date{}).Time(); !got.Equal(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the zero date is %v", got)
	}
}

func TestDatabaseForm(t *testing.T) {
	t.Parallel()
	var d date.Date
	if err := d.ScanDate(pgtype.Date{Time: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Valid: true}); err != nil || d != date.New(2026, 11, 23) {
		t.Errorf("ScanDate = %v, %v", d, err)
	}
	for _, v := range []pgtype.Date{{}, {Valid: true, InfinityModifier: pgtype.Infinity}} {
		if err := d.ScanDate(v); err == nil {
			t.Errorf("ScanDate(%+v) succeeds", v)
		}
	}
	if v, err := d.DateValue(); err != nil || !v.Valid || !v.Time.Equal(d.Time()) {
		t.Errorf("DateValue = %+v, %v", v, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2024-02-29")
	f.Add("infinity")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := date.Parse(s)
		if err != nil {
			return
		}
		if d.String() != s {
			t.Errorf("Parse(%q).String() = %q", s, d)
		}
		if back := date.Of(d.Time()); back != d {
			t.Errorf("Of(Time(%q)) = %v", s, back)
		}
	})
}
