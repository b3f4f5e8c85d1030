package load

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

const (
	// maxGuests bounds the accounts that are made before the load: each costs the service two hashes of a password.
	maxGuests = 64
	// enlisting is how many are made at a time.
	enlisting = 4
)

// findGuests makes an account for each user, or for several to share where the service limits how many may be made.
func (r *run) findGuests(ctx context.Context) error {
	made := make([]*account, min(r.config.Users, maxGuests))
	var next atomic.Int64
	var turnedAway atomic.Bool
	group, groupCtx := errgroup.WithContext(ctx)
	for range enlisting {
		group.Go(func() error {
			for n := int(next.Add(1)) - 1; n < len(made) && !turnedAway.Load(); n = int(next.Add(1)) - 1 {
				a, err := r.newGuest(groupCtx, n)
				switch {
				case err != nil:
					return err
				case a == nil:
					turnedAway.Store(true)
				}
				made[n] = a
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.guests = slices.DeleteFunc(made, func(a *account) bool { return a == nil })
	if len(r.guests) == 0 {
		// There must be one, however long that takes.
		email, password := r.stranger(strconv.Itoa(0))
		first, err := register(ctx, r.setup, 0, email, password)
		if err != nil {
			return err
		}
		r.guests = []*account{first}
	}
	for _, a := range r.guests {
		if err := r.keep(ledger.Entry{Guest: &a.Guest}); err != nil {
			return err
		}
	}
	if turnedAway.Load() {
		r.note("The service limits how many accounts one address may make: %d users share %d guests.", r.config.Users, len(r.guests))
	}
	return nil
}

// newGuest makes an account, or returns nil if the service limits how many there may be.
func (r *run) newGuest(ctx context.Context, n int) (*account, error) {
	email, password := r.stranger(strconv.Itoa(n))
	a, err := register(ctx, r.setup.Once(), n, email, password)
	switch {
	case err == nil:
		return a, nil
	case answered(err, http.StatusTooManyRequests):
		return nil, nil //nolint:nilnil // There is none, and that is no error.
	default:
		return register(ctx, r.setup, n, email, password)
	}
}
