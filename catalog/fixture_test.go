package catalog_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/auth/authtest"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// fixture is a catalogue of a test's own, behind HTTP.
type fixture struct {
	tb      testing.TB
	db      *pgxpool.Pool
	jobs    *jobs.Client
	service *catalog.Service
	metrics *prometheus.Registry
	// files is how many images were added.
	files int
	// anyone has not signed in.
	anyone, guest, admin *apitest.Client
}

const adminID = 1

func setup(tb testing.TB) *fixture {
	tb.Helper()
	db := pgtest.New(tb)
	metrics := prometheus.NewRegistry()
	queue, err := jobs.NewInserter(db, jobs.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	service := catalog.New(db, catalog.Config{
		Cursors: page.NewSigner([]byte("a secret of the tests")),
		Jobs:    queue,
		Metrics: metrics,
	})
	anyone := apitest.New(tb, authtest.Admit, service.Register)
	return &fixture{
		tb: tb, db: db, jobs: queue, service: service, metrics: metrics, anyone: anyone,
		guest: anyone.As(authtest.Token(auth.Guest, 2)),
		admin: anyone.As(authtest.Token(auth.Admin, adminID)),
	}
}

// asAdmin is for calls of the service without HTTP.
func (f *fixture) asAdmin() context.Context {
	return auth.WithCaller(f.tb.Context(), auth.Caller{UserID: adminID, Role: auth.Admin})
}

// post creates something as an admin and returns its id.
func (f *fixture) post(path string, body any) int64 {
	f.tb.Helper()
	var created struct{ ID int64 }
	f.admin.Do("POST", path, body).Want(201).Decode(&created)
	return created.ID
}

// exec runs SQL that the API has no way to say.
func (f *fixture) exec(sql string, args ...any) {
	f.tb.Helper()
	if _, err := f.db.Exec(f.tb.Context(), sql, args...); err != nil {
		f.tb.Fatalf("exec %q: %v", sql, err)
	}
}

// number returns the one number that a query yields.
func (f *fixture) number(sql string, args ...any) int64 {
	f.tb.Helper()
	var n int64
	if err := f.db.QueryRow(f.tb.Context(), sql, args...).Scan(&n); err != nil {
		f.tb.Fatalf("query %q: %v", sql, err)
	}
	return n
}

// inTx runs fn in a transaction that is committed if fn succeeds.
func (f *fixture) inTx(fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(f.asAdmin(), f.db, fn)
}

type object = map[string]any

// country creates Russia.
func (f *fixture) country() int64 {
	f.tb.Helper()
	return f.post("/countries", object{"name": "Россия", "iso_code": "RU", "currency": "RUB"})
}

func (f *fixture) city(country int64, name string) int64 {
	f.tb.Helper()
	return f.post("/cities", object{"name": name, "country_id": country, "time_zone": "Europe/Moscow"})
}

// moscow creates Russia and its capital.
func (f *fixture) moscow() int64 {
	f.tb.Helper()
	return f.city(f.country(), "Москва")
}

func (f *fixture) facility(title string) int64 {
	f.tb.Helper()
	return f.post("/facilities", object{"title": title})
}

func (f *fixture) hotel(city int64, title string) int64 {
	f.tb.Helper()
	return f.post("/hotels", object{"title": title, "city_id": city, "address": "1, Main Street"})
}

func (f *fixture) room(hotel int64, title string) int64 {
	f.tb.Helper()
	return f.post(fmt.Sprintf("/hotels/%d/rooms", hotel), room(title))
}

func room(title string) object {
	return object{"title": title, "price": 350000, "quantity": 10, "max_guests": 2}
}

// manager creates a user with the role of a manager.
func (f *fixture) manager(email string) int64 {
	f.tb.Helper()
	return f.number("INSERT INTO users (email, role, password_hash) VALUES ($1, 'manager', 'x') RETURNING id", email)
}

func (f *fixture) asManager(id int64) *apitest.Client {
	return f.anyone.As(authtest.Token(auth.Manager, id))
}

// untilWaiting returns once some statement on the database waits for a lock, and ends the test if none does.
func (f *fixture) untilWaiting() {
	f.tb.Helper()
	const waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	for deadline := time.Now().Add(5 * time.Second); f.number(waiting) == 0; {
		if time.Now().After(deadline) {
			f.tb.Fatal("nothing waits for a lock")
		}
	}
}
