package auth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// asAdmin returns a bench and a client signed in as its only admin.
func asAdmin(t *testing.T) (*bench, *auth.User, *apitest.Client) {
	t.Helper()
	b := setup(t)
	admin, api := b.signedIn(t, "admin@example.com", auth.Admin)
	return b, admin, api
}

func TestUsersAreForAdmins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest, asGuest := b.signedIn(t, "guest@example.com", auth.Guest)
	_, asManager := b.signedIn(t, "manager@example.com", auth.Manager)
	body := `{"email": "x@example.com", "password": "` + goodPassword + `", "role": "guest"}`
	for _, route := range [][2]string{
		{"GET", "/users"}, {"POST", "/users"}, {"GET", userPath(guest)}, {"PUT", userPath(guest)},
		{"PATCH", userPath(guest)}, {"DELETE", userPath(guest)},
	} {
		b.api.Do(route[0], route[1], body).WantProblem(http.StatusUnauthorized, "unauthenticated")
		asGuest.Do(route[0], route[1], body).WantProblem(http.StatusForbidden, "forbidden")
		asManager.Do(route[0], route[1], body).WantProblem(http.StatusForbidden, "forbidden")
	}
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	res := api.Do("POST", "/users", `{"email": "boris@example.com", "password": "`+goodPassword+`", "role": "manager",
		"first_name": "Борис", "pachca_id": 5}`).Want(http.StatusCreated)
	var got auth.User
	res.Decode(&got)
	if got.Role != auth.Manager || *got.FirstName != "Борис" || *got.PachcaID != 5 || res.Header.Get("Location") != userPath(&got) {
		t.Errorf("created %+v at %s", got, res.Header.Get("Location"))
	}
	b.wantLogin(t, "boris@example.com", goodPassword, http.StatusOK)
	if n := b.count(t, "auth_registrations_total", ""); n != 0 {
		t.Errorf("auth_registrations_total = %v after an admin made users, want 0", n)
	}
	api.Do("POST", "/users", `{"email": "Boris@example.com", "password": "`+goodPassword+`", "role": "guest"}`).
		WantProblem(http.StatusConflict, "email_taken")
	wantField(t, api.Do("POST", "/users", `{"email": "c@example.com", "password": "`+goodPassword+`"}`), "role", "required")
	wantField(t, api.Do("POST", "/users", `{"email": "c@example.com", "password": "`+goodPassword+`", "role": "root"}`), "role", "enum")
	wantField(t, api.Do("POST", "/users", `{"email": "c@example.com", "password": "qwerty123", "role": "guest"}`), "password", "too_common")
}

func TestGetUser(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	u := b.user(t, "boris@example.com", auth.Guest)
	var got auth.User
	api.Do("GET", userPath(u), nil).Want(http.StatusOK).Decode(&got)
	if got.ID != u.ID || got.Email != u.Email {
		t.Errorf("got %+v, want %+v", got, u)
	}
	for _, id := range []string{"999999", "0", "-1", "x", "9223372036854775808"} {
		api.Do("GET", "/users/"+id, nil).WantProblem(http.StatusNotFound, "not_found")
	}
}

func TestReplaceUser(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	u := b.user(t, "boris@example.com", auth.Guest)
	session := b.login(t, "boris@example.com")
	api.Do("PUT", userPath(u), `{"email": "boris@example.com", "role": "guest", "first_name": "Boris", "telegram_id": 7}`).Want(http.StatusOK)
	var got auth.User
	api.Do("PUT", userPath(u), `{"email": "bob@example.com", "role": "manager"}`).Want(http.StatusOK).Decode(&got)
	if got.Email != "bob@example.com" || got.Role != auth.Manager || got.FirstName != nil || got.TelegramID != nil || got.DisabledAt != nil {
		t.Errorf("replaced by %+v", got)
	}
	b.wantAlive(t, session, http.StatusOK)
	b.wantLogin(t, "bob@example.com", goodPassword, http.StatusOK)

	wantField(t, api.Do("PUT", userPath(u), `{"email": "bob@example.com"}`), "role", "required")
	wantField(t, api.Do("PUT", userPath(u), `{"role": "guest"}`), "email", "required")
	wantField(t, api.Do("PUT", userPath(u), `{"email": "bob@example.com", "role": "guest", "password": "`+goodPassword+`"}`), "password", "unknown")
	wantField(t, api.Do("PUT", userPath(u), `{"email": "bob@example.com", "role": "guest", "disabled": null}`), "disabled", "type")
	api.Do("PUT", userPath(u), `{"email": "ADMIN@example.com", "role": "guest"}`).WantProblem(http.StatusConflict, "email_taken")
	api.Do("PUT", "/users/999999", `{"email": "z@example.com", "role": "guest"}`).WantProblem(http.StatusNotFound, "not_found")
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	u := b.user(t, "boris@example.com", auth.Guest)
	var got auth.User
	api.Do("PATCH", userPath(u), `{"first_name": "Boris", "role": "manager"}`).Want(http.StatusOK)
	api.Do("PATCH", userPath(u), `{"last_name": "Lim"}`).Want(http.StatusOK).Decode(&got)
	if *got.FirstName != "Boris" || *got.LastName != "Lim" || got.Role != auth.Manager || got.Email != "boris@example.com" {
		t.Errorf("patched to %+v", got)
	}
	api.Do("PATCH", userPath(u), `{"email": null}`).Want(http.StatusUnprocessableEntity)
	wantField(t, api.Do("PATCH", userPath(u), `{"password": "`+goodPassword+`"}`), "password", "unknown")
	api.Do("PATCH", "/users/999999", `{}`).WantProblem(http.StatusNotFound, "not_found")
}

