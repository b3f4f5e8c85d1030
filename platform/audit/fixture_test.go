package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

const (
	readers httpapi.Access = "readers"
	members httpapi.Access = "members"
)

// A fixture is a log on a database of its own, and an API with things of others.
type fixture struct {
	db      *pgxpool.Pool
	audit   *audit.Service
	api     *apitest.Client
	metrics *prometheus.Registry
	log     *strings.Builder
}

func setup(tb testing.TB) *fixture {
	tb.Helper()
	f := &fixture{db: pgtest.New(tb), metrics: prometheus.NewRegistry(), log: new(strings.Builder)}
	f.audit = audit.New(f.db, audit.Config{
		Access: readers, Cursors: page.NewSigner([]byte("a key of thirty-two random bytes")),
		Metrics: f.metrics, Log: slog.New(slog.NewTextHandler(f.log, nil)),
	})
	f.api = apitest.Build(tb, httpapi.Config{Admit: admit, Refused: f.audit.Refused}, f.audit.Register, f.registerThings)
	return f
}

// admit takes tokens such as "readers.7": user 7 may call the routes of readers, in the session 70.
func admit(r *http.Request, d httpapi.Demand) (httpapi.Admission, error) {
	access, id, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	var actor audit.Actor
	if _, err := fmt.Sscan(id, &actor.UserID); err != nil {
		if d.Access == httpapi.Public {
			return httpapi.Admission{}, nil
		}
		return httpapi.Admission{}, errs.Unauthenticated.New("")
	}
	actor.SessionID, actor.Role = 10*actor.UserID, access
	admission := httpapi.Admission{Context: audit.WithActor(r.Context(), actor), Caller: id}
	if d.Access != httpapi.Public && access != string(d.Access) {
		return admission, errs.Forbidden.New("")
	}
	return admission, nil
}

type thingPath struct {
	ID int64 `path:"id" minimum:"1" example:"1"`
}

type thing struct {
	Title string   `json:"title"`
	Price *int64   `json:"price"`
	Tags  []string `json:"tags"`
}

// registerThings mounts things to change, and things that nobody has.
func (f *fixture) registerThings(api *httpapi.API) {
	absent := func(context.Context, *thingPath) (*httpapi.Empty, error) { return nil, errs.NotFound.New("") }
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /things/{id}", ID: "deleteThing", Tag: "Audit", Summary: "Delete", Access: members,
		Errors: []errs.Kind{errs.NotFound},
	}, absent)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /things/{id}", ID: "getThing", Tag: "Audit", Summary: "Show", Access: httpapi.Public,
		Errors: []errs.Kind{errs.NotFound},
	}, absent)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PUT /things/{id}", ID: "replaceThing", Tag: "Audit", Summary: "Replace", Access: members,
	}, func(ctx context.Context, p *thingPath) (*httpapi.Empty, error) {
		return &httpapi.Empty{}, audit.Record(ctx, f.db, audit.Entry{
			Action: "thing.update", Object: "thing", ID: p.ID, Before: thing{Title: "Old"}, After: thing{Title: "New"},
		})
	})
}

// record adds an entry.
func (f *fixture) record(ctx context.Context, tb testing.TB, e audit.Entry) {
	tb.Helper()
	if err := audit.Record(ctx, f.db, e); err != nil {
		tb.Fatalf("Record(%+v) = %v", e, err)
	}
}

type list struct {
	Items      []entry `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// An entry is what the API tells of one.
type entry struct {
	ID         int64          `json:"id"`
	At         string         `json:"at"`
	ActorID    int64          `json:"actor_id"`
	ActorRole  string         `json:"actor_role"`
	SessionID  int64          `json:"session_id"`
	Action     string         `json:"action"`
	ObjectType string         `json:"object_type"`
	ObjectID   int64          `json:"object_id"`
	Before     map[string]any `json:"before"`
	After      map[string]any `json:"after"`
	Address    string         `json:"address"`
	RequestID  string         `json:"request_id"`
}

// list returns a page as a reader sees it.
func (f *fixture) list(tb testing.TB, query string) list {
	tb.Helper()
	var got list
	f.api.With(tb).As("readers.1").Do("GET", "/audit"+query, nil).Want(http.StatusOK).Decode(&got)
	return got
}
