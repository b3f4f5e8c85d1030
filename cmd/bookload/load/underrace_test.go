//go:build race

package load_test

import "runtime"

// Two processors that run timers of one synctest bubble at once crash the race detector (golang/go#78156). What happens
// before what does not depend on how many there are.
func init() { runtime.GOMAXPROCS(1) } //nolint:gochecknoinits // It is for this build only.
