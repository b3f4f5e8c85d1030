// Package disk tells how much room there is on the disks that a process writes to.
package disk

import (
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// space is what a file system has, in bytes.
type space struct{ size, free float64 }

type collector struct {
	dirs       map[string]string
	log        *slog.Logger
	size, free *prometheus.Desc
}

// NewCollector returns a collector of disk_size_bytes and disk_free_bytes for directories, which are named by what
// they are for: the name is the label "volume". A directory that cannot be looked at has neither, and so have all
// on systems that do not tell. Free is what a process without privileges may still write.
func NewCollector(dirs map[string]string, log *slog.Logger) prometheus.Collector {
	labels := []string{"volume"}
	return &collector{
		dirs: dirs, log: log,
		size: prometheus.NewDesc("disk_size_bytes", "Size of the file system that the volume lies on.", labels, nil),
		free: prometheus.NewDesc("disk_free_bytes", "What may still be written to the file system of the volume.", labels, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.size
	ch <- c.free
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for volume, dir := range c.dirs {
		s, err := spaceOf(dir)
		if err != nil {
			if !errors.Is(err, errors.ErrUnsupported) {
				c.log.Debug("the room on a disk cannot be told", "volume", volume, "err", err)
			}
			continue
		}
		ch <- prometheus.MustNewConstMetric(c.size, prometheus.GaugeValue, s.size, volume)
		ch <- prometheus.MustNewConstMetric(c.free, prometheus.GaugeValue, s.free, volume)
	}
}
