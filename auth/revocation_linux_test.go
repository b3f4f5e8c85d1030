package auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/ratelimit"
)

// plenty are budgets that no test uses up.
func plenty(tb testing.TB, client *kv.Client) map[httpapi.Budget]*ratelimit.Limiter {
	tb.Helper()
	return limits(tb, client, 100_000)
}

func limits(tb testing.TB, client *kv.Client, quota int) map[httpapi.Budget]*ratelimit.Limiter {
	tb.Helper()
	all := make(map[httpapi.Budget]*ratelimit.Limiter)
	for _, budget := range []httpapi.Budget{httpapi.Reads, httpapi.Writes, httpapi.SignIn} {
		l, err := ratelimit.New(ratelimit.Config{
			Policy: ratelimit.Policy{Name: string(budget), Quota: quota, Window: 24 * time.Hour}, Redis: client,
		})
		if err != nil {
			tb.Fatal(err)
		}
		all[budget] = l
	}
	return all
}

// replicas returns two services on one database and one Redis.
func (b *bench) replicas(t *testing.T, cfg kv.Config) []*auth.Service {
	t.Helper()
	var all []*auth.Service
	for range 2 {
		client := kvtest.Open(t, cfg)
		all = append(all, b.service(t, auth.Config{Redis: client, Limits: plenty(t, client)}))
	}
	return all
}

// admits reports whether a replica lets the token in.
func admits(t *testing.T, s *auth.Service, token string) bool {
	t.Helper()
	_, err := s.Admit(request("Bearer "+token), httpapi.Demand{Access: auth.SignedIn, Budget: httpapi.Reads})
	if err != nil && !errors.Is(err, errs.Unauthenticated.New("")) {
		t.Errorf("Admit() = %v, want nothing or unauthenticated", err)
	}
	return err == nil
}

// A link leads to a Redis and can be cut, for all who use it.
type link struct {
	kv.Config

	to       string
	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

func newLink(t *testing.T, to kv.Config) *link {
	t.Helper()
	l := &link{Config: to, to: fmt.Sprintf("%s:%d", to.Host, to.Port)}
	var err error
	if l.listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	l.Port = l.listener.Addr().(*net.TCPAddr).Port
	go l.serve(l.listener)
	t.Cleanup(l.cut)
	return l
}

func (l *link) serve(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		far, err := new(net.Dialer).DialContext(context.Background(), "tcp", l.to)
		if err != nil {
			hangUp(near)
			continue
		}
		l.mu.Lock()
		l.conns = append(l.conns, near, far)
		l.mu.Unlock()
		for _, ends := range [][2]net.Conn{{near, far}, {far, near}} {
			go func() {
				_, _ = io.Copy(ends[0], ends[1])
				hangUp(ends[0])
			}()
		}
	}
}

// hangUp closes a connection that may be closed already.
func hangUp(c net.Conn) { _ = c.Close() }

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.listener.Close() // it may be closed already
	for _, c := range l.conns {
		hangUp(c)
	}
	l.conns = nil
}

func (l *link) heal(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", l.Port)); err != nil {
		t.Fatal(err)
	}
	go l.serve(l.listener)
}

// Whatever happens to Redis before or after a sign-out, no replica takes the token again, and others go on working.
func TestRevokedTokenIsNeverTakenAgain(t *testing.T) {
	t.Parallel()
	type fault = func(*kvtest.Server)
	for name, tt := range map[string]struct{ before, after []fault }{
		"flushed":                {after: []fault{(*kvtest.Server).Flush}},
		"killed":                 {after: []fault{(*kvtest.Server).Kill}},
		"restarted":              {after: []fault{(*kvtest.Server).Kill, (*kvtest.Server).Restart}},
		"slow":                   {after: []fault{(*kvtest.Server).Pause, (*kvtest.Server).Resume}},
		"slow while signing out": {before: []fault{(*kvtest.Server).Pause}, after: []fault{(*kvtest.Server).Resume, (*kvtest.Server).Flush}},
		"away while signing out": {before: []fault{(*kvtest.Server).Kill}, after: []fault{(*kvtest.Server).Restart}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			server := kvtest.Start(t)
			replicas := b.replicas(t, server.Config())
			revoked, good := b.twoTokens(t, replicas)
			for _, f := range tt.before {
				f(server)
			}
			b.signOut(t, replicas[0], revoked)
			wantOnly(t, replicas, good, revoked)
			for _, f := range tt.after {
				f(server)
				wantOnly(t, replicas, good, revoked)
			}
		})
	}
}

func TestRevokedDuringAPartition(t *testing.T) {
	t.Parallel()
	b := setup(t)
	server := kvtest.Start(t)
	cut := newLink(t, server.Config())
	replicas := append(b.replicas(t, cut.Config), b.replicas(t, server.Config())...)
	revoked, good := b.twoTokens(t, replicas)
	cut.cut()
	b.signOut(t, replicas[0], revoked)
	wantOnly(t, replicas, good, revoked)
	cut.heal(t)
	wantOnly(t, replicas, good, revoked)
}

// twoTokens returns access tokens of two users, which all replicas take.
func (b *bench) twoTokens(t *testing.T, replicas []*auth.Service) (first, second string) {
	t.Helper()
	b.user(t, "anna@example.com", auth.Guest)
	b.user(t, "boris@example.com", auth.Guest)
	first, second = b.login(t, "anna@example.com").AccessToken, b.login(t, "boris@example.com").AccessToken
	for _, s := range replicas {
		if !admits(t, s, first) || !admits(t, s, second) {
			t.Fatal("a token that was just made is refused")
		}
	}
	return first, second
}

