// Package performance_test measures the service as it runs in production, against its own statements through pgbench.
//
// Each figure is the median of rounds, and in a round both sides of a comparison have their turn, so that they see the same
// machine: one command measures all, in about six minutes on a machine of four cores that does nothing else,
//
//	go -C cmd/bookload/proof test ./performance -run '^$' -bench . -benchtime 5x -timeout 30m
//
// and tells what the baseline has. The first run makes the data, which takes some minutes, and keeps it in the cache.
// Nothing here fails for being slow.
package performance_test

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	var err error
	if buildDir, err = os.MkdirTemp("", "booking-performance-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(buildDir)
	return m.Run()
}
