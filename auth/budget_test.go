package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// What routes of tests demand.
var (
	ownRead    = httpapi.Demand{Access: auth.SignedIn, Budget: httpapi.Reads}
	publicRead = httpapi.Demand{Access: httpapi.Public, Budget: httpapi.Reads}
	signIn     = httpapi.Demand{Access: httpapi.Public, Budget: httpapi.SignIn}
	proof      = httpapi.Demand{Access: auth.SignedIn, Budget: httpapi.SignIn}
)

// A door is a service with small budgets, seen from addresses.
type door struct {
	*bench
	*auth.Service
}

func newDoor(t *testing.T, quota int) *door {
	t.Helper()
	b := setup(t)
	client := kvtest.New(t)
	return &door{bench: b, Service: b.service(t, auth.Config{Redis: client, Limits: limits(t, client, quota)})}
}

// knock asks for admission from an address, with the token unless it is empty.
func (d *door) knock(t *testing.T, addr, token string, demand httpapi.Demand) (admission httpapi.Admission, err error) {
	t.Helper()
	admit := func(r *http.Request, _ httpapi.Demand) (httpapi.Admission, error) {
		admission, err = d.Admit(r, demand)
		return httpapi.Admission{}, nil
	}
	api := apitest.New(t, admit, func(api *httpapi.API) {
		httpapi.Handle(api, httpapi.Route{
			Pattern: "GET /door", ID: "door", Tag: "Test", Summary: "A door", Access: httpapi.Public,
		}, func(context.Context, *httpapi.Empty) (*httpapi.Empty, error) { return &httpapi.Empty{}, nil })
	})
	r := httptest.NewRequest(http.MethodGet, "/door", nil)
	r.RemoteAddr = net.JoinHostPort(addr, "4711")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	api.Send(r)
	return admission, err
}

// spend uses up a budget of three.
func (d *door) spend(t *testing.T, addr, token string, demand httpapi.Demand) {
	t.Helper()
	for range 3 {
		if _, err := d.knock(t, addr, token, demand); errors.Is(err, errs.RateLimited.New("")) {
			t.Fatalf("%+v is refused within the budget: %v", demand, err)
		}
	}
	admission, err := d.knock(t, addr, token, demand)
	wantKind(t, "a request beyond the budget", err, "rate_limited")
	if q := admission.Quota; q == nil || q.Budget != demand.Budget || q.Limit != 3 || q.Remaining != 0 {
		t.Errorf("the quota beyond the budget is %+v", q)
	}
}

// isCharged reports whether a request is charged to a budget that is used up.
func (d *door) isCharged(t *testing.T, addr, token string, demand httpapi.Demand) bool {
	t.Helper()
	_, err := d.knock(t, addr, token, demand)
	return errors.Is(err, errs.RateLimited.New(""))
}

func TestWhoseBudgetPays(t *testing.T) {
	t.Parallel()
	d := newDoor(t, 3)
	d.user(t, "anna@example.com", auth.Guest)
	d.user(t, "boris@example.com", auth.Guest)
	anna, boris := d.login(t, "anna@example.com").AccessToken, d.login(t, "boris@example.com").AccessToken
	const here, there = "198.51.100.1", "198.51.100.2"
	d.spend(t, here, anna, ownRead)
	d.spend(t, there, "", publicRead)
	d.spend(t, "2001:db8::1", "", signIn)
	d.spend(t, here, boris, proof)
	for _, tt := range []struct {
		what, addr, token string
		demand            httpapi.Demand
		charged           bool
	}{
		{"a user from another address", there, anna, ownRead, true},
		{"a user on a public route", "203.0.113.5", anna, publicRead, true},
		{"another user from a used up address", there, boris, publicRead, false},
		{"a stranger at the user's address", here, "", publicRead, false},
		{"a forged token on a public route", there, anna + "x", publicRead, true},
		{"a forged token on a route of users", there, anna + "x", ownRead, true},
		{"no token on a route of users", there, "", ownRead, true},
		{"a sign-in with a token of one's own", "2001:db8::1", anna, signIn, true},
		{"a sign-in from the same network", "2001:db8::ffff:1", "", signIn, true},
		{"a sign-in from the next network", "2001:db8:0:1::1", "", signIn, false},
		{"a password of a user, from elsewhere", there, boris, proof, true},
		{"a password of another user", here, anna, proof, false},
		{"another budget", there, "", signIn, false},
	} {
		if got := d.isCharged(t, tt.addr, tt.token, tt.demand); got != tt.charged {
			t.Errorf("%s pays from the budget that is used up: %t, want %t", tt.what, got, tt.charged)
		}
	}
}