func TestDisabling(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	u := b.user(t, "boris@example.com", auth.Guest)
	for name, disable := range map[string]func() *apitest.Response{
		"PUT": func() *apitest.Response {
			return api.Do("PUT", userPath(u), `{"email": "boris@example.com", "role": "guest", "disabled": true}`)
		},
		"PATCH": func() *apitest.Response { return api.Do("PATCH", userPath(u), `{"disabled": true}`) },
	} {
		session := b.login(t, "boris@example.com")
		var first, second auth.User
		disable().Want(http.StatusOK).Decode(&first)
		b.clock.advance(1e9)
		disable().Want(http.StatusOK).Decode(&second)
		if first.DisabledAt == nil || !second.DisabledAt.Equal(*first.DisabledAt) {
			t.Errorf("%s: disabled at %v, then at %v", name, first.DisabledAt, second.DisabledAt)
		}
		b.wantAlive(t, session, http.StatusUnauthorized)
		b.wantLogin(t, "boris@example.com", goodPassword, http.StatusUnauthorized)
		api.Do("PATCH", userPath(u), `{"disabled": false}`).Want(http.StatusOK)
		b.wantAlive(t, session, http.StatusUnauthorized)
		b.wantRefresh(t, session.RefreshToken, http.StatusUnauthorized)
		b.wantLogin(t, "boris@example.com", goodPassword, http.StatusOK)
	}
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	u := b.user(t, "boris@example.com", auth.Manager)
	session := b.login(t, "boris@example.com")
	b.wantLogin(t, "boris@example.com", "wrong-password", http.StatusUnauthorized)
	api.Do("PATCH", userPath(u), `{"first_name": "Boris", "last_name": "Lim", "telegram_id": 7, "pachca_id": 8}`).Want(http.StatusOK)
	api.Do("DELETE", userPath(u), nil).Want(http.StatusNoContent)

	b.wantAlive(t, session, http.StatusUnauthorized)
	b.wantRefresh(t, session.RefreshToken, http.StatusUnauthorized)
	b.wantLogin(t, "boris@example.com", goodPassword, http.StatusUnauthorized)
	for _, method := range []string{"GET", "DELETE"} {
		api.Do(method, userPath(u), nil).WantProblem(http.StatusNotFound, "not_found")
	}
	api.Do("PATCH", userPath(u), `{}`).WantProblem(http.StatusNotFound, "not_found")
	api.Do("PUT", userPath(u), `{"email": "b@example.com", "role": "guest"}`).WantProblem(http.StatusNotFound, "not_found")
	for _, got := range list(t, api, "") {
		if got.ID == u.ID {
			t.Errorf("the deleted user is listed: %+v", got)
		}
	}
	var erased, ended, forgotten bool
	err := b.db.QueryRow(t.Context(), `
SELECT coalesce(email, password_hash, first_name, last_name, telegram_id::text, pachca_id::text) IS NULL,
	NOT EXISTS (SELECT FROM sessions WHERE user_id = $1 AND revoked_at IS NULL),
	NOT EXISTS (SELECT FROM sign_in_failures WHERE user_id = $1)
FROM users WHERE id = $1`, u.ID).Scan(&erased, &ended, &forgotten)
	if err != nil || !erased || !ended || !forgotten {
		t.Errorf("who it was is erased: %t, the sessions are ended: %t, failures forgotten: %t (%v); want all", erased, ended, forgotten, err)
	}
	if again := b.user(t, "boris@example.com", auth.Guest); again.ID == u.ID {
		t.Errorf("the new user has the id of the deleted one")
	}
}

