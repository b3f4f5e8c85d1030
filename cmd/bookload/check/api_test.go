package check_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/check"
	"github.com/shumbooking/shumbooking/cmd/bookload/client"
)

func (c *copied) checkWith(config check.Config) *check.Result {
	c.t.Helper()
	config.Ledger = c.ledger
	r, err := check.Check(c.t.Context(), config)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// testSoundAPI has nothing found, whoever is asked, and each source says what it was compared with.
func testSoundAPI(t *testing.T, w *world) {
	t.Helper()
	c := w.copy(t)
	_, api, _ := w.serve(t, c.config)
	wantSound(t, c.checkWith(check.Config{Client: api, AdminEmail: adminEmail, AdminPassword: adminPassword, Wait: time.Minute, DatabaseURL: c.config.URL()}))
	alone := c.checkWith(check.Config{Client: api})
	wantSound(t, alone)
	for _, count := range alone.Compared {
		if strings.Contains(count.What, "database") || strings.Contains(count.What, "counters") {
			t.Errorf("compared %d %s without a database and an admin", count.N, count.What)
		}
	}
	if !slices.ContainsFunc(alone.Undecided, func(text string) bool { return strings.Contains(text, "acknowledged to staff") }) {
		t.Errorf("undecided without an admin: got %q, want the bookings that staff made among them", alone.Undecided)
	}
}

// testDamagedAPI damages things that have nothing to do with each other, and has the API alone tell.
func testDamagedAPI(t *testing.T, w *world) {
	t.Helper()
	c := w.copy(t)
	c.damage(
		unhindered("DELETE FROM bookings WHERE id = "+booking("ann-30")),
		script(set("bob-50", "price = price + 1"), line("bob-50", 50, "price = price + 1")),
		script(set("ann-76", "status = 'cancelled', cancelled_at = now()"), set("ann-60", "status = 'cancelled', cancelled_at = now()")),
		count(doubleRoom, 40, "booked = booked + 1"),
		count(doubleRoom, 65, "capacity = 4"),
		copyBooking("bob-70", 0, "1"), // No path can name it.
		"UPDATE images SET variant_bytes[1] = 1 WHERE id = (SELECT min(id) FROM images)",
		"UPDATE images SET status = 'failed', error = 'gone', variant_names = '{}', variant_widths = '{}', variant_heights = '{}', variant_bytes = '{}'"+
			" WHERE position = 2 AND room_id IS NULL AND hotel_id = (SELECT id FROM hotels WHERE title = 'Load-Inn')",
		"UPDATE users SET role = 'manager' WHERE email = 'bob@load.test'",
		"INSERT INTO hotel_managers SELECT h.id, u.id FROM hotels h, users u WHERE h.title = 'Load-Inn' AND u.email = 'bob@load.test'",
	)
	_, api, _ := w.serve(t, c.config)
	r := c.checkWith(check.Config{Client: api, AdminEmail: adminEmail, AdminPassword: adminPassword})
	wantRules(t, r, "booking_differs booking_missing booking_status_differs booking_unasked capacity_differs counter_differs image_failed image_missing list_differs pried")
	for _, f := range r.Findings {
		if !strings.HasPrefix(f.Text, "API: ") {
			t.Errorf("finding %q does not say that it is the API's", f)
		}
	}
	if r.Total != 11 {
		t.Errorf("findings: got %d %q", r.Total, r.Findings)
	}

	c.damage("UPDATE users SET disabled_at = now() WHERE email = 'bob@load.test'", "DELETE FROM images WHERE status = 'failed'",
		"UPDATE rooms SET archived_at = now() WHERE id = "+room(suiteRoom),
		"UPDATE images SET hotel_id = (SELECT id FROM hotels WHERE title = 'Empty-Inn') WHERE id = (SELECT min(id) FROM images)")
	r = c.checkWith(check.Config{Client: api, AdminEmail: adminEmail, AdminPassword: adminPassword})
	for _, want := range []string{"guest_differs", "own_room_differs"} {
		if !slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return f.Rule == want }) {
			t.Errorf("findings: got %q, want %s among them", r.Findings, want)
		}
	}
	if !slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return strings.Contains(f.Text, "was taken for hotel") }) {
		t.Errorf("findings: got %q, want a photograph of another hotel among them", r.Findings)
	}
}

// testLyingAPI has lists that are not what is stored.
func testLyingAPI(t *testing.T, w *world) {
	t.Helper()
	c := w.copy(t)
	addr, _, _ := w.serve(t, c.config)
	for _, lie := range []struct {
		name, want string
		change     func(items []map[string]any) []map[string]any
	}{
		{"Backwards", "list_differs", func(items []map[string]any) []map[string]any {
			slices.Reverse(items)
			return items
		}},
		{"Twice", "list_differs", func(items []map[string]any) []map[string]any { return append(items, items[len(items)-1]) }},
		{"OneMissing", "booking_missing", func(items []map[string]any) []map[string]any { return items[:len(items)-1] }},
		{"OtherPrice", "booking_differs list_differs", func(items []map[string]any) []map[string]any {
			items[0]["price"] = 1
			return items
		}},
		{"OtherReference", "booking_differs list_differs", func(items []map[string]any) []map[string]any {
			items[0]["reference"] = ""
			return items
		}},
		{"OfAnotherID", "booking_missing booking_unasked list_differs", func(items []map[string]any) []map[string]any {
			items[len(items)-1]["id"] = 1_000_000
			items[0]["note"] = "kept"
			return items[len(items)-1:]
		}},
	} {
		t.Run(lie.name, func(t *testing.T) {
			t.Parallel()
			api := liar(t, addr, lie.change)
			r, err := check.Check(t.Context(), check.Config{Ledger: c.ledger, Client: api})
			if err != nil {
				t.Fatal(err)
			}
			wantRules(t, r, lie.want)
		})
	}
}

// liar returns a client of a proxy that changes the lists of guests' bookings.
func liar(t *testing.T, addr string, change func([]map[string]any) []map[string]any) *client.Client {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	proxy.ModifyResponse = func(res *http.Response) error {
		if res.Request.URL.Path != "/bookings/me" || res.StatusCode != http.StatusOK {
			return nil
		}
		var page struct {
			Items      []map[string]any `json:"items"`
			NextCursor *string          `json:"next_cursor"`
		}
		if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
			return err
		}
		page.Items = change(page.Items)
		body, err := json.Marshal(page)
		res.Body = io.NopCloser(bytes.NewReader(body))
		res.Header.Set("Content-Length", strconv.Itoa(len(body)))
		res.ContentLength = int64(len(body))
		return err
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	api, err := client.New(client.Config{BaseURLs: []string{server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	return api
}
