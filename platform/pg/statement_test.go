package pg_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shumbooking/shumbooking/platform/pg"
)

func TestStatement(t *testing.T) {
	t.Parallel()
	s := pg.NewStatement("first")
	s.Add("SELECT $1")
	s.Add("WHERE a = ? AND b < ?", 2, "?")
	s.Add("LIMIT ?", 3)
	if diff := cmp.Diff("SELECT $1\nWHERE a = $2 AND b < $3\nLIMIT $4", s.String()); diff != "" {
		t.Errorf("SQL (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"first", 2, "?", 3}, s.Args()); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}
