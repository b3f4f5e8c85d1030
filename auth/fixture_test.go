package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/ratelimit"
)

// goodPassword is one that nothing is wrong with.
const goodPassword = "seven-quiet-herons"

var secret = bytes.Repeat([]byte("k"), 32)

// cheap hashes passwords fast, and is as right as the default otherwise.
var cheap = auth.Argon2{MemoryKiB: 8, Passes: 1, Lanes: 1}

// A clock shows the time that a test sets.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Now().Truncate(time.Second).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.ns.Load()) }
func (c *clock) advance(d time.Duration) { c.ns.Add(int64(d)) }

// A bench is a service on a database of its own.
type bench struct {
	db      *pgxpool.Pool
	auth    *auth.Service
	api     *apitest.Client
	clock   *clock
	metrics *prometheus.Registry
	// limits are those of consoles; nil where nothing is limited.
	limits map[httpapi.Budget]*ratelimit.Limiter
}

func setup(tb testing.TB) *bench {
	tb.Helper()
	return setupOn(tb, pgtest.New(tb))
}

func setupOn(tb testing.TB, db *pgxpool.Pool) *bench {
	tb.Helper()
	b := &bench{db: db, clock: newClock(), metrics: prometheus.NewRegistry()}
	b.auth = b.service(tb, auth.Config{Metrics: b.metrics})
	b.api = apitest.Build(tb, httpapi.Config{Admit: b.auth.Admit, Classify: classify}, b.auth.Register)
	return b
}

// service returns another service on the same database, as another replica would have.
func (b *bench) service(tb testing.TB, cfg auth.Config) *auth.Service {
	tb.Helper()
	if cfg.SecretKey == nil {
		cfg.SecretKey = secret
	}
	cfg.Cursors, cfg.Now = page.NewSigner(cfg.SecretKey, cfg.PreviousKey), b.clock.now
	if cfg.Argon2 == (auth.Argon2{}) {
		cfg.Argon2 = cheap
	}
	s, err := auth.New(b.db, cfg)
	if err != nil {
		tb.Fatalf("New() = %v", err)
	}
	return s
}

func classify(err error) error {
	if pg.IsUnavailable(err) {
		return errs.Unavailable.New("").Because(err)
	}
	return err
}

// user makes a user with goodPassword.
func (b *bench) user(tb testing.TB, email string, role auth.Role) *auth.User {
	tb.Helper()
	p := &auth.CreateUserParams{Email: email, Password: goodPassword, Role: role}
	u, err := b.auth.CreateUser(tb.Context(), p)
	if err != nil {
		tb.Fatalf("CreateUser(%s) = %v", email, err)
	}
	return u
}

// login signs a user with goodPassword in.
func (b *bench) login(tb testing.TB, email string) *auth.Tokens {
	tb.Helper()
	tokens, err := b.auth.Login(tb.Context(), &auth.LoginParams{Email: email, Password: goodPassword})
	if err != nil {
		tb.Fatalf("Login(%s) = %v", email, err)
	}
	return tokens
}

// signedIn makes a user of that role and returns a client that is signed in as them.
func (b *bench) signedIn(tb testing.TB, email string, role auth.Role) (*auth.User, *apitest.Client) {
	tb.Helper()
	u := b.user(tb, email, role)
	return u, b.api.With(tb).As(b.login(tb, email).AccessToken)
}

// wantLogin checks whether the e-mail and the password sign anybody in.
func (b *bench) wantLogin(tb testing.TB, email, password string, status int) {
	tb.Helper()
	b.api.With(tb).Do("POST", "/auth/login", map[string]string{"email": email, "password": password}).Want(status)
}

// wantAlive checks whether an access token is taken.
func (b *bench) wantAlive(tb testing.TB, tokens *auth.Tokens, status int) {
	tb.Helper()
	b.api.With(tb).As(tokens.AccessToken).Do("GET", "/auth/me", nil).Want(status)
}

// wantRefresh checks whether a refresh token is taken, and returns its successor.
func (b *bench) wantRefresh(tb testing.TB, token string, status int) *auth.Tokens {
	tb.Helper()
	res := b.api.With(tb).Do("POST", "/auth/refresh", map[string]string{"refresh_token": token}).Want(status)
	tokens := &auth.Tokens{}
	if status == http.StatusOK {
		res.Decode(tokens)
	}
	return tokens
}

// count returns the value of a series of the service's metrics, and fails if there is none.
func (b *bench) count(tb testing.TB, name, label string) float64 {
	tb.Helper()
	families, err := b.metrics.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetCounter().GetValue()
			}
		}
	}
	tb.Fatalf("no metric %s{%s}", name, label)
	return 0
}

// whileHeld locks the rows of a table, starts the calls, and when all of them wait for one, does what meanwhile does
// and lets them go.
func (b *bench) whileHeld(tb testing.TB, table, meanwhile string, calls ...func()) {
	tb.Helper()
	// A call that fails before it gets to the row would be waited for in vain.
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	err := pgx.BeginFunc(ctx, b.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM `+table+` FOR UPDATE`); err != nil {
			return err
		}
		for _, call := range calls {
			wg.Go(call)
		}
		for waiting := 0; waiting < len(calls); {
			err := tx.QueryRow(ctx, `
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
			if err != nil {
				return err
			}
			// Within a transaction the statistics are read once, unless they are dropped.
			if _, err := tx.Exec(ctx, `SELECT pg_stat_clear_snapshot()`); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, meanwhile)
		return err
	})
	wg.Wait()
	if err != nil {
		tb.Fatalf("hold the %s: %v", table, err)
	}
}

func userPath(u *auth.User) string { return fmt.Sprintf("/users/%d", u.ID) }

// wantField checks that a problem is about one field of the body.
func wantField(tb testing.TB, res *apitest.Response, field, code string) {
	tb.Helper()
	p := res.WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != field || p.Errors[0].Code != code {
		tb.Errorf("errors = %+v, want %s %s", p.Errors, field, code)
	}
}

func wantKind(tb testing.TB, what string, err error, code string) {
	tb.Helper()
	if got, ok := errors.AsType[*errs.Error](err); !ok || got.Kind.Code != code {
		tb.Errorf("%s = %v, want %s", what, err, code)
	}
}
