package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

// traceTo are settings that send traces to a collector.
func traceTo(base string, more map[string]string) map[string]string {
	vars := map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": base, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20key", "OTEL_SERVICE_NAME": "hotels",
		"ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": "a-password-of-some-length",
	}
	maps.Copy(vars, more)
	return vars
}

// staff are an admin with a hotel and a room.
type staff struct {
	*apitest.Client
	hotel, room int64
}

func (s *staff) path(of string) string { return fmt.Sprintf("/hotels/%d/%s", s.hotel, of) }

func (s *staff) book(t *testing.T) {
	t.Helper()
	from := date.Of(time.Now()).AddDays(60)
	s.Do("POST", "/bookings", map[string]any{
		"room_id": s.room, "date_from": from, "date_to": from.AddDays(2), "guests": 1, "guest_name": "Anna", "guest_phone": "+79161234598",
	}).Want(http.StatusCreated)
}

// openHotel signs the admin in and makes a hotel.
func openHotel(t *testing.T, base string) *staff {
	t.Helper()
	client := clientOf(t, base)
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	client.Do("POST", "/auth/login", map[string]any{
		"email": "admin@example.com", "password": "a-password-of-some-length",
	}).Want(http.StatusOK).Decode(&pair)
	s := &staff{Client: client.As(pair.AccessToken)}
	country := create(s.Client, "/countries", map[string]any{"name": "Iceland", "iso_code": "IS", "currency": "ISK"})
	city := create(s.Client, "/cities", map[string]any{"name": "Akureyri", "country_id": country, "time_zone": "Atlantic/Reykjavik"})
	s.hotel = create(s.Client, "/hotels", map[string]any{"title": "North House", "city_id": city, "address": "Main Street 1"})
	s.room = create(s.Client, s.path("rooms"), map[string]any{"title": "Double", "price": 1000, "quantity": 5, "max_guests": 2})
	return s
}

// TestTraces books a room and uploads a photograph, and follows both from the request to the database and to the job.
func TestTraces(t *testing.T) {
	t.Parallel()
	collector := tracingtest.New(t)
	env := environmentFor(pgtest.Config(t), traceTo(collector.Base(), nil))
	api := begin(t, env, "api", "--addr", "127.0.0.1:0")
	base := "http://" + api.stderr.Await(t, workerAddress)
	worker := begin(t, env, "worker", "--addr", "127.0.0.1:0")
	worker.stderr.Await(t, `"msg":"(ready)"`)
	api.stderr.Await(t, `"msg":"(ready)"`)
	s := openHotel(t, base)
	s.book(t)
	s.Upload("POST", s.path("images"), picture(t)).Want(http.StatusAccepted)
	traceID := worker.stderr.Await(t, `"kind":"image_process".*"outcome":"completed".*"trace_id":"(\w+)"`)
	worker.stderr.Await(t, `"kind":"(inventory_recount)".*"outcome":"completed".*"trace_id":"\w+"`)
	api.end()
	worker.end()

	spans := collector.Spans()
	booked := onlySpan(t, spans, "POST /bookings")
	if len(below(spans, booked, "BATCH SELECT; INSERT room_nights, INSERT bookings, INSERT booking_nights")) != 1 {
		t.Errorf("below the booking: got %q, want its pipeline", names(below(spans, booked, "")))
	}
	uploaded := onlySpan(t, spans, "POST /hotels/{hotel_id}/images")
	processed := onlySpan(t, spans, "process image_process")
	inserted := onlySpan(t, spans, "insert image_process")
	if uploaded.Trace != traceID || processed.Trace != traceID || processed.Parent != inserted.ID {
		t.Errorf("the upload %+v and its job %+v are not one trace, that of the log: %s", uploaded, processed, traceID)
	}
	if processed.Attributes["job.outcome"] != "completed" || processed.Attributes["job.attempt"] != "1" || processed.Attributes["messaging.destination.name"] != "images" {
		t.Errorf("the job: got %v, want the first attempt in the queue images, completed", processed.Attributes)
	}
	if len(below(spans, processed, "UPDATE images")) == 0 {
		t.Errorf("below the job: got %q, want that it updates images", names(below(spans, processed, "")))
	}
	if recount := onlySpan(t, spans, "process inventory_recount"); recount.Parent != "" {
		t.Errorf("the job of the clock is below %s, want the root of a trace", recount.Parent)
	}
	if len(below(spans, onlySpan(t, spans, "POST /auth/login"), "hash a password")) != 1 {
		t.Error("below the sign-in there is no hash of the password")
	}
	for _, span := range spans {
		if span.Resource["service.name"] != "hotels" {
			t.Errorf("span %s is of %v, want hotels", span.Name, span.Resource)
		}
		// Whatever the worker and River do by themselves would be a trace after the other.
		if span.Parent == "" && span.Kind != "SPAN_KIND_SERVER" && !strings.HasPrefix(span.Name, "process ") {
			t.Errorf("span %s is the root of a trace, want requests and jobs alone", span.Name)
		}
	}
	for _, h := range collector.Headers() {
		if h.Get("Authorization") != "Bearer key" {
			t.Errorf("the collector got the headers %v, want the key", h)
		}
	}
}