func list(tb testing.TB, api *apitest.Client, query string) []auth.User {
	tb.Helper()
	var got struct {
		Items      []auth.User `json:"items"`
		NextCursor *string     `json:"next_cursor"`
	}
	api.Do("GET", "/users"+query, nil).Want(http.StatusOK).Decode(&got)
	return got.Items
}

func TestListUsersFilters(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	for i, email := range []string{"Anna_1@example.com", "anna%2@example.com", "boris@sub.example.com"} {
		b.user(t, email, []auth.Role{auth.Guest, auth.Manager, auth.Guest}[i])
	}
	for query, want := range map[string]string{
		"":                                   "admin@example.com Anna_1@example.com anna%2@example.com boris@sub.example.com",
		"?email=ANNA":                        "Anna_1@example.com anna%2@example.com",
		"?email=_":                           "Anna_1@example.com",
		"?email=%25":                         "anna%2@example.com",
		"?email=" + url.QueryEscape(`\anna`): "",
		"?email=SUB.":                        "boris@sub.example.com",
		"?role=guest":                        "Anna_1@example.com boris@sub.example.com",
		"?role=guest&email=anna":             "Anna_1@example.com",
		"?role=admin":                        "admin@example.com",
	} {
		var got []string
		for _, u := range list(t, api, query) {
			got = append(got, u.Email)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("GET /users%s = %v, want %s", query, got, want)
		}
	}
	for _, query := range []string{"?role=root", "?email=", "?limit=0", "?limit=101", "?sort=id"} {
		api.Do("GET", "/users"+query, nil).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	}
}

func TestListUsersPages(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	for i := range 5 {
		b.user(t, fmt.Sprintf("user%d@example.com", i), auth.Guest)
	}
	var seen []string
	cursor := ""
	for {
		var got struct {
			Items      []auth.User `json:"items"`
			NextCursor *string     `json:"next_cursor"`
		}
		api.Do("GET", "/users?role=guest&limit=2&cursor="+cursor, nil).Want(http.StatusOK).Decode(&got)
		for _, u := range got.Items {
			seen = append(seen, u.Email)
		}
		if got.NextCursor == nil {
			break
		}
		cursor = *got.NextCursor
		// What is inserted and deleted between two pages moves no other row.
		b.user(t, fmt.Sprintf("late%d@example.com", len(seen)), auth.Manager)
		api.Do("GET", "/users?role=manager&cursor="+cursor, nil).WantProblem(http.StatusBadRequest, "cursor_invalid")
	}
	if got := strings.Join(seen, " "); got != "user0@example.com user1@example.com user2@example.com user3@example.com user4@example.com" {
		t.Errorf("pages have %s", got)
	}
	api.Do("GET", "/users?cursor=AAAA", nil).WantProblem(http.StatusBadRequest, "cursor_invalid")
}

func TestListUsersUsesIndexes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.db.Exec(t.Context(), `
INSERT INTO users (email, role)
SELECT md5(i::text) || '@example.com', CASE WHEN i % 2000 = 0 THEN 'manager' ELSE 'guest' END
FROM generate_series(1, 20000) i`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Exec(t.Context(), `VACUUM ANALYZE users`); err != nil {
		t.Fatal(err)
	}
	email, role := "c4ca4238", auth.Manager
	for index, p := range map[string]*auth.ListUsersParams{
		"users_pkey":           {},
		"users_email_trgm_idx": {Email: &email},
		"users_role_idx":       {Role: &role},
	} {
		p.Limit = 20
		if plan := b.explain(t, p); !strings.Contains(plan, index) {
			t.Errorf("the plan does not use %s:\n%s", index, plan)
		}
	}
}

// explain returns the plan of the list with its actual parameters.
func (b *bench) explain(tb testing.TB, p *auth.ListUsersParams) string {
	tb.Helper()
	tx, err := b.db.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = tx.Rollback(tb.Context()) }()
	if _, err := tx.Exec(tb.Context(), `SET LOCAL plan_cache_mode = force_custom_plan`); err != nil {
		tb.Fatal(err)
	}
	sql, args := auth.ListQuery(p, 0)
	rows, err := tx.Query(tb.Context(), "EXPLAIN "+sql, args...)
	if err != nil {
		tb.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
