package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Ledger is what one run was told.
type Ledger struct {
	Header Header
	Guests []Guest
	Rooms  []Room
	Ops    []Op // in the order in which they began
	// Torn says that the last line is incomplete, because the writer was killed: nobody was promised that it is there.
	Torn bool
}

// An Op is an operation. Its outcome is nil if the client ended before it knew.
type Op struct {
	Intent
	Outcome *Outcome
}

// Result returns what the operation came to as far as anybody knows.
func (o *Op) Result() Result {
	if o.Outcome == nil {
		return Unknown
	}
	return o.Outcome.Result
}

// ReadFile is Read for the file at path.
func ReadFile(path string) (*Ledger, error) {
	file, err := os.Open(path) //nolint:gosec // The user names it.
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer file.Close() // Nothing was written.
	return Read(file)
}

// Read reads a ledger. It fails with the number of the line where one is not what a Writer writes, but for a torn last one.
func Read(r io.Reader) (*Ledger, error) {
	reader := reader{ledger: new(Ledger), ops: make(map[int64]int), guests: make(map[int64]bool), rooms: make(map[int64]bool)}
	lines := bufio.NewReaderSize(r, 1<<16)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			reader.ledger.Torn = len(line) > 0
			break
		}
		if err == nil {
			err = reader.add(line)
		}
		if err != nil {
			return nil, fmt.Errorf("read ledger: line %d: %w", number, err)
		}
	}
	if reader.ledger.Header.Version == 0 {
		return nil, errors.New("read ledger: it has no header")
	}
	return reader.ledger, nil
}

type reader struct {
	ledger *Ledger
	ops    map[int64]int // indexes by number
	guests map[int64]bool
	rooms  map[int64]bool
}

func (r *reader) add(line []byte) error {
	var e Entry
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the entry")
	}
	if e.set() > 1 {
		return errors.New("the line is several entries")
	}
	if (e.Header != nil) != (r.ledger.Header.Version == 0) {
		return errors.New("the first line and no other is the header")
	}
	switch {
	case e.Header != nil:
		if e.Header.Version != Version {
			return fmt.Errorf("the format has version %d, and this program reads %d", e.Header.Version, Version)
		}
		r.ledger.Header = *e.Header
	case e.Guest != nil:
		r.guests[e.Guest.ID] = true
		r.ledger.Guests = append(r.ledger.Guests, *e.Guest)
	case e.Room != nil:
		r.rooms[e.Room.ID] = true
		r.ledger.Rooms = append(r.ledger.Rooms, *e.Room)
	case e.Intent != nil:
		return r.begin(*e.Intent)
	case e.Outcome != nil:
		return r.end(e.Outcome)
	default:
		return errors.New("the line is empty")
	}
	return nil
}

// set returns how many pointers of e are set.
func (e *Entry) set() int {
	n := 0
	for _, set := range []bool{e.Header != nil, e.Guest != nil, e.Room != nil, e.Intent != nil, e.Outcome != nil} {
		if set {
			n++
		}
	}
	return n
}

func (r *reader) begin(i Intent) error {
	switch _, found := r.ops[i.Op]; {
	case found:
		return fmt.Errorf("operation %d begins again", i.Op)
	case i.GuestID != 0 && !r.guests[i.GuestID]:
		return fmt.Errorf("operation %d is guest %d's, whom no line before tells of", i.Op, i.GuestID)
	case i.RoomID != 0 && !r.rooms[i.RoomID]:
		return fmt.Errorf("operation %d is on room %d, of which no line before tells", i.Op, i.RoomID)
	}
	r.ops[i.Op] = len(r.ledger.Ops)
	r.ledger.Ops = append(r.ledger.Ops, Op{Intent: i})
	return nil
}

func (r *reader) end(o *Outcome) error {
	at, found := r.ops[o.Op]
	switch {
	case !found:
		return fmt.Errorf("operation %d ends before it begins", o.Op)
	case r.ledger.Ops[at].Outcome != nil:
		return fmt.Errorf("operation %d ends again", o.Op)
	case o.At < r.ledger.Ops[at].At:
		return fmt.Errorf("operation %d ends at a time before it begins", o.Op)
	}
	r.ledger.Ops[at].Outcome = o
	return nil
}
