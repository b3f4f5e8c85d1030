package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

// A flock is the whole program with canaries in whatever it is told.
type flock struct {
	*canaries
	base     string
	client   *apitest.Client
	admin    string // an access token
	document map[string]any
}

// settings are those of a program that has canaries for all its secrets.
func (c *canaries) settings() map[string]string {
	return map[string]string{
		"LOG_LEVEL": "debug", "LOG_FORMAT": "json", "RATE_LIMIT_ENABLED": "false", "TRUSTED_PROXIES": "127.0.0.1/32",
		"JWT_SECRET_KEY": c.text("JWT_SECRET_KEY"), "JWT_SECRET_KEY_PREVIOUS": c.text("JWT_SECRET_KEY_PREVIOUS"),
		"DB_PASSWORD": c.text("DB_PASSWORD"), "REDIS_PASSWORD": c.text("REDIS_PASSWORD"),
		"ADMIN_EMAIL": c.email("ADMIN_EMAIL"), "ADMIN_PASSWORD": c.text("ADMIN_PASSWORD"),
	}
}

// TestNothingPersonalIsLogged runs the program at the most talkative, tells it secrets and personal data in every
// field there is, and looks for them in all that it writes: through successes, refusals, an outage, jobs and the
// commands of an operator.
func TestNothingPersonalIsLogged(t *testing.T) {
	t.Parallel()
	c := newCanaries()
	w, config := wireTo(t, pgtest.Config(t))
	collector := tracingtest.New(t)
	settings := c.settings()
	settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Base()
	settings["OTEL_EXPORTER_OTLP_HEADERS"] = "key=" + c.text("OTEL_EXPORTER_OTLP_HEADERS")
	env := environmentFor(config, settings)
	api := begin(t, env, "api", "--addr", "127.0.0.1:0")
	base := "http://" + api.stderr.Await(t, workerAddress)
	worker := begin(t, env, "worker", "--addr", "127.0.0.1:0")
	workerBase := "http://" + worker.stderr.Await(t, workerAddress)
	api.stderr.Await(t, `"msg":"(ready)"`)
	f := &flock{canaries: c, base: base, client: clientOf(t, base)}
	f.client.Do("GET", "/openapi.json", nil).Decode(&f.document)

	commands := f.operate(t, env)
	f.live(t)
	f.signInToConsole(t)
	for _, request := range f.requests(t) {
		f.send(t, request)
	}
	worker.stderr.Await(t, `"kind":"image_process".*"outcome":"(\w+)"`)
	_, metrics := fetch(t, base+"/metrics")
	_, workerMetrics := fetch(t, workerBase+"/metrics")
	w.cut()
	for _, request := range f.requests(t) {
		f.send(t, request)
	}
	w.mend(t)
	_, metricsAfter := fetch(t, base+"/metrics")
	api.end()
	worker.end()

	f.wantTalkative(t, api.stderr.String())
	f.wantTraced(t, collector.Spans())
	for where, text := range map[string]string{
		"the log of the API": api.stderr.String() + api.stdout.String(), "the log of the worker": worker.stderr.String() + worker.stdout.String(),
		"/metrics of the API": metrics + metricsAfter, "/metrics of the worker": workerMetrics, "the log of commands": commands,
	} {
		f.wantNone(t, where, text)
	}
}

// wantTraced checks that there are spans of all kinds, and what they have.
func (f *flock) wantTraced(t *testing.T, spans []tracingtest.Span) {
	t.Helper()
	kinds := make(map[string]int)
	for _, span := range spans {
		kinds[span.Kind]++
		f.wantNone(t, "the span "+span.Name, span.Text)
	}
	if kinds["SPAN_KIND_SERVER"] < 200 || kinds["SPAN_KIND_CLIENT"] < 500 || kinds["SPAN_KIND_PRODUCER"] == 0 || kinds["SPAN_KIND_CONSUMER"] == 0 {
		t.Errorf("spans by their kind: %v, want many of servers and clients, and some of jobs", kinds)
	}
}

