package booking

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/ratelimit"
)

const (
	// clients send requests at the same time, each its next one when the last was answered.
	clients = 16
	// share is how many operations one side does before it is the other's turn, so that both see the same machine.
	share = 64 * clients
)

// compare measures the handler and the bare SQL in turns and reports the throughput of both and their ratio.
func compare(b *testing.B, handler, bare func(seed uint64)) {
	b.Helper()
	var seed atomic.Uint64
	// The data is kept between runs: with the same seeds, each would find more of its nights booked by those before.
	seed.Store(rand.Uint64())
	round := func(operation func(uint64)) time.Duration {
		start := time.Now()
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for range share / clients {
					operation(seed.Add(1))
				}
			})
		}
		wg.Wait()
		return time.Since(start)
	}
	round(handler)
	round(bare)
	var handlerTime, bareTime time.Duration
	var rounds int
	for b.Loop() {
		handlerTime += round(handler)
		bareTime += round(bare)
		rounds++
	}
	operations := float64(rounds * share)
	b.ReportMetric(operations/handlerTime.Seconds(), "http/s")
	b.ReportMetric(operations/bareTime.Seconds(), "sql/s")
	b.ReportMetric(bareTime.Seconds()/handlerTime.Seconds(), "ratio")
}

// A bench is the service as it is served, with every middleware, in front of a database.
type bench struct {
	b       *testing.B
	db      *pgxpool.Pool
	service *Service
	handler http.Handler
	auth    *auth.Service
}

func newBench(b *testing.B, hotels int) *bench {
	b.Helper()
	x := &bench{b: b, db: benchDB(b, hotels)}
	registry := prometheus.NewRegistry()
	secret := []byte("the secret of the benchmarks, long enough")
	var err error
	redis := kvtest.New(b)
	x.auth, err = auth.New(x.db, auth.Config{
		SecretKey: secret, Metrics: registry, Argon2: auth.Argon2{MemoryKiB: 64, Passes: 1, Lanes: 1},
		Redis: redis, Limits: ampleLimits(b, redis, registry),
	})
	if err != nil {
		b.Fatal(err)
	}
	x.service = New(x.db, Config{Cursors: page.NewSigner(secret), Metrics: registry})
	api := httpapi.New(httpapi.Config{
		Title: "Benchmark", Version: "0", Admit: x.auth.Admit, FingerprintKeys: [][]byte{secret},
		// The lines are made as in production, and only not written.
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Metrics: registry, //nolint:sloglint // the making is measured
	})
	x.service.Register(api)
	if x.handler, err = api.Build(); err != nil {
		b.Fatal(err)
	}
	return x
}

// ampleLimits are counted in Redis as in production, and never reached.
func ampleLimits(b *testing.B, redis *kv.Client, registry prometheus.Registerer) map[httpapi.Budget]*ratelimit.Limiter {
	b.Helper()
	limits := make(map[httpapi.Budget]*ratelimit.Limiter)
	for _, budget := range []httpapi.Budget{httpapi.Reads, httpapi.Writes} {
		limiter, err := ratelimit.New(ratelimit.Config{
			Policy: ratelimit.Policy{Name: string(budget), Quota: ratelimit.MaxQuota, Window: time.Second},
			Redis:  redis, Metrics: registry,
		})
		if err != nil {
			b.Fatal(err)
		}
		limits[budget] = limiter
	}
	return limits
}

// call sends a request and demands one of the statuses.
func (x *bench) call(req *http.Request, statuses ...int) {
	rec := httptest.NewRecorder()
	x.handler.ServeHTTP(rec, req)
	if !slices.Contains(statuses, rec.Code) {
		x.b.Errorf("%s %s = %d: %.300s", req.Method, req.URL, rec.Code, rec.Body)
	}
}

