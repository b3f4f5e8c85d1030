package fault_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

// galleries are how many hotels there are to upload photographs to, each of which takes fifty.
const galleries = 60

// apis is how many APIs a site has.
const apis = len(site.Site{}.APIs)

// A rig is a site whose ways can be put out of order, and what is asked of it.
type rig struct {
	site    *site.Site
	ways    *ways
	db      *pgxpool.Pool    // straight to the database
	first   *client.Client   // of one API, for what is done before and between faults
	clients []*client.Client // one for each API

	bearer     atomic.Pointer[string]
	searchPath string
	picture    string
	hotels     []int64
	uploads    atomic.Int64
	photo      []byte
	level      level
}

// ways lead from the service to what it stands on.
type ways struct {
	postgres, redis, bucket *link
	commits                 commits
}

// commits says what becomes of the answers of PostgreSQL to COMMIT.
type commits struct {
	lose, mute atomic.Bool
	hit        atomic.Int64
}

func toPostgres(w *ways) *link { return w.postgres }
func toRedis(w *ways) *link    { return w.redis }
func toBucket(w *ways) *link   { return w.bucket }

// newRig starts a site and puts a link into each of its ways.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{ways: new(ways), photo: photograph(t)}
	r.site = site.Start(t, site.Config{Bucket: true, Reach: r.reach})
	for _, url := range r.site.URLs() {
		c, err := client.New(client.Config{BaseURLs: []string{url}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		r.clients = append(r.clients, c)
	}
	r.first = r.clients[0]
	var err error
	if r.db, err = pgxpool.New(t.Context(), r.site.DatabaseURL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.db.Close)
	r.signIn(t)
	r.makeWorld(t)
	return r
}

// reach puts the links, and what watches for COMMIT, before the servers.
func (r *rig) reach(tb testing.TB, at site.Addresses) site.Addresses {
	tb.Helper()
	host, port := split(tb, at.Postgres)
	c := &r.ways.commits
	watched := pgtest.LoseCommits(tb, pg.Config{Host: host, Port: port}, func() bool { return c.strike(&c.lose) })
	watched = pgtest.MuteCommits(tb, watched, func() bool { return c.strike(&c.mute) })
	r.ways.postgres = newLink(tb, fmt.Sprintf("%s:%d", watched.Host, watched.Port))
	r.ways.redis, r.ways.bucket = newLink(tb, at.Redis), newLink(tb, at.Bucket)
	return site.Addresses{Postgres: r.ways.postgres.addr(), Redis: r.ways.redis.addr(), Bucket: r.ways.bucket.addr()}
}

// strike reports whether an answer is to be struck out, which every other one is while on.
func (c *commits) strike(on *atomic.Bool) bool { return on.Load() && c.hit.Add(1)%2 == 1 }

// signIn gets a token that lasts longer than any cell.
func (r *rig) signIn(t *testing.T) {
	t.Helper()
	session, err := r.first.SignIn(t.Context(), 0, r.site.AdminEmail, r.site.AdminPassword)
	if err != nil {
		t.Fatal(err)
	}
	r.bearer.Store(&session.AccessToken)
}

func (r *rig) token() string { return *r.bearer.Load() }

// makeWorld makes a room to search for, hotels to upload to, and a picture to look at.
func (r *rig) makeWorld(t *testing.T) {
	t.Helper()
	country := r.make(t, "/countries", map[string]any{"name": "Faultland", "iso_code": "FI", "currency": "EUR"})
	city := r.make(t, "/cities", map[string]any{"name": "Faultville", "country_id": country, "time_zone": "Europe/Helsinki"})
	for n := range galleries {
		hotel := r.make(t, "/hotels", map[string]any{"title": fmt.Sprint("Fault ", n), "city_id": city, "address": fmt.Sprint("Way ", n)})
		r.hotels = append(r.hotels, hotel)
	}
	r.make(t, fmt.Sprintf("/hotels/%d/rooms", r.hotels[0]), map[string]any{"title": "Double", "price": 100, "quantity": 5, "max_guests": 2})
	from := time.Now().AddDate(0, 0, 100)
	r.searchPath = fmt.Sprintf("/hotels/available?city_id=%d&date_from=%s&date_to=%s", city,
		from.Format(time.DateOnly), from.AddDate(0, 0, 2).Format(time.DateOnly))
	answer, _ := r.first.Settle(t.Context(), r.uploadRequest())
	if !answer.OK() {
		t.Fatalf("upload: %d %s", answer.Status, answer.Body)
	}
	proctest.Eventually(t, "the photograph is processed", func() bool {
		err := r.db.QueryRow(t.Context(), "SELECT '/static/images/' || variant_names[1] FROM images WHERE status = 'ready' LIMIT 1").Scan(&r.picture)
		return err == nil
	})
}

// make makes a resource and returns its id.
func (r *rig) make(t *testing.T, path string, body map[string]any) int64 {
	t.Helper()
	answer, _ := r.first.Settle(t.Context(), client.Request{
		Op: "make", Method: http.MethodPost, Path: path, Token: r.token(), Body: body,
	})
	var made struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(answer.Body, &made); err != nil || !answer.OK() {
		t.Fatalf("POST %s: %d %s, %v", path, answer.Status, answer.Body, err)
	}
	return made.ID
}

// uploadRequest is one photograph for the next gallery.
func (r *rig) uploadRequest() client.Request {
	n := r.uploads.Add(1)
	var body bytes.Buffer
	w := multipart.NewWriter(&body) // Writing to a buffer does not fail.
	part, _ := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="fault.jpg"`}, "Content-Type": {"image/jpeg"},
	})
	_, _ = part.Write(r.photo)
	_ = w.Close()
	return client.Request{
		Op: string(upload), Method: http.MethodPost, Path: fmt.Sprintf("/hotels/%d/images", r.hotels[n%galleries]),
		Token: r.token(), Key: fmt.Sprint("photo-", n), Raw: body.Bytes(), ContentType: w.FormDataContentType(),
	}
}

func photograph(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
