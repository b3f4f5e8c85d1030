package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

type noteParams struct {
	ID    int64  `path:"id" minimum:"1" example:"1"`
	Query string `query:"q" maxLength:"100"`
	Body  struct {
		Note string `json:"note" required:"true" maxLength:"20" example:"Quiet, please"`
	}
}

// logOf returns what is logged of one request of user 7 to PUT /notes/{id}.
func logOf(t *testing.T, target, body string) map[string]any {
	t.Helper()
	var log bytes.Buffer
	admit := func(r *http.Request, _ httpapi.Demand) (httpapi.Admission, error) {
		return httpapi.Admission{Context: r.Context(), Caller: "7"}, nil
	}
	c := apitest.Build(t, httpapi.Config{Admit: admit, Log: slog.New(slog.NewJSONHandler(&log, nil))}, func(api *httpapi.API) {
		httpapi.Handle(api, httpapi.Route{
			Pattern: "PUT /notes/{id}", ID: "putNote", Tag: "Notes", Summary: "Note", Access: "member",
		}, func(_ context.Context, p *noteParams) (*httpapi.Empty, error) {
			if p.Body.Note == "Secret nobody" {
				return nil, errs.InvalidBody("note", "unknown", "names nobody")
			}
			return &httpapi.Empty{}, nil
		})
	})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPut, target, strings.NewReader(body))
	req.RemoteAddr = "203.0.113.77:5000"
	req.Header.Set("X-Request-Id", "request-1")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Secret")
	c.Send(req)
	for _, secret := range []string{"Secret", "203.0.113.77"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("PUT %s with %s logs %s", target, body, &log)
		}
	}
	var entry map[string]any
	if err := json.Unmarshal(log.Bytes(), &entry); err != nil {
		t.Fatalf("the log is %s, want one line: %v", &log, err)
	}
	return entry
}

// A request is found again by its id, its caller and its route, and nothing else of it is told.
func TestRequestLog(t *testing.T) {
	t.Parallel()
	entry := logOf(t, "/notes/1?q=Secret", `{"note": "Secret"}`)
	for name, want := range map[string]any{
		"request_id": "request-1", "user_id": "7", "route": "/notes/{id}", "method": "PUT", "status": 204.0, "level": "INFO",
	} {
		if entry[name] != want {
			t.Errorf("%s = %v, want %v", name, entry[name], want)
		}
	}
	want := []string{"bytes", "duration_ms", "level", "method", "msg", "request_id", "route", "status", "time", "user_id"}
	if got := slices.Sorted(maps.Keys(entry)); !slices.Equal(got, want) {
		t.Errorf("the line has %v, want %v", got, want)
	}
}

// Of what is wrong with a request the log has the rules and the places, and no names or values of its sender.
func TestRequestLog_OfMistakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ target, body, want string }{
		{"/notes/1", `{"note": "Secret, and far too long for this"}`, "validation_failed; body note: max_length"},
		{"/notes/1", `{"note": "a", "Secret": 1}`, "validation_failed; body ?: unknown"},
		{"/notes/1", `{"note": "Secret nobody"}`, "validation_failed; body note: unknown"},
		{"/notes/1?Secret=1", `{"note": "a"}`, "validation_failed; query ?: unknown"},
		{"/notes/1?Secret=%ff", `{"note": "a"}`, "malformed_request: The query contains the NUL character or is not UTF-8.; query ?: text"},
		{"/notes/1", `{"Secret": {"Secret": Secret}}`, "malformed_request: The body is not well-formed JSON.; body ?: json"},
		{"/notes/1", `{"Secret": 1, "Secret": 2}`, "malformed_request: The body is not well-formed JSON.; body ?: json"},
		{"/notes/1", `"Secret"`, "validation_failed"},
		{"/notes/Secret", `{"note": "a"}`, "not_found"},
	} {
		entry := logOf(t, tt.target, tt.body)
		if err, _ := entry["err"].(string); !strings.HasPrefix(err, tt.want) {
			t.Errorf("PUT %s with %s logs the error %q, want %q", tt.target, tt.body, err, tt.want)
		}
	}
}

// The same holds for the parts of a body of files.
func TestRequestLog_OfParts(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := apitest.Build(t, httpapi.Config{Admit: admit, Log: slog.New(slog.NewJSONHandler(&log, nil))}, registerFiles)
	c.As("good").Upload("POST", "/things/1/files", apitest.Part{Field: "Secret", Content: []byte("Secret")}).
		WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	if got, want := log.String(), `"validation_failed; body ?: unknown"`; !strings.Contains(got, want) || strings.Contains(got, "Secret") {
		t.Errorf("a part of another name logs %s, want %s", got, want)
	}
}
