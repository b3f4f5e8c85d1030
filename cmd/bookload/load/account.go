package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// An account is one that users act for, perhaps several of them at once.
type account struct {
	ledger.Guest // of the ID 0 if it is staff
	number       int
	// renewing holds somebody who signs in again. It is no mutex because others give up waiting when the run is over.
	renewing chan struct{}
	tokens   atomic.Pointer[tokens]
}

// tokens are those of a session, and when to renew them.
type tokens struct {
	client.Session
	until time.Time
}

func newAccount(g ledger.Guest, number int) *account {
	a := &account{Guest: g, number: number, renewing: make(chan struct{}, 1)}
	a.tokens.Store(new(tokens))
	return a
}

// token returns an access token that is good for a while.
func (a *account) token(ctx context.Context, c *client.Client) (string, error) {
	if t := a.tokens.Load(); time.Now().Before(t.until) {
		return t.AccessToken, nil
	}
	select {
	case a.renewing <- struct{}{}:
		defer func() { <-a.renewing }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	t := a.tokens.Load()
	if time.Now().Before(t.until) {
		return t.AccessToken, nil // Somebody else has renewed it meanwhile.
	}
	session, err := a.renew(ctx, c, t.RefreshToken)
	if err != nil {
		return "", err
	}
	a.keep(session)
	return session.AccessToken, nil
}

func (a *account) renew(ctx context.Context, c *client.Client, refreshToken string) (client.Session, error) {
	if refreshToken != "" {
		session, err := c.Refresh(ctx, a.number, refreshToken)
		if !answered(err, http.StatusUnauthorized) {
			return session, err
		}
	}
	return c.SignIn(ctx, a.number, a.Email, a.Password)
}

func (a *account) keep(s client.Session) {
	now := time.Now()
	a.tokens.Store(&tokens{Session: s, until: now.Add(s.Expires.Sub(now) * 4 / 5)})
}

// expire has the next one who needs a token sign in again, unless that has happened since somebody got this one.
func (a *account) expire(accessToken string) {
	if t := a.tokens.Load(); t.AccessToken == accessToken {
		a.tokens.CompareAndSwap(t, new(tokens))
	}
}

// answered reports whether a typed call failed because of an answer of this status.
func answered(err error, status int) bool {
	unexpected, ok := errors.AsType[*client.UnexpectedError](err)
	return ok && unexpected.Answer.Err == nil && unexpected.Answer.Status == status
}

// stranger returns the e-mail and password of a guest that there may not be yet. They are always the same for a name, as an
// attempt that seemed to fail may have made the account.
func (r *run) stranger(name string) (email, password string) {
	return fmt.Sprintf("load-%s-%s@example.com", r.config.Run, name), r.password
}

// register makes an account and signs in to it. It goes on until that is done or ctx ends.
func register(ctx context.Context, c *client.Client, number int, email, password string) (*account, error) {
	guest, err := c.Register(ctx, number, email, password)
	if answered(err, http.StatusConflict) {
		err = nil // The name is ours alone: an attempt without an answer has made it.
	}
	if err != nil {
		return nil, err
	}
	session, err := c.SignIn(ctx, number, email, password)
	if err != nil {
		return nil, err
	}
	if guest.ID == 0 {
		if guest.ID, err = c.Me(ctx, client.Caller{Client: number, Token: session.AccessToken}); err != nil {
			return nil, err
		}
	}
	a := newAccount(guest, number)
	a.keep(session)
	return a, nil
}

// enlist makes an account and has the user act for it from then on. If the service turns that away, the user stays who it was.
func (u *user) enlist(ctx context.Context, _ *turn) {
	u.enlisted++
	email, password := u.stranger(fmt.Sprintf("%d-%d", u.number, u.enlisted))
	a, err := register(ctx, u.client.Once(), u.number, email, password)
	if err == nil && u.write(ledger.Entry{Guest: &a.Guest}) {
		u.guest = a
	}
}
