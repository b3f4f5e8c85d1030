package load

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// A user is one virtual client. It does one operation at a time.
type user struct {
	*run
	number int
	guest  *account // whom it acts for; nil if the profile needs nobody
	// placed and enlisted count what it has given names to.
	placed, enlisted int
}

// A turn is one operation of a user.
type turn struct {
	random *rand.Rand
	due    time.Time // zero in a closed loop
}

func (r *run) newUser(number int) *user {
	u := &user{run: r, number: number}
	if len(r.guests) > 0 {
		u.guest = r.guests[number%len(r.guests)]
	}
	return u
}

// work does operations until the load is over. What is under way then is settled as long as ctx lasts.
func (u *user) work(ctx context.Context, s *schedule) {
	if s != nil {
		u.workOpen(ctx, s)
		return
	}
	if !u.sleep(u.config.RampUp * time.Duration(u.number) / time.Duration(u.config.Users)) {
		return
	}
	u.working.Add(1)
	defer u.working.Add(-1)
	for n := uint64(0); !u.isOver(); n++ {
		u.profile.play(ctx, u, &turn{random: randomOf(u.config.Seed, uint64(u.number)<<32|n)})
	}
}

func (u *user) workOpen(ctx context.Context, s *schedule) {
	for {
		a, more := s.next()
		if !more {
			return
		}
		from, ok := u.await(a)
		if !ok {
			return
		}
		u.working.Add(1)
		u.profile.play(ctx, u, &turn{random: randomOf(u.config.Seed, a.number), due: from})
		u.working.Add(-1)
	}
}

// maxLooks bounds the attempts of somebody who only looks: they give up on what never works.
const maxLooks = 5

// get asks for something that changes nothing, for somebody or for nobody, a few times or until the load is over.
func (u *user) get(ctx context.Context, t *turn, by *account, op, path string) {
	r := client.Request{
		Op: op, Method: http.MethodGet, Path: path, Client: u.number, Due: t.due, Attempts: maxLooks, Discard: true,
	}
	if by == nil {
		u.client.SettleUntil(ctx, u.over, r)
		return
	}
	u.ask(ctx, u.over, by, r)
}

// maxRenewals bounds the attempts of somebody whom the service does not know in spite of a new token.
const maxRenewals = 3

// ask settles a request of somebody who is signed in, and signs in again where that is over.
func (u *user) ask(ctx context.Context, enough <-chan struct{}, by *account, r client.Request) (client.Answer, int) {
	attempts := 0
	for renewals := 0; ; renewals++ {
		token, err := by.token(ctx, u.client)
		if err != nil {
			return client.Answer{Err: err}, attempts
		}
		r.Token = token
		answer, n := u.client.SettleUntil(ctx, enough, r)
		attempts += n
		if answer.Status != http.StatusUnauthorized || renewals == maxRenewals {
			return answer, attempts
		}
		by.expire(token)
	}
}

// do writes down an operation, settles it, and returns its outcome for more to be written into it: finish must follow. It
// returns nil, with no attempt made, if it could not be written down.
func (u *user) do(ctx context.Context, t *turn, by *account, i *ledger.Intent, r client.Request) (*ledger.Outcome, *client.Answer) {
	i.Client, i.GuestID, i.Key = u.number, by.ID, r.Key
	before := time.Now()
	if !u.begin(i) {
		return nil, nil
	}
	if r.Client = u.number; !t.due.IsZero() {
		// That the disk takes its time with the ledger is not the service's fault.
		r.Due = t.due.Add(time.Since(before))
	}
	answer, attempts := u.ask(ctx, nil, by, r)
	o := client.Outcome(i.Op, &answer, attempts)
	o.At = int64(time.Since(u.started))
	if r.Key != "" && o.Result == ledger.Done {
		o.Digest = ledger.Digest(answer.Body)
	}
	if answer.Status == http.StatusUnauthorized {
		o.Result = ledger.Unknown // It says nothing about the attempts before.
	}
	return &o, &answer
}
