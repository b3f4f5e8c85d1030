package auth_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

func TestLastAdmin(t *testing.T) {
	t.Parallel()
	b, admin, api := asAdmin(t)
	retired := b.user(t, "retired@example.com", auth.Admin)
	api.Do("PATCH", userPath(retired), `{"disabled": true}`).Want(http.StatusOK)
	b.user(t, "manager@example.com", auth.Manager)

	for _, try := range [][2]string{
		{"PATCH", `{"role": "manager"}`},
		{"PATCH", `{"disabled": true}`},
		{"PUT", `{"email": "admin@example.com", "role": "guest"}`},
		{"PUT", `{"email": "admin@example.com", "role": "admin", "disabled": true}`},
	} {
		api.Do(try[0], userPath(admin), try[1]).WantProblem(http.StatusConflict, "last_admin")
	}
	api.Do("DELETE", userPath(admin), nil).WantProblem(http.StatusConflict, "last_admin")
	wantKind(t, "SetRole()", b.auth.SetRole(t.Context(), "admin@example.com", auth.Guest), "last_admin")
	wantKind(t, "Disable()", b.auth.Disable(t.Context(), "admin@example.com"), "last_admin")

	// What takes nothing from them is allowed.
	api.Do("PATCH", userPath(admin), `{"first_name": "Ada"}`).Want(http.StatusOK)
	api.Do("PATCH", userPath(retired), `{"role": "guest"}`).Want(http.StatusOK)
	api.Do("DELETE", userPath(retired), nil).Want(http.StatusNoContent)
}

func TestAdminStepsDown(t *testing.T) {
	t.Parallel()
	b, admin, api := asAdmin(t)
	b.user(t, "second@example.com", auth.Admin)
	api.Do("PATCH", userPath(admin), `{"role": "guest"}`).Want(http.StatusOK)
	api.Do("GET", "/users", nil).WantProblem(http.StatusForbidden, "forbidden")
}

// However two admins take the role from each other, one of them stays.
func TestAdminsRemoveEachOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.user(t, "one@example.com", auth.Admin), b.user(t, "two@example.com", auth.Admin)
	demote := func(u *auth.User) error {
		_, err := b.auth.UpdateUser(t.Context(), &auth.UpdateUserParams{
			UserPath: auth.UserPath{ID: u.ID}, Body: httpapi.NewPatch[auth.UserParams](`{"role": "guest"}`),
		})
		return err
	}
	removals := []func(*auth.User) error{
		demote,
		func(u *auth.User) error { return b.auth.Disable(t.Context(), u.Email) },
		func(u *auth.User) error { return b.auth.SetRole(t.Context(), u.Email, auth.Manager) },
	}
	for round := range 60 {
		var wg sync.WaitGroup
		var first, second error
		wg.Go(func() { first = removals[round%3](one) })
		wg.Go(func() { second = removals[round/3%3](two) })
		wg.Wait()
		if (first == nil) == (second == nil) {
			t.Fatalf("round %d: removed with %v and %v, want exactly one", round, first, second)
		}
		if first != nil {
			wantKind(t, "the removal that failed", first, "last_admin")
		} else {
			wantKind(t, "the removal that failed", second, "last_admin")
		}
		for _, u := range []*auth.User{one, two} {
			if err := b.auth.SetRole(t.Context(), u.Email, auth.Admin); err != nil {
				t.Fatal(err)
			}
			if err := b.auth.Unlock(t.Context(), u.Email); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAdminsDeleteEachOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "first@example.com", auth.Admin)
	for range 20 {
		admins, err := b.auth.ListUsers(t.Context(), allAdmins())
		if err != nil || len(admins.Items) != 1 {
			t.Fatalf("admins %+v, %v; want one", admins, err)
		}
		pair := []*auth.User{&admins.Items[0], b.user(t, "another@example.com", auth.Admin)}
		results := make([]error, 2)
		var wg sync.WaitGroup
		for i, u := range pair {
			wg.Go(func() { _, results[i] = b.auth.DeleteUser(t.Context(), &auth.UserPath{ID: u.ID}) })
		}
		wg.Wait()
		if (results[0] == nil) == (results[1] == nil) {
			t.Fatalf("deleted with %v, want exactly one", results)
		}
		if results[0] != nil {
			continue
		}
		if _, err := b.db.Exec(t.Context(), `UPDATE users SET email = 'first@example.com' WHERE id = $1`, pair[1].ID); err != nil {
			t.Fatal(err)
		}
	}
}

func allAdmins() *auth.ListUsersParams {
	p := &auth.ListUsersParams{Role: new(auth.Admin)}
	p.Limit = 100
	return p
}

