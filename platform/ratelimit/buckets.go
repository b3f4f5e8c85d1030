package ratelimit

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxBuckets bounds what a flood of keys can cost a process, about 30 MiB for each policy. Those used last stay.
	maxBuckets = 1 << 17
	// sweepStep is how many buckets that are full again are dropped when another one is used.
	sweepStep = 2
)

// buckets are those of one process.
type buckets struct {
	policy   Policy
	interval time.Duration
	// credit is what a bucket may owe before it contradicts Redis: a tenth of the quota. In between lie the two clocks and
	// the way to Redis.
	credit float64
	limit  int

	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List // of *bucket, the one used last in front
}

type bucket struct {
	key  string
	used time.Time
	rate *rate.Limiter
	// pending requests were begun and did not end.
	pending int
}

func newBuckets(p Policy) *buckets {
	return &buckets{
		policy: p, interval: p.interval(), credit: max(1, float64(p.Quota)/10), limit: maxBuckets,
		byKey: make(map[string]*list.Element), recent: list.New(),
	}
}

// begin announces a request that Redis is asked about, which end takes back. It returns how long the request must wait
// if what this process let pass before is too much already, and then there is nothing to end.
func (b *buckets) begin(key string, now time.Time) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.get(key, now)
	// Those under way may all pass: Redis may have lost its memory.
	if found.rate.TokensAt(now)-float64(found.pending) < 1-b.credit {
		return max(b.until(found, now, 1-b.credit), b.interval)
	}
	found.pending++
	return 0
}

// An answer is what Redis said about a request.
type answer int

const (
	none answer = iota
	pass
)

// end charges a request if Redis let it pass, and returns how many more this process will not contradict.
func (b *buckets) end(key string, now time.Time, a answer) (left int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.get(key, now)
	found.pending = max(0, found.pending-1) // a flood may have pushed the bucket out meanwhile
	if a == pass {
		found.rate.ReserveN(now, 1)
	}
	return int(max(0, found.rate.TokensAt(now)+b.credit))
}

// take decides a request in place of Redis: it returns how many more may follow, or how long to wait.
func (b *buckets) take(key string, now time.Time) (left int, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.get(key, now)
	if !found.rate.AllowN(now, 1) {
		return 0, max(b.until(found, now, 1), time.Nanosecond)
	}
	return int(found.rate.TokensAt(now)), 0
}

// until returns how long it takes until the bucket has that many tokens, or 0 if it has.
func (b *buckets) until(found *bucket, now time.Time, tokens float64) time.Duration {
	return time.Duration(max(0, tokens-found.rate.TokensAt(now)) * float64(b.interval))
}

// get returns a bucket, which is full if it was not used for long.
func (b *buckets) get(key string, now time.Time) *bucket {
	if at, ok := b.byKey[key]; ok {
		b.recent.MoveToFront(at)
		found := at.Value.(*bucket) //nolint:forcetypeassert // the list has nothing else
		found.used = now
		return found
	}
	b.sweep(now)
	made := &bucket{key: key, used: now, rate: rate.NewLimiter(rate.Every(b.interval), b.policy.Quota)}
	b.byKey[key] = b.recent.PushFront(made)
	return made
}

// sweep makes place for one bucket, and drops some that are as good as new ones.
func (b *buckets) sweep(now time.Time) {
	for range sweepStep {
		last := b.recent.Back()
		if last == nil {
			return
		}
		oldest := last.Value.(*bucket) //nolint:forcetypeassert // the list has nothing else
		if b.recent.Len() < b.limit && now.Sub(oldest.used) < 2*b.policy.Window {
			return
		}
		b.recent.Remove(last)
		delete(b.byKey, oldest.key)
	}
}
