//go:build unix && download

package pgserver

import (
	"log/slog"
	"testing"
)

// With -tags download the published programs are fetched and tried; without,
// go test needs no network beyond Go's own.
func TestDownload_Published(t *testing.T) {
	t.Parallel()
	c := Config{CacheDir: openTempDir(t), BinDirs: []string{}, Log: slog.New(slog.DiscardHandler)}
	bin, err := findBinaries(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	testLocales(t, bin)
}