func TestCommands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.user(t, "anna@example.com", auth.Guest)
	session := b.login(t, "anna@example.com")

	if err := b.auth.SetPassword(ctx, "ANNA@example.com", "nine-patient-otters"); err != nil {
		t.Fatal(err)
	}
	b.wantAlive(t, session, http.StatusUnauthorized)
	b.wantRefresh(t, session.RefreshToken, http.StatusUnauthorized)
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusUnauthorized)
	b.wantLogin(t, "anna@example.com", "nine-patient-otters", http.StatusOK)

	if err := b.auth.Disable(ctx, "Anna@example.com"); err != nil {
		t.Fatal(err)
	}
	b.wantLogin(t, "anna@example.com", "nine-patient-otters", http.StatusUnauthorized)
	if err := b.auth.Unlock(ctx, "anna@example.com"); err != nil {
		t.Fatal(err)
	}
	b.wantLogin(t, "anna@example.com", "nine-patient-otters", http.StatusOK)

	nobody := "nobody@example.com"
	wantKind(t, "SetPassword(nobody)", b.auth.SetPassword(ctx, nobody, goodPassword), "not_found")
	wantKind(t, "SetRole(nobody)", b.auth.SetRole(ctx, nobody, auth.Guest), "not_found")
	wantKind(t, "Disable(nobody)", b.auth.Disable(ctx, nobody), "not_found")
	wantKind(t, "Unlock(nobody)", b.auth.Unlock(ctx, nobody), "not_found")
	wantKind(t, "SetPassword(common)", b.auth.SetPassword(ctx, "anna@example.com", "password1"), errs.Invalid.Code)
	wantKind(t, "SetRole(root)", b.auth.SetRole(ctx, "anna@example.com", "root"), errs.Invalid.Code)
	for _, email := range []string{"", "anna", " anna@example.com", "anna@example.com ", "Anna <a@example.com>", "a\x00@example.com"} {
		_, err := b.auth.CreateUser(ctx, &auth.CreateUserParams{Email: email, Password: goodPassword, Role: auth.Guest})
		wantKind(t, "CreateUser("+email+")", err, errs.Invalid.Code)
	}
}

func TestEnsureAdmin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	var logs [8]strings.Builder
	for i := range logs {
		replica := b.service(t, auth.Config{Log: slog.New(slog.NewTextHandler(&logs[i], nil))})
		wg.Go(func() {
			// Different e-mails, so that nothing but the lock makes it one admin.
			if err := replica.EnsureAdmin(t.Context(), fmt.Sprintf("root%d@example.com", i), goodPassword); err != nil {
				t.Errorf("EnsureAdmin() = %v", err)
			}
		})
	}
	wg.Wait()
	admins, err := b.auth.ListUsers(t.Context(), allAdmins())
	if err != nil || len(admins.Items) != 1 {
		t.Fatalf("admins = %+v, %v; want one", admins, err)
	}
	said := 0
	for i := range logs {
		said += strings.Count(logs[i].String(), "level=INFO msg=\"made the first admin\"")
	}
	if said != 1 {
		t.Errorf("%d replicas log that they made the first admin, want 1", said)
	}
	session := b.login(t, admins.Items[0].Email)
	if err := b.auth.EnsureAdmin(t.Context(), "other@example.com", goodPassword); err != nil {
		t.Fatal(err)
	}
	admins, err = b.auth.ListUsers(t.Context(), allAdmins())
	if err != nil || len(admins.Items) != 1 {
		t.Errorf("admins = %+v, %v; want one", admins, err)
	}
	b.wantAlive(t, session, http.StatusOK)
	if err := b.auth.EnsureAdmin(t.Context(), "", ""); err != nil {
		t.Errorf("EnsureAdmin() with an admin there = %v, want no look at the arguments", err)
	}
}

// Whoever registered the operator's e-mail must not become the admin with a password of their own.
func TestEnsureAdminTakesAnAccountOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	u, api := b.signedIn(t, "Root@example.com", auth.Guest)
	api.Do("PATCH", "/auth/me", `{"first_name": "Eve", "last_name": "L", "telegram_id": 7, "pachca_id": 8}`).Want(http.StatusOK)
	session := b.login(t, "root@example.com")
	var log strings.Builder
	s := b.service(t, auth.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := s.EnsureAdmin(t.Context(), "root@example.com", "nine-patient-otters"); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("level=WARN msg=\"a registered user became the first admin\" user_id=%d", u.ID); !strings.Contains(log.String(), want) {
		t.Errorf("log = %q, want %s", log.String(), want)
	}
	admins, err := b.auth.ListUsers(t.Context(), allAdmins())
	if err != nil || len(admins.Items) != 1 {
		t.Fatalf("admins = %+v, %v; want one", admins, err)
	}
	if a := admins.Items[0]; a.ID != u.ID || a.FirstName != nil || a.LastName != nil || a.TelegramID != nil || a.PachcaID != nil {
		t.Errorf("the admin is %+v, want user %d without what they said of themselves", a, u.ID)
	}
	b.wantAlive(t, session, http.StatusUnauthorized)
	b.wantLogin(t, "root@example.com", goodPassword, http.StatusUnauthorized)
	b.wantLogin(t, "root@example.com", "nine-patient-otters", http.StatusOK)
	wantKind(t, "Disable()", b.auth.Disable(t.Context(), "root@example.com"), "last_admin")
}

func TestEnsureAdminRefusesBadInput(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wantKind(t, "EnsureAdmin(no e-mail)", b.auth.EnsureAdmin(t.Context(), "root", goodPassword), errs.Invalid.Code)
	wantKind(t, "EnsureAdmin(common)", b.auth.EnsureAdmin(t.Context(), "root@example.com", "password1"), errs.Invalid.Code)
}
