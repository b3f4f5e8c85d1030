package catalog_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog"
)

// BenchmarkQueueByID reads what a page of the search shows: 20 hotels, 4 rooms in each, 8 facilities everywhere.
func BenchmarkQueueByID(b *testing.B) {
	f := setup(b)
	for _, sql := range []string{
		`INSERT INTO countries (name, iso_code, currency) VALUES ('Iceland', 'IS', 'ISK')`,
		`INSERT INTO cities (country_id, name, region, time_zone) VALUES (1, 'Reykjavik', 'Capital', 'Atlantic/Reykjavik')`,
		`INSERT INTO facilities (title) SELECT 'Facility number ' || n FROM generate_series(1, 40) n`,
		`INSERT INTO hotels (city_id, title, description, address, time_zone, currency)
SELECT 1, 'Hotel ' || n, repeat('About it. ', 20), 'Street ' || n, 'Atlantic/Reykjavik', 'ISK' FROM generate_series(1, 1000) n`,
		`INSERT INTO hotel_facilities SELECT id, 1 + (id + k) % 40 FROM hotels, generate_series(1, 8) k`,
		`INSERT INTO rooms (hotel_id, city_id, currency, title, description, price, price_floor, price_ceiling, quantity, max_guests)
SELECT id, 1, 'ISK', 'Room ' || k, repeat('About it. ', 10), 100, 100, 100, 1, 2 FROM hotels, generate_series(1, 4) k`,
		`INSERT INTO room_facilities SELECT id, 1 + (id + k) % 40 FROM rooms, generate_series(1, 8) k`,
		`ANALYZE`,
	} {
		f.exec(sql)
	}
	hotels := f.collect("SELECT id FROM hotels ORDER BY id LIMIT 20 OFFSET 500")
	rooms := f.collect("SELECT id FROM rooms WHERE hotel_id > 500 AND hotel_id <= 520")
	b.ReportAllocs()
	for b.Loop() {
		batch := &pgx.Batch{}
		found := catalog.QueueByID(batch, hotels, rooms)
		if err := f.db.SendBatch(b.Context(), batch).Close(); err != nil {
			b.Fatal(err)
		}
		if len(found.Hotels) != 20 || len(found.Rooms) != 80 || len(found.Rooms[79].Facilities) != 8 {
			b.Fatalf("%d hotels, %d rooms", len(found.Hotels), len(found.Rooms))
		}
	}
}
