package auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// send is Do with headers, given as names and values in turns.
func send(c *apitest.Client, method, target, body string, headers ...string) *apitest.Response {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return c.Send(req)
}

// tagOf returns the ETag of an answer, which must be strong.
func tagOf(t *testing.T, res *apitest.Response) string {
	t.Helper()
	tag := res.Header.Get("ETag")
	if !strings.HasPrefix(tag, `"`) {
		t.Fatalf("ETag = %s, want a strong one", tag)
	}
	return tag
}

func TestUsersAreConditional(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	var u auth.User
	created := api.Do("POST", "/users", `{"email": "boris@example.com", "password": "`+goodPassword+`", "role": "guest"}`).Want(http.StatusCreated)
	created.Decode(&u)
	tag := tagOf(t, created)
	for _, change := range []struct{ method, body string }{
		{"PATCH", `{"role": "manager"}`}, {"PATCH", `{"disabled": true}`},
		{"PUT", `{"email": "boris@example.com", "role": "manager", "first_name": "Boris"}`},
	} {
		res := api.Do("GET", userPath(&u), nil).Want(http.StatusOK)
		if got := tagOf(t, res); got != tag {
			t.Errorf("the ETag of GET is %s, that of the write before it %s", got, tag)
		}
		send(api, "GET", userPath(&u), "", "If-None-Match", tag).Want(http.StatusNotModified)
		send(api, change.method, userPath(&u), change.body, "If-Match", `"other"`).
			WantProblem(http.StatusPreconditionFailed, "precondition_failed")
		now := tagOf(t, send(api, change.method, userPath(&u), change.body, "If-Match", "W/"+tag).Want(http.StatusOK))
		if now == tag {
			t.Errorf("%s %s leaves the ETag as it was", change.method, change.body)
		}
		send(api, change.method, userPath(&u), change.body, "If-Match", tag).
			WantProblem(http.StatusPreconditionFailed, "precondition_failed")
		tag = now
	}
	send(api, "DELETE", userPath(&u), "", "If-Match", `"other"`).WantProblem(http.StatusPreconditionFailed, "precondition_failed")
	b.wantAudited(t, u.ID, b.audited(t, u.ID)[:4]...)
	send(api, "DELETE", userPath(&u), "", "If-Match", tag).Want(http.StatusNoContent)
	send(api, "DELETE", userPath(&u), "", "If-Match", tag).WantProblem(http.StatusNotFound, "not_found")
}

// A stale client is told so before it is told that what it wants is not possible.
func TestPreconditionsComeBeforeConflicts(t *testing.T) {
	t.Parallel()
	b, admin, api := asAdmin(t)
	b.user(t, "boris@example.com", auth.Guest)
	for _, r := range []struct{ method, body, code string }{
		{"PATCH", `{"role": "guest"}`, "last_admin"}, {"PATCH", `{"email": "boris@example.com"}`, "email_taken"},
		{"PUT", `{"email": "admin@example.com", "role": "guest"}`, "last_admin"}, {"DELETE", "", "last_admin"},
	} {
		send(api, r.method, userPath(admin), r.body, "If-Match", `"other"`).WantProblem(http.StatusPreconditionFailed, "precondition_failed")
		send(api, r.method, userPath(admin), r.body, "If-Match", "*").WantProblem(http.StatusConflict, r.code)
	}
}

func TestMeIsConditional(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	tag := tagOf(t, api.Do("GET", "/auth/me", nil).Want(http.StatusOK))
	send(api, "GET", "/auth/me", "", "If-None-Match", tag).Want(http.StatusNotModified)
	send(api, "PATCH", "/auth/me", `{"first_name": "Anna"}`, "If-Match", `"other"`).WantProblem(http.StatusPreconditionFailed, "precondition_failed")
	now := tagOf(t, send(api, "PATCH", "/auth/me", `{"first_name": "Anna"}`, "If-Match", tag).Want(http.StatusOK))
	if got := tagOf(t, api.Do("GET", "/auth/me", nil)); got != now || now == tag {
		t.Errorf("ETags %s, after the change %s, then of GET %s; want the last two alike", tag, now, got)
	}
}

// Of changes that begin with the same version one wins, and the others are told.
func TestRacingChangesOfAUser(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	u := b.user(t, "boris@example.com", auth.Guest)
	tag := tagOf(t, api.Do("GET", userPath(u), nil))
	var wg sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = send(api, "PATCH", userPath(u), fmt.Sprintf(`{"telegram_id": %d}`, i+1), "If-Match", tag).Status
		})
	}
	wg.Wait()
	count := make(map[int]int)
	for _, status := range statuses {
		count[status]++
	}
	if count[http.StatusOK] != 1 || count[http.StatusPreconditionFailed] != len(statuses)-1 {
		t.Errorf("the changes are answered with %v, want one 200 and 412 for the rest", statuses)
	}
}

func TestCreateUserIsIdempotent(t *testing.T) {
	t.Parallel()
	b, admin, api := asAdmin(t)
	body := `{"email": "boris@example.com", "password": "` + goodPassword + `", "role": "guest", "first_name": "Boris"}`
	first := send(api, "POST", "/users", body, "Idempotency-Key", "key-1").Want(http.StatusCreated)
	again := send(api, "POST", "/users", body, "Idempotency-Key", "key-1").Want(http.StatusCreated)
	for _, h := range []string{"Location", "ETag", "Content-Type"} {
		if first.Header.Get(h) != again.Header.Get(h) || first.Header.Get(h) == "" {
			t.Errorf("%s was %q and is %q in the replay", h, first.Header.Get(h), again.Header.Get(h))
		}
	}
	if string(first.Body) != string(again.Body) || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the replay is %s, marked %q; want %s", again.Body, again.Header.Get("Idempotency-Replayed"), first.Body)
	}
	send(api, "POST", "/users", strings.Replace(body, "Boris", "Bob", 1), "Idempotency-Key", "key-1").
		WantProblem(http.StatusUnprocessableEntity, "idempotency_key_reused")
	var u auth.User
	first.Decode(&u)
	if got := b.audited(t, u.ID); len(got) != 1 {
		t.Errorf("the log has %v, want the creation once", got)
	}

	// What is kept for a user goes with them.
	other := b.user(t, "second@example.com", auth.Admin)
	asOther := b.api.As(b.login(t, other.Email).AccessToken)
	asOther.Do("DELETE", userPath(admin), nil).Want(http.StatusNoContent)
	var kept int
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM idempotency_keys`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d replies are kept for a deleted user, %v; want none", kept, err)
	}
}
