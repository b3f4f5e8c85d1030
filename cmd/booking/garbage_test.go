package main

import "testing"

func TestGCPercent(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, c := range []struct {
		inUse uint64
		want  int
	}{
		{0, 1000}, {4 * mib, 1000}, {16 * mib, 250}, {40 * mib, 100}, {80 * mib, 50}, {1024 * mib, 20},
	} {
		if got := gcPercent(c.inUse); got != c.want {
			t.Errorf("with %d MiB in use: got %d %%, want %d %%", c.inUse/mib, got, c.want)
		}
	}
}

// TestMemoryInUse fails when the runtime does not know what is asked for: there would be no collection.
func TestMemoryInUse(t *testing.T) {
	t.Parallel()
	if got := memoryInUse(); got < 1<<20 {
		t.Errorf("the memory in use is %d bytes, want a MiB at least", got)
	}
}
