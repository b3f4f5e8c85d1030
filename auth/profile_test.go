package auth_test

import (
	"net/http"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
)

func TestMe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	u, api := b.signedIn(t, "anna@example.com", auth.Manager)
	var got auth.User
	api.Do("GET", "/auth/me", nil).Want(http.StatusOK).Decode(&got)
	if got.ID != u.ID || got.Email != "anna@example.com" || got.Role != auth.Manager {
		t.Errorf("me = %+v", got)
	}
}

func TestUpdateMe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	api.Do("PATCH", "/auth/me", `{"first_name": "Anna", "telegram_id": 7, "pachca_id": 8}`).Want(http.StatusOK)
	var got auth.User
	api.Do("PATCH", "/auth/me", `{"last_name": "Orlova", "pachca_id": null}`).Want(http.StatusOK).Decode(&got)
	if *got.FirstName != "Anna" || *got.LastName != "Orlova" || *got.TelegramID != 7 || got.PachcaID != nil {
		t.Errorf("patched to %+v", got)
	}
	var same auth.User
	api.Do("PATCH", "/auth/me", `{}`).Want(http.StatusOK).Decode(&same)
	if *same.FirstName != "Anna" || same.Email != got.Email {
		t.Errorf("an empty patch made %+v", same)
	}
}

func TestUpdateMeEmail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	b.user(t, "boris@example.com", auth.Guest)
	patch := func(email, more string) string { return `{"email": "` + email + `"` + more + `}` }
	password := `, "current_password": "` + goodPassword + `"`

	api.Do("PATCH", "/auth/me", patch("anna@example.com", "")).Want(http.StatusOK)
	wantField(t, api.Do("PATCH", "/auth/me", patch("new@example.com", "")), "current_password", "required")
	wantField(t, api.Do("PATCH", "/auth/me", patch("new@example.com", `, "current_password": null`)), "current_password", "required")
	wantField(t, api.Do("PATCH", "/auth/me", patch("new@example.com", `, "current_password": "wrong"`)), "current_password", "incorrect")
	wantField(t, api.Do("PATCH", "/auth/me", patch("new", password)), "email", "format")
	api.Do("PATCH", "/auth/me", patch("BORIS@example.com", password)).WantProblem(http.StatusConflict, "email_taken")
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusOK)

	api.Do("PATCH", "/auth/me", patch("ANNA@example.com", password)).Want(http.StatusOK)
	api.Do("PATCH", "/auth/me", patch("new@example.com", password)).Want(http.StatusOK)
	b.wantLogin(t, "new@example.com", goodPassword, http.StatusOK)
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusUnauthorized)
}

func TestUpdateMeCannotRaiseTheRole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	for _, field := range []string{"role", "disabled", "id", "password", "password_hash"} {
		wantField(t, api.Do("PATCH", "/auth/me", `{"`+field+`": "admin"}`), field, "unknown")
	}
}

func TestUpdateMeKeepsWhatOthersChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	patch := func(body string) func() {
		return func() { api.Do("PATCH", "/auth/me", body).Want(http.StatusOK) }
	}
	b.whileHeld(t, "users", `UPDATE users SET telegram_id = 7`,
		patch(`{"first_name": "Anna"}`), patch(`{"last_name": "Orlova"}`), patch(`{"pachca_id": 8}`))
	var got auth.User
	api.Do("GET", "/auth/me", nil).Decode(&got)
	if got.FirstName == nil || got.LastName == nil || got.TelegramID == nil || got.PachcaID == nil {
		t.Errorf("a concurrent change was lost: %+v", got)
	}
}

// A password that was right when it was checked is not when another took its place meanwhile.
func TestUpdateMeEmailWhilePasswordChanges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	b.whileHeld(t, "users", `UPDATE users SET password_hash = 'another'`, func() {
		res := api.Do("PATCH", "/auth/me", `{"email": "thief@example.com", "current_password": "`+goodPassword+`"}`)
		wantField(t, res, "current_password", "incorrect")
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	this, other := b.login(t, "anna@example.com"), b.login(t, "anna@example.com")
	api := b.api.As(this.AccessToken)
	change := func(current, password string) map[string]string {
		return map[string]string{"current_password": current, "new_password": password}
	}
	wantField(t, api.Do("POST", "/auth/password", change("wrong", "nine-patient-otters")), "current_password", "incorrect")
	wantField(t, api.Do("POST", "/auth/password", change(goodPassword, "password1")), "new_password", "too_common")
	wantField(t, api.Do("POST", "/auth/password", change(goodPassword, "Anna@example.com")), "new_password", "too_personal")
	b.wantAlive(t, other, http.StatusOK)

	api.Do("POST", "/auth/password", change(goodPassword, "nine-patient-otters")).Want(http.StatusNoContent)
	b.wantAlive(t, this, http.StatusOK)
	b.wantRefresh(t, this.RefreshToken, http.StatusOK)
	b.wantAlive(t, other, http.StatusUnauthorized)
	b.wantRefresh(t, other.RefreshToken, http.StatusUnauthorized)
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusUnauthorized)
	b.wantLogin(t, "anna@example.com", "nine-patient-otters", http.StatusOK)
}

// Two changes that know the same password: the second one has proven a password that is not the current one.
func TestChangePasswordRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	statuses := make([]int, 4)
	var changes []func()
	for i, password := range []string{"one-narrow-bridge", "two-narrow-bridges", "six-narrow-bridges", "ten-narrow-bridges"} {
		changes = append(changes, func() {
			body := map[string]string{"current_password": goodPassword, "new_password": password}
			statuses[i] = api.Do("POST", "/auth/password", body).Status
		})
	}
	b.whileHeld(t, "users", `SELECT`, changes...)
	changed := 0
	for _, s := range statuses {
		if s == http.StatusNoContent {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("statuses %v: %d changes from one password succeeded, want 1", statuses, changed)
	}
}
