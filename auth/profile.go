package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// Me returns the caller's profile.
func (s *Service) Me(ctx context.Context, _ *httpapi.Empty) (*User, error) {
	a, err := findAccount(ctx, s.db, CallerFrom(ctx).UserID)
	if err != nil {
		return nil, fmt.Errorf("show the caller: %w", goneSince(err))
	}
	return &a.User, nil
}

// ProfileParams is what users may change about themselves.
type ProfileParams struct {
	Email string `json:"email" required:"true" format:"email" minLength:"3" maxLength:"254"`
	Person
	CurrentPassword *string `json:"current_password" format:"password" maxLength:"1024" description:"Needed for a change of the e-mail."`
}

// Validate checks what the schema cannot say.
func (p *ProfileParams) Validate() error { return checkEmail(p.Email) }

// UpdateMeParams are the parameters of PATCH /auth/me.
type UpdateMeParams struct {
	Body httpapi.Patch[ProfileParams]
}

// UpdateMe changes the caller's profile.
func (s *Service) UpdateMe(ctx context.Context, p *UpdateMeParams) (*User, error) {
	id := CallerFrom(ctx).UserID
	// The password is checked before the row is locked, because it takes long.
	proven, err := s.proveForEmail(ctx, id, p)
	if err != nil {
		return nil, fmt.Errorf("update the caller: %w", goneSince(err))
	}
	var updated *User
	err = pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		a, err := lockAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := httpapi.CheckMatch(ctx, &a.User); err != nil {
			return err
		}
		updated, err = saveProfile(ctx, tx, a, p, proven)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("update the caller: %w", goneSince(err))
	}
	return updated, nil
}

// saveProfile writes what became of a locked account. Its e-mail changes only if the hash that was proven is still
// that of its password.
func saveProfile(ctx context.Context, tx pgx.Tx, a account, p *UpdateMeParams, proven *string) (*User, error) {
	profile, err := a.patched(p)
	if err != nil {
		return nil, err
	}
	if profile.Email != a.Email && (proven == nil || a.PasswordHash == nil || *proven != *a.PasswordHash) {
		return nil, errWrongPassword()
	}
	after := a.User
	after.setPerson(profile.Person)
	after.Email = profile.Email
	updated, err := updateUser(ctx, tx, after)
	if err != nil {
		return nil, err
	}
	return updated, RecordChange(ctx, tx, audit.Entry{
		Action: objectUser + ".update", Object: objectUser, ID: a.ID, Before: a.User, After: updated,
	})
}

// proveForEmail returns the hash that the current password in p was found to be of, or nil if p leaves the e-mail
// as it is.
func (s *Service) proveForEmail(ctx context.Context, id int64, p *UpdateMeParams) (*string, error) {
	a, err := findAccount(ctx, s.db, id)
	if err != nil {
		return nil, err
	}
	profile, err := a.patched(p)
	if err != nil || profile.Email == a.Email {
		return nil, err
	}
	if profile.CurrentPassword == nil {
		return nil, errs.InvalidBody("current_password", "required", "is required to change the e-mail")
	}
	return a.PasswordHash, s.prove(ctx, a, *profile.CurrentPassword)
}

func errWrongPassword() error {
	return errs.InvalidBody("current_password", "incorrect", "is not the current password")
}

// patched returns the profile of a with the changes of p.
func (a *account) patched(p *UpdateMeParams) (*ProfileParams, error) {
	profile := &ProfileParams{Email: a.Email, Person: a.person()}
	return profile, p.Body.Apply(profile)
}

// PasswordParams is the body of POST /auth/password.
type PasswordParams struct {
	CurrentPassword string `json:"current_password" required:"true" format:"password" minLength:"1" maxLength:"1024" example:"seven-quiet-herons"`
	NewPassword     string `json:"new_password" required:"true" format:"password" minLength:"8" maxLength:"128" description:"Not one of those that are guessed first." example:"nine-patient-otters"`
}

// ChangePassword gives the caller another password and ends their other sessions.
func (s *Service) ChangePassword(ctx context.Context, p *PasswordParams) (*httpapi.Empty, error) {
	caller := CallerFrom(ctx)
	a, err := findAccount(ctx, s.db, caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("change password: %w", goneSince(err))
	}
	if err := s.prove(ctx, a, p.CurrentPassword); err != nil {
		return nil, fmt.Errorf("change password: %w", err)
	}
	hash, err := s.newPassword(ctx, "new_password", p.NewPassword, a.Email)
	if err != nil {
		return nil, fmt.Errorf("change password: %w", err)
	}
	err = s.revoke(ctx, func(tx *revokingTx) error {
		// Of two changes that begin with one password, the second has proven what is true no more.
		changed, err := tx.Exec(ctx, `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`,
			a.ID, a.PasswordHash, hash)
		if err != nil {
			return err
		}
		if changed.RowsAffected() == 0 {
			return errWrongPassword()
		}
		if err := RecordChange(ctx, tx, passwordChange(a.ID)); err != nil {
			return err
		}
		return endSessions(ctx, tx, a.ID, caller.SessionID, s.now())
	})
	if err != nil {
		return nil, fmt.Errorf("change password: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// passwordChange is all that the audit log is told of one.
func passwordChange(userID int64) audit.Entry {
	return audit.Entry{Action: "password.change", Object: objectUser, ID: userID}
}

// goneSince turns the absence of a caller who was there a moment ago into what the next request will say.
func goneSince(err error) error {
	if errors.Is(err, errs.NotFound.New("")) {
		return errBadToken(err)
	}
	return err
}
