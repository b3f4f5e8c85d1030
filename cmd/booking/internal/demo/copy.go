package demo

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/date"
)

// rows are rows of one table in PostgreSQL's binary COPY format. They are
// encoded by the goroutines that make them up, which leaves the one that owns
// the connection nothing to do but to send bytes.
type rows struct {
	data  []byte
	count int64
}

// The server counts days and microseconds from 2000-01-01.
var (
	copyEpoch     = date.New(2000, time.January, 1)
	copyEpochTime = copyEpoch.Time()
)

// The header has a signature, no flags and no extension.
const (
	copyHeader  = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	copyTrailer = "\xff\xff"
)

// add begins a row; exactly columns values must follow.
func (r *rows) add(columns int) {
	r.data = binary.BigEndian.AppendUint16(r.data, uint16(columns))
	r.count++
}

func (r *rows) null() { r.data = binary.BigEndian.AppendUint32(r.data, math.MaxUint32) }

func (r *rows) size(n int) { r.data = binary.BigEndian.AppendUint32(r.data, uint32(n)) }

func (r *rows) bigint(v int64) {
	r.size(8)
	r.data = binary.BigEndian.AppendUint64(r.data, uint64(v))
}

func (r *rows) integer(v int32) {
	r.size(4)
	r.data = binary.BigEndian.AppendUint32(r.data, uint32(v))
}

func (r *rows) smallint(v int16) {
	r.size(2)
	r.data = binary.BigEndian.AppendUint16(r.data, uint16(v))
}

func (r *rows) double(v float64) {
	r.size(8)
	r.data = binary.BigEndian.AppendUint64(r.data, math.Float64bits(v))
}

func (r *rows) boolean(v bool) {
	r.size(1)
	if v {
		r.data = append(r.data, 1)
		return
	}
	r.data = append(r.data, 0)
}

func (r *rows) text(s string) {
	r.size(len(s))
	r.data = append(r.data, s...)
}

// nullableText writes NULL for "".
func (r *rows) nullableText(s string) {
	if s == "" {
		r.null()
		return
	}
	r.text(s)
}

func (r *rows) date(d date.Date) { r.integer(int32(d.Sub(copyEpoch))) }

func (r *rows) timestamptz(t time.Time) { r.bigint(t.Sub(copyEpochTime).Microseconds()) }

// clock writes a time of day, given as the time since midnight.
func (r *rows) clock(d time.Duration) { r.bigint(d.Microseconds()) }

// copyRows appends r to a table; target is its name and columns. Frozen rows
// need no VACUUM later, and are allowed only in a table that the same
// transaction emptied.
func copyRows(ctx context.Context, tx pgx.Tx, target, options string, r *rows) error {
	if r.count == 0 {
		return nil
	}
	stream := io.MultiReader(strings.NewReader(copyHeader), bytes.NewReader(r.data), strings.NewReader(copyTrailer))
	sql := fmt.Sprintf("COPY %s FROM STDIN (FORMAT binary%s)", target, options)
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, stream, sql)
	if err != nil {
		return fmt.Errorf("copy into %s: %w", target, err)
	}
	if tag.RowsAffected() != r.count {
		return fmt.Errorf("copy into %s: %d rows arrived of %d", target, tag.RowsAffected(), r.count)
	}
	return nil
}
