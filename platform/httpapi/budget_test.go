package httpapi_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// TestBudgets: what is read, what is written and what is not counted.
func TestBudgets(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	got := make(map[string]httpapi.Budget)
	count := func(r *http.Request, d httpapi.Demand) (httpapi.Admission, error) {
		mu.Lock()
		got[r.Method+" "+r.URL.Path] = d.Budget
		mu.Unlock()
		return admit(r, d)
	}
	c := apitest.New(t, count, register).As("good")
	want := map[string]httpapi.Budget{
		"GET /things": httpapi.Reads, "HEAD /things": httpapi.Reads, "GET /things/1": httpapi.Reads,
		"POST /things": httpapi.Writes, "PUT /things/1": httpapi.Writes, "PATCH /things/1": httpapi.Writes,
		"DELETE /things/1": httpapi.Writes, "GET /ping": httpapi.Unlimited,
		"GET /openapi.json": httpapi.Unlimited, "GET /docs": httpapi.Unlimited, "GET /docs/problems": httpapi.Unlimited,
		"GET /docs/swagger-ui-bundle.js": httpapi.Unlimited,
	}
	for request := range want {
		method, target, _ := strings.Cut(request, " ")
		c.Do(method, target, `{"title":"a"}`)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("budgets (-want +got):\n%s", diff)
	}
}
