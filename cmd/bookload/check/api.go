package check

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

const (
	// askers is how many guests ask at once.
	askers = 8
	// readAlone is how many bookings of each guest are read one by one as well.
	readAlone = 3
)

// An inspection compares the promises with what the API shows.
type inspection struct {
	client   *client.Client
	promises *promises
	report   *report

	mu       sync.Mutex
	bookings *comparison
}

// checkAPI has every guest of the ledger look at their bookings, and staff, if there are any, at the rooms of the run.
func checkAPI(ctx context.Context, c Config, p *promises, r *report) error {
	i := &inspection{client: c.Client, promises: p, report: r, bookings: newComparison(p, r, "API")}
	if err := i.askGuests(ctx); err != nil {
		return err
	}
	if err := i.askStaff(ctx, c.AdminEmail, c.AdminPassword); err != nil {
		return err
	}
	i.bookings.end()
	return i.checkImages(ctx, c.Wait)
}

func (i *inspection) askGuests(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askers)
	for n, id := range sortedIDs(i.promises.guests) {
		group.Go(func() error { return i.askGuest(ctx, n, i.promises.guests[id]) })
	}
	return group.Wait()
}

// askGuest compares the list of a guest's bookings, and reads some of them and one that is somebody else's.
func (i *inspection) askGuest(ctx context.Context, n int, g ledger.Guest) error {
	session, err := i.client.SignIn(ctx, n, g.Email, g.Password)
	if status(err) == http.StatusUnauthorized {
		i.report.find(ruleGuestDiffers, "API: guest %d, %s: cannot sign in: %v", g.ID, g.Email, err)
		i.pass(func(b *ledger.Booking) bool { return b.UserID == g.ID })
		return nil
	}
	if err != nil {
		return err
	}
	by := client.Caller{Client: n, Token: session.AccessToken}
	list, err := i.client.MyBookings(ctx, by)
	if err != nil {
		return err
	}
	i.checkOrder(g, list)
	i.mu.Lock()
	for at := range list {
		i.bookings.add(&list[at])
	}
	i.mu.Unlock()
	if err := i.readAlone(ctx, by, g, list); err != nil {
		return err
	}
	return i.pry(ctx, by, g)
}

// pass leaves out acknowledged bookings that cannot be asked for.
func (i *inspection) pass(out func(*ledger.Booking) bool) (passed int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for id, of := range i.promises.bookings {
		if !i.bookings.seen[id] && out(&of.told) {
			i.bookings.seen[id] = true
			passed++
		}
	}
	return passed
}

// checkOrder compares the list with its order: the newest stay first, and of those the newest booking.
func (i *inspection) checkOrder(g ledger.Guest, list []ledger.Booking) {
	for at := 1; at < len(list); at++ {
		a, b := &list[at-1], &list[at]
		if cmp.Or(b.DateFrom.Sub(a.DateFrom), cmp.Compare(b.ID, a.ID)) >= 0 {
			i.report.find(ruleListDiffers, "API: guest %d: booking %d of %s stands before booking %d of %s", g.ID, a.ID, a.DateFrom, b.ID, b.DateFrom)
		}
	}
}

// readAlone compares the first bookings of a list with the same read by themselves.
func (i *inspection) readAlone(ctx context.Context, by client.Caller, g ledger.Guest, list []ledger.Booking) error {
	for at := range list[:min(readAlone, len(list))] {
		listed := &list[at]
		alone, err := i.client.Booking(ctx, by, listed.ID)
		if status(err) == http.StatusNotFound {
			i.report.find(ruleListDiffers, "API: booking %d: guest %d finds it in the list only", listed.ID, g.ID)
			continue
		}
		if err != nil {
			return err
		}
		// Somebody else may cancel it in between.
		if found := differences(listed, &alone); len(found) > 0 || alone.ID != listed.ID {
			i.report.find(ruleListDiffers, "API: booking %d: by itself and in the list: %v", listed.ID, found)
		}
	}
	i.report.count(int64(min(readAlone, len(list))), "bookings read one by one")
	return nil
}

// pry asks for a booking of another guest, which must not be known to this one.
func (i *inspection) pry(ctx context.Context, by client.Caller, g ledger.Guest) error {
	id := i.promises.ofOther(g.ID)
	if id == 0 {
		return nil
	}
	_, err := i.client.Booking(ctx, by, id)
	if code := status(err); err == nil || code == http.StatusForbidden {
		i.report.find(rulePried, "API: guest %d asks for booking %d, which is another's: %d instead of 404", g.ID, id, cmp.Or(code, http.StatusOK))
	} else if code != http.StatusNotFound {
		return err
	}
	i.report.count(1, "requests for the bookings of others")
	return nil
}

// ofOther returns the first booking that was acknowledged to a guest after the given one, or to the first guest; 0 if
// there is none of another.
func (p *promises) ofOther(guestID int64) int64 {
	at, found := slices.BinarySearch(p.holders, guestID)
	if found {
		at++
	}
	if len(p.holders) == 0 || found && len(p.holders) == 1 {
		return 0
	}
	return p.first[p.holders[at%len(p.holders)]]
}

// askStaff compares what only staff can see: bookings of the run's rooms by others, and the counters.
func (i *inspection) askStaff(ctx context.Context, email, password string) error {
	byStaff := func(b *ledger.Booking) bool { _, found := i.promises.guests[b.UserID]; return !found }
	if email == "" {
		if n := i.pass(byStaff); n > 0 {
			i.report.leave("%d bookings that were acknowledged to staff, in the API: nobody was named who may see them", n)
		}
		return nil
	}
	session, err := i.client.SignIn(ctx, 0, email, password)
	if err != nil {
		return err
	}
	by := client.Caller{Token: session.AccessToken}
	if err := i.readAcknowledged(ctx, by, byStaff); err != nil {
		return err
	}
	own := i.promises.ownRooms()
	slices.Sort(own)
	for _, id := range own {
		list, err := i.client.Bookings(ctx, by, url.Values{"room_id": {strconv.FormatInt(id, 10)}})
		if err != nil {
			return err
		}
		for at := range list {
			if !i.bookings.seen[list[at].ID] {
				i.bookings.add(&list[at])
			}
		}
		if err := i.checkCounters(ctx, by, i.promises.rooms[id]); err != nil {
			return err
		}
	}
	return nil
}

// readAcknowledged compares acknowledged bookings that are in no guest's list.
func (i *inspection) readAcknowledged(ctx context.Context, by client.Caller, which func(*ledger.Booking) bool) error {
	for id, of := range i.promises.bookings {
		if i.bookings.seen[id] || !which(&of.told) {
			continue
		}
		b, err := i.client.Booking(ctx, by, id)
		switch {
		case status(err) == http.StatusNotFound: // It is found to be missing in the end.
		case err != nil:
			return err
		default:
			i.bookings.add(&b)
		}
	}
	return nil
}

// status returns the status of the answer that err tells of, 0 if it tells of none.
func status(err error) int {
	if unexpected, ok := errors.AsType[*client.UnexpectedError](err); ok {
		return unexpected.Answer.Status
	}
	return 0
}
