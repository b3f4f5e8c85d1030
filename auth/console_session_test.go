package auth_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
)

// The session is one of its user's, and whatever ends those ends it at once.
func TestConsoleSessionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, b *consoleBench, u *auth.User){
		"demoted": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if err := b.auth.SetRole(t.Context(), u.Email, auth.Manager); err != nil {
				t.Fatal(err)
			}
		},
		"disabled": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if err := b.auth.Disable(t.Context(), u.Email); err != nil {
				t.Fatal(err)
			}
		},
		"disabled by hand": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if _, err := b.db.Exec(t.Context(), `UPDATE users SET disabled_at = now() WHERE id = $1`, u.ID); err != nil {
				t.Fatal(err)
			}
		},
		"deleted": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if _, err := b.auth.DeleteUser(t.Context(), &auth.UserPath{ID: u.ID}); err != nil {
				t.Fatal(err)
			}
		},
		"password set": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if err := b.auth.SetPassword(t.Context(), u.Email, "eight-quiet-herons"); err != nil {
				t.Fatal(err)
			}
		},
		"password changed": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			b.api.With(t).As(b.login(t, u.Email).AccessToken).Do("POST", "/auth/password",
				map[string]string{"current_password": goodPassword, "new_password": "eight-quiet-herons"}).Want(http.StatusNoContent)
		},
		"signed out everywhere": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			b.api.With(t).As(b.login(t, u.Email).AccessToken).Do("POST", "/auth/logout-all", nil).Want(http.StatusNoContent)
		},
		"session revoked": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			api := b.api.With(t).As(b.login(t, u.Email).AccessToken)
			sessions, _ := sessionsOf(t, api, "")
			if len(sessions) != 2 || sessions[0].Current {
				t.Fatalf("sessions = %+v, want the one of the console first", sessions)
			}
			api.Do("DELETE", fmt.Sprintf("/auth/sessions/%d", sessions[0].ID), nil).Want(http.StatusNoContent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupConsole(t)
			u, br := b.admin(t, "anna@example.com")
			_, other := b.admin(t, "boris@example.com")
			br.wantIn()
			end(t, b, u)
			br.wantOut()
			other.wantIn()
		})
	}
}

func TestConsoleSessionLastsWhileUsed(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	for range 8 {
		b.clock.advance(54 * time.Minute)
		br.wantIn()
	}
	b.clock.advance(8*time.Hour - 8*54*time.Minute - time.Second)
	br.wantIn()
	b.clock.advance(time.Second)
	br.wantOut()
}

func TestConsoleSessionIdles(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	b.clock.advance(time.Hour - time.Second)
	br.wantIn()
	b.clock.advance(time.Hour - time.Second)
	br.wantIn()
	b.clock.advance(time.Hour)
	br.wantOut()
}

// A page that asks every second does not write every second.
func TestConsoleSessionIsKeptRarely(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	version := func() (version string) {
		if err := b.db.QueryRow(t.Context(), `SELECT xmin::text || ctid::text FROM sessions`).Scan(&version); err != nil {
			t.Fatal(err)
		}
		return version
	}
	before := version()
	b.clock.advance(5*time.Minute - time.Second)
	br.wantIn()
	if version() != before {
		t.Error("a request within five minutes was written down")
	}
	b.clock.advance(time.Second)
	br.wantIn()
	if version() == before {
		t.Error("a request after five minutes was not written down")
	}
}

// A page that is left open leads to the sign-in page when its session is over.
func TestConsolePageEnds(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	b.clock.advance(30 * time.Minute)
	if got, want := br.ask("GET", homePage, "").header.Get("Refresh"), "27001"; got != want {
		t.Errorf("Refresh of a page after half an hour: %q, want %q", got, want)
	}
	if got := br.call("GET", homePage+"api/jobs").header.Get("Refresh"); got != "" {
		t.Errorf("Refresh of what scripts ask for: %q, want none", got)
	}
}

// A demotion or a change of the password that comes between the look at the account and its session wins.
func TestConsoleSignInRace(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]string{
		"demoted":  `UPDATE users SET role = 'manager'`,
		"disabled": `UPDATE users SET disabled_at = now()`,
		"password": `UPDATE users SET password_hash = password_hash || 'x'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupConsole(t)
			b.user(t, "anna@example.com", auth.Admin)
			br := b.browser(t)
			var p *webPage
			b.whileHeld(t, "users", meanwhile, func() { p = br.signIn("anna@example.com", goodPassword) })
			if p.status == http.StatusSeeOther {
				t.Errorf("%s = %d, want a refusal", p.what, p.status)
			}
			br.wantOut()
		})
	}
}

// Nobody is let in, and nobody told to sign in again, while the database does not answer.
func TestConsoleWithoutDatabase(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	b.db.Close()
	for _, p := range []*webPage{
		br.ask("GET", homePage, ""), br.call("POST", homePage+"api/jobs/cancel"), br.ask("GET", signInPage, ""),
		br.signIn("anna@example.com", goodPassword), br.ask("POST", signOutPage, ""),
	} {
		p.want(http.StatusInternalServerError)
	}
	if br.cookie(homePage) == nil {
		t.Error("the cookie is gone")
	}
}
