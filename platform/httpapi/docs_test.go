package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// The page must not leave the token of who tried the API in the browser.
func TestDocsForgetTheToken(t *testing.T) {
	t.Parallel()
	page := string(newClient(t).Do("GET", "/docs", nil).Want(http.StatusOK).Body)
	if !strings.Contains(page, "persistAuthorization: false") {
		t.Errorf("/docs lets Swagger UI store the token:\n%s", page)
	}
}

func TestDocsTellTheirEncoding(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for target, want := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/problems": "text/html; charset=utf-8", "/docs/swagger-ui.css": "text/css; charset=utf-8",
	} {
		if got := c.Do("GET", target, nil).Want(http.StatusOK).Header.Get("Content-Type"); got != want {
			t.Errorf("Content-Type of %s = %q, want %q", target, got, want)
		}
	}
}
