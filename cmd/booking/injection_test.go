package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// TestInjection puts each string of the corpus into every place of every operation that takes a string: fields,
// parameters and headers. It is refused without effect, or kept as it is, and no answer and no line of the log is
// made by it.
func TestInjection(t *testing.T) {
	t.Parallel()
	f := makeWorld(t)
	probes := f.probes(t)
	pool := newWorlds(t, f)
	known := readSchemas(pool.client)
	for id, o := range readOperations(pool.client) {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			if len(probes[id]) == 0 {
				t.Fatalf("no probes for %s", id)
			}
			a := &attack{world: pool.take(t), operation: o, probe: probes[id][0]}
			a.before = a.world.digest(t)
			for _, s := range hostileStrings() {
				for _, field := range known.strings(o) {
					a.field(t, field, s)
				}
				a.parameters(t, s)
				a.headers(t, s)
			}
			if len(known.fields(o)) > 0 {
				a.bodies(t)
			}
			a.checkLog(t)
		})
	}
}

// An attack sends hostile variants of one request, as an admin.
type attack struct {
	world     *world
	operation *operation
	probe     probe
	before    string // digest of the world
}

func (a *attack) field(t *testing.T, field string, s hostile) {
	t.Helper()
	contentType, body := a.probe.with(field, "placeholder").encode(t)
	// Not by encoding/json, which repairs what is no UTF-8.
	body = bytes.Replace(body, []byte(`"placeholder"`), quoted(s.text), 1)
	r := a.request(t, a.probe.target(a.operation), body)
	r.Header.Set("Content-Type", contentType)
	res := a.send(t, r, field+": "+s.name)
	var got map[string]any
	if res.Status < http.StatusBadRequest && json.Unmarshal(res.Body, &got) == nil {
		if kept, ok := got[field].(string); ok && kept != s.text {
			t.Errorf("%s keeps the %s of the field %s as %q, want %q", a.operation.ID, s.name, field, kept, s.text)
		}
	}
}

// quoted is a JSON string of the bytes of text.
func quoted(text string) []byte {
	var b bytes.Buffer
	b.WriteByte('"')
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			b.Write([]byte{'\\', c})
		case c < ' ':
			const digits = "0123456789abcdef"
			b.WriteString(`\u00` + string([]byte{digits[c>>4], digits[c&15]}))
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.Bytes()
}

func (a *attack) parameters(t *testing.T, s hostile) {
	t.Helper()
	escaped := url.PathEscape(s.text)
	for i := range a.probe.ids {
		p := a.probe
		p.ids = slices.Clone(p.ids)
		p.ids[i] = escaped
		a.send(t, a.request(t, p.target(a.operation), a.body(t)), "path: "+s.name)
	}
	for _, p := range a.operation.Parameters {
		if p.In != "query" {
			continue
		}
		changed := a.probe
		values, _ := url.ParseQuery(changed.query)
		values.Set(p.Name, s.text)
		changed.query = values.Encode()
		a.send(t, a.request(t, changed.target(a.operation), a.body(t)), p.Name+": "+s.name)
	}
	unknown := a.probe
	unknown.query = url.QueryEscape(s.text) + "=" + url.QueryEscape(s.text)
	a.send(t, a.request(t, unknown.target(a.operation), a.body(t)), "unknown parameter: "+s.name)
}

// headers sends those that decide about a request one by one, and all others at once.
func (a *attack) headers(t *testing.T, s hostile) {
	t.Helper()
	for _, names := range [][]string{
		{"Authorization"}, {"Content-Type"}, {"Content-Encoding"}, {"Idempotency-Key"}, {"If-Match", "If-None-Match"},
		{
			"Accept", "Accept-Language", "Cookie", "Origin", "Range", "Referer", "User-Agent", "X-Forwarded-For",
			"X-Forwarded-Host", "X-Forwarded-Proto", "X-Http-Method-Override", "X-Request-Id", "Traceparent",
		},
	} {
		r := a.request(t, a.probe.target(a.operation), a.body(t))
		for _, name := range names {
			r.Header.Set(name, s.text)
		}
		a.send(t, r, names[0]+": "+s.name)
	}
}

// bodies sends what is no body of any operation.
func (a *attack) bodies(t *testing.T) {
	t.Helper()
	for name, body := range hostileBodies() {
		a.wantRefused(t, a.request(t, a.probe.target(a.operation), []byte(body)), name)
	}
	for _, coding := range []string{"gzip", "br", "deflate", "zstd", "gzip, gzip", "x-unknown"} {
		r := a.request(t, a.probe.target(a.operation), a.body(t))
		r.Header.Set("Content-Encoding", coding)
		a.wantRefused(t, r, "coding "+coding)
	}
	if !a.operation.takes("Idempotency-Key") {
		return
	}
	for _, key := range forgedKeys() {
		r := a.request(t, a.probe.target(a.operation), a.body(t))
		r.Header.Set("Idempotency-Key", key)
		a.wantRefused(t, r, "key "+key)
	}
}

func (a *attack) wantRefused(t *testing.T, r *http.Request, what string) {
	t.Helper()
	if res := a.send(t, r, what); res.Status < http.StatusBadRequest {
		t.Errorf("%s with %s = %d, want 4xx", a.operation.ID, what, res.Status)
	}
}

func (a *attack) body(t *testing.T) []byte {
	t.Helper()
	if _, ok := a.probe.body.(apitest.Part); ok {
		return nil
	}
	_, body := a.probe.encode(t)
	return body
}

func (a *attack) request(t *testing.T, target string, body []byte) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), strings.ToUpper(a.operation.method), target, bytes.NewReader(body))
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+a.world.tokens["admin"])
	return r
}

// send makes a request and checks what holds for every answer.
func (a *attack) send(t *testing.T, r *http.Request, what string) *apitest.Response {
	t.Helper()
	res := a.world.client.With(t).Send(r)
	if res.Status >= http.StatusInternalServerError {
		t.Errorf("%s with %s = %d, want no fault of the server: %s", a.operation.ID, what, res.Status, res.Body)
	}
	for name, values := range res.Header {
		if value := strings.Join(values, ","); strings.ContainsAny(name+value, "\r\n\x00\x1b") || name == "Set-Cookie" {
			t.Errorf("%s with %s answers with the header %q: %q", a.operation.ID, what, name, value)
		}
	}
	if r.Method == http.MethodGet {
		return res
	}
	after := a.world.digest(t)
	if after != a.before && res.Status >= http.StatusBadRequest {
		t.Errorf("%s with %s is refused with %d and yet changes the database", a.operation.ID, what, res.Status)
	}
	a.before = after
	return res
}

// checkLog checks that every line was written by the program.
func (a *attack) checkLog(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(a.world.log.String()) {
		var entry struct {
			Level   string `json:"level"`
			Message string `json:"msg"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\n\r\x1b") {
			t.Errorf("a line of the log is not one JSON text: %q", line)
		}
		if entry.Level == "ERROR" || entry.Message == "injected" {
			t.Errorf("the log has %s", line)
		}
	}
}
