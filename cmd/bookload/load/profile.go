package load

import (
	"context"
	"math/rand/v2"
)

// The profiles.
const (
	browse = "browse"
	book   = "book"
	hot    = "hot"
	mixed  = "mixed"
)

// Profiles returns the names of what a load can be: browse (health, catalogue and search, signed in as nobody), book (guests who
// search, book, look at their bookings and cancel), hot (everyone wants one room) and mixed (all of it, and with an admin the work
// of staff).
func Profiles() []string { return []string{browse, book, hot, mixed} }

// A profile is what users do, and what that needs.
type profile struct {
	steps []step
	total int // of the weights
	needs
}

// needs are what must be there before a load.
type needs struct {
	guests bool // accounts
	rooms  int  // of this run's own, at least, if there is an admin
	hot    bool // a room that everyone wants
}

// A step is one thing to do, and how often it is done in proportion to the others.
type step struct {
	weight int
	do     func(*user, context.Context, *turn)
}

func profileNamed(name string) (profile, bool) {
	var p profile
	switch name {
	case browse:
		p = profile{steps: browseSteps()}
	case book:
		p = profile{steps: bookSteps(), needs: needs{guests: true, rooms: 40}}
	case hot:
		p = profile{steps: hotSteps(), needs: needs{guests: true, hot: true}}
	case mixed:
		p = profile{steps: mixedSteps(), needs: needs{guests: true, rooms: 40, hot: true}}
	default:
		return profile{}, false
	}
	for _, s := range p.steps {
		p.total += s.weight
	}
	return p, true
}

// browseSteps are those of the load test that the replaced system came with: health, the catalogue, and what is free.
func browseSteps() []step {
	return []step{
		{3, (*user).health}, {4, (*user).countries}, {4, (*user).cities}, {4, (*user).facilities},
		{15, (*user).hotels}, {20, (*user).hotel}, {15, (*user).rooms}, {10, (*user).freeRooms}, {25, (*user).search},
	}
}

// bookSteps look before they book. Who has as much as they want cancels instead of booking, so that a long load goes on.
func bookSteps() []step {
	return []step{
		{300, (*user).search}, {100, (*user).freeRooms}, {60, (*user).hotel}, {250, (*user).book}, {10, (*user).bookTwice},
		{80, (*user).myBookings}, {80, (*user).booking}, {118, (*user).cancel}, {2, (*user).enlist},
	}
}

func hotSteps() []step {
	return []step{{50, (*user).bookHot}, {2, (*user).bookHotTwice}, {24, (*user).cancelHot}, {6, (*user).look}, {6, (*user).myBookings}}
}

func mixedSteps() []step {
	return []step{
		{10, (*user).health}, {20, (*user).countries}, {20, (*user).cities}, {20, (*user).facilities}, {60, (*user).hotels},
		{90, (*user).hotel}, {60, (*user).rooms}, {60, (*user).freeRooms}, {300, (*user).search},
		{120, (*user).book}, {6, (*user).bookTwice}, {50, (*user).bookHot}, {2, (*user).bookHotTwice}, {60, (*user).cancel}, {25, (*user).cancelHot},
		{40, (*user).myBookings}, {40, (*user).booking}, {8, (*user).look}, {4, (*user).upload}, {4, (*user).pry}, {1, (*user).enlist},
	}
}

// play has a user do one step.
func (p *profile) play(ctx context.Context, u *user, t *turn) {
	at := t.random.IntN(p.total)
	for _, s := range p.steps {
		if at -= s.weight; at < 0 {
			s.do(u, ctx, t)
			return
		}
	}
}

// pick returns one of some things.
func pick[T any](random *rand.Rand, of []T) T { return of[random.IntN(len(of))] }
