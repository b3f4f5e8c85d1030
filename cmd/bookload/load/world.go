package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// A world is what users look at and book.
type world struct {
	today          date.Date
	cities, hotels []int64
	rooms          []*room // to book
	hot            *room   // that everyone wants
	galleries      galleries
}

// A room is a type of room.
type room struct {
	ledger.Room
	maxGuests int
}

// galleries are those of the hotels that this run has made.
type galleries struct {
	mu     sync.Mutex
	hotels []int64
	photos int // in all of them, which are filled one after the other
}

// reserve returns a hotel that n photographs more can be of.
func (g *galleries) reserve(n int) (hotel int64, found bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.photos / maxPhotos
	if at >= len(g.hotels) {
		return 0, false
	}
	g.photos += n
	return g.hotels[at], true
}

// prepare makes or finds what the profile needs.
func (r *run) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	if err := r.reach(ctx); err != nil {
		return err
	}
	r.world.today = date.Of(time.Now().UTC())
	if r.config.AdminEmail != "" {
		r.staff = newAccount(ledger.Guest{Email: r.config.AdminEmail, Password: r.config.AdminPassword}, 0)
	}
	if err := r.findHotels(ctx); err != nil {
		return err
	}
	if err := r.findRooms(ctx); err != nil {
		return err
	}
	if r.profile.guests {
		return r.findGuests(ctx)
	}
	return nil
}

// reach fails soon if nobody answers: the rest of the setup would try for long.
func (r *run) reach(ctx context.Context) error {
	soon, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	answer, _ := r.setup.SettleUntil(ctx, soon.Done(), client.Request{Op: "ready", Method: http.MethodGet, Path: "/ready"})
	if !answer.OK() {
		return &client.UnexpectedError{Op: "the service is not ready", Answer: answer}
	}
	return nil
}

// staffToken returns an access token of the admin.
func (r *run) staffToken(ctx context.Context) (client.Caller, error) {
	token, err := r.staff.token(ctx, r.setup)
	return client.Caller{Token: token}, err
}

// findHotels finds hotels and their cities to look at, and makes some where there are none or the run is to have its own.
func (r *run) findHotels(ctx context.Context) error {
	found, err := r.setup.Hotels(ctx, 500)
	if err != nil {
		return err
	}
	for _, h := range found {
		r.world.hotels = append(r.world.hotels, h.ID)
		r.world.cities = append(r.world.cities, h.CityID)
	}
	if r.staff != nil {
		if err := r.makeHotels(ctx, len(found) == 0); err != nil {
			return err
		}
	}
	slices.Sort(r.world.cities)
	r.world.cities = slices.Compact(r.world.cities)
	if len(r.world.hotels) == 0 {
		return errors.New("the service has no hotels: load some, or name an admin who can make them")
	}
	return nil
}

const (
	// ownQuantity is how many there are of each room that a run makes: some nights become full.
	ownQuantity = 20
	// hotQuantity is how many there are of the room that everyone wants.
	hotQuantity = 3
	roomsEach   = 2 // of a hotel
	nightPrice  = 10_000
)

// makeHotels makes hotels and rooms that nobody else books.
func (r *run) makeHotels(ctx context.Context, empty bool) error {
	rooms := r.profile.rooms
	if empty {
		rooms = max(rooms, 2*roomsEach) // for those who only look
	}
	if rooms == 0 && !r.profile.hot {
		return nil
	}
	by, err := r.staffToken(ctx)
	if err != nil {
		return err
	}
	city, err := r.setup.MakeCity(ctx, by, r.named("city", 0))
	if err != nil {
		return err
	}
	r.world.cities = append(r.world.cities, city)
	for n := range rooms / roomsEach {
		if err := r.makeHotel(ctx, by, city, n, roomsEach); err != nil {
			return err
		}
	}
	if !r.profile.hot {
		return nil
	}
	hotel, err := r.setup.MakeHotel(ctx, by, city, r.named("hot-hotel", 0))
	if err != nil {
		return err
	}
	r.world.hotels = append(r.world.hotels, hotel)
	r.world.hot, err = r.makeRoom(ctx, by, hotel, client.NewRoom{Title: "Wanted", Price: nightPrice, Quantity: hotQuantity, MaxGuests: 2})
	return err
}

func (r *run) makeHotel(ctx context.Context, by client.Caller, city int64, n, rooms int) error {
	hotel, err := r.setup.MakeHotel(ctx, by, city, r.named("hotel", n))
	if err != nil {
		return err
	}
	r.world.hotels = append(r.world.hotels, hotel)
	r.world.galleries.hotels = append(r.world.galleries.hotels, hotel)
	for i := range rooms {
		made, err := r.makeRoom(ctx, by, hotel, client.NewRoom{
			Title: fmt.Sprintf("Room %d", i), Price: int64(nightPrice + 100*n + i), Quantity: ownQuantity, MaxGuests: 2,
		})
		if err != nil {
			return err
		}
		r.world.rooms = append(r.world.rooms, made)
	}
	return nil
}

func (r *run) makeRoom(ctx context.Context, by client.Caller, hotel int64, n client.NewRoom) (*room, error) {
	made, err := r.setup.MakeRoom(ctx, by, hotel, r.named("room", len(r.world.rooms)), n)
	if err != nil {
		return nil, err
	}
	made.Own = true
	return &room{made, n.MaxGuests}, r.keep(ledger.Entry{Room: &made})
}

// named returns the name of something that the run makes, which nothing else has.
func (r *run) named(what string, n int) string {
	return fmt.Sprintf("load-%s-%s-%d", r.config.Run, what, n)
}

// findRooms finds rooms to book by a search, unless the run has made them.
func (r *run) findRooms(ctx context.Context) error {
	missing := (r.profile.rooms > 0 && len(r.world.rooms) == 0) || (r.profile.hot && r.world.hot == nil)
	if !missing {
		return nil
	}
	from := r.world.today.AddDays(hotFrom)
	var offered []*room
	for _, city := range r.world.cities {
		offers, err := r.setup.Offers(ctx, city, from, from.AddDays(1))
		if err != nil {
			return err
		}
		for _, o := range offers {
			offered = append(offered, &room{o.Room, o.MaxGuests})
		}
		if len(offered) >= 200 {
			break
		}
	}
	if len(offered) == 0 {
		return errors.New("no room is free: name an admin who can make some")
	}
	for _, o := range offered {
		if err := r.keep(ledger.Entry{Room: &o.Room}); err != nil {
			return err
		}
	}
	fewest := slices.MinFunc(offered, func(a, b *room) int { return a.Quantity - b.Quantity })
	r.world.rooms, r.world.hot = offered, fewest
	return nil
}
