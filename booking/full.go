package booking

import (
	"sync"
	"time"
)

const (
	// fullFor is how long a room is taken for one that many want in vain.
	fullFor = 5 * time.Second
	// maxFull bounds how many rooms are remembered.
	maxFull = 4096
)

// fullRooms are those of which a night was found full lately. It is no more than a hint of what to ask first: that a room
// is full is for the database to say, each time.
type fullRooms struct {
	mu    sync.Mutex
	until map[int64]time.Time
}

// has reports whether the room was full lately.
func (f *fullRooms) has(room int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Before(f.until[room])
}

func (f *fullRooms) add(room int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.until == nil || len(f.until) >= maxFull {
		f.until = make(map[int64]time.Time)
	}
	f.until[room] = time.Now().Add(fullFor)
}

func (f *fullRooms) remove(room int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.until, room)
}
