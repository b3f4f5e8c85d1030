//go:build linux || darwin || freebsd

package disk

import "golang.org/x/sys/unix"

func spaceOf(dir string) (space, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return space{}, err
	}
	block := float64(fs.Bsize)
	return space{size: float64(fs.Blocks) * block, free: float64(fs.Bavail) * block}, nil
}
