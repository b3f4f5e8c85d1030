// Package pgwatch tells what an operator has to know of the database itself: whether it answers, how large it is, how
// many connections it has left, and when it was last backed up.
package pgwatch

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/metrics"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// lookTimeout bounds what a database that is away costs a scrape.
const lookTimeout = time.Second

type collector struct {
	db                                                  *pgxpool.Pool
	log                                                 *slog.Logger
	up, size, conns, maxConns, backedUp, backupFileSize *prometheus.Desc
}

// NewCollector returns a collector of database_up and, while the database answers, of database_size_bytes,
// database_connections and database_connections_max, and of backup_finished_timestamp_seconds and backup_size_bytes
// once there was a backup. It looks through db, at most once a second.
func NewCollector(db *pgxpool.Pool, log *slog.Logger) prometheus.Collector {
	describe := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return metrics.Paced(&collector{
		db: db, log: log,
		up:             describe("database_up", "1 while the database answers, else 0."),
		size:           describe("database_size_bytes", "Size of the database, indexes included."),
		conns:          describe("database_connections", "Connections of all clients to the server."),
		maxConns:       describe("database_connections_max", "Connections that the server allows to roles without privileges."),
		backedUp:       describe("backup_finished_timestamp_seconds", "When the last verified backup was finished."),
		backupFileSize: describe("backup_size_bytes", "Size of the last verified backup."),
	})
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.size, c.conns, c.maxConns, c.backedUp, c.backupFileSize} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout) //nolint:forbidigo // A collector is given no context.
	defer cancel()
	gauge := func(d *prometheus.Desc, value float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	s, err := pg.One[server](ctx, c.db, selectServer)
	if err != nil {
		c.log.Debug("the database cannot be looked at", "err", err)
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	gauge(c.size, float64(s.Size))
	gauge(c.conns, float64(s.Connections))
	gauge(c.maxConns, float64(s.MaxConnections))
	last, err := pg.One[backup](ctx, c.db, selectBackup)
	if err != nil {
		// The table is not there while the schema is older than the program.
		if !errors.Is(err, pgx.ErrNoRows) {
			c.log.Debug("the last backup cannot be read", "err", err)
		}
		return
	}
	gauge(c.backedUp, float64(last.FinishedAt.UnixMilli())/1000)
	gauge(c.backupFileSize, float64(last.Bytes))
}

type server struct {
	Size           int64
	Connections    int64
	MaxConnections int64
}

type backup struct {
	FinishedAt time.Time
	Bytes      int64
}

const (
	// numbackends is readable for every role, unlike what pg_stat_activity tells of others.
	selectServer = `
SELECT pg_database_size(current_database()) AS size,
	(SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_stat_database) AS connections,
	current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint AS max_connections`

	selectBackup = "SELECT finished_at, bytes FROM backups ORDER BY finished_at DESC LIMIT 1"
)
