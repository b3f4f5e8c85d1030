package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// aLedger returns the path of a ledger in which a guest was promised something, or not.
func aLedger(t *testing.T, entries ...ledger.Entry) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "run.ledger")
	w, err := ledger.Create(path, ledger.Header{Run: "test", Profile: "book"})
	for _, e := range entries {
		if err == nil {
			err = w.Append(e)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var errBroken = errors.New("broken pipe")

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestCheck(t *testing.T) {
	t.Parallel()
	base := aService(t, func(int) {})
	clean := aLedger(t)
	o := invoke(t.Context(), nil, "check", "--ledger", clean, "--base-url", base)
	if o.code != exitSuccess || !strings.Contains(o.stdout, "no findings") || !strings.Contains(o.stdout, "compared") || o.stderr != "" {
		t.Errorf("a clean one: exit code %d, %q and %q", o.code, o.stdout, o.stderr)
	}

	// One booking was promised to two operations, which needs no service to be seen.
	booking := &ledger.Booking{ID: 9, Reference: "AAAA1111", RoomID: 3, UserID: 4, Rooms: 1, Status: "confirmed"}
	entries := []ledger.Entry{{Room: &ledger.Room{ID: 3, HotelID: 2, Quantity: 1}}}
	for op := range int64(2) {
		entries = append(entries, ledger.Entry{Intent: &ledger.Intent{Op: op + 1, Kind: ledger.Book, RoomID: 3, Rooms: 1, Key: strconv.FormatInt(op, 10)}},
			ledger.Entry{Outcome: &ledger.Outcome{Op: op + 1, Result: ledger.Done, Status: 201, Attempts: 1, Booking: booking}})
	}
	damaged := aLedger(t, entries...)
	o = invoke(t.Context(), nil, "check", "--ledger", damaged, "--base-url", base, "--json", "-")
	var f findings
	if err := json.Unmarshal([]byte(o.stdout), &f); err != nil || o.code != exitFailure || f.Clean || f.FindingCount == 0 || len(f.Findings) == 0 ||
		f.Findings[0].Rule == "" || f.FormatVersion != 1 || len(f.Compared) == 0 || o.stderr != "" {
		t.Errorf("a damaged one: exit code %d, %v, %q and %q", o.code, err, o.stdout, o.stderr)
	}

	env := environment{getenv: func(string) string { return "" }, stdout: brokenPipe{}, stderr: new(bytes.Buffer)}
	if code := execute(t.Context(), env, []string{"check", "--ledger", clean, "--base-url", base}); code != exitFailure {
		t.Errorf("a check that cannot be told exits with %d, want %d", code, exitFailure)
	}
}

// A service that is away is no finding, and no reason to wait for ever.
func TestCheckWithoutService(t *testing.T) {
	t.Parallel()
	o := invoke(t.Context(), nil, "check", "--ledger", aLedger(t), "--base-url", aBase, "--timeout", "1s")
	if o.code != exitFailure || !strings.Contains(o.stderr, "nothing was found out, neither good nor bad: the service is not ready") || o.stdout != "" {
		t.Errorf("exit code %d, %q and %q", o.code, o.stdout, o.stderr)
	}
}
