//go:build unix && !linux

package pgserver

import "os"

// runParents are the places for run directories, the best first.
func runParents() []string {
	return []string{os.TempDir(), "/tmp"}
}
