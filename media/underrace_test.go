//go:build race

package media_test

// underRace says that every access to memory is watched, which makes all of it several times slower.
const underRace = true
