//go:build unix

package migrations_test

import (
	"testing"

	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// The record of backups keeps itself from growing.
func TestBackupsForgetOldOnes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	_, err := db.Exec(t.Context(), `
		INSERT INTO backups (name, bytes, finished_at) VALUES
			('old', 1, now() - interval '401 days'), ('last year', 1, now() - interval '399 days'), ('new', 1, now())`)
	if err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM backups").Scan(&left); err != nil || left != 2 {
		t.Errorf("rows: got %d, %v; want the 2 younger than 400 days", left, err)
	}
}
