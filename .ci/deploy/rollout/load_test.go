package rollout_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

const (
	guests = 4
	// rooms have a gallery each, which takes 50 photographs: enough for minutes.
	rooms      = 16
	uploadPace = 200 * time.Millisecond
	// nights is how far ahead a stay may begin. A guest may have bookingsPerNight on each: enough for minutes.
	nights           = 480
	bookingsPerNight = 10
	bookingPace      = 40 * time.Millisecond
	readPace         = 20 * time.Millisecond
	// crowd are more requests at once than the others have together.
	crowd = 24
)

// A load is clients of a site that ask and book all the time. Nothing is sent twice: whatever is not answered as it
// should be is lost.
type load struct {
	t    *testing.T
	base string
	// kept goes on with its connections, fresh makes one for each request.
	kept, fresh *http.Client
	admin       string
	guests      [guests]string
	cityID      int64
	hotels      [2]int64 // for the load, and for slow uploads
	roomIDs     [rooms]int64
	photograph  []byte
	large       []byte

	stop    context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	answered map[string]int
	lost     []string
	bookings map[int64]bool
}

// newLoad makes what clients ask for.
func newLoad(t *testing.T, url string) *load {
	t.Helper()
	l := &load{
		t: t, base: url + rootPath, answered: make(map[string]int), bookings: make(map[int64]bool),
		kept:       &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
		fresh:      &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		photograph: imagingtest.JPEG(320, 240), large: imagingtest.PNG(1800, 1200),
	}
	t.Cleanup(l.kept.CloseIdleConnections)
	if len(l.large) < 3*largeUpload {
		t.Fatalf("the large photograph has %d bytes, want at least %d", len(l.large), 3*largeUpload)
	}
	l.admin = l.signIn(adminEmail, adminPassword)
	country := l.make("/countries", map[string]any{"name": "Iceland", "iso_code": "IS", "currency": "ISK"})
	l.cityID = l.make("/cities", map[string]any{"name": "Reykjavik", "country_id": country, "time_zone": "Atlantic/Reykjavik"})
	for i := range l.hotels {
		l.hotels[i] = l.make("/hotels", map[string]any{"title": fmt.Sprint("Hotel ", i), "city_id": l.cityID, "address": "Harbour 1"})
	}
	for i := range l.roomIDs {
		l.roomIDs[i] = l.make(fmt.Sprintf("/hotels/%d/rooms", l.hotels[0]),
			map[string]any{"title": fmt.Sprint("Room ", i), "price": 100, "quantity": guests * bookingsPerNight, "max_guests": 2})
	}
	for i := range l.guests {
		email := fmt.Sprintf("guest-%d@example.com", i)
		l.want(http.StatusCreated, l.request(http.MethodPost, "/auth/register", "", map[string]any{"email": email, "password": adminPassword}))
		l.guests[i] = l.signIn(email, adminPassword)
	}
	return l
}

// request makes a request with a body of JSON.
func (l *load) request(method, path, token string, body any) *http.Request {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err) // Not of the types here.
		}
		content = bytes.NewReader(text)
	}
	// Not the context of the load: what was sent is to be answered.
	r, err := http.NewRequestWithContext(context.WithoutCancel(l.t.Context()), method, l.base+path, content)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// ask returns the body of an answer that has the status.
func ask(client *http.Client, status int, r *http.Request) ([]byte, error) {
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != status {
		err = fmt.Errorf("%s: %.200s", res.Status, body)
	}
	return body, err
}

// want is ask for what the test needs before the load begins.
func (l *load) want(status int, r *http.Request) (id int64) {
	l.t.Helper()
	body, err := ask(l.kept, status, r)
	var made struct{ ID int64 }
	if err == nil {
		err = json.Unmarshal(body, &made)
	}
	if err != nil {
		l.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return made.ID
}

func (l *load) make(path string, body any) (id int64) {
	l.t.Helper()
	return l.want(http.StatusCreated, l.request(http.MethodPost, path, l.admin, body))
}

func (l *load) signIn(email, password string) (token string) {
	l.t.Helper()
	r := l.request(http.MethodPost, "/auth/login", "", map[string]any{"email": email, "password": password})
	body, err := ask(l.kept, http.StatusOK, r)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	if err = errors.Join(err, json.Unmarshal(body, &tokens)); err != nil {
		l.t.Fatal(err)
	}
	return tokens.AccessToken
}

// note counts a request, which is lost if there is an error.
func (l *load) note(kind string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.lost = append(l.lost, kind+": "+err.Error())
		return
	}
	l.answered[kind]++
}

// losses returns how many requests are lost so far, and how many are answered.
func (l *load) losses() (lost, answered int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.answered {
		answered += n
	}
	return len(l.lost), answered
}

// begin lets clients ask until end is called.
func (l *load) begin() {
	ctx, stop := context.WithCancel(l.t.Context())
	l.stop = stop
	l.t.Cleanup(l.end)
	search := fmt.Sprintf("/hotels/available?city_id=%d&date_from=%s&date_to=%s&guests=1", l.cityID, night(3), night(5))
	for _, client := range []*http.Client{l.kept, l.fresh} {
		l.repeat(ctx, readPace, l.reader(client, "search", search))
		l.repeat(ctx, readPace, l.reader(client, "read", fmt.Sprint("/hotels/", l.hotels[0])))
	}
	for i := range l.guests {
		l.repeat(ctx, bookingPace, l.booker(i))
	}
	l.repeat(ctx, uploadPace, l.uploader())
}

// end waits for the last answers.
func (l *load) end() {
	l.stop()
	l.running.Wait()
}

// repeat calls f in turns of a period, or as soon as it has returned.
func (l *load) repeat(ctx context.Context, period time.Duration, f func()) {
	l.running.Go(func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				f()
			}
		}
	})
}

func (l *load) reader(client *http.Client, kind, path string) func() {
	return func() {
		_, err := ask(client, http.StatusOK, l.request(http.MethodGet, path, "", nil))
		l.note(kind, err)
	}
}

// rush reads many times at once, for which the proxy makes new connections. It keeps those that it has for as long as
// they do, and so may have none with an API that was started again.
func (l *load) rush() {
	var reading sync.WaitGroup
	for range crowd {
		reading.Go(l.reader(l.fresh, "rush", fmt.Sprint("/hotels/", l.hotels[0])))
	}
	reading.Wait()
}

// night is a date so many days ahead.
func night(ahead int) string { return time.Now().UTC().AddDate(0, 0, ahead).Format(time.DateOnly) }

// booker books one night after the other, of a room that has enough for all. Every other guest has no connection to
// begin with.
func (l *load) booker(guest int) func() {
	client, next := l.kept, 0
	if guest%2 == 1 {
		client = l.fresh
	}
	return func() {
		from := 2 + next%nights
		next++
		body, err := ask(client, http.StatusCreated, l.request(http.MethodPost, "/bookings", l.guests[guest], map[string]any{
			"room_id": l.roomIDs[guest%rooms], "date_from": night(from), "date_to": night(from + 1), "guests": 1,
		}))
		var made struct{ ID int64 }
		if err == nil {
			err = json.Unmarshal(body, &made)
		}
		l.note("booking", err)
		if err == nil {
			l.mu.Lock()
			l.bookings[made.ID] = true
			l.mu.Unlock()
		}
	}
}
