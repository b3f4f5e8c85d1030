package imaging

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"golang.org/x/sync/semaphore"
)

// Config bounds a [Renderer]. Its zero value is useful.
type Config struct {
	// Decodes is how many pictures are rendered at once. The default is one per core (GOMAXPROCS).
	Decodes int
	// Memory is how many bytes the pictures rendered at once may need together by an estimate from their headers. One that needs more
	// is rendered alone. The default is 512 MiB, and no picture that [Inspect] accepts needs more than that.
	Memory int64
}

const defaultMemory = 512 << 20

// Renderer makes the sizes of photographs that are shown. It is safe for concurrent use; calls beyond the bounds of its [Config] wait.
type Renderer struct {
	// large admits one large picture at a time to the queue for memory, which is served in order: a row of them would make every small
	// one behind wait for all of theirs. As it is, a small one waits for one large picture at the most.
	large           *semaphore.Weighted
	decodes, memory *semaphore.Weighted
	budget          int64
}

// NewRenderer returns a renderer with the bounds of cfg.
func NewRenderer(cfg Config) *Renderer {
	if cfg.Decodes <= 0 {
		cfg.Decodes = runtime.GOMAXPROCS(0)
	}
	if cfg.Memory <= 0 {
		cfg.Memory = defaultMemory
	}
	return &Renderer{
		large:   semaphore.NewWeighted(1),
		decodes: semaphore.NewWeighted(int64(cfg.Decodes)),
		memory:  semaphore.NewWeighted(cfg.Memory),
		budget:  cfg.Memory,
	}
}

// acquire waits until a picture that needs so many bytes may be rendered. A decoder is taken last, so that none idles while its picture
// waits for memory.
func (r *Renderer) acquire(ctx context.Context, weight int64) (release func(), err error) {
	weight = min(weight, r.budget)
	if weight <= r.budget/largeShare {
		return r.acquireMemory(ctx, weight)
	}
	if err := r.large.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("wait for another large image: %w", err)
	}
	releaseMemory, err := r.acquireMemory(ctx, weight)
	if err != nil {
		r.large.Release(1)
		return nil, err
	}
	return func() {
		releaseMemory()
		r.large.Release(1)
	}, nil
}

func (r *Renderer) acquireMemory(ctx context.Context, weight int64) (release func(), err error) {
	if err := r.memory.Acquire(ctx, weight); err != nil {
		return nil, fmt.Errorf("wait for memory: %w", err)
	}
	if err := r.decodes.Acquire(ctx, 1); err != nil {
		r.memory.Release(weight)
		return nil, fmt.Errorf("wait for a decoder: %w", err)
	}
	return func() {
		r.decodes.Release(1)
		collect(weight)
		r.memory.Release(weight)
	}, nil
}

const (
	// largeShare is the part of the budget above which a picture is a large one: a quarter.
	largeShare = 4
	// garbageWeight is what makes a picture worth a collection of garbage of its own.
	garbageWeight = 32 << 20
	// returnedWeight is what makes it worth returning its memory to the system.
	returnedWeight = 128 << 20
)

// collect gives memory back to the heap before it is given back to the budget: the collector lets garbage grow to the size of what lived
// when it last looked, so the next picture would come on top of this one. That of a large picture is returned to the system as well.
// The heap would keep it for minutes, and anything small that settles in it leaves no room for the next picture's planes, each of which
// must lie in one piece, so that the process would grow by another one.
func collect(weight int64) {
	switch {
	case weight > returnedWeight:
		debug.FreeOSMemory()
	case weight > garbageWeight:
		runtime.GC()
	}
}