// The budget comes first, then who it is, then what they may; and none of it matters on public routes but the budget.
func TestOrderOfAdmission(t *testing.T) {
	t.Parallel()
	d := newDoor(t, 3)
	d.user(t, "anna@example.com", auth.Guest)
	token := d.login(t, "anna@example.com").AccessToken
	adminOnly := httpapi.Demand{Access: auth.AdminOnly, Budget: httpapi.Reads}
	const addr = "198.51.100.1"
	_, err := d.knock(t, addr, token, adminOnly)
	wantKind(t, "a guest", err, "forbidden")
	d.signOut(t, d.Service, token)
	_, err = d.knock(t, addr, token, adminOnly)
	wantKind(t, "a session that is over", err, "unauthenticated")
	if admission, err := d.knock(t, addr, token, publicRead); err != nil || admission.Quota.Remaining != 0 {
		t.Errorf("a public route with a token of a session that is over: %+v, %v; want it let in", admission.Quota, err)
	}
	_, err = d.knock(t, addr, token, adminOnly)
	wantKind(t, "beyond the budget", err, "rate_limited")
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.RetryAfter <= 0 {
		t.Errorf("beyond the budget: %v, want it to say when to come back", err)
	}
}

// A trips counts the round trips of a client.
type trips struct{ n, commands atomic.Int32 }

func (h *trips) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.n.Add(1)
		h.commands.Add(1)
		return next(ctx, cmd)
	}
}
func (h *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.n.Add(1)
		h.commands.Add(int32(len(cmds)))
		return next(ctx, cmds)
	}
}

func TestAdmissionIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := kvtest.New(t)
	s := b.service(t, auth.Config{Redis: client, Limits: limits(t, client, 100)})
	b.user(t, "anna@example.com", auth.Guest)
	r := request("Bearer " + b.login(t, "anna@example.com").AccessToken)
	admit := func(d httpapi.Demand) {
		if _, err := s.Admit(r, d); err != nil {
			t.Errorf("Admit(%+v) = %v", d, err)
		}
	}
	admit(ownRead) // connects, and teaches Redis the script
	var h trips
	client.AddHook(&h)
	for _, tt := range []struct {
		demand          httpapi.Demand
		trips, commands int32
	}{
		{ownRead, 1, 2},
		{publicRead, 1, 1},
		{httpapi.Demand{Access: httpapi.Public, Budget: httpapi.Unlimited}, 0, 0},
		{httpapi.Demand{Access: auth.SignedIn, Budget: httpapi.Unlimited}, 0, 0},
	} {
		h.n.Store(0)
		h.commands.Store(0)
		admit(tt.demand)
		if n, commands := h.n.Load(), h.commands.Load(); n != tt.trips || commands != tt.commands {
			t.Errorf("%+v takes %d round trips with %d commands, want %d with %d", tt.demand, n, commands, tt.trips, tt.commands)
		}
	}
}

// Without limits Redis is still asked for sessions that are over, and without Redis everything works.
func TestAdmissionWithoutLimits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.service(t, auth.Config{Redis: kvtest.New(t)})
	revoked, _ := b.twoTokens(t, []*auth.Service{s, b.auth})
	b.signOut(t, s, revoked)
	b.db.Close()
	admission, err := s.Admit(request("Bearer "+revoked), ownRead)
	wantKind(t, "Admit()", err, "unauthenticated")
	if admission.Quota != nil {
		t.Errorf("a quota without limits: %+v", admission.Quota)
	}
}

// BenchmarkAdmission compares admission with Redis and without: what remains is the look-up in PostgreSQL.
func BenchmarkAdmission(b *testing.B) {
	x := setupOn(b, pgtest.New(b))
	client := kvtest.New(b)
	for name, cfg := range map[string]auth.Config{
		"with Redis":    {Redis: client, Limits: limits(b, client, 1_000_000)},
		"without Redis": {},
		"process only":  {Limits: limits(b, nil, 1_000_000)},
	} {
		s := x.service(b, cfg)
		email := fmt.Sprintf("%x@example.com", name)
		x.user(b, email, auth.Guest)
		r := request("Bearer " + x.login(b, email).AccessToken)
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Admit(r, ownRead); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
