//go:build unix

package idempotency_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// Routes of the API that the tests call. Both make the same effect, the first in a transaction of its own and the
// second as a pipeline.
const (
	viaOnce = "/things"
	viaSend = "/parcels"
)

var paths = []string{viaOnce, viaSend}

const rootPath = "/apps/things"

type thing struct {
	ID    int64   `json:"id"`
	Title string  `json:"title"`
	Stars int     `json:"stars"`
	Note  *string `json:"note"`
}

// Location implements the header of that name.
func (t *thing) Location() string { return fmt.Sprintf("/things/%d", t.ID) }

type thingInput struct {
	Title string  `json:"title" required:"true" minLength:"1" maxLength:"50" example:"Anchor"`
	Stars int     `json:"stars" minimum:"0" maximum:"5" default:"3"`
	Note  *string `json:"note" maxLength:"20"`
}

var kindTaken = errs.Kind{Code: "title_taken", Status: http.StatusConflict, Title: "The title is taken"}

// A world is an API in front of a database of its own.
type world struct {
	t   *testing.T
	db  *pgxpool.Pool
	api *apitest.Client
	// meanwhile is called in the transaction of an effect, by the route of things.
	meanwhile func() error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldOn(t, pgtest.New(t))
}

func worldOn(t *testing.T, db *pgxpool.Pool) *world {
	t.Helper()
	w := &world{t: t, db: db, meanwhile: func() error { return nil }}
	w.exec("CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY, title text NOT NULL, stars int NOT NULL, note text)")
	w.exec("ALTER TABLE things ADD CONSTRAINT things_title_check CHECK (title <> 'taken')")
	w.api = apitest.Build(t, httpapi.Config{Admit: admit, RootPath: rootPath}, w.register)
	return w
}

func (w *world) exec(sql string) {
	w.t.Helper()
	if _, err := w.db.Exec(w.t.Context(), sql); err != nil {
		w.t.Fatal(err)
	}
}

const (
	member httpapi.Access = "member"
	owner  httpapi.Access = "owner"
)

// admit takes a bearer token for the name of a member.
func admit(r *http.Request, d httpapi.Demand) (httpapi.Admission, error) {
	name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case d.Access == httpapi.Public:
		return httpapi.Admission{}, nil
	case !ok:
		return httpapi.Admission{}, errs.Unauthenticated.New("")
	case d.Access == owner:
		return httpapi.Admission{Caller: name}, errs.Forbidden.New("")
	}
	return httpapi.Admission{Caller: name}, nil
}

func (w *world) register(api *httpapi.API) {
	route := func(pattern, id string) httpapi.Route {
		return httpapi.Route{
			Pattern: pattern, ID: id, Tag: "Things", Summary: id, Access: member, Status: http.StatusCreated,
			Idempotent: true, Conditional: true, Errors: []errs.Kind{kindTaken},
		}
	}
	httpapi.Handle(api, route("POST "+viaOnce, "createThing"), w.createOnce)
	httpapi.Handle(api, route("POST "+viaSend, "createParcel"), w.createSend)
	httpapi.Handle(api, route("POST /careless", "createCareless"), func(context.Context, *thingInput) (*thing, error) {
		return &thing{ID: 1}, nil
	})
	plain := route("POST /plain", "createPlain")
	plain.Idempotent = false
	httpapi.Handle(api, plain, w.createOnce)
	forbidden := route("POST /forbidden", "createForbidden")
	forbidden.Access = owner
	httpapi.Handle(api, forbidden, w.createOnce)
}

func (w *world) createOnce(ctx context.Context, in *thingInput) (*thing, error) {
	t, err := idempotency.Once(ctx, w.db, func(tx pgx.Tx) (*thing, error) {
		batch := &pgx.Batch{}
		t := in.queue(batch)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return nil, err
		}
		return t, w.meanwhile()
	})
	return t, problem(err)
}

func (w *world) createSend(ctx context.Context, in *thingInput) (*thing, error) {
	batch := &pgx.Batch{}
	t := in.queue(batch)
	err := idempotency.Send(ctx, w.db, batch, func() any { return t })
	return t, problem(err)
}

func problem(err error) error {
	if err != nil && strings.Contains(err.Error(), "things_title_check") {
		return kindTaken.New("")
	}
	if err != nil {
		return fmt.Errorf("create thing: %w", err)
	}
	return nil
}

func (in *thingInput) queue(batch *pgx.Batch) *thing {
	t := &thing{Title: in.Title, Stars: in.Stars, Note: in.Note}
	const insert = "INSERT INTO things (title, stars, note) VALUES ($1, $2, $3) RETURNING id"
	batch.Queue(insert, in.Title, in.Stars, in.Note).QueryRow(func(row pgx.Row) error { return row.Scan(&t.ID) })
	return t
}

// post sends body with the keys, as a member.
func (w *world) post(caller, path, body string, keys ...string) *apitest.Response {
	w.t.Helper()
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header["Idempotency-Key"] = keys
	c := w.api
	if strings.HasPrefix(path, rootPath) {
		c = c.Except(rootPath)
	}
	return c.As(caller).Send(req)
}

// wantThings checks how many effects there were.
func (w *world) wantThings(want int) {
	w.t.Helper()
	var got int
	if err := w.db.QueryRow(w.t.Context(), "SELECT count(*) FROM things").Scan(&got); err != nil || got != want {
		w.t.Fatalf("things: got %d, %v, want %d", got, err, want)
	}
}

// wantReplay checks that again repeats first.
func (w *world) wantReplay(first, again *apitest.Response) {
	w.t.Helper()
	if again.Status != first.Status || string(again.Body) != string(first.Body) {
		w.t.Errorf("replay: got %d %s, want %d %s", again.Status, again.Body, first.Status, first.Body)
	}
	for _, name := range []string{"Location", "ETag", "Content-Type", "Content-Length", "Cache-Control"} {
		if got, want := again.Header.Get(name), first.Header.Get(name); got != want || want == "" {
			w.t.Errorf("%s of the replay: got %q, want %q", name, got, want)
		}
	}
	if got := again.Header.Get("Idempotency-Replayed"); got != strconv.FormatBool(true) {
		w.t.Errorf("Idempotency-Replayed: got %q, want true", got)
	}
}
