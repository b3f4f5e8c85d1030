package check_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/cmd/bookload/check"
	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

const (
	adminEmail    = "admin@example.com"
	adminPassword = "a password of the tests"
)

// A world is a database that the service has filled, and a ledger of what it said meanwhile.
type world struct {
	binary string
	db     pg.Config
	images string // the directory of the photographs
	ledger ledger.Ledger
	today  date.Date
}

// newWorld builds the service and has it make a world. The service is not running when newWorld returns.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{binary: build(t), db: pgtest.Config(t), images: t.TempDir(), today: date.Of(time.Now().UTC())}
	w.ledger.Header = ledger.Header{Version: ledger.Version, Run: "test", Started: time.Now()}
	_, api, stop := w.serve(t, w.db)
	r := &recorder{t: t, w: w, client: api, tokens: make(map[int64]string)}
	r.fill()
	stop()
	pool := pgtest.Open(t, w.db)
	for _, sql := range history {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%v: %s", err, sql)
		}
	}
	pool.Close() // Nobody may be connected to a database that is copied.
	return w
}

// build returns the path of the service's program.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "booking")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/shumbooking/shumbooking/cmd/booking")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the service: %v: %s", err, said)
	}
	return path
}

// serve runs the service on a database, with everything that it needs in one process, until stop is called or the test ends.
func (w *world) serve(t *testing.T, db pg.Config) (addr string, api *client.Client, stop func()) {
	t.Helper()
	addr = proctest.FreeAddress(t)
	process := proctest.Start(t, []string{
		"APP_ENV=local", "DB_HOST=" + db.Host, "DB_PORT=" + strconv.Itoa(db.Port), "DB_NAME=" + db.Name,
		"DB_USERNAME=" + db.Username, "DB_PASSWORD=" + db.Password, "IMAGES_DIR=" + w.images, "RATE_LIMIT_ENABLED=false",
		"ADMIN_EMAIL=" + adminEmail, "ADMIN_PASSWORD=" + adminPassword, "HOME=" + t.TempDir(), "LOG_LEVEL=warn",
	}, w.binary, "dev", "--addr", addr, "--hotels", "1", "--data", t.TempDir())
	proctest.Eventually(t, "the service is ready", func() bool {
		code, _ := proctest.Get(t.Context(), "http://"+addr+"/ready")
		if process.Over() {
			t.Fatal("the service ends before it is ready")
		}
		return code == http.StatusOK
	})
	api, err := client.New(client.Config{BaseURLs: []string{"http://" + addr}})
	if err != nil {
		t.Fatal(err)
	}
	return addr, api, func() {
		api.Close()
		process.Kill()
	}
}

// A copied is a copy of a world, for one test to damage.
type copied struct {
	*world
	t      *testing.T
	config pg.Config
	ledger *ledger.Ledger
}

func (w *world) copy(t *testing.T) *copied {
	t.Helper()
	text, err := json.Marshal(w.ledger)
	if err != nil {
		t.Fatal(err)
	}
	c := &copied{world: w, t: t, config: pgtest.Copy(t, w.db), ledger: new(ledger.Ledger)}
	if err := json.Unmarshal(text, c.ledger); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *copied) damage(statements ...string) {
	c.t.Helper()
	pool := pgtest.Open(c.t, c.config)
	defer pool.Close()
	for _, sql := range statements {
		c.exec(pool, sql)
	}
}

func (c *copied) exec(pool *pgxpool.Pool, sql string) {
	c.t.Helper()
	tag, err := pool.Exec(c.t.Context(), sql)
	if err != nil {
		c.t.Fatalf("%v: %s", err, sql)
	}
	if (tag.Update() || tag.Delete() || tag.Insert()) && tag.RowsAffected() == 0 {
		c.t.Fatalf("no row is changed by %s", sql)
	}
}

// check compares the ledger with the database.
func (c *copied) check() *check.Result {
	c.t.Helper()
	result, err := check.Check(c.t.Context(), check.Config{Ledger: c.ledger, DatabaseURL: c.config.URL()})
	if err != nil {
		c.t.Fatal(err)
	}
	return result
}

