package media

import (
	"hash/maphash"
	"slices"
)

// A seenFiles remembers millions of keys in little memory. It may take one for another once in a lifetime.
type seenFiles struct {
	seed   maphash.Seed
	hashes []uint64
	whole  bool // none is left out
}

func (f *seenFiles) add(key string) { f.hashes = append(f.hashes, maphash.String(f.seed, key)) }

// has needs the hashes to be sorted.
func (f *seenFiles) has(key string) bool {
	_, found := slices.BinarySearch(f.hashes, maphash.String(f.seed, key))
	return found
}
