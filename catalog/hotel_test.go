package catalog_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

const moscowJSON = `{"id":1,"name":"Москва","region":null,` +
	`"country":{"id":1,"name":"Россия","iso_code":"RU","currency":"RUB"},` +
	`"latitude":null,"longitude":null,"time_zone":"Europe/Moscow","population":null}`

func TestHotelDefaults(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.moscow()
	f.facility("Pool")
	f.facility("Sauna")
	res := f.admin.Do("POST", "/hotels", object{"title": "Метрополь", "city_id": 1, "address": "Театральный, 2"}).Want(201)
	const bare = `{"id":1,"title":"Метрополь","description":"","stars":0,"city":` + moscowJSON + `,` +
		`"address":"Театральный, 2","postal_code":null,"latitude":null,"longitude":null,"time_zone":"Europe/Moscow",` +
		`"currency":"RUB","check_in_time":"14:00","check_out_time":"12:00","facilities":[],"images":[]}`
	wantBody(t, res.Body, bare)
	if got := res.Header.Get("Location"); got != "/hotels/1" {
		t.Errorf("Location = %q, want /hotels/1", got)
	}
	full := object{"title": "Метрополь", "city_id": 1, "address": "Театральный, 2", "description": "Art Nouveau",
		"stars": 5, "postal_code": "109012", "latitude": 55.75, "longitude": 37.62, "time_zone": "Europe/Samara",
		"currency": "EUR", "check_in_time": "15:30", "check_out_time": "11:00", "facility_ids": []int{2, 1}}
	const fullJSON = `{"id":1,"title":"Метрополь","description":"Art Nouveau","stars":5,"city":` + moscowJSON + `,` +
		`"address":"Театральный, 2","postal_code":"109012","latitude":55.75,"longitude":37.62,` +
		`"time_zone":"Europe/Samara","currency":"EUR","check_in_time":"15:30","check_out_time":"11:00",` +
		`"facilities":[{"id":1,"title":"Pool"},{"id":2,"title":"Sauna"}],"images":[]}`
	wantBody(t, f.admin.Do("PUT", "/hotels/1", full).Want(200).Body, fullJSON)
	wantBody(t, f.admin.Do("PATCH", "/hotels/1", object{}).Want(200).Body, fullJSON)
	wantBody(t, f.anyone.Do("GET", "/hotels/1", nil).Want(200).Body, fullJSON)
	// A replacement resets what it does not name, a null in a patch what it names.
	f.admin.Do("PATCH", "/hotels/1", `{"postal_code":null,"latitude":null,"longitude":null,"time_zone":null,`+
		`"currency":null,"facility_ids":[],"description":"","stars":0,"check_in_time":"14:00","check_out_time":"12:00"}`).Want(200)
	wantBody(t, f.anyone.Do("GET", "/hotels/1", nil).Body, bare)
	f.admin.Do("PUT", "/hotels/1", full).Want(200)
	wantBody(t, f.admin.Do("PUT", "/hotels/1", object{"title": "Метрополь", "city_id": 1, "address": "Театральный, 2"}).Want(200).Body, bare)
}

func TestHotelsCreatedTotal(t *testing.T) {
	t.Parallel()
	f := setup(t)
	want := func(n float64) {
		t.Helper()
		families, err := f.metrics.Gather()
		if err != nil || len(families) != 1 || families[0].GetName() != "hotels_created_total" {
			t.Fatalf("metrics = %v, %v; want hotels_created_total only", families, err)
		}
		if got := families[0].GetMetric()[0].GetCounter().GetValue(); got != n {
			t.Errorf("hotels_created_total = %v, want %v", got, n)
		}
	}
	want(0)
	f.hotel(f.moscow(), "A")
	want(1)
	f.admin.Do("POST", "/hotels", object{"title": "a", "city_id": 1, "address": "B"}).WantProblem(409, "hotel_exists")
	want(1)
	if n := testutil.CollectAndCount(f.metrics, "hotels_created_total"); n != 1 {
		t.Errorf("%d series of hotels_created_total, want 1", n)
	}
}

