package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// callers are who may send a request, in the order of the columns of testdata/permissions.txt.
func callers() []string {
	return []string{
		"anonymous", "guest_a", "guest_b", "manager", "other_manager", "admin",
		"disabled", "revoked", "expired", "refresh", "malformed",
	}
}

const (
	worldPassword = "eleven-calm-walruses"
	// nobody is an id that nothing has.
	nobody = int64(999_999)
)

// fixtures are the objects of a world. Those called own belong to guest A, or to the hotel of the manager; others'
// are guest B's and of the hotel of the other manager.
type fixtures struct {
	database pg.Config
	tokens   map[string]string // access tokens by caller; none for the anonymous one
	users    map[string]int64  // by caller

	country, usedCountry, city, usedCity, facility, usedFacility int64
	hotel, otherHotel, room, otherRoom, image, otherImage        int64
	booking, otherBooking, session, otherSession                 int64
	refreshToken                                                 string
	night                                                        date.Date

	client *apitest.Client // of an application that is shut: others have the same document
}

// A world is the whole application on a database of its own.
type world struct {
	*fixtures
	copy      pg.Config // of fixtures.database
	used      bool
	app       *application
	client    *apitest.Client
	db        *pgxpool.Pool
	digestSQL string
	log       *proctest.Transcript
}

// as returns a client of the world for one of callers.
func (w *world) as(caller string) *apitest.Client { return w.client.As(w.tokens[caller]) }