// A recorder asks the service as clients of a run do, and keeps the ledger.
type recorder struct {
	t      *testing.T
	w      *world
	client *client.Client
	tokens map[int64]string
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (r *recorder) guest(name string) int64 {
	r.t.Helper()
	ctx := r.t.Context()
	g := must[ledger.Guest](r.t)(r.client.Register(ctx, 0, name+"@load.test", "password of "+name))
	r.tokens[g.ID] = must[client.Session](r.t)(r.client.SignIn(ctx, 0, g.Email, g.Password)).AccessToken
	r.w.ledger.Guests = append(r.w.ledger.Guests, g)
	return g.ID
}

func (r *recorder) staff() client.Caller { return client.Caller{Token: r.tokens[0]} }

func (r *recorder) room(hotel int64, n client.NewRoom) ledger.Room {
	r.t.Helper()
	room := must[ledger.Room](r.t)(r.client.MakeRoom(r.t.Context(), r.staff(), hotel, n.Title, n))
	room.Own = true
	r.w.ledger.Rooms = append(r.w.ledger.Rooms, room)
	return room
}

// do makes a request and keeps it in the ledger.
func (r *recorder) do(intent ledger.Intent, q client.Request, wantStatus int) *ledger.Outcome {
	r.t.Helper()
	intent.Op = int64(len(r.w.ledger.Ops) + 1)
	intent.At = int64(time.Since(r.w.ledger.Header.Started))
	q.Token, q.Key, q.Op = r.tokens[intent.GuestID], intent.Key, string(intent.Kind)
	answer, attempts := r.client.Settle(r.t.Context(), q)
	if answer.Status != wantStatus {
		r.t.Fatalf("%s %s: got %d %s, want %d", q.Method, q.Path, answer.Status, answer.Body, wantStatus)
	}
	outcome := client.Outcome(intent.Op, &answer, attempts)
	outcome.At = int64(time.Since(r.w.ledger.Header.Started))
	if outcome.Result == ledger.Done {
		outcome.Digest = ledger.Digest(answer.Body)
		switch intent.Kind {
		case ledger.Book, ledger.Cancel:
			outcome.Booking = must[*ledger.Booking](r.t)(client.DecodeBooking(&answer))
		case ledger.Look:
			outcome.Nights = must[[]ledger.Night](r.t)(client.DecodeItems[ledger.Night](&answer))
		case ledger.Upload:
			for _, image := range must[[]client.Image](r.t)(client.DecodeItems[client.Image](&answer)) {
				outcome.Images = append(outcome.Images, image.ID)
			}
		default: // A Pry that is shown something fails before.
		}
	}
	r.w.ledger.Ops = append(r.w.ledger.Ops, ledger.Op{Intent: intent, Outcome: &outcome})
	return &outcome
}

// book books a stay that begins so many days from now.
func (r *recorder) book(guest int64, key string, room ledger.Room, from, nights, rooms, wantStatus int) *ledger.Outcome {
	r.t.Helper()
	intent := ledger.Intent{
		Kind: ledger.Book, GuestID: guest, Key: key, RoomID: room.ID, Rooms: rooms, Guests: rooms,
		DateFrom: r.w.today.AddDays(from), DateTo: r.w.today.AddDays(from + nights),
	}
	body := map[string]any{
		"room_id": room.ID, "date_from": intent.DateFrom, "date_to": intent.DateTo, "rooms": rooms, "guests": rooms, "note": "late",
	}
	if guest == 0 {
		body["guest_name"] = "Somebody without an account"
	}
	return r.do(intent, client.Request{Method: http.MethodPost, Path: "/bookings", Body: body}, wantStatus)
}

func (r *recorder) cancel(guest, booking int64) {
	r.t.Helper()
	r.do(ledger.Intent{Kind: ledger.Cancel, GuestID: guest, BookingID: booking},
		client.Request{Method: http.MethodDelete, Path: fmt.Sprintf("/bookings/%d", booking)}, http.StatusOK)
}

// forget takes the outcome of the last operation out of the ledger, as if the client had ended before it.
func (r *recorder) forget() { r.w.ledger.Ops[len(r.w.ledger.Ops)-1].Outcome = nil }
