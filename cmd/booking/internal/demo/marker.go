package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The database remembers that it holds demo data in the comment on its table of
// hotels: written in the transaction of the load, kept by dumps, seen by who
// looks at the table, gone with it, and no business of the schema.
const markerPrefix = "demo data: "

// existing returns the summary of the load that filled the database, with
// Existing set, or a zero one when the catalogue is empty.
func existing(ctx context.Context, tx pgx.Tx, hotels int) (Summary, error) {
	var comment string
	var occupied bool
	if err := tx.QueryRow(ctx, selectState).Scan(&comment, &occupied); err != nil {
		return Summary{}, fmt.Errorf("look at the catalogue: %w", err)
	}
	if !occupied {
		return Summary{}, nil
	}
	marker, found := strings.CutPrefix(comment, markerPrefix)
	if !found {
		return Summary{}, ErrNotEmpty
	}
	sum := Summary{Existing: true}
	if err := json.Unmarshal([]byte(marker), &sum); err != nil {
		return Summary{}, fmt.Errorf("read the comment on hotels: %w", err)
	}
	if sum.Hotels != int64(hotels) {
		return Summary{}, fmt.Errorf("%w: %d instead of %d", ErrOtherNumber, sum.Hotels, hotels)
	}
	return sum, nil
}

// A booking or a room without a hotel cannot be, so four tables tell.
const selectState = `
SELECT coalesce(obj_description('hotels'::regclass, 'pg_class'), ''),
	EXISTS (SELECT FROM countries) OR EXISTS (SELECT FROM cities)
		OR EXISTS (SELECT FROM facilities) OR EXISTS (SELECT FROM hotels)`

// mark writes what existing reads.
func mark(ctx context.Context, tx pgx.Tx, sum Summary) error {
	marker, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	// COMMENT takes no parameters, and the marker has numbers and fixed names only.
	_, err = tx.Exec(ctx, fmt.Sprintf("COMMENT ON TABLE hotels IS '%s%s'", markerPrefix, marker))
	if err != nil {
		return fmt.Errorf("mark the database: %w", err)
	}
	return nil
}
