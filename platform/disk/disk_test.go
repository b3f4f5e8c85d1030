//go:build linux || darwin || freebsd

package disk_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/disk"
)

// gather returns the values of a metric by volume.
func gather(t *testing.T, c prometheus.Collector, name string) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatalf("Gather() = %v, want no error", err)
	}
	values := map[string]float64{}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			values[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
		}
	}
	return values
}

func TestCollector(t *testing.T) {
	t.Parallel()
	c := disk.NewCollector(map[string]string{"images": t.TempDir(), "temporary": t.TempDir()}, slog.New(slog.DiscardHandler))
	size, free := gather(t, c, "disk_size_bytes"), gather(t, c, "disk_free_bytes")
	for _, volume := range []string{"images", "temporary"} {
		if size[volume] < 1<<20 || free[volume] <= 0 || free[volume] > size[volume] {
			t.Errorf("%s: got %.0f bytes free of %.0f, want more than none and no more than all", volume, free[volume], size[volume])
		}
	}
}

// A disk that is gone takes its own figures along, and nothing else.
func TestCollectorWithoutDirectory(t *testing.T) {
	t.Parallel()
	dirs := map[string]string{"images": filepath.Join(t.TempDir(), "gone"), "temporary": t.TempDir()}
	got := gather(t, disk.NewCollector(dirs, slog.New(slog.DiscardHandler)), "disk_free_bytes")
	if _, there := got["images"]; there || len(got) != 1 {
		t.Errorf("volumes: got %v, want the one that is there", got)
	}
}
