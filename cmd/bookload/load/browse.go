package load

import (
	"context"
	"fmt"

	"github.com/shumbooking/shumbooking/platform/date"
)

const (
	// soonest and latest are how many days ahead stays begin: never today, which is not the same day everywhere.
	soonest, latest = 2, 300
	longestStay     = 5
)

// dates returns a stay that somebody may want.
func (u *user) dates(t *turn) (from, to date.Date) {
	from = u.world.today.AddDays(soonest + t.random.IntN(latest-soonest))
	return from, from.AddDays(1 + t.random.IntN(longestStay))
}

func (u *user) health(ctx context.Context, t *turn) { u.get(ctx, t, nil, "health", "/health") }

func (u *user) countries(ctx context.Context, t *turn) {
	u.get(ctx, t, u.guest, "countries", "/countries?limit=20")
}

func (u *user) cities(ctx context.Context, t *turn) {
	u.get(ctx, t, u.guest, "cities", "/cities?limit=20")
}

func (u *user) facilities(ctx context.Context, t *turn) {
	u.get(ctx, t, u.guest, "facilities", "/facilities?limit=20")
}

func (u *user) hotels(ctx context.Context, t *turn) {
	u.get(ctx, t, u.guest, "hotels", fmt.Sprintf("/hotels?city_id=%d&limit=20", pick(t.random, u.world.cities)))
}

func (u *user) hotel(ctx context.Context, t *turn) {
	u.get(ctx, t, u.guest, "hotel", fmt.Sprintf("/hotels/%d", pick(t.random, u.world.hotels)))
}

func (u *user) rooms(ctx context.Context, t *turn) {
	u.get(ctx, t, u.guest, "rooms", fmt.Sprintf("/hotels/%d/rooms?limit=20", pick(t.random, u.world.hotels)))
}

func (u *user) freeRooms(ctx context.Context, t *turn) {
	from, to := u.dates(t)
	u.get(ctx, t, u.guest, "free_rooms", fmt.Sprintf("/hotels/%d/rooms/available?date_from=%s&date_to=%s&guests=%d",
		pick(t.random, u.world.hotels), from, to, 1+t.random.IntN(2)))
}

func (u *user) search(ctx context.Context, t *turn) {
	from, to := u.dates(t)
	u.get(ctx, t, u.guest, "search", fmt.Sprintf("/hotels/available?city_id=%d&date_from=%s&date_to=%s&guests=%d",
		pick(t.random, u.world.cities), from, to, 1+t.random.IntN(2)))
}
