package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// roomForGarbage is how much memory a service leaves uncollected. By default it would be as much as is in use: under load
	// a few MiB, so that the collector ran tens of times a second, and with ten thousand connections 180.
	roomForGarbage = 40 << 20
	// leastGC bounds the work of the collector where a lot is in use.
	leastGC = 20
	// leastInUse is the least that counts as in use. The runtime lets 4 MiB times GOGC gather whatever is in use, so that a
	// larger percentage would leave more room, and most of all before the first collection.
	leastInUse  = 4 << 20
	garbageTick = time.Second / 4
)

// paceCollector keeps GOGC, which is a percentage of the memory in use, at what leaves the same room for garbage, until ctx
// ends. GOMEMLIMIT counts all the same.
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
	return int(max(leastGC, roomForGarbage*100/max(inUse, leastInUse)))
}

// memoryInUse returns what the last collection left, and the stacks and variables that it went over: what GOGC is a
// percentage of.
func memoryInUse() uint64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(samples)
	var sum uint64
	for _, s := range samples {
		sum += s.Value.Uint64()
	}
	return sum
}
