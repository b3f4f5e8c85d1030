package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// An UnexpectedError is an answer that a typed call has no use for.
type UnexpectedError struct {
	Op     string
	Answer Answer
}

// Error tells the status, and what the service says about it.
func (e *UnexpectedError) Error() string {
	if e.Answer.Err != nil {
		return fmt.Sprintf("%s: %v", e.Op, e.Answer.Err)
	}
	return fmt.Sprintf("%s: %d %s: %.300s", e.Op, e.Answer.Status, e.Answer.Code, e.Answer.Body)
}

// Unwrap returns why there was no answer, if there was none.
func (e *UnexpectedError) Unwrap() error { return e.Answer.Err }

// A Caller is somebody who asks, by one of the virtual clients.
type Caller struct {
	Client int
	Token  string // an access token; empty for somebody unknown
}

// call settles a request and decodes its answer into out, if that is not nil.
func (c *Client) call(ctx context.Context, r Request, out any) error {
	answer, _ := c.Settle(ctx, r)
	if !answer.OK() {
		return &UnexpectedError{r.Op, answer}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return fmt.Errorf("%s: %w", r.Op, err)
	}
	return nil
}

type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Register makes an account. A second attempt after one without an answer finds the e-mail taken: that is an UnexpectedError of
// the code email_taken, and the account can be signed in to.
func (c *Client) Register(ctx context.Context, client int, email, password string) (ledger.Guest, error) {
	guest := ledger.Guest{Email: email, Password: password}
	err := c.call(ctx, Request{
		Op: "register", Method: http.MethodPost, Path: "/auth/register", Client: client, Body: credentials{email, password},
	}, &struct {
		ID *int64 `json:"id"`
	}{&guest.ID})
	return guest, err
}

// A Session is what signing in gives.
type Session struct {
	AccessToken  string
	RefreshToken string
	Expires      time.Time // the access token does
}

// SignIn begins a session.
func (c *Client) SignIn(ctx context.Context, client int, email, password string) (Session, error) {
	return c.session(ctx, Request{
		Op: "sign_in", Method: http.MethodPost, Path: "/auth/login", Client: client, Body: credentials{email, password},
	})
}

// Refresh goes on with a session whose access token ends.
func (c *Client) Refresh(ctx context.Context, client int, refreshToken string) (Session, error) {
	return c.session(ctx, Request{
		Op: "refresh", Method: http.MethodPost, Path: "/auth/refresh", Client: client,
		Body: map[string]string{"refresh_token": refreshToken},
	})
}

func (c *Client) session(ctx context.Context, r Request) (Session, error) {
	var tokens struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		ExpiresIn    int64  `json:"expires_in"` // seconds
	}
	asked := time.Now()
	if err := c.call(ctx, r, &tokens); err != nil {
		return Session{}, err
	}
	return Session{tokens.AccessToken, tokens.RefreshToken, asked.Add(time.Duration(tokens.ExpiresIn) * time.Second)}, nil
}

// Me returns the number of the account of a caller.
func (c *Client) Me(ctx context.Context, by Caller) (int64, error) {
	var user struct {
		ID int64 `json:"id"`
	}
	err := c.call(ctx, Request{Op: "me", Method: http.MethodGet, Path: "/auth/me", Client: by.Client, Token: by.Token}, &user)
	return user.ID, err
}