// signOut ends the session of a token through a replica.
func (b *bench) signOut(t *testing.T, s *auth.Service, token string) {
	t.Helper()
	admitted, err := s.Admit(request("Bearer "+token), httpapi.Demand{Access: auth.SignedIn, Budget: httpapi.Writes})
	if err != nil {
		t.Fatalf("Admit() = %v", err)
	}
	if _, err := s.Logout(admitted.Context, nil); err != nil {
		t.Fatalf("Logout() = %v, want nil whatever Redis does", err)
	}
}

// wantOnly checks, more than once, that every replica takes the good token and none the revoked one.
func wantOnly(t *testing.T, replicas []*auth.Service, good, revoked string) {
	t.Helper()
	for range 3 {
		for i, s := range replicas {
			if admits(t, s, revoked) {
				t.Errorf("replica %d takes a revoked token", i)
			}
			if !admits(t, s, good) {
				t.Errorf("replica %d refuses a good token", i)
			}
		}
	}
}

// An ending is a way to end sessions, of the caller of ctx, whose other session has these tokens.
type ending func(ctx context.Context, b *bench, s *auth.Service, other *auth.Tokens) error

func logout(ctx context.Context, b *bench, s *auth.Service, other *auth.Tokens) error {
	_, err := s.Logout(ctx, nil)
	return errors.Join(err, endOther(ctx, b, s, other))
}

func endOther(ctx context.Context, _ *bench, s *auth.Service, _ *auth.Tokens) error {
	_, err := s.EndSession(ctx, &auth.SessionPath{ID: 2})
	return err
}

func reuse(ctx context.Context, b *bench, s *auth.Service, other *auth.Tokens) error {
	p := &auth.RefreshParams{RefreshToken: other.RefreshToken}
	if _, err := s.Refresh(ctx, p); err != nil {
		return err
	}
	b.clock.advance(auth.RefreshGrace + time.Second)
	if _, err := s.Refresh(ctx, p); err == nil {
		return errors.New("a refresh token is taken twice")
	}
	return nil
}

// Whatever ends sessions tells Redis of them, and of no others.
func TestEveryEndIsToldToRedis(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  ending
		kept bool // whether the session of the request goes on
	}{
		"logout":      {end: logout},
		"one session": {kept: true, end: endOther},
		"logout everywhere": {end: func(ctx context.Context, _ *bench, s *auth.Service, _ *auth.Tokens) error {
			_, err := s.LogoutAll(ctx, nil)
			return err
		}},
		"another password": {kept: true, end: func(ctx context.Context, _ *bench, s *auth.Service, _ *auth.Tokens) error {
			_, err := s.ChangePassword(ctx, &auth.PasswordParams{CurrentPassword: goodPassword, NewPassword: "nine-patient-otters"})
			return err
		}},
		"a refresh token used again": {kept: true, end: reuse},
		"disabled": {end: func(ctx context.Context, _ *bench, s *auth.Service, _ *auth.Tokens) error {
			return s.Disable(ctx, "anna@example.com")
		}},
		"deleted": {end: func(ctx context.Context, _ *bench, s *auth.Service, _ *auth.Tokens) error {
			_, err := s.DeleteUser(ctx, &auth.UserPath{ID: 1})
			return err
		}},
		"a password by command": {end: func(ctx context.Context, _ *bench, s *auth.Service, _ *auth.Tokens) error {
			return s.SetPassword(ctx, "anna@example.com", "nine-patient-otters")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			client := kvtest.New(t)
			s := b.service(t, auth.Config{Redis: client, Limits: plenty(t, client)})
			b.user(t, "anna@example.com", auth.Guest)
			own, other := b.login(t, "anna@example.com"), b.login(t, "anna@example.com")
			admitted, err := s.Admit(request("Bearer "+own.AccessToken), httpapi.Demand{Access: auth.SignedIn})
			wantNil(t, err)
			wantNil(t, tt.end(admitted.Context, b, s, other))
			for id, want := range map[int]bool{1: !tt.kept, 2: true, 3: false} {
				entry := redis.NewDurationCmd(t.Context(), time.Second, "ttl", fmt.Sprintf("session:over:%d", id))
				wantNil(t, client.Do(t.Context(), entry))
				if told := entry.Val() > 0; told != want {
					t.Errorf("Redis knows of the end of session %d: %t, want %t", id, told, want)
				}
				if left := entry.Val(); want && (left <= 10*time.Minute || left > 10*time.Minute+10*time.Second) {
					t.Errorf("the entry stays for %v, want a little longer than an access token lives", left)
				}
			}
		})
	}
}

func wantNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What Redis knows to be over costs PostgreSQL nothing, and is refused even without it.
func TestRedisRefusesEarly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := kvtest.New(t)
	s := b.service(t, auth.Config{Redis: client, Limits: plenty(t, client)})
	revoked, good := b.twoTokens(t, []*auth.Service{s})
	b.signOut(t, s, revoked)
	b.db.Close()
	demand := httpapi.Demand{Access: auth.SignedIn, Budget: httpapi.Reads}
	_, err := s.Admit(request("Bearer "+revoked), demand)
	wantKind(t, "Admit() of what Redis knows to be over", err, "unauthenticated")
	if _, err = s.Admit(request("Bearer "+good), demand); err == nil || errors.Is(err, errs.Unauthenticated.New("")) {
		t.Errorf("Admit() without PostgreSQL = %v, want its error", err)
	}
}
