package load

import (
	"math/rand/v2"
	"sync"
)

// A shelf has bookings that nobody has cancelled. All users share it, as each of many does little.
type shelf struct {
	mu    sync.Mutex
	stays []stay
}

// A stay is a booking and whose it is.
type stay struct {
	id    int64
	guest *account
}

func (s *shelf) put(b stay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stays = append(s.stays, b)
}

// size returns how many there are.
func (s *shelf) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.stays)
}

// take returns one of them, and nobody else gets it any more.
func (s *shelf) take(random *rand.Rand) (b stay, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.stays) == 0 {
		return stay{}, false
	}
	at, last := random.IntN(len(s.stays)), len(s.stays)-1
	b = s.stays[at]
	s.stays[at] = s.stays[last]
	s.stays = s.stays[:last]
	return b, true
}

// see returns one of them, and leaves it there.
func (s *shelf) see(random *rand.Rand) (b stay, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.stays) == 0 {
		return stay{}, false
	}
	return pick(random, s.stays), true
}

// foreign returns one that is not a guest's own, if a few looks find one.
func (s *shelf) foreign(random *rand.Rand, to *account) (b stay, found bool) {
	for range 8 {
		if b, found = s.see(random); found && b.guest.ID != to.ID {
			return b, true
		}
	}
	return stay{}, false
}