// drain reads every row of every result of a batch and decodes none.
func (x *bench) drain(batch *pgx.Batch) {
	results := x.db.SendBatch(x.b.Context(), batch)
	for range batch.Len() {
		rows, err := results.Query()
		if err != nil {
			x.b.Error(err)
			break
		}
		for rows.Next() {
		}
		rows.Close()
	}
	if err := results.Close(); err != nil {
		x.b.Error(err)
	}
}

func (x *bench) one(sql string, args ...any) (id int64) {
	x.b.Helper()
	if err := x.db.QueryRow(x.b.Context(), sql, args...).Scan(&id); err != nil {
		x.b.Fatal(err)
	}
	return id
}

// cityOf returns the city whose number of hotels is next to n, and that number.
func (x *bench) cityOf(n int) (city, hotels int64) {
	x.b.Helper()
	const sql = `SELECT city_id, count(*) FROM hotels GROUP BY city_id ORDER BY abs(count(*) - $1), city_id LIMIT 1`
	if err := x.db.QueryRow(x.b.Context(), sql, n).Scan(&city, &hotels); err != nil {
		x.b.Fatal(err)
	}
	return city, hotels
}

// someStay returns a stay of two or three nights within the next 100 days.
func someStay(r *rand.Rand) (from, to date.Date) {
	from = date.Of(time.Now()).AddDays(2 + r.IntN(100))
	return from, from.AddDays(2 + r.IntN(2))
}

// BenchmarkSearch searches a city for the cheapest 20 hotels, through the handler and as its two bare statements.
func BenchmarkSearch(b *testing.B) {
	for _, size := range []struct{ database, city int }{
		{manyHotels, 100}, {manyHotels, 3000}, {manyHotels, metropolisHotels}, {fewHotels, 100},
	} {
		b.Run(fmt.Sprintf("database=%d/city=%d", size.database, size.city), func(b *testing.B) {
			x := newBench(b, size.database)
			city, hotels := x.cityOf(size.city)
			b.ReportMetric(float64(hotels), "hotels")
			compare(b,
				func(seed uint64) { x.call(searchRequest(city, seed), http.StatusOK) },
				func(seed uint64) { x.bareSearch(city, seed) })
			b.ReportMetric(float64(hotels), "hotels")
		})
	}
}

func searchRequest(city int64, seed uint64) *http.Request {
	from, to := someStay(rand.New(rand.NewPCG(seed, 1)))
	query := url.Values{"city_id": {fmt.Sprint(city)}, "date_from": {from.String()}, "date_to": {to.String()}, "guests": {"2"}}
	return httptest.NewRequest(http.MethodGet, "/hotels/available?"+query.Encode(), nil)
}

func (x *bench) bareSearch(city int64, seed uint64) {
	from, to := someStay(rand.New(rand.NewPCG(seed, 1)))
	p := &SearchParams{Params: page.Params{Limit: 20}, DateFrom: from, DateTo: to, Guests: 2, Rooms: 1, CityID: &city}
	q, err := newSearch(p, time.Now())
	if err != nil {
		x.b.Error(err)
		return
	}
	walk := q.walkRooms(ascending(), stretch{limit: p.Limit + 1})
	rows, err := x.db.Query(x.b.Context(), walk.String(), walk.Args()...)
	if err != nil {
		x.b.Error(err)
		return
	}
	hits, err := pgx.CollectRows(rows, pgx.RowToStructByPos[hit])
	if err != nil {
		x.b.Error(err)
		return
	}
	var hotels, rooms []int64
	for _, h := range hits[:min(p.Limit, len(hits))] {
		hotels, rooms = append(hotels, h.HotelID), append(rooms, h.Rooms...)
	}
	batch := &pgx.Batch{}
	catalog.QueueByID(batch, hotels, rooms)
	batch.Queue(selectTouchedNights, rooms, from, to)
	x.drain(bareBatch(batch))
}

// bareBatch returns the statements of a batch without what is done with their rows.
func bareBatch(batch *pgx.Batch) *pgx.Batch {
	bare := &pgx.Batch{}
	for _, q := range batch.QueuedQueries {
		bare.Queue(q.SQL, q.Arguments...)
	}
	return bare
}
