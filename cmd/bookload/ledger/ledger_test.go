package ledger_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

var header = ledger.Header{Run: "r", Profile: "mixed", Seed: 7, Started: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}

// create begins a ledger in a directory of its own.
func create(t *testing.T) (w *ledger.Writer, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ledger")
	w, err := ledger.Create(path, header)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w, path
}

func add(t *testing.T, w *ledger.Writer, e ledger.Entry) {
	t.Helper()
	if err := w.Append(e); err != nil {
		t.Fatal(err)
	}
}

func begin(op int64) ledger.Entry {
	return ledger.Entry{Intent: &ledger.Intent{Op: op, Client: 1, Kind: ledger.Look, At: 10 * op}}
}

func end(op int64) ledger.Entry {
	return ledger.Entry{Outcome: &ledger.Outcome{Op: op, At: 10*op + 5, Result: ledger.Done, Status: 200, Attempts: 1}}
}

// What is written is read again, every field of it.
func TestReadWhatIsWritten(t *testing.T) {
	t.Parallel()
	w, path := create(t)
	from := date.New(2027, 1, 2)
	guest := ledger.Guest{ID: 3, Email: "ann@load.test", Password: "secret"}
	room := ledger.Room{ID: 4, HotelID: 5, Quantity: 6, Price: 7, Currency: "EUR", Own: true}
	intent := ledger.Intent{
		Op: 1, Client: 2, Kind: ledger.Book, At: 8, GuestID: 3, Key: "k", RoomID: 4, DateFrom: from, DateTo: from.AddDays(1),
		Rooms: 2, Guests: 3, BookingID: 9, Method: "GET", HotelID: 5,
	}
	outcome := ledger.Outcome{
		Op: 1, At: 20, Result: ledger.Done, Status: 201, Code: "c", Attempts: 3, Replayed: true,
		Booking: &ledger.Booking{
			ID: 9, Reference: "7K3M9QXA", RoomID: 4, HotelID: 5, UserID: 3, DateFrom: from, DateTo: from.AddDays(1), Guests: 3, Rooms: 2,
			Status: "confirmed", Price: 14, Currency: "EUR", Nightly: []ledger.Line{{Date: from, Price: 14}},
		},
		Full: []date.Date{from}, Nights: []ledger.Night{{Date: from, Booked: 1, Capacity: 2, Closed: true}}, Images: []int64{11},
	}
	add(t, w, ledger.Entry{Guest: &guest})
	add(t, w, ledger.Entry{Room: &room})
	add(t, w, ledger.Entry{Intent: &intent})
	add(t, w, begin(2))
	add(t, w, ledger.Entry{Outcome: &outcome})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := ledger.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wantHeader := header
	wantHeader.Version = ledger.Version
	want := &ledger.Ledger{
		Header: wantHeader, Guests: []ledger.Guest{guest}, Rooms: []ledger.Room{room},
		Ops: []ledger.Op{{Intent: intent, Outcome: &outcome}, {Intent: *begin(2).Intent}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ReadFile() = %+v\nwant %+v", got, want)
	}
	if first, second := got.Ops[0].Result(), got.Ops[1].Result(); first != ledger.Done || second != ledger.Unknown {
		t.Errorf("results: got %s and %s, want done and unknown", first, second)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v, %v, want 0600, as there are passwords in it", info.Mode(), err)
	}
}

// A line is in the file when Append returns, whoever else writes at the moment.
func TestAppendIsWritten(t *testing.T) {
	t.Parallel()
	w, path := create(t)
	const clients, each = 16, 20
	var writing sync.WaitGroup
	for client := range clients {
		writing.Go(func() {
			for n := range each {
				entry := begin(int64(client*each + n))
				line, err := json.Marshal(entry)
				if err == nil {
					err = w.Append(entry)
				}
				text, readErr := os.ReadFile(path)
				if err != nil || readErr != nil || !bytes.Contains(text, append(line, '\n')) {
					t.Errorf("after Append: the line of operation %d is not in the file: %v, %v", entry.Intent.Op, err, readErr)
				}
			}
		})
	}
	writing.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err := ledger.ReadFile(path); err != nil || len(l.Ops) != clients*each || l.Torn {
		t.Errorf("ReadFile() = %+v, %v, want %d operations", l, err, clients*each)
	}
}

// Those who write during a sync share the next one. It fails for a pipe, which has no disk behind it: then none of
// them is promised anything, and nothing more is taken.
func TestSyncIsShared(t *testing.T) {
	t.Parallel()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	w := ledger.WriterOf(to)
	large := ledger.Entry{Guest: &ledger.Guest{Password: strings.Repeat("x", 1<<20)}} // No pipe holds that much.
	const others = 30
	var refused sync.WaitGroup
	appended := func(e ledger.Entry) {
		refused.Go(func() {
			if err := w.Append(e); err == nil {
				t.Errorf("Append() to a pipe = nil, want the error of its sync")
			}
		})
	}
	appended(large)
	if _, err := from.Read(make([]byte, 1)); err != nil { // It is being written.
		t.Fatal(err)
	}
	for op := range others {
		appended(begin(int64(op)))
	}
	proctest.Eventually(t, "all others wait for one sync", func() bool { return w.Waiting() == others })
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			if _, err := from.Read(buffer); err != nil {
				return
			}
		}
	}()
	refused.Wait()
	if err := w.Append(begin(99)); err == nil {
		t.Error("Append() after a failed sync = nil, want an error")
	}
	if w.Waiting() != 0 {
		t.Errorf("lines taken after a failed sync: got %d, want none", w.Waiting())
	}
	if err := w.Close(); err == nil {
		t.Error("Close() after a failed sync = nil, want its error")
	}
}

