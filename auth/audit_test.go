package auth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
)

// audited returns who did what to the user, oldest first, without the tries to sign in: "1 user.update
// {before} {after}", where 0 is an operator.
func (b *bench) audited(tb testing.TB, userID int64) []string {
	tb.Helper()
	rows, err := b.db.Query(tb.Context(), `
SELECT concat_ws(' ', coalesce(actor_id, 0), action, before::text, after::text)
FROM audit_log WHERE object_type = 'user' AND object_id = $1 AND action NOT LIKE '%.success' ORDER BY id`, userID)
	if err != nil {
		tb.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return lines
}

func (b *bench) wantAudited(tb testing.TB, userID int64, want ...string) {
	tb.Helper()
	got := b.audited(tb, userID)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		tb.Errorf("the log of user %d has\n%s\nwant\n%s", userID, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestChangesOfUsersAreAudited(t *testing.T) {
	t.Parallel()
	b, admin, api := asAdmin(t)
	var u auth.User
	api.Do("POST", "/users", `{"email": "boris@example.com", "password": "`+goodPassword+`", "role": "guest", "first_name": "Boris"}`).
		Want(http.StatusCreated).Decode(&u)
	created := b.audited(t, u.ID)
	if len(created) != 1 || !strings.HasPrefix(created[0], fmt.Sprintf("%d user.create {", admin.ID)) ||
		!strings.Contains(created[0], `"email": "boris@example.com"`) {
		t.Errorf("after a creation: %v", created)
	}
	api.Do("PATCH", userPath(&u), `{"role": "manager"}`).Want(http.StatusOK)
	api.Do("PUT", userPath(&u), `{"email": "bob@example.com", "role": "manager", "first_name": "Boris"}`).Want(http.StatusOK)
	// What changes nothing, or does not happen, is no change.
	api.Do("PATCH", userPath(&u), `{"role": "manager"}`).Want(http.StatusOK)
	api.Do("PATCH", userPath(&u), `{"email": "admin@example.com"}`).Want(http.StatusConflict)
	b.wantAudited(t, u.ID, created[0],
		fmt.Sprintf(`%d user.update {"role": "guest"} {"role": "manager"}`, admin.ID),
		fmt.Sprintf(`%d user.update {"email": "boris@example.com"} {"email": "bob@example.com"}`, admin.ID))
	for _, line := range b.audited(t, u.ID) {
		if strings.Contains(line, "argon2") || strings.Contains(line, goodPassword) {
			t.Errorf("the log has a secret: %s", line)
		}
	}
}

// Of guests nobody keeps what they do with their own.
func TestOwnChangesOfStaffAreAudited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for role, audited := range map[auth.Role]bool{auth.Guest: false, auth.Manager: true, auth.Admin: true} {
		email := string(role) + "@example.com"
		u, api := b.signedIn(t, email, role)
		before := b.audited(t, u.ID)
		api.Do("PATCH", "/auth/me", `{"first_name": "Anna"}`).Want(http.StatusOK)
		api.Do("POST", "/auth/password", `{"current_password": "`+goodPassword+`", "new_password": "nine-patient-otters"}`).
			Want(http.StatusNoContent)
		want := before
		if audited {
			want = append(want, fmt.Sprintf(`%d user.update {"first_name": null} {"first_name": "Anna"}`, u.ID),
				fmt.Sprintf(`%d password.change`, u.ID))
		}
		b.wantAudited(t, u.ID, want...)
	}
}

func TestSignOutsOfStaffAreAudited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for role, want := range map[auth.Role]string{
		auth.Guest:   "",
		auth.Manager: "session.end session, session.end session, session.end_all user",
	} {
		email := string(role) + "@example.com"
		u, api := b.signedIn(t, email, role)
		var sessions struct{ Items []auth.Session }
		b.login(t, email)
		api.Do("GET", "/auth/sessions", nil).Want(http.StatusOK).Decode(&sessions)
		api.Do("DELETE", fmt.Sprintf("/auth/sessions/%d", sessions.Items[1].ID), nil).Want(http.StatusNoContent)
		api.Do("DELETE", "/auth/sessions/999999", nil).Want(http.StatusNotFound)
		api.Do("POST", "/auth/logout", nil).Want(http.StatusNoContent)
		b.api.As(b.login(t, email).AccessToken).Do("POST", "/auth/logout-all", nil).Want(http.StatusNoContent)
		var got string
		err := b.db.QueryRow(t.Context(), `
SELECT coalesce(string_agg(action || ' ' || object_type, ', ' ORDER BY id), '')
FROM audit_log WHERE actor_id = $1 AND action LIKE 'session.%'`, u.ID).Scan(&got)
		if err != nil || got != want {
			t.Errorf("of a %s the log has %q, %v; want %q", role, got, err, want)
		}
	}
}

func TestCommandsAreAudited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	u := b.user(t, "anna@example.com", auth.Guest)
	before := b.audited(t, u.ID)
	if len(before) != 1 || !strings.HasPrefix(before[0], "0 user.create {") {
		t.Errorf("after a creation: %v", before)
	}
	for _, err := range []error{
		b.auth.SetRole(t.Context(), u.Email, auth.Manager),
		b.auth.SetPassword(t.Context(), u.Email, "nine-patient-otters"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	b.wantAudited(t, u.ID, append(before, `0 user.update {"role": "guest"} {"role": "manager"}`, `0 password.change`)...)
}

func TestTheFirstAdminIsAudited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest := b.user(t, "root@example.com", auth.Guest)
	before := b.audited(t, guest.ID)
	if err := b.auth.EnsureAdmin(t.Context(), "root@example.com", goodPassword); err != nil {
		t.Fatal(err)
	}
	b.wantAudited(t, guest.ID, append(before, `0 user.ensure_admin {"taken_over": true}`)...)
}

// A deleted user's entries say still what was done, and no more to whom.
func TestDeletingErasesTheAuditLog(t *testing.T) {
	t.Parallel()
	b, admin, api := asAdmin(t)
	u, asUser := b.signedIn(t, "boris@example.com", auth.Manager)
	other := b.user(t, "other@example.com", auth.Guest)
	asUser.Do("PATCH", "/auth/me", `{"first_name": "Boris", "last_name": "Lim", "telegram_id": 777001, "pachca_id": 777002}`).Want(http.StatusOK)
	api.Do("PATCH", userPath(u), `{"email": "bob@example.com", "role": "guest"}`).Want(http.StatusOK)
	api.Do("DELETE", userPath(u), nil).Want(http.StatusNoContent)
	lines := b.audited(t, u.ID)
	if len(lines) != 4 || !strings.HasPrefix(lines[3], fmt.Sprintf("%d user.delete {", admin.ID)) {
		t.Fatalf("the log has\n%s\nwant four entries, the last of the deletion", strings.Join(lines, "\n"))
	}
	if want := fmt.Sprintf(`%d user.update {"role": "manager"} {"role": "guest"}`, admin.ID); lines[2] != want {
		t.Errorf("the change of the role is %s, want %s", lines[2], want)
	}
	for _, line := range lines {
		for _, personal := range []string{"boris", "Boris", "bob", "Lim", "777001", "777002"} {
			if strings.Contains(line, personal) {
				t.Errorf("after the deletion the log has %s: %s", personal, line)
			}
		}
	}
	if kept := b.audited(t, other.ID); !strings.Contains(kept[0], "other@example.com") {
		t.Errorf("another user's entry is %s, want their e-mail", kept)
	}
}

// An entry that cannot be written keeps the change from happening.
func TestChangesNeedTheirEntries(t *testing.T) {
	t.Parallel()
	b := setup(t)
	u := b.user(t, "anna@example.com", auth.Guest)
	if _, err := b.db.Exec(t.Context(), `ALTER TABLE audit_log ADD CONSTRAINT log_is_full CHECK (id < 0) NOT VALID`); err != nil {
		t.Fatal(err)
	}
	admin := auth.WithCaller(t.Context(), auth.Caller{UserID: 99, Role: auth.Admin})
	for what, do := range map[string]func() error{
		"CreateUser": func() error {
			_, err := b.auth.CreateUser(admin, &auth.CreateUserParams{Email: "b@example.com", Password: goodPassword, Role: auth.Guest})
			return err
		},
		"SetRole":     func() error { return b.auth.SetRole(admin, u.Email, auth.Manager) },
		"SetPassword": func() error { return b.auth.SetPassword(admin, u.Email, "nine-patient-otters") },
		"EnsureAdmin": func() error { return b.auth.EnsureAdmin(admin, "root@example.com", goodPassword) },
		"DeleteUser": func() error {
			_, err := b.auth.DeleteUser(admin, &auth.UserPath{ID: u.ID})
			return err
		},
	} {
		if err := do(); err == nil {
			t.Errorf("%s() = nil without an entry, want an error", what)
		}
	}
	var unchanged bool
	err := b.db.QueryRow(t.Context(), `
SELECT count(*) = 1 AND bool_and(role = 'guest' AND deleted_at IS NULL) FROM users`).Scan(&unchanged)
	if err != nil || !unchanged {
		t.Errorf("the users are as they were: %t, %v; want that", unchanged, err)
	}
}

// An unlocking happens as a whole or not at all.
func TestUnlockIsOneDeed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	u := b.user(t, "anna@example.com", auth.Guest)
	b.failTimes(t, u.Email, auth.LocksFrom)
	if err := b.auth.Disable(t.Context(), u.Email); err != nil {
		t.Fatal(err)
	}
	before := b.audited(t, u.ID)
	for _, action := range []string{"user.unlock", "user.update"} {
		if _, err := b.db.Exec(t.Context(), `ALTER TABLE audit_log ADD CONSTRAINT refused CHECK (action <> '`+action+`') NOT VALID`); err != nil {
			t.Fatal(err)
		}
		if err := b.auth.Unlock(t.Context(), u.Email); err == nil {
			t.Errorf("Unlock() without the entry %s = nil, want an error", action)
		}
		b.wantAudited(t, u.ID, before...)
		if n := b.failures(t, u.Email); n != auth.LocksFrom {
			t.Errorf("without the entry %s: %d failures, want %d", action, n, auth.LocksFrom)
		}
		if _, err := b.db.Exec(t.Context(), `ALTER TABLE audit_log DROP CONSTRAINT refused`); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.auth.Unlock(t.Context(), u.Email); err != nil {
		t.Fatal(err)
	}
	b.wantLogin(t, u.Email, goodPassword, http.StatusOK)
}
