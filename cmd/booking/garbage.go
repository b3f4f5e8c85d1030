package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// roomForGarbage is how much memory a service leaves uncollected where less than that is in use. By default it would be
	// as much as is in use, a few MiB, and under load the collector would run tens of times a second.
	roomForGarbage = 64 << 20
	// defaultGC is Go's own percentage: as much garbage as there is memory in use.
	defaultGC   = 100
	garbageTick = time.Second
)

// paceCollector sets how much garbage may gather, by the memory that is in use, until ctx ends. A percentage that is
// right for a few MiB would be wrong for the hundreds of ten thousand connections, so that it is set anew as that
// changes. GOMEMLIMIT counts all the same.
func paceCollector(ctx context.Context) {
	tick := time.NewTicker(garbageTick)
	defer tick.Stop()
	for set := 0; ; {
		// To set it halts the program for a moment.
		if want := gcPercent(memoryInUse()); want*10 < set*9 || want*9 > set*10 {
			set = want
			debug.SetGCPercent(set)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// gcPercent returns what GOGC is to be while so many bytes are in use.
func gcPercent(inUse uint64) int {
	return int(max(defaultGC, roomForGarbage*100/max(inUse, 1<<20)))
}

// memoryInUse returns what the last collection left, and the stacks that it went over: what GOGC is a percentage of.
func memoryInUse() uint64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}}
	metrics.Read(samples)
	var sum uint64
	for _, s := range samples {
		sum += s.Value.Uint64()
	}
	return sum
}
