//go:build unix

package auth_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// A muted bench is one whose commits are not answered while mute is set, and that is soon tired of waiting.
type muted struct {
	*bench
	mute atomic.Bool
}

func setupMuted(t *testing.T) *muted {
	t.Helper()
	m := new(muted)
	config := pgtest.Config(t)
	m.bench = setupOn(t, pgtest.Open(t, pgtest.MuteCommits(t, config, m.mute.Load)))
	return m
}

// impatient gives up soon, so that the test need not wait.
func (m *muted) impatient() { m.auth.LosePatience(50 * time.Millisecond) }

// A database that does not answer must not keep the turn of those who sign in after.
func TestMuteDatabaseKeepsNoTurn(t *testing.T) {
	t.Parallel()
	m := setupMuted(t)
	m.user(t, "anna@example.com", auth.Guest)
	m.mute.Store(true)
	m.impatient()
	for range m.auth.HashingSlots() + 1 {
		_, err := m.auth.Login(t.Context(), &auth.LoginParams{Email: "anna@example.com", Password: goodPassword})
		if !pg.IsUnavailable(err) {
			t.Fatalf("Login() without an answer of the database = %v, want unavailable", err)
		}
	}
	m.mute.Store(false)
	m.auth.LosePatience(time.Minute)
	m.wantLogin(t, "anna@example.com", goodPassword, http.StatusOK)
}

// Who is told in time that the reply to a refresh is lost, asks again and gets it.
func TestLostRefreshIsRepeated(t *testing.T) {
	t.Parallel()
	m := setupMuted(t)
	m.user(t, "anna@example.com", auth.Guest)
	first := m.login(t, "anna@example.com")
	m.mute.Store(true)
	m.impatient()
	if _, err := m.auth.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: first.RefreshToken}); !pg.IsUnavailable(err) {
		t.Fatalf("Refresh() without an answer of the database = %v, want unavailable", err)
	}
	m.mute.Store(false)
	m.auth.LosePatience(time.Minute)
	again, err := m.auth.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: first.RefreshToken})
	if err != nil {
		t.Fatalf("Refresh() again = %v, want the successor", err)
	}
	if _, err := m.auth.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: again.RefreshToken}); err != nil {
		t.Errorf("Refresh(successor) = %v", err)
	}
}

// The time after which a client is told leaves it time to ask again.
func TestPatienceEndsBeforeTheGrace(t *testing.T) {
	t.Parallel()
	if auth.Patience > auth.RefreshGrace/2 {
		t.Errorf("a refresh may take %v, which leaves too little of %v to repeat it", auth.Patience, auth.RefreshGrace)
	}
}