// wantTalkative checks that the log is of requests of all kinds, each with what finds it again.
func (f *flock) wantTalkative(t *testing.T, log string) {
	t.Helper()
	classes := make(map[int]int)
	for line := range strings.Lines(log) {
		var entry struct {
			Msg, Method, Route string
			RequestID          string `json:"request_id"`
			UserID             any    `json:"user_id"`
			Status             int
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("not JSON: %s", line)
		}
		if entry.Msg != "request" {
			continue
		}
		if entry.RequestID == "" || entry.Method == "" {
			t.Errorf("a request without id or method: %s", line)
		}
		if strings.HasPrefix(entry.Route, "/users") && entry.Status < http.StatusUnauthorized && entry.UserID == nil {
			t.Errorf("a request without user: %s", line)
		}
		classes[entry.Status/100]++
	}
	if classes[2] < 30 || classes[4] < 100 || classes[5] < 30 {
		t.Errorf("requests by the first digit of their status: %v, want many of 2, 4 and 5", classes)
	}
}

// operate runs the commands about users and returns what they log. Their standard output is for the operator.
func (f *flock) operate(t *testing.T, env func(string) string) (log string) {
	t.Helper()
	email, password := f.email("operator's user"), f.text("operator's password")
	for _, args := range []string{
		"create --role guest --email " + email, "create --role guest --email " + email, "role --role manager --email " + email,
		"disable --email " + email, "unlock --email " + email, "password --email " + email, "password --email " + f.email("nobody"),
	} {
		log += invoke(t, env, password+"\n", append([]string{"user"}, strings.Fields(args)...)...).stderr
	}
	return log
}

// live does what guests and staff do, and succeeds.
func (f *flock) live(t *testing.T) {
	t.Helper()
	credentials := map[string]any{"email": f.email("guest"), "password": f.text("guest's password")}
	registration := maps.Clone(credentials)
	registration["first_name"], registration["last_name"] = f.text("first name"), f.text("last name")
	registration["telegram_id"] = 770011223344
	f.keep("telegram id", "770011223344")
	f.client.Do("POST", "/auth/register", registration).Want(http.StatusCreated)
	f.client.Do("POST", "/auth/register", registration).Want(http.StatusConflict)
	access, refresh := f.signIn(t, credentials)
	guest := f.client.As(access)
	var next struct {
		RefreshToken string `json:"refresh_token"`
	}
	f.client.Do("POST", "/auth/refresh", map[string]any{"refresh_token": refresh}).Want(http.StatusOK).Decode(&next)
	f.keep("next refresh token", next.RefreshToken)
	var totp map[string]any
	guest.Do("POST", "/auth/totp", map[string]any{"password": credentials["password"]}).Decode(&totp)
	for name, value := range totp {
		if s, ok := value.(string); ok {
			f.keep("TOTP "+name, s)
		}
	}
	f.admin, _ = f.signIn(t, map[string]any{"email": f.email("ADMIN_EMAIL"), "password": f.text("ADMIN_PASSWORD")})
	admin := f.client.As(f.admin)
	room := f.furnish(t, admin)
	from := date.Of(time.Now()).AddDays(60)
	guest.Do("POST", "/bookings", map[string]any{
		"room_id": room, "date_from": from, "date_to": from.AddDays(2), "guests": 1, "guest_name": f.text("guest name"),
		"guest_phone": f.keep("phone", "+79161234598"), "note": f.text("note"),
	}).Want(http.StatusCreated)
	user := create(admin, "/users", map[string]any{
		"email": f.email("made user"), "password": f.text("made password"), "role": "guest", "last_name": f.text("made name"),
	})
	admin.Do("PATCH", fmt.Sprintf("/users/%d", user), map[string]any{"email": f.email("changed user")}).Want(http.StatusOK)
	admin.Do("GET", "/users?email="+f.text("filter"), nil).Want(http.StatusOK)
	admin.Do("DELETE", fmt.Sprintf("/users/%d", user), nil).Want(http.StatusNoContent)
	guest.Do("PATCH", "/auth/me", map[string]any{"email": f.email("new address"), "current_password": credentials["password"]}).Want(http.StatusOK)
	guest.Do("POST", "/auth/password", map[string]any{
		"current_password": credentials["password"], "new_password": f.text("new password"),
	}).Want(http.StatusNoContent)
	guest.Do("POST", "/auth/logout", nil).Want(http.StatusNoContent)
}

