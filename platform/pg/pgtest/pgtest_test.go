//go:build unix

package pgtest_test

import (
	"testing"

	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for range 10 {
		t.Run("HasSchemaAndIsAlone", func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			tag, err := pool.Exec(t.Context(), "INSERT INTO users (email) VALUES ('one@example.com')")
			if err != nil {
				t.Fatalf("insert: %v", err)
			}
			if got := tag.RowsAffected(); got != 1 {
				t.Errorf("rows inserted: got %d, want 1", got)
			}
		})
	}
}
