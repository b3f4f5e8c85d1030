// Package load has virtual users ask a booking service for what guests and staff ask for, measures the answers, and keeps a
// ledger of what the service promised.
package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

const (
	defaultUsers  = 16
	defaultSettle = 30 * time.Second
	// openUsers is how many operations of an open loop may be under way at once if the caller does not say.
	openUsers = 256
	// setupTimeout bounds what is done before the load: accounts, hotels and a look at what there is.
	setupTimeout = 3 * time.Minute
	// reachTimeout bounds the wait for a service that is not ready.
	reachTimeout = 10 * time.Second
)

// Config says what load there is to be.
type Config struct {
	Client  *client.Client
	Profile string // one of Profiles
	// Run is a name that no other run has: accounts, hotels and keys are named by it. A random one if it is empty.
	Run string
	// Duration is how long operations are begun, and RampUp how long of it until all users are at work or the whole rate is due.
	Duration, RampUp time.Duration
	// Settle is how long to go on, after that, until all outcomes are known; half a minute if it is zero.
	Settle time.Duration
	// Users begin one operation after the other. With a Rate they are how many there are to begin what is due.
	Users int
	// Rate is how many operations a second are due, at times that are random and independent of each other (a Poisson process),
	// however long the service takes; 0 if each user begins the next when the last is over.
	Rate float64
	// Seed decides which operations there are.
	Seed uint64
	// Ledger is told what is asked for and promised; optional.
	Ledger *ledger.Writer
	// AdminEmail and AdminPassword sign in an admin, who makes hotels for this run alone; optional, as there may be hotels to book.
	AdminEmail, AdminPassword string
	// Progress is called each second, by one goroutine; optional.
	Progress func(Progress)
}

// Run loads a service and returns what was measured. The end of ctx ends the load early, and in order: what was begun is
// settled. It fails without a load if the service has nothing to book or does not let accounts be made, and ends the load with an
// error if the ledger cannot be written.
func Run(ctx context.Context, c Config) (*Result, error) {
	r, err := newRun(c)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if err := r.prepare(ctx); err != nil {
		return nil, fmt.Errorf("load: prepare: %w", err)
	}
	result, err := r.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return result, nil
}

func newRun(c Config) (*run, error) {
	p, known := profileNamed(c.Profile)
	switch {
	case !known:
		return nil, fmt.Errorf("no profile is named %q: there are %s", c.Profile, strings.Join(Profiles(), ", "))
	case c.Client == nil:
		return nil, errors.New("no client")
	case c.Duration <= 0 || c.RampUp < 0 || c.RampUp > c.Duration || c.Settle < 0:
		return nil, errors.New("the duration must be positive, the ramp-up a part of it, and the time to settle not negative")
	case c.Rate < 0 || c.Users < 0:
		return nil, errors.New("neither the rate nor the number of users can be negative")
	}
	if c.Users == 0 {
		c.Users = defaultUsers
		if c.Rate > 0 {
			c.Users = openUsers
		}
	}
	if c.Settle == 0 {
		c.Settle = defaultSettle
	}
	if c.Run == "" {
		c.Run = strings.ToLower(rand.Text()[:12])
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	return &run{config: c, profile: p, setup: c.Client, password: "pw-" + rand.Text(), photos: photographs()}, nil
}
