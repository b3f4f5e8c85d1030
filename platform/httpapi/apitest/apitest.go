// Package apitest calls an API in tests as a client would, and holds every answer against the document.
package apitest

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// A Client calls an API. Its zero value is not usable; see New and Wrap.
type Client struct {
	tb      testing.TB
	handler http.Handler
	checker *Checker
	token   string
	foreign []string
}

// Admit is the form of httpapi.Config.Admit.
type Admit = func(*http.Request, httpapi.Demand) (httpapi.Admission, error)

// New builds an API of the routes that register declares and returns a client of it.
func New(tb testing.TB, admit Admit, register ...func(*httpapi.API)) *Client {
	tb.Helper()
	return Build(tb, httpapi.Config{Admit: admit}, register...)
}

// Build is New for an API that needs more settings. Those that cfg lacks get values fit for tests.
func Build(tb testing.TB, cfg httpapi.Config, register ...func(*httpapi.API)) *Client {
	tb.Helper()
	if cfg.Title == "" {
		cfg.Title, cfg.Version = "Test", "0"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(logHandler(tb))
	}
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	api := httpapi.New(cfg)
	for _, r := range register {
		r(api)
	}
	handler, err := api.Build()
	if err != nil {
		tb.Fatal(err)
	}
	c := Wrap(tb, handler, api.Document())
	for _, prefix := range api.Mounts() {
		c = c.Except(prefix, cfg.RootPath+prefix)
	}
	return c
}

// logHandler lets the log be seen with -v, when .ci/canary searches it.
func logHandler(tb testing.TB) slog.Handler {
	tb.Helper()
	if !testing.Verbose() {
		return slog.DiscardHandler
	}
	return slog.NewJSONHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})
}

// Wrap returns a client of a handler that is described by an OpenAPI document.
func Wrap(tb testing.TB, handler http.Handler, document []byte) *Client {
	tb.Helper()
	checker, err := NewChecker(document)
	if err != nil {
		tb.Fatal(err)
	}
	return &Client{tb: tb, handler: handler, checker: checker}
}

// As returns a client that sends token as a bearer token.
func (c *Client) As(token string) *Client {
	as := *c
	as.token = token
	return &as
}

// With returns a client that reports to tb.
func (c *Client) With(tb testing.TB) *Client {
	tb.Helper()
	with := *c
	with.tb = tb
	return &with
}

// Of returns a client of another handler, which the same document describes.
func (c *Client) Of(handler http.Handler) *Client {
	of := *c
	of.handler = handler
	return &of
}

// Except returns a client that does not hold the answers below prefixes, where other handlers are mounted, against
// the document.
func (c *Client) Except(prefixes ...string) *Client {
	except := *c
	except.foreign = slices.Concat(c.foreign, prefixes)
	return &except
}

// Handler returns the API itself, for what is to be sent without checks.
func (c *Client) Handler() http.Handler { return c.handler }

// Do sends a request and checks the answer. The body is sent as it is if it is a string, as JSON otherwise,
// and not at all if it is nil.
func (c *Client) Do(method, target string, body any) *Response {
	c.tb.Helper()
	req := httptest.NewRequestWithContext(c.tb.Context(), method, target, c.encode(body))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.Send(req)
}

// DoRaw is Do with a body of any media type.
func (c *Client) DoRaw(method, target, contentType string, body io.Reader) *Response {
	c.tb.Helper()
	req := httptest.NewRequestWithContext(c.tb.Context(), method, target, body)
	req.Header.Set("Content-Type", contentType)
	return c.Send(req)
}

// A Part is a file of a multipart body.
type Part struct {
	Field    string // name of the part
	FileName string // without it the part has no such parameter
	Content  []byte
}

// Upload sends parts as multipart/form-data and checks the answer.
func (c *Client) Upload(method, target string, parts ...Part) *Response {
	c.tb.Helper()
	contentType, body := Multipart(c.tb, parts...)
	return c.DoRaw(method, target, contentType, bytes.NewReader(body))
}

// Multipart returns parts as a body, and its media type.
func Multipart(tb testing.TB, parts ...Part) (contentType string, body []byte) {
	tb.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		create := w.CreateFormField
		if p.FileName != "" {
			create = func(field string) (io.Writer, error) { return w.CreateFormFile(field, p.FileName) }
		}
		part, err := create(p.Field)
		if err != nil {
			tb.Fatal(err)
		}
		_, _ = part.Write(p.Content) // To memory, which takes all.
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

// Send sends req with the client's token and checks the answer.
func (c *Client) Send(req *http.Request) *Response {
	c.tb.Helper()
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	rec := httptest.NewRecorder()
	c.handler.ServeHTTP(rec, req)
	res := &Response{tb: c.tb, request: req.Method + " " + req.URL.String(), Status: rec.Code, Header: rec.Header(), Body: rec.Body.Bytes()}
	if c.isForeign(req.URL.Path) {
		return res
	}
	if err := c.checker.Check(req.Method, req.URL.EscapedPath(), res.Status, res.Header, res.Body); err != nil {
		c.tb.Errorf("%s: %d is not as documented: %v\n%s", res.request, res.Status, err, res.Body)
	}
	return res
}

func (c *Client) isForeign(path string) bool {
	return slices.ContainsFunc(c.foreign, func(prefix string) bool { return strings.HasPrefix(path+"/", prefix) })
}

func (c *Client) encode(body any) io.Reader {
	c.tb.Helper()
	switch body := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(body)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		c.tb.Fatal(err)
	}
	return bytes.NewReader(raw)
}

// A Response is a checked answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	tb      testing.TB
	request string
}

// Want ends the test if the status is another.
func (r *Response) Want(status int) *Response {
	r.tb.Helper()
	if r.Status != status {
		r.tb.Fatalf("%s = %d, want %d\n%s", r.request, r.Status, status, r.Body)
	}
	return r
}

// WantProblem ends the test if the answer is not a problem of that status and code.
func (r *Response) WantProblem(status int, code string) Problem {
	r.tb.Helper()
	p := r.Want(status).Problem()
	if p.Code != code {
		r.tb.Fatalf("%s: problem %s, want %s\n%s", r.request, p.Code, code, r.Body)
	}
	return p
}

// Decode reads the JSON body into v.
func (r *Response) Decode(v any) {
	r.tb.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		r.tb.Fatalf("%s: %v\n%s", r.request, err, r.Body)
	}
}

// A Problem is a problem document, with its extension members.
type Problem struct {
	Type, Title, Detail, Instance, Code string
	Status                              int
	RequestID                           string               `json:"request_id"`
	Errors                              []httpapi.FieldError `json:"errors"`
	Members                             map[string]any
}

// Problem reads the body as a problem document.
func (r *Response) Problem() Problem {
	r.tb.Helper()
	var p Problem
	r.Decode(&p)
	r.Decode(&p.Members)
	return p
}