// open starts the application on a database. Its requests are not limited.
func open(t *testing.T, database pg.Config, change func(*settings)) (*application, *proctest.Transcript) {
	t.Helper()
	s, err := readSettings(environmentFor(database, map[string]string{
		"RATE_LIMIT_ENABLED": "false", "IMAGES_DIR": filepath.Join(t.TempDir(), "images"),
	}), serving)
	if err != nil {
		t.Fatal(err)
	}
	change(&s)
	var log proctest.Transcript
	a, err := newApplication(context.WithoutCancel(t.Context()), s, slog.New(slog.NewJSONHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	a.health.Started()
	return a, &log
}

func shut(t *testing.T, a *application) {
	t.Helper()
	if err := a.close(); err != nil {
		t.Error(err)
	}
}

// newWorld returns a copy of the world that f describes.
func newWorld(t *testing.T, f *fixtures) *world {
	t.Helper()
	database := pgtest.Copy(t, f.database)
	a, log := open(t, database, func(*settings) {})
	t.Cleanup(func() { shut(t, a) })
	db := pgtest.Open(t, database)
	return &world{
		fixtures: f, copy: database, app: a, client: f.client.Of(a.handler), db: db, digestSQL: digestQuery(t, db), log: log,
	}
}

// makeWorld does what is needed for every kind of object to exist, through the API as far as it goes.
func makeWorld(t *testing.T) *fixtures {
	t.Helper()
	f := &fixtures{
		database: pgtest.Config(t), night: date.Of(time.Now()).AddDays(70),
		tokens: map[string]string{"malformed": "no-token"}, users: make(map[string]int64),
	}
	env := environmentFor(f.database, nil)
	for caller, role := range map[string]string{
		"guest_a": "guest", "guest_b": "guest", "manager": "manager", "other_manager": "manager", "admin": "admin",
		"disabled": "guest", "revoked": "guest", "refresh": "guest",
	} {
		must(t, env, worldPassword+"\n", "user", "create", "--email", emailOf(caller), "--role", role)
	}
	f.letExpire(t)
	a, _ := open(t, f.database, func(*settings) {})
	defer shut(t, a)
	f.fill(t, f.client.Of(a.handler))
	return f
}

func emailOf(caller string) string { return strings.ReplaceAll(caller, "_", ".") + "@example.com" }

// letExpire signs guest A in where access tokens live for a moment, and waits for the end of one.
func (f *fixtures) letExpire(t *testing.T) {
	t.Helper()
	a, _ := open(t, f.database, func(s *settings) { s.tokens.accessTTL = time.Nanosecond })
	defer shut(t, a)
	f.client = apitest.Wrap(t, a.handler, a.api.Document())
	f.tokens["expired"], _ = tokensOf(f.client, "guest_a")
	proctest.Eventually(t, "the access token has expired", func() bool {
		return f.client.As(f.tokens["expired"]).Do("GET", "/auth/me", nil).Status == http.StatusUnauthorized
	})
}

func tokensOf(c *apitest.Client, caller string) (access, refresh string) {
	var pair struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	credentials := map[string]any{"email": emailOf(caller), "password": worldPassword}
	c.Do("POST", "/auth/login", credentials).Want(http.StatusOK).Decode(&pair)
	return pair.AccessToken, pair.RefreshToken
}

type identified struct {
	ID int64 `json:"id"`
}

// create makes something and returns its id.
func create(c *apitest.Client, path string, body any) int64 {
	var made identified
	c.Do("POST", path, body).Want(http.StatusCreated).Decode(&made)
	return made.ID
}

func (f *fixtures) fill(t *testing.T, c *apitest.Client) {
	t.Helper()
	for _, caller := range []string{"guest_a", "guest_b", "manager", "other_manager", "admin", "disabled", "revoked"} {
		f.tokens[caller], _ = tokensOf(c, caller)
		var me identified
		c.As(f.tokens[caller]).Do("GET", "/auth/me", nil).Want(http.StatusOK).Decode(&me)
		f.users[caller] = me.ID
	}
	f.session, f.otherSession = f.newSession(c, "guest_a"), f.newSession(c, "guest_b")
	_, f.tokens["refresh"] = tokensOf(c, "refresh")
	_, f.refreshToken = tokensOf(c, "refresh")
	admin := c.As(f.tokens["admin"])
	f.fillCatalogue(t, admin)
	f.booking, f.otherBooking = f.book(c, "guest_a", f.room), f.book(c, "guest_b", f.otherRoom)
	c.As(f.tokens["revoked"]).Do("POST", "/auth/logout", nil).Want(http.StatusNoContent)
	admin.Do("PATCH", fmt.Sprintf("/users/%d", f.users["disabled"]), map[string]any{"disabled": true}).Want(http.StatusOK)
}

// newSession signs the caller in once more and returns the id of that session.
func (f *fixtures) newSession(c *apitest.Client, caller string) int64 {
	access, _ := tokensOf(c, caller)
	var sessions list[struct {
		ID      int64 `json:"id"`
		Current bool  `json:"current"`
	}]
	c.As(access).Do("GET", "/auth/sessions", nil).Want(http.StatusOK).Decode(&sessions)
	for _, s := range sessions.Items {
		if s.Current {
			return s.ID
		}
	}
	return 0
}

func (f *fixtures) fillCatalogue(t *testing.T, admin *apitest.Client) {
	t.Helper()
	f.usedCountry = create(admin, "/countries", map[string]any{"name": "Iceland", "iso_code": "IS", "currency": "ISK"})
	f.country = create(admin, "/countries", map[string]any{"name": "Norway", "iso_code": "NO", "currency": "NOK"})
	city := map[string]any{"name": "Akureyri", "country_id": f.usedCountry, "time_zone": "Atlantic/Reykjavik"}
	f.usedCity = create(admin, "/cities", city)
	city["name"] = "Selfoss"
	f.city = create(admin, "/cities", city)
	f.facility = create(admin, "/facilities", map[string]any{"title": "Sauna"})
	f.usedFacility = create(admin, "/facilities", map[string]any{"title": "Pool"})
	f.hotel, f.room, f.image = f.makeHotel(t, admin, "North House", "manager")
	f.otherHotel, f.otherRoom, f.otherImage = f.makeHotel(t, admin, "South House", "other_manager")
}

func (f *fixtures) makeHotel(t *testing.T, admin *apitest.Client, title, manager string) (hotel, room, photograph int64) {
	t.Helper()
	hotel = create(admin, "/hotels", map[string]any{
		"title": title, "city_id": f.usedCity, "address": "Main Street 1", "facility_ids": []int64{f.usedFacility},
	})
	path := fmt.Sprintf("/hotels/%d", hotel)
	room = create(admin, path+"/rooms", map[string]any{"title": "Double", "price": 1000, "quantity": 5, "max_guests": 2})
	var images list[identified]
	admin.Upload("POST", path+"/images", picture(t)).Want(http.StatusAccepted).Decode(&images)
	admin.Do("PUT", fmt.Sprintf("%s/managers/%d", path, f.users[manager]), nil).Want(http.StatusNoContent)
	return hotel, room, images.Items[0].ID
}

// picture returns a small photograph to upload.
func picture(t *testing.T) apitest.Part {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 640, 480))); err != nil {
		t.Fatal(err)
	}
	return apitest.Part{Field: "file", FileName: "house.png", Content: b.Bytes()}
}

func (f *fixtures) book(c *apitest.Client, caller string, room int64) int64 {
	return create(c.As(f.tokens[caller]), "/bookings", f.stay(room))
}

// stay is a body of POST /bookings.
func (f *fixtures) stay(room int64) map[string]any {
	return map[string]any{"room_id": room, "date_from": f.night, "date_to": f.night.AddDays(2), "guests": 1}
}

// stayOf is a stay that staff book for a user.
func (f *fixtures) stayOf(user, room int64) map[string]any {
	stay := f.stay(room)
	stay["user_id"] = user
	return stay
}
