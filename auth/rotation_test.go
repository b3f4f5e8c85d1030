package auth_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

var newSecret = bytes.Repeat([]byte("n"), 32)

// rotated returns a replica with a new secret key, to which that of the others is the previous one.
func (b *bench) rotated(tb testing.TB) *auth.Service {
	tb.Helper()
	return b.service(tb, auth.Config{SecretKey: newSecret, PreviousKey: secret})
}

// onlyNew returns a replica with the new secret key alone.
func (b *bench) onlyNew(tb testing.TB) *auth.Service {
	tb.Helper()
	return b.service(tb, auth.Config{SecretKey: newSecret})
}

// serving returns a client of a replica.
func serving(tb testing.TB, s *auth.Service) *apitest.Client {
	tb.Helper()
	return apitest.Build(tb, httpapi.Config{Admit: s.Admit, Classify: classify}, s.Register)
}

// An access token is taken as long as its key is the current or the previous one, and new ones are signed with the
// current one.
func TestAccessTokenAfterRotation(t *testing.T) {
	t.Parallel()
	b, old := signedInAnna(t)
	rotated, onlyNew := serving(t, b.rotated(t)), serving(t, b.onlyNew(t))
	rotated.As(old.AccessToken).Do("GET", "/auth/me", nil).Want(http.StatusOK)
	onlyNew.As(old.AccessToken).Do("GET", "/auth/me", nil).Want(http.StatusUnauthorized)
	var fresh auth.Tokens
	rotated.Do("POST", "/auth/login", map[string]string{"email": "anna@example.com", "password": goodPassword}).
		Want(http.StatusOK).Decode(&fresh)
	onlyNew.As(fresh.AccessToken).Do("GET", "/auth/me", nil).Want(http.StatusOK)
	b.api.As(fresh.AccessToken).Do("GET", "/auth/me", nil).Want(http.StatusUnauthorized)
	// The first of two restarts: both keys are known before the new one signs.
	before := serving(t, b.service(t, auth.Config{PreviousKey: newSecret}))
	before.As(fresh.AccessToken).Do("GET", "/auth/me", nil).Want(http.StatusOK)
}

// The successor that was handed out under the old key is handed out again under the new one, and the other way
// round, while both replicas serve.
func TestRefreshAfterRotation(t *testing.T) {
	t.Parallel()
	b, first := signedInAnna(t)
	rotated, onlyNew := b.rotated(t), b.onlyNew(t)
	second := b.wantRefresh(t, first.RefreshToken, http.StatusOK)
	again, err := rotated.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: first.RefreshToken})
	if err != nil || again.RefreshToken != second.RefreshToken {
		t.Fatalf("Refresh() of a replaced token under the new key = %+v, %v; want the successor %s", again, err, second.RefreshToken)
	}
	_, err = onlyNew.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: first.RefreshToken})
	wantKind(t, "Refresh() of a replaced token without its key", err, "invalid_refresh_token")
	third, err := rotated.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: second.RefreshToken})
	if err != nil {
		t.Fatal(err)
	}
	before := b.service(t, auth.Config{PreviousKey: newSecret})
	again, err = before.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: second.RefreshToken})
	if err != nil || again.RefreshToken != third.RefreshToken {
		t.Errorf("Refresh() under the old key = %+v, %v; want the successor %s", again, err, third.RefreshToken)
	}
	if _, err := onlyNew.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: third.RefreshToken}); err != nil {
		t.Errorf("Refresh() of a live token without the previous key = %v", err)
	}
}

func TestCursorAfterRotation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	b.login(t, "anna@example.com")
	var list struct {
		NextCursor string `json:"next_cursor"`
	}
	token := b.login(t, "anna@example.com").AccessToken
	api.Do("GET", "/auth/sessions?limit=1", nil).Want(http.StatusOK).Decode(&list)
	rotated := serving(t, b.rotated(t)).As(token)
	rotated.Do("GET", "/auth/sessions?limit=1&cursor="+list.NextCursor, nil).Want(http.StatusOK)
	other := b.service(t, auth.Config{SecretKey: secret, PreviousKey: newSecret})
	serving(t, other).As(token).Do("GET", "/auth/sessions?limit=1&cursor="+list.NextCursor[1:], nil).
		WantProblem(http.StatusBadRequest, "cursor_invalid")
}