func onlySpan(t *testing.T, spans []tracingtest.Span, name string) tracingtest.Span {
	t.Helper()
	found := slices.DeleteFunc(slices.Clone(spans), func(s tracingtest.Span) bool { return s.Name != name })
	if len(found) != 1 {
		t.Fatalf("%d spans are called %s, want one; there are %q", len(found), name, names(spans))
	}
	return found[0]
}

// below returns the spans anywhere below one, of that name or of any.
func below(spans []tracingtest.Span, above tracingtest.Span, name string) (found []tracingtest.Span) {
	for _, s := range spans {
		if s.Trace != above.Trace || s.Parent != above.ID {
			continue
		}
		if name == "" || s.Name == name {
			found = append(found, s)
		}
		found = append(found, below(spans, s, name)...)
	}
	return found
}

func names(spans []tracingtest.Span) []string {
	all := make([]string, len(spans))
	for i, s := range spans {
		all[i] = s.Name
	}
	return all
}

// TestTracesOfSome samples by the settings.
func TestTracesOfSome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ sampler, arg, disabled, want string }{
		{"", "", "", "all"},
		{"always_on", "", "", "all"},
		{"always_off", "", "", "none"},
		{"parentbased_always_off", "", "", "none"},
		{"parentbased_traceidratio", "0", "", "none"},
		{"traceidratio", "1", "", "all"},
		{"parentbased_traceidratio", "0.5", "", "some"},
		{"always_on", "", "true", "none"},
	} {
		collector := tracingtest.New(t)
		env := environmentFor(pgtest.Config(t), traceTo(collector.Base(), map[string]string{
			"OTEL_TRACES_SAMPLER": tt.sampler, "OTEL_TRACES_SAMPLER_ARG": tt.arg, "OTEL_SDK_DISABLED": tt.disabled,
		}))
		p := begin(t, env, "api", "--addr", "127.0.0.1:0")
		base := "http://" + p.stderr.Await(t, workerAddress)
		p.stderr.Await(t, `"msg":"(ready)"`)
		const requests = 100
		for range requests {
			fetch(t, base+"/openapi.json")
			fetch(t, base+"/hotels/1")
		}
		p.end()
		got := "some"
		switch len(collector.Named("GET /hotels/{hotel_id}")) {
		case 0:
			got = "none"
		case requests:
			got = "all"
		}
		if got != tt.want {
			t.Errorf("%+v: %s are traced", tt, got)
		}
	}
}

// TestCollectorIsOfNoMatter has collectors that do not work. Requests and the end of the program are as always.
func TestCollectorIsOfNoMatter(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(failing.Close)
	for name, collector := range map[string]string{"absent": "http://127.0.0.1:1", "hanging": hanging.URL, "failing": failing.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environmentFor(pgtest.Config(t), traceTo(collector, map[string]string{"OTEL_EXPORTER_OTLP_TIMEOUT": "60000"}))
			p := begin(t, env, "api", "--addr", "127.0.0.1:0")
			base := "http://" + p.stderr.Await(t, workerAddress)
			p.stderr.Await(t, `"msg":"(ready)"`)
			openHotel(t, base).book(t)
			p.end() // It checks the exit code.
			if n := strings.Count(p.stderr.String(), `"msg":"traces are lost"`); n == 0 || n > 2 {
				t.Errorf("the log tells %d times of lost traces, want once or, at the end, twice", n)
			}
		})
	}
}
