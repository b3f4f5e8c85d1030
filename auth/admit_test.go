package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/pg"
)

func request(headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, h := range headers {
		r.Header.Add("Authorization", h)
	}
	return r
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	u := b.user(t, "boris@example.com", auth.Manager)
	token := b.login(t, "boris@example.com").AccessToken
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER  "} {
		admitted, err := b.auth.Admit(request(scheme+token), httpapi.Demand{Access: auth.SignedIn})
		if err != nil {
			t.Errorf("Admit(%q...) = %v", scheme, err)
			continue
		}
		if c := auth.CallerFrom(admitted.Context); c.UserID != u.ID || c.Role != auth.Manager || c.SessionID == 0 || admitted.Caller == "" {
			t.Errorf("caller = %+v, %q", c, admitted.Caller)
		}
	}
}

func TestAdmitRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	token := b.login(t, "anna@example.com").AccessToken
	stranger, err := b.auth.SignAccessToken(12345, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*http.Request{
		"nothing":            request(),
		"an empty header":    request(""),
		"no token":           request("Bearer"),
		"another scheme":     request("Basic " + token),
		"no scheme":          request(token),
		"two headers":        request("Bearer "+token, "Bearer "+token),
		"two tokens":         request("Bearer " + token + " " + token),
		"another's session":  request("Bearer " + stranger),
		"a refresh token":    request("Bearer " + b.login(t, "anna@example.com").RefreshToken),
		"a damaged token":    request("Bearer " + token + "x"),
		"a session not made": request("Bearer " + must(b.auth.SignAccessToken(1, 999))),
	} {
		_, err := b.auth.Admit(r, httpapi.Demand{Access: auth.SignedIn})
		wantKind(t, name, err, "unauthenticated")
	}
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}

func TestUnauthenticatedNamesTheScheme(t *testing.T) {
	t.Parallel()
	b := setup(t)
	res := b.api.Do("GET", "/auth/me", nil)
	res.WantProblem(http.StatusUnauthorized, "unauthenticated")
	if got := res.Header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate = %q, want Bearer", got)
	}
}

func TestAccessByRole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	may := map[auth.Role][]httpapi.Access{
		auth.Guest:   {auth.SignedIn},
		auth.Manager: {auth.SignedIn, auth.Staff},
		auth.Admin:   {auth.SignedIn, auth.Staff, auth.AdminOnly},
	}
	for role, allowed := range may {
		b.user(t, string(role)+"@example.com", role)
		r := request("Bearer " + b.login(t, string(role)+"@example.com").AccessToken)
		for i, access := range []httpapi.Access{auth.SignedIn, auth.Staff, auth.AdminOnly} {
			_, err := b.auth.Admit(r, httpapi.Demand{Access: access})
			if i < len(allowed) && err != nil {
				t.Errorf("%s on a route for %s: %v", role, access, err)
			}
			if i >= len(allowed) {
				wantKind(t, string(role)+" on a route for "+string(access), err, "forbidden")
			}
		}
	}
}

func TestRoleChangeHoldsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	api.Do("GET", "/users", nil).WantProblem(http.StatusForbidden, "forbidden")
	if err := b.auth.SetRole(t.Context(), "anna@example.com", auth.Admin); err != nil {
		t.Fatal(err)
	}
	api.Do("GET", "/users", nil).Want(http.StatusOK)
}

func TestSessionEndsAfterSixtyDays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	tokens := b.login(t, "anna@example.com")
	for range 12 {
		b.clock.advance(5*24*time.Hour - time.Minute)
		tokens = b.wantRefresh(t, tokens.RefreshToken, http.StatusOK)
	}
	b.wantAlive(t, tokens, http.StatusOK)
	b.clock.advance(8 * time.Minute)
	b.wantAlive(t, tokens, http.StatusOK)
	b.clock.advance(4 * time.Minute)
	fresh, err := b.auth.SignAccessToken(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	b.wantAlive(t, &auth.Tokens{AccessToken: fresh}, http.StatusUnauthorized)
	b.wantRefresh(t, tokens.RefreshToken, http.StatusUnauthorized)
}

// Nobody is let in and nobody is told to sign in again when PostgreSQL cannot be asked.
func TestAdmitWithoutDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	token := b.login(t, "anna@example.com").AccessToken
	var conns []func()
	for range b.db.Config().MaxConns {
		conn, err := b.db.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn.Release)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := b.auth.Admit(request("Bearer "+token).WithContext(ctx), httpapi.Demand{Access: auth.SignedIn})
	if !pg.IsUnavailable(err) {
		t.Errorf("Admit() without a connection = %v, want an error of the database", err)
	}
	if _, isProblem := errors.AsType[*errs.Error](err); isProblem {
		t.Errorf("Admit() without a connection = %v, which a client would be told", err)
	}
	for _, release := range conns {
		release()
	}
}
