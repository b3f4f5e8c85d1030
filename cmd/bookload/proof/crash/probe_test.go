package crash_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/proctest"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

const (
	// pause is between two attempts. A client that the service asks to wait longer does not wait here: what is measured is
	// the service.
	pause = 5 * time.Millisecond
	// nights is how far ahead the probe books. Nobody may have more than 10 bookings of a night.
	nights = 300
	// writers is how many ask the database, and each API, at once.
	writers = 2
	// recovery is how soon something is to be written once the database accepts connections.
	recovery = time.Second
)

// A probe books rooms of its own, to find out when the service writes again.
type probe struct {
	clients []*client.Client // one for each API
	token   string
	room    int64
	next    atomic.Int64
}

func newProbe(t *testing.T, s *site.Site) *probe {
	t.Helper()
	ctx, all := t.Context(), s.Client()
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	admin, err := all.SignIn(ctx, 0, s.AdminEmail, s.AdminPassword)
	fail(err)
	by := client.Caller{Token: admin.AccessToken}
	city, err := all.MakeCity(ctx, by, "Probe")
	fail(err)
	hotel, err := all.MakeHotel(ctx, by, city, "Hotel-Probe")
	fail(err)
	room, err := all.MakeRoom(ctx, by, hotel, "probe-room", client.NewRoom{Title: "Probe", Price: 100, Quantity: 10, MaxGuests: 1})
	fail(err)
	guest, err := all.Register(ctx, 0, "probe@example.com", rand.Text())
	fail(err)
	session, err := all.SignIn(ctx, 0, guest.Email, guest.Password)
	fail(err)
	p := &probe{token: session.AccessToken, room: room.ID}
	for _, url := range s.URLs() {
		one, err := client.New(client.Config{BaseURLs: []string{url}})
		fail(err)
		t.Cleanup(one.Close)
		p.clients = append(p.clients, one)
	}
	return p
}

// write books a night and reports whether that succeeded.
func (p *probe) write(ctx context.Context, c *client.Client) bool {
	n := p.next.Add(1)
	from := date.Of(time.Now().UTC()).AddDays(2 + int(n%nights))
	answer := c.Send(ctx, client.Request{
		Op: "book", Method: http.MethodPost, Path: "/bookings", Token: p.token, Key: "probe-" + strconv.FormatInt(n, 10),
		Body: map[string]any{"room_id": p.room, "date_from": from, "date_to": from.AddDays(1), "guests": 1},
	})
	return answer.Status == http.StatusCreated
}

// first returns when one of many attempts succeeded, each of which is made as soon as the one before has failed.
func first(ctx context.Context, attempts ...func(context.Context) bool) (at time.Time) {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var once sync.Once
	var trying sync.WaitGroup
	for _, attempt := range attempts {
		trying.Go(func() {
			for ctx.Err() == nil {
				if attempt(ctx) {
					once.Do(func() { at = time.Now() })
					enough()
				}
				select {
				case <-ctx.Done():
				case <-time.After(pause):
				}
			}
		})
	}
	trying.Wait()
	return at
}

// wantRecovery starts what was hurt, and fails the test unless something is written within a second of the moment at which the
// database accepts connections.
func (o *ordeal) wantRecovery(start func()) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), proctest.Patience)
	defer cancel()
	url := o.DatabaseURL()
	var accepted, wrote time.Time
	var waiting sync.WaitGroup
	waiting.Go(func() {
		connect := func(ctx context.Context) bool {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return false
			}
			_ = conn.Close(ctx) // It has served its purpose.
			return true
		}
		accepted = first(ctx, slices.Repeat([]func(context.Context) bool{connect}, writers)...)
	})
	waiting.Go(func() {
		var all []func(context.Context) bool
		for _, c := range o.probe.clients {
			for range writers {
				all = append(all, func(ctx context.Context) bool { return o.probe.write(ctx, c) })
			}
		}
		wrote = first(ctx, all...)
	})
	start()
	waiting.Wait()
	if accepted.IsZero() || wrote.IsZero() {
		o.t.Fatal("nothing is written again")
	}
	took := max(wrote.Sub(accepted), 0)
	o.accepted, o.slowest = append(o.accepted, accepted), max(o.slowest, took)
	if took > recovery {
		o.t.Errorf("round %d: something was written %v after the database accepted connections, want %v at most", len(o.strikes), took, recovery)
	}
}