func TestCreateFails(t *testing.T) {
	t.Parallel()
	w, path := create(t)
	if again, err := ledger.Create(path, header); err == nil {
		t.Errorf("Create() of a ledger that is there = %v, want an error", again)
	}
	if none, err := ledger.Create(filepath.Join(path, "below"), header); err == nil {
		t.Errorf("Create() below a file = %v, want an error", none)
	}
	closed, err := os.Create(filepath.Join(t.TempDir(), "closed"))
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	if none, err := ledger.CreateIn(closed, header); err == nil {
		t.Errorf("Create() in a file that takes nothing = %v, want an error", none)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("Close() again: %v, want nil", err)
	}
	if err := w.Append(begin(1)); err == nil {
		t.Error("Append() to a closed ledger = nil, want an error")
	}
}

// Nobody was promised a line that is not whole. What comes before it counts.
func TestReadTorn(t *testing.T) {
	t.Parallel()
	w, path := create(t)
	add(t, w, begin(1))
	add(t, w, end(1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	for length := last; length <= len(text); length++ {
		l, err := ledger.Read(bytes.NewReader(text[:length]))
		whole, begun := length == len(text), length > last
		if err != nil || l.Torn != (begun && !whole) || len(l.Ops) != 1 || (l.Ops[0].Outcome != nil) != whole {
			t.Fatalf("the last line cut to %d bytes: got %+v, %v", length-last, l, err)
		}
	}
}

func TestReadMalformed(t *testing.T) {
	t.Parallel()
	const first = `{"header":{"version":1,"run":"r","profile":"mixed","seed":7,"started":"2026-11-23T12:00:00Z"}}` + "\n"
	const intent = `{"intent":{"op":1,"client":1,"kind":"look","at":1}}` + "\n"
	const outcome = `{"outcome":{"op":1,"at":2,"result":"done","attempts":1}}` + "\n"
	for name, c := range map[string]struct{ text, want string }{
		"Empty":            {"", "no header"},
		"OnlyTorn":         {`{"header`, "no header"},
		"NoHeader":         {intent, "line 1: the first line and no other is the header"},
		"HeaderAgain":      {first + first, "line 2: the first line and no other is the header"},
		"OtherVersion":     {strings.Replace(first, `"version":1`, `"version":2`, 1), "line 1: the format has version 2"},
		"NoVersion":        {strings.Replace(first, `"version":1`, `"version":0`, 1), "line 1: the format has version 0"},
		"NoJSON":           {first + intent + "nonsense\n", "line 3: "},
		"UnknownField":     {first + `{"intent":{"op":1,"colour":"red"}}` + "\n", `line 2: json: unknown field "colour"`},
		"UnknownEntry":     {first + `{"colour":"red"}` + "\n", `line 2: json: unknown field "colour"`},
		"TwoInOne":         {first + strings.TrimSpace(intent) + outcome, "line 2: something follows the entry"},
		"TwoEntries":       {first + `{"guest":{"id":1},"room":{"id":1}}` + "\n", "line 2: the line is several entries"},
		"EmptyEntry":       {first + "{}\n", "line 2: the line is empty"},
		"EmptyLine":        {first + "\n" + intent, "line 2: "},
		"BeginsAgain":      {first + intent + intent, "line 3: operation 1 begins again"},
		"EndsBefore":       {first + outcome, "line 2: operation 1 ends before it begins"},
		"EndsAgain":        {first + intent + outcome + outcome, "line 4: operation 1 ends again"},
		"EndsTooEarly":     {first + intent + strings.Replace(outcome, `"at":2`, `"at":0`, 1), "line 3: operation 1 ends at a time before it begins"},
		"GuestOfNoLine":    {first + `{"intent":{"op":1,"guest_id":7}}` + "\n", "line 2: operation 1 is guest 7's, whom no line before tells of"},
		"RoomOfNoLine":     {first + `{"intent":{"op":1,"room_id":7}}` + "\n", "line 2: operation 1 is on room 7, of which no line before tells"},
		"ImpossibleDate":   {first + `{"intent":{"op":1,"date_from":"2027-02-30"}}` + "\n", "line 2: "},
		"MalformedInside":  {first + intent[:10] + "\n" + outcome, "line 2: "},
		"NumberOfAnOpText": {first + `{"intent":{"op":"1"}}` + "\n", "line 2: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if l, err := ledger.Read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Read() = %+v, %v, want an error with %q", l, err, c.want)
			}
		})
	}
	if l, err := ledger.ReadFile(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Errorf("ReadFile() of no file = %+v, want an error", l)
	}
}