func (f *flock) signIn(t *testing.T, credentials map[string]any) (access, refresh string) {
	t.Helper()
	var pair struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	f.client.Do("POST", "/auth/login", credentials).Want(http.StatusOK).Decode(&pair)
	f.keep("signature of an access token", pair.AccessToken[strings.LastIndex(pair.AccessToken, ".")+1:])
	return pair.AccessToken, f.keep("refresh token", pair.RefreshToken)
}

// furnish makes a hotel with a room, which it returns, and a photograph whose file has a telling name.
func (f *flock) furnish(t *testing.T, admin *apitest.Client) (room int64) {
	t.Helper()
	country := create(admin, "/countries", map[string]any{"name": "Iceland", "iso_code": "IS", "currency": "ISK"})
	city := create(admin, "/cities", map[string]any{"name": "Akureyri", "country_id": country, "time_zone": "Atlantic/Reykjavik"})
	hotel := create(admin, "/hotels", map[string]any{"title": "North House", "city_id": city, "address": "Main Street 1"})
	file := picture(t)
	file.FileName = f.text("name of a file") + ".png"
	admin.Upload("POST", fmt.Sprintf("/hotels/%d/images", hotel), file).Want(http.StatusAccepted)
	return create(admin, fmt.Sprintf("/hotels/%d/rooms", hotel), map[string]any{
		"title": "Double", "price": 1000, "quantity": 5, "max_guests": 2,
	})
}

// signInToConsole does what a browser does with the right password, and with a wrong one.
func (f *flock) signInToConsole(t *testing.T) {
	t.Helper()
	for password, want := range map[string]int{
		f.text("ADMIN_PASSWORD"): http.StatusSeeOther, f.text("wrong password"): http.StatusUnprocessableEntity,
	} {
		form := url.Values{
			"email": {f.email("ADMIN_EMAIL")}, "password": {password}, "otp": {f.text("otp")}, "next": {"/" + f.text("next")},
		}
		r := f.request(t, "POST", "/riverui/sign-in", form.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", f.base)
		r.Header.Del("Authorization")
		status, cookies := f.send(t, r)
		if status != want {
			t.Errorf("the console answers %d, want %d", status, want)
		}
		for _, cookie := range cookies {
			if cookie.Value != "" {
				f.keep("cookie of the console", cookie.Value)
			}
		}
	}
}

// What a panic says is logged, and so is the stack; what it was about is not.
func TestPanicsTellNothingPersonal(t *testing.T) {
	t.Parallel()
	c := newCanaries()
	s, err := readSettings(environmentFor(pgtest.Config(t), c.settings()), serving)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a, err := newApplication(t.Context(), s, slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, a)
	a.health.Started()
	must(t, environmentFor(s.database, nil), c.text("password")+"\n", "user", "create", "--role", "guest", "--email", c.email("user"))
	f := &flock{canaries: c, client: apitest.Wrap(t, a.handler, a.api.Document())}
	access, _ := f.signIn(t, map[string]any{"email": c.email("user"), "password": c.text("password")})
	*a.booking = booking.Service{}
	r := httptest.NewRequest("POST", "/bookings", strings.NewReader(fmt.Sprintf(
		`{"room_id": 1, "date_from": "2031-01-01", "date_to": "2031-01-02", "guests": 1, "guest_name": %q, "note": %q}`, c.text("name"), c.text("note"))))
	r.Header.Set("Content-Type", "application/json")
	f.client.As(access).Send(r).WantProblem(http.StatusInternalServerError, "internal_error")
	if !strings.Contains(log.String(), "panic: ") {
		t.Errorf("the log has no panic:\n%s", &log)
	}
	c.wantNone(t, "the log", log.String())
}