// TestHotelTitles: a title is taken within its city, in any case, until its hotel is archived.
func TestHotelTitles(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.moscow()
	f.city(1, "Тверь")
	hotel := f.hotel(1, "Гранд Отель")
	again := object{"title": "ГРАНД отель", "city_id": 1, "address": "B"}
	f.admin.Do("POST", "/hotels", again).WantProblem(409, "hotel_exists")
	there := fmt.Sprintf("/hotels/%d", f.hotel(2, "гранд отель"))
	f.admin.Do("PATCH", there, object{"city_id": 1}).WantProblem(409, "hotel_exists")
	f.admin.Do("PUT", there, again).WantProblem(409, "hotel_exists")
	if err := f.inTx(func(tx pgx.Tx) error { return catalog.ArchiveHotel(t.Context(), tx, f.jobs, hotel) }); err != nil {
		t.Fatal(err)
	}
	f.admin.Do("PATCH", there, object{"city_id": 1}).Want(200)
}

func TestCurrencyChangesWithoutRoomsOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.admin.Do("PATCH", "/hotels/1", object{"currency": "USD"}).Want(200)
	id := f.room(hotel, "Double")
	f.admin.Do("PATCH", "/hotels/1", object{"currency": "EUR"}).WantProblem(409, "hotel_has_rooms")
	f.admin.Do("PATCH", "/hotels/1", object{"currency": "USD", "title": "B"}).Want(200)
	// The currency of the country is another one.
	f.admin.Do("PUT", "/hotels/1", object{"title": "C", "city_id": 1, "address": "D"}).WantProblem(409, "hotel_has_rooms")
	if err := f.inTx(func(tx pgx.Tx) error { return catalog.ArchiveRoom(t.Context(), tx, f.jobs, id) }); err != nil {
		t.Fatal(err)
	}
	f.admin.Do("PATCH", "/hotels/1", object{"currency": "EUR"}).Want(200)
}

// TestRoomsFollowTheirHotel: the copies that the search walks over are those of the hotel.
func TestRoomsFollowTheirHotel(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.room(hotel, "Double")
	tver := f.city(1, "Тверь")
	f.admin.Do("PATCH", "/hotels/1", object{"city_id": tver}).Want(200)
	if got := f.number("SELECT city_id FROM rooms"); got != tver {
		t.Errorf("the room is in city %d, want %d", got, tver)
	}
}

// TestConcurrentTitles: of many requests for one title, one wins and the others learn why they lost.
func TestConcurrentTitles(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.moscow()
	for _, c := range []struct {
		path, code string
		body       object
	}{
		{"/hotels", "hotel_exists", object{"title": "A", "city_id": 1, "address": "B"}},
		{"/countries", "country_exists", object{"name": "A", "iso_code": "AA", "currency": "EUR"}},
		{"/cities", "city_exists", object{"name": "A", "country_id": 1, "time_zone": "UTC"}},
		{"/facilities", "facility_exists", object{"title": "A"}},
	} {
		statuses := make([]int, 6)
		var wg sync.WaitGroup
		for i := range statuses {
			wg.Go(func() {
				res := f.admin.Do("POST", c.path, c.body)
				if statuses[i] = res.Status; res.Status == http.StatusConflict && res.Problem().Code != c.code {
					t.Errorf("POST %s: problem %s, want %s", c.path, res.Problem().Code, c.code)
				}
			})
		}
		wg.Wait()
		if created, lost := count(statuses, 201), count(statuses, 409); created != 1 || lost != len(statuses)-1 {
			t.Errorf("POST %s: statuses %v, want one 201 and 409 otherwise", c.path, statuses)
		}
	}
}

func count(all []int, one int) (n int) {
	for _, x := range all {
		if x == one {
			n++
		}
	}
	return n
}

// TestCurrencyAgainstRoom: whichever of a change of currency and a new room comes first, every room is in the
// currency that its price was meant in.
func TestCurrencyAgainstRoom(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.moscow()
	for round := range 20 {
		path := fmt.Sprintf("/hotels/%d", f.hotel(1, fmt.Sprint("Hotel ", round)))
		var change, add int
		var currency struct{ Currency string }
		var wg sync.WaitGroup
		wg.Go(func() { change = f.admin.Do("PATCH", path, object{"currency": "EUR"}).Status })
		wg.Go(func() {
			res := f.admin.Do("POST", path+"/rooms", room("Double"))
			add = res.Status
			res.Decode(&currency)
		})
		wg.Wait()
		want := "RUB"
		if change == 200 {
			want = "EUR"
		}
		if add != 201 || change != 200 && change != 409 || currency.Currency != want {
			t.Errorf("room %d in %s, change %d; want a room in %s", add, currency.Currency, change, want)
		}
	}
}

