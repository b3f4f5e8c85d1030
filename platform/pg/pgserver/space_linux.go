package pgserver

import (
	"os"
	"syscall"
)

// roomInMemory is the free space that makes /dev/shm a place for databases;
// containers have 64 MiB there unless told otherwise.
const roomInMemory = 1 << 30

// runParents are the places for run directories, the best first.
func runParents() []string {
	const memory = "/dev/shm"
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err == nil && fs.Bavail*uint64(fs.Bsize) >= roomInMemory {
		return []string{memory, os.TempDir(), "/tmp"}
	}
	return []string{os.TempDir(), "/tmp"}
}
