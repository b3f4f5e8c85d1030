package kv

import (
	"sync"
	"time"
)

// An outcome is what a call says about Redis.
type outcome int

const (
	answered outcome = iota
	failed
	brokenOff
)

// A breaker keeps calls from a Redis that is away. The zero value of what is not set by Open lets all pass.
type breaker struct {
	pause time.Duration
	now   func() time.Time

	mu sync.Mutex
	// era counts how often it opened or closed. What calls of an era before tell is not news.
	era     int
	open    bool
	until   time.Time // when open, somebody may probe from then on
	probing bool
}

// enter returns what leave wants to know of this call, or false if it must not be made.
func (b *breaker) enter() (era int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return b.era, true
	}
	if b.probing || b.now().Before(b.until) {
		return 0, false
	}
	b.probing = true
	return b.era, true
}

// leave notes how a call went that enter let pass.
func (b *breaker) leave(era int, o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if era != b.era {
		return
	}
	// When open, only the probe is of this era.
	b.probing = false
	switch {
	case o == failed:
		b.until = b.now().Add(b.pause)
		if !b.open {
			b.open = true
			b.era++
		}
	case o == answered && b.open:
		b.open = false
		b.era++
	}
}

func (b *breaker) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.open
}