// TestHotelWaitsForRoom: a change of currency and the end of a hotel wait for a room whose transaction has not
// ended, and count it.
func TestHotelWaitsForRoom(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	whileRoomIsAdded := func(change func() error) error {
		changed := make(chan error, 1)
		err := f.inTx(func(tx pgx.Tx) error {
			if _, err := catalog.CreateRoomTx(f.asAdmin(), tx, hotel, catalog.RoomInput{Title: "A", MaxGuests: 1}); err != nil {
				return err
			}
			go func() { changed <- change() }()
			f.untilWaiting()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return <-changed
	}
	err := whileRoomIsAdded(func() error {
		patch := httpapi.NewPatch[catalog.HotelInput](`{"currency": "EUR"}`)
		_, err := f.service.UpdateHotel(f.asAdmin(), &catalog.UpdateHotelParams{HotelParams: catalog.HotelParams{ID: hotel}, Body: patch})
		return err
	})
	if refusal, ok := errors.AsType[*errs.Error](err); !ok || refusal.Kind.Code != "hotel_has_rooms" {
		t.Errorf("change of currency: %v, want hotel_has_rooms", err)
	}
	err = whileRoomIsAdded(func() error {
		return f.inTx(func(tx pgx.Tx) error { return catalog.ArchiveHotel(f.asAdmin(), tx, f.jobs, hotel) })
	})
	if n := f.number("SELECT count(*) FROM rooms WHERE archived_at IS NULL"); err != nil || n != 0 {
		t.Errorf("ArchiveHotel() = %v and left %d rooms", err, n)
	}
}

func TestArchivedAndDeletedHotels(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.moscow()
	pool := f.facility("Pool")
	for i, end := range []func(*fixture, pgx.Tx, int64) error{
		func(f *fixture, tx pgx.Tx, id int64) error {
			return catalog.ArchiveHotel(f.tb.Context(), tx, f.jobs, id)
		},
		func(f *fixture, tx pgx.Tx, id int64) error {
			return catalog.DeleteHotel(f.tb.Context(), tx, f.jobs, id)
		},
	} {
		hotel := f.post("/hotels", object{"title": "A", "city_id": 1, "address": "B", "facility_ids": []int64{pool}})
		room := f.room(hotel, "Double")
		manager := f.manager(fmt.Sprintf("m%d@example.com", i))
		path := fmt.Sprintf("/hotels/%d", hotel)
		f.admin.Do("PUT", fmt.Sprintf("%s/managers/%d", path, manager), nil).Want(204)
		if err := f.inTx(func(tx pgx.Tx) error { return end(f, tx, hotel) }); err != nil {
			t.Fatal(err)
		}
		if err := f.inTx(func(tx pgx.Tx) error { return end(f, tx, hotel) }); !errors.Is(err, errs.NotFound.New("")) {
			t.Errorf("second end of a hotel: %v, want not_found", err)
		}
		f.gone(path, room, manager)
	}
	wantBody(t, f.anyone.Do("GET", "/hotels", nil).Want(200).Body, `{"items":[],"next_cursor":null}`)
	if n := f.number("SELECT count(*) FROM hotels"); n != 1 {
		t.Errorf("%d rows of hotels, want the archived one", n)
	}
	if n := f.number("SELECT count(*) FROM rooms WHERE archived_at IS NULL"); n != 0 {
		t.Errorf("%d live rooms, want none", n)
	}
}

// gone asserts that a hotel is not found, whoever looks and whatever for.
func (f *fixture) gone(path string, roomID, managerID int64) {
	f.tb.Helper()
	manager := f.asManager(managerID)
	f.anyone.Do("GET", path, nil).WantProblem(404, "not_found")
	f.anyone.Do("GET", path+"/rooms", nil).WantProblem(404, "not_found")
	f.anyone.Do("GET", fmt.Sprintf("%s/rooms/%d", path, roomID), nil).WantProblem(404, "not_found")
	f.admin.Do("GET", path+"/managers", nil).WantProblem(404, "not_found")
	f.admin.Do("PUT", fmt.Sprintf("%s/managers/%d", path, managerID), nil).WantProblem(404, "not_found")
	f.admin.Do("DELETE", fmt.Sprintf("%s/managers/%d", path, managerID), nil).WantProblem(404, "not_found")
	manager.Do("PATCH", path, object{"stars": 1}).WantProblem(404, "not_found")
	manager.Do("POST", path+"/rooms", room("X")).WantProblem(404, "not_found")
	f.admin.Do("POST", path+"/rooms", room("X")).WantProblem(404, "not_found")
	f.admin.Do("PUT", path, object{"title": "A", "city_id": 1, "address": "B"}).WantProblem(404, "not_found")
}
