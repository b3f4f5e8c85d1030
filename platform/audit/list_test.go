package audit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/page"
)

func limit(n int) page.Params { return page.Params{Limit: n} }

// add inserts n entries of a day each, the newest first.
func (f *fixture) add(tb testing.TB, n int) {
	tb.Helper()
	_, err := f.db.Exec(tb.Context(), `
INSERT INTO audit_log (at, actor_id, action, object_type, object_id, request_id)
SELECT timestamptz '2030-01-31Z' - i * interval '1 day', 1 + i % 3, CASE i % 2 WHEN 0 THEN 'hotel.update' ELSE 'room.update' END,
	CASE i % 2 WHEN 0 THEN 'hotel' ELSE 'room' END, i / 2, 'request-' || i
FROM generate_series(1, $1) i`, n)
	if err != nil {
		tb.Fatal(err)
	}
}

func TestList_IsForReaders(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.api.Do("GET", "/audit", nil).WantProblem(http.StatusUnauthorized, "unauthenticated")
	f.api.As("members.1").Do("GET", "/audit", nil).WantProblem(http.StatusForbidden, "forbidden")
}

// What is told of an object may be a list, as that of the nights of a room is.
func TestList_ShowsLists(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.record(t.Context(), t, audit.Entry{Action: "nights.update", Object: "room", ID: 7, Before: []int{1}, After: []int{2}})
	f.api.As("readers.1").Do("GET", "/audit", nil).Want(http.StatusOK)
}

func TestList_Filters(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.add(t, 6)
	for query, want := range map[string]string{
		"":                                 "1 2 3 4 5 6",
		"actor_id=1":                       "3 6",
		"actor_id=9":                       "",
		"action=hotel.update":              "2 4 6",
		"action=hotel":                     "",
		"object_type=room":                 "1 3 5",
		"object_type=hotel&object_id=2":    "4",
		"request_id=request-5":             "5",
		"from=2030-01-28T00:00:00Z":        "1 2 3",
		"to=2030-01-28T00:00:00Z":          "4 5 6",
		"from=2030-01-27T03:00:00%2B03:00": "1 2 3 4",
		"from=2030-01-27T00:00:00Z&to=2030-01-30T00:00:00Z&action=hotel.update": "2 4",
	} {
		var got []string
		for _, e := range f.list(t, "?"+query).Items {
			got = append(got, strings.TrimPrefix(e.RequestID, "request-"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("GET /audit?%s lists %v, want %s", query, got, want)
		}
	}
	for query, field := range map[string]string{
		"object_id=1": "object_type", "actor_id=0": "actor_id", "action=": "action", "from=yesterday": "from",
		"from=2030-01-28T00:00:00Z&to=2030-01-28T00:00:00Z": "to", "sort=id": "sort", "limit=101": "limit",
	} {
		p := f.api.As("readers.1").Do("GET", "/audit?"+query, nil).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("GET /audit?%s: errors = %+v, want one of %s", query, p.Errors, field)
		}
	}
}

// Entries of one moment are told apart by their ids, and what is added while paging moves no other.
func TestList_Pages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range 7 {
		_, err := f.db.Exec(t.Context(), `INSERT INTO audit_log (at, actor_id, action) VALUES ('2020-01-01Z', 1, $1)`, fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	query := "?limit=2&actor_id=1"
	for cursor := ""; ; {
		got := f.list(t, query+cursor)
		for _, e := range got.Items {
			seen = append(seen, e.Action)
		}
		if got.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(*got.NextCursor)
		f.record(audit.WithActor(t.Context(), audit.Actor{UserID: 1}), t, audit.Entry{Action: "late"})
	}
	if got, want := strings.Join(seen, " "), "6 5 4 3 2 1 0"; got != want {
		t.Errorf("pages have %s, want %s", got, want)
	}
}

func TestList_Cursors(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.add(t, 6)
	next := *f.list(t, "?limit=1&actor_id=1&to=2031-01-01T00:00:00Z").NextCursor
	forged := []byte(next)
	forged[len(forged)/2] ^= 1
	reader := f.api.As("readers.1")
	reader.Do("GET", "/audit?limit=2&actor_id=1&to=2031-01-01T00:00:00Z&cursor="+next, nil).Want(http.StatusOK)
	for _, query := range []string{
		"cursor=" + next, "actor_id=2&to=2031-01-01T00:00:00Z&cursor=" + next, "actor_id=1&cursor=" + next,
		"actor_id=1&to=2031-01-01T00:00:00Z&cursor=" + url.QueryEscape(string(forged)), "cursor=x",
	} {
		reader.Do("GET", "/audit?"+query, nil).WantProblem(http.StatusBadRequest, "cursor_invalid")
	}
}

// No filter makes the database read the log from end to end, or sort it.
func TestList_UsesIndexes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.db.Exec(t.Context(), `
INSERT INTO audit_log (at, actor_id, action, object_type, object_id, request_id)
SELECT timestamptz '2030-01-01Z' + i * interval '1 minute', i % 500, 'action ' || i % 300, 'type ' || i % 300, i % 3000, i::text
FROM generate_series(1, 30000) i`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.db.Exec(t.Context(), `VACUUM ANALYZE audit_log`); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2030, 1, 10, 0, 0, 0, 0, time.UTC)
	for index, p := range map[string]*audit.ListParams{
		"audit_log_at_idx":          {},
		"audit_log_at_idx on":       {From: &at, To: new(at.Add(time.Hour))},
		"audit_log_actor_idx":       {ActorID: new(int64(7))},
		"audit_log_action_idx":      {Action: new("action 7")},
		"audit_log_object_type_idx": {ObjectType: new("type 7")},
		"audit_log_object_idx":      {ObjectType: new("type 7"), ObjectID: new(int64(7))},
		"audit_log_request_idx":     {RequestID: new("7")},
	} {
		p.Limit = 20
		for name, after := range map[string]time.Time{"first": {}, "middle": at.AddDate(0, 0, 1)} {
			s := audit.ListStatement(p, after, 15000)
			rows, err := f.db.Query(t.Context(), "EXPLAIN "+s.String(), s.Args()...)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			plan := strings.Join(lines, "\n")
			if !strings.Contains(plan, strings.Fields(index)[0]) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") {
				t.Errorf("%s page does not come from %s in its order:\n%s", name, index, plan)
			}
		}
	}
}
