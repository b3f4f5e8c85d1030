package auth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// sessionsOf returns one page of the sessions of the client's user, and the cursor of the next.
func sessionsOf(tb testing.TB, api *apitest.Client, query string) ([]auth.Session, string) {
	tb.Helper()
	var got struct {
		Items      []auth.Session `json:"items"`
		NextCursor string         `json:"next_cursor"`
	}
	api.With(tb).Do("GET", "/auth/sessions"+query, nil).Want(http.StatusOK).Decode(&got)
	return got.Items, got.NextCursor
}

func TestListSessions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	_, asBoris := b.signedIn(t, "boris@example.com", auth.Admin)
	left := b.login(t, "anna@example.com")
	b.api.As(left.AccessToken).Do("POST", "/auth/logout", nil).Want(http.StatusNoContent)
	start := b.clock.now()
	first := b.login(t, "anna@example.com")
	b.clock.advance(time.Minute)
	_, second := b.login(t, "anna@example.com"), b.login(t, "anna@example.com")

	got, _ := sessionsOf(t, b.api.As(second.AccessToken), "")
	if len(got) != 3 || got[0].Current || got[1].Current || !got[2].Current {
		t.Fatalf("sessions = %+v, want three, the last of them the current one", got)
	}
	if s := got[0]; !s.CreatedAt.Equal(start) || !s.ExpiresAt.Equal(start.Add(14*24*time.Hour)) {
		t.Errorf("session from %v to %v, want 14 days from %v", s.CreatedAt, s.ExpiresAt, start)
	}
	if of, _ := sessionsOf(t, asBoris, ""); len(of) != 1 || !of[0].Current {
		t.Errorf("sessions of an admin = %+v, want their own one", of)
	}

	b.wantRefresh(t, first.RefreshToken, http.StatusOK)
	got, _ = sessionsOf(t, b.api.As(first.AccessToken), "?limit=1")
	if len(got) != 1 || !got[0].Current || !got[0].ExpiresAt.Equal(b.clock.now().Add(14*24*time.Hour)) {
		t.Errorf("once refreshed the session is %+v, want it to last 14 days from %v", got, b.clock.now())
	}
}

// A session that cannot be refreshed any more is over, long before its 60 days are.
func TestListSessionsLeavesOutIdle(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	b.login(t, "anna@example.com")
	b.clock.advance(14*24*time.Hour - time.Second)
	api := b.api.As(b.login(t, "anna@example.com").AccessToken)
	if got, _ := sessionsOf(t, api, ""); len(got) != 2 {
		t.Errorf("a second before the end: %+v, want both sessions", got)
	}
	b.clock.advance(time.Second)
	if got, _ := sessionsOf(t, api, ""); len(got) != 1 || !got[0].Current {
		t.Errorf("at the end: %+v, want the current session", got)
	}
}

func TestListSessionsPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	for range 4 {
		b.login(t, "anna@example.com")
	}
	var sizes []int
	seen := make(map[int64]bool)
	for cursor := ""; ; {
		var page []auth.Session
		page, cursor = sessionsOf(t, api, "?limit=2&cursor="+cursor)
		sizes = append(sizes, len(page))
		for _, s := range page {
			seen[s.ID] = true
		}
		if cursor == "" {
			break
		}
	}
	if fmt.Sprint(sizes) != "[2 2 1]" || len(seen) != 5 {
		t.Errorf("pages of %v sessions, %d of them different; want 2, 2, 1 and 5", sizes, len(seen))
	}
	api.Do("GET", "/auth/sessions?cursor=AAAA", nil).WantProblem(http.StatusBadRequest, "cursor_invalid")
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	other, kept := b.login(t, "anna@example.com"), b.login(t, "anna@example.com")
	sessions, _ := sessionsOf(t, api, "")
	path := func(i int) string { return fmt.Sprintf("/auth/sessions/%d", sessions[i].ID) }

	b.api.Do("DELETE", path(1), nil).WantProblem(http.StatusUnauthorized, "unauthenticated")
	api.Do("DELETE", path(1), nil).Want(http.StatusNoContent)
	b.wantAlive(t, other, http.StatusUnauthorized)
	b.wantRefresh(t, other.RefreshToken, http.StatusUnauthorized)
	b.wantAlive(t, kept, http.StatusOK)
	ended := api.Do("DELETE", path(1), nil)
	ended.WantProblem(http.StatusNotFound, "not_found")

	_, asAdmin := b.signedIn(t, "admin@example.com", auth.Admin)
	foreign := asAdmin.Do("DELETE", path(0), nil)
	if got, want := masked(foreign), masked(ended); got != want {
		t.Errorf("another's session is answered %s, one that is over %s", got, want)
	}
	for _, id := range []string{"999999", "0", "-1", "x", "9223372036854775808"} {
		api.Do("DELETE", "/auth/sessions/"+id, nil).WantProblem(http.StatusNotFound, "not_found")
	}

	sessionsAlive, _ := sessionsOf(t, api, "")
	if len(sessionsAlive) != 2 {
		t.Errorf("sessions = %+v, want two", sessionsAlive)
	}
	api.Do("DELETE", path(0), nil).Want(http.StatusNoContent)
	api.Do("GET", "/auth/me", nil).WantProblem(http.StatusUnauthorized, "unauthenticated")
}

func TestEndSessionThatExpired(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	sessions, _ := sessionsOf(t, api, "")
	b.clock.advance(14 * 24 * time.Hour)
	api = b.api.As(b.login(t, "anna@example.com").AccessToken)
	api.Do("DELETE", fmt.Sprintf("/auth/sessions/%d", sessions[0].ID), nil).WantProblem(http.StatusNotFound, "not_found")
}

// masked returns a problem without what differs from request to request.
func masked(res *apitest.Response) string {
	return strings.ReplaceAll(string(res.Body), res.Problem().RequestID, "")
}
