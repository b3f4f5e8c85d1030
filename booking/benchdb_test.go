package booking

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

// The benchmarks run on demo data as "booking seed" makes it. It takes minutes to load, so that it is kept in the
// cache directory between runs; -benchdata empties that place first.
var freshData = flag.Bool("benchdata", false, "load the data of the benchmarks anew")

const (
	manyHotels = 100_000
	fewHotels  = 11_000
	// metropolis is a city of 10,000 hotels, made of copies of the city with most hotels.
	metropolisHotels = 10_000
	copyOffset       = 100_000_000
)

// benchServer starts the server of the benchmarks once in a run. It ends with the process.
var benchServer = sync.OnceValues(func() (*pgserver.Server, error) {
	cache, err := pgserver.CacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "bench")
	if *freshData {
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	return pgserver.Start(context.Background(), pgserver.Config{
		DataDir: dir, Durability: pgserver.Durable,
		Settings: map[string]string{"shared_buffers": "2GB", "max_wal_size": "4GB", "max_connections": "200"},
		Log:      slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
})

// benchDB returns a pool on a database with the demo data of that many hotels.
func benchDB(b *testing.B, hotels int) *pgxpool.Pool {
	b.Helper()
	if testing.Short() {
		hotels = min(hotels, 1000)
	}
	server, err := benchServer()
	if err != nil {
		b.Fatal(err)
	}
	name := fmt.Sprintf("hotels_%d_%s", hotels, schemaHash(b))
	ctx := b.Context()
	admin := openBench(b, server.Config(""))
	var exists bool
	if err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		b.Fatal(err)
	}
	if !exists {
		loading := name + "_loading"
		run(b, admin, "DROP DATABASE IF EXISTS "+loading)
		run(b, admin, "CREATE DATABASE "+loading)
		loadBench(b, server.Config(loading), hotels)
		run(b, admin, "ALTER DATABASE "+loading+" RENAME TO "+name)
	}
	db := openBench(b, server.Config(name))
	run(b, db, "CHECKPOINT")
	return db
}

// schemaHash tells the data of one schema from that of another.
func schemaHash(b *testing.B) string {
	b.Helper()
	hash := sha256.New()
	names, err := fs.Glob(migrations.Files(), "*.sql")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		sql, err := fs.ReadFile(migrations.Files(), name)
		if err != nil {
			b.Fatal(err)
		}
		hash.Write(sql)
	}
	return hex.EncodeToString(hash.Sum(nil)[:4])
}

func openBench(b *testing.B, c pg.Config) *pgxpool.Pool {
	b.Helper()
	db, err := pg.Open(b.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(db.Close)
	return db
}

// loadBench runs the program's own commands.
func loadBench(b *testing.B, c pg.Config, hotels int) {
	b.Helper()
	for _, args := range [][]string{{"migrate", "up"}, {"seed", "--hotels", strconv.Itoa(hotels)}} {
		cmd := exec.CommandContext(b.Context(), "go", append([]string{"run", "../cmd/booking"}, args...)...)
		cmd.Env = append(os.Environ(), "APP_ENV=local", "DB_HOST="+c.Host, fmt.Sprint("DB_PORT=", c.Port), "DB_NAME="+c.Name,
			"DB_USERNAME="+c.Username, "DB_PASSWORD="+c.Password, "LOG_LEVEL=warn")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	pool := openBench(b, c)
	defer pool.Close()
	conn, err := pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	for _, sql := range []string{"SET statement_timeout = 0", makeMetropolis, "VACUUM ANALYZE"} {
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatalf("%.60s: %v", sql, err)
		}
	}
}

func run(b *testing.B, db *pgxpool.Pool, sql string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	if _, err := db.Exec(ctx, sql); err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
}

// makeMetropolis copies the hotels of the largest city, their rooms and the nights of those, into a city of its own
// until it has metropolisHotels. The copies are of the inventory only: there are no bookings behind them.
var makeMetropolis = fmt.Sprintf(`
DO $$
DECLARE
	largest bigint; metropolis bigint; have bigint; wanted bigint := least(%[1]d, (SELECT count(*) FROM hotels) * 3); k bigint := 0;
BEGIN
	SELECT city_id INTO largest FROM hotels GROUP BY city_id ORDER BY count(*) DESC, city_id LIMIT 1;
	SELECT count(*) INTO have FROM hotels WHERE city_id = largest;
	INSERT INTO cities (country_id, region, name, latitude, longitude, time_zone, population)
		SELECT country_id, region, 'Metropolis', 0, 0, time_zone, 1 FROM cities WHERE id = largest RETURNING id INTO metropolis;
	WHILE k * have < wanted LOOP
		k := k + 1;
		INSERT INTO hotels (id, city_id, title, description, stars, address, time_zone, currency) OVERRIDING SYSTEM VALUE
			SELECT id + k * %[2]d, metropolis, title || ' ' || k, description, stars, address, time_zone, currency
			FROM hotels WHERE city_id = largest;
		INSERT INTO rooms (id, hotel_id, city_id, currency, title, description, price, price_floor, price_ceiling, quantity, max_guests)
			OVERRIDING SYSTEM VALUE
			SELECT id + k * %[2]d, hotel_id + k * %[2]d, metropolis, currency, title, description, price + k, price_floor + k,
				price_ceiling + k, quantity, max_guests FROM rooms WHERE city_id = largest;
		INSERT INTO room_nights (room_id, night, booked, capacity)
			SELECT n.room_id + k * %[2]d, n.night, n.booked, n.capacity
			FROM room_nights n JOIN rooms r ON r.id = n.room_id WHERE r.city_id = largest;
	END LOOP;
END $$`, metropolisHotels, copyOffset)
