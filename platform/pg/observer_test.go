package pg_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

// secret is an argument of every statement here.
const secret = "canary-of-an-argument"

// traced returns the spans below one in which do uses a pool.
func traced(t *testing.T, pool *pgxpool.Pool, do func(context.Context, *pgxpool.Pool)) []tracingtest.Span {
	t.Helper()
	collector := tracingtest.New(t)
	tracer, flush := collector.Tracer(t)
	ctx, above := tracer.Start(t.Context(), "above")
	do(ctx, pool)
	above.End()
	flush()
	spans := collector.Spans()
	for _, s := range spans {
		if strings.Contains(s.Text, secret) {
			t.Errorf("the span %s has an argument: %s", s.Name, s.Text)
		}
	}
	return slices.DeleteFunc(spans, func(s tracingtest.Span) bool { return s.Name == "above" })
}

// only returns the span of that name.
func only(t *testing.T, spans []tracingtest.Span, name string) tracingtest.Span {
	t.Helper()
	found := slices.DeleteFunc(slices.Clone(spans), func(s tracingtest.Span) bool { return s.Name != name })
	if len(found) != 1 {
		t.Fatalf("%d spans are called %s in %+v, want one", len(found), name, spans)
	}
	return found[0]
}

func TestObserver_Query(t *testing.T) {
	t.Parallel()
	spans := traced(t, pgtest.New(t), func(ctx context.Context, pool *pgxpool.Pool) {
		var n int
		if err := pool.QueryRow(ctx, "\nSELECT count(*) FROM users WHERE email = $1", secret).Scan(&n); err != nil {
			t.Error(err)
		}
	})
	s := only(t, spans, "SELECT users")
	for name, want := range map[string]string{
		"db.system.name": "postgresql", "db.query.text": "SELECT count(*) FROM users WHERE email = $1", "db.query.summary": "SELECT users",
	} {
		if got := s.Attributes[name]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if s.Kind != "SPAN_KIND_CLIENT" || s.Failed || s.Attributes["db.namespace"] == "" || s.Attributes["server.address"] == "" {
		t.Errorf("span: got %+v, want that of a client, of which server and database", s)
	}
	if prepared := only(t, spans, "PREPARE SELECT users"); prepared.Parent != s.ID {
		t.Errorf("the first preparation is below %s, want the query", prepared.Parent)
	}
	only(t, spans, "connect")
}

func TestObserver_Batch(t *testing.T) {
	t.Parallel()
	spans := traced(t, pgtest.New(t), func(ctx context.Context, pool *pgxpool.Pool) {
		batch := &pgx.Batch{}
		batch.Queue("SELECT pg_advisory_xact_lock(hashtext($1))", secret)
		batch.Queue("UPDATE users SET first_name = $1 WHERE id = 0", secret)
		batch.Queue("SELECT $1::text::integer", secret)
		if err := pool.SendBatch(ctx, batch).Close(); err == nil {
			t.Error("a word is an integer")
		}
	})
	s := only(t, spans, "BATCH SELECT; UPDATE users; SELECT")
	if want := []string{"SELECT", "UPDATE users", "SELECT"}; !slices.Equal(s.Events, want) || s.Attributes["db.operation.batch.size"] != "3" {
		t.Errorf("events: got %q of %s, want %q", s.Events, s.Attributes["db.operation.batch.size"], want)
	}
	if !s.Failed || s.Status != "22P02" || s.Attributes["error.type"] != "22P02" {
		t.Errorf("failed %t with %q, want the code of a text that is no integer", s.Failed, s.Status)
	}
}

// TestObserver_Errors has errors of which the text quotes a value.
func TestObserver_Errors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sql  string
		args []any
		span string
		code string
	}{
		"of the server":  {"SELECT $1::text::integer", []any{secret}, "SELECT", "22P02"},
		"before sending": {"SELECT $1::integer", []any{struct{ a string }{secret}}, "SELECT", "_OTHER"},
		"copy":           {"", nil, "COPY users", "57014"},
	} {
		spans := traced(t, pgtest.New(t), func(ctx context.Context, pool *pgxpool.Pool) {
			var err error
			if tt.sql == "" {
				_, err = pool.CopyFrom(ctx, pgx.Identifier{"users"}, []string{"id"}, pgx.CopyFromRows([][]any{{secret}}))
			} else {
				_, err = pool.Exec(ctx, tt.sql, tt.args...)
			}
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		})
		if s := only(t, spans, tt.span); !s.Failed || s.Status != tt.code {
			t.Errorf("%s: failed %t with %q, want %q", name, s.Failed, s.Status, tt.code)
		}
	}
}

// TestObserver_Wait has one who waits for a connection that another holds.
func TestObserver_Wait(t *testing.T) {
	t.Parallel()
	pool := pgtest.NewPool(t, 1)
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	spans := traced(t, pool, func(ctx context.Context, pool *pgxpool.Pool) {
		if _, err := pool.Exec(ctx, "SELECT 1"); err == nil {
			t.Error("there are two connections")
		}
	})
	if s := only(t, spans, "wait for a connection"); !s.Failed || s.Status != "timeout" {
		t.Errorf("failed %t with %q, want a timeout", s.Failed, s.Status)
	}
}
