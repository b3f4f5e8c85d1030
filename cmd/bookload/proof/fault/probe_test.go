package fault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
)

// An op is something that is asked of every API, again and again.
type op string

const (
	live    op = "live"    // stands on nothing
	ready   op = "ready"   // stands on PostgreSQL
	health  op = "health"  // tells of everything
	search  op = "search"  // as nobody: PostgreSQL, and Redis for its budget
	account op = "account" // with a session: PostgreSQL and Redis
	signIn  op = "sign_in"
	upload  op = "upload" // as staff: the bucket and PostgreSQL
	picture op = "picture"
)

// ops are all of them.
func ops() []op { return []op{live, ready, health, search, account, signIn, upload, picture} }

// pause is between one answer and the next request.
func (o op) pause() time.Duration {
	switch o {
	case signIn, upload:
		return 700 * time.Millisecond // They cost much, and galleries fill.
	default:
		return 50 * time.Millisecond
	}
}

// A sighting is one answer.
type sighting struct {
	op    op
	api   int
	begin time.Duration // after the fault
	took  time.Duration
	// late is whether the fault was over when the answer came.
	late bool
	client.Answer
}

// succeeded reports whether the answer is what was asked for.
func (s *sighting) succeeded() bool { return s.OK() }

// String tells what the answer was.
func (s *sighting) String() string {
	if s.Err != nil {
		return fmt.Sprintf("%s of API %d, %v after the fault: no answer after %v: %v", s.op, s.api, s.begin, s.took, s.Err)
	}
	return fmt.Sprintf("%s of API %d, %v after the fault: %d %s after %v", s.op, s.api, s.begin, s.Status, s.Code, s.took)
}

// wellFormed fails the test for what no answer may be, whatever is out of order.
func (s *sighting) wellFormed(t *testing.T, within time.Duration) {
	t.Helper()
	if s.took >= within || s.Err != nil {
		t.Errorf("%v, want an answer within %v", s, within)
		return
	}
	if s.OK() {
		return
	}
	if s.Status != http.StatusServiceUnavailable {
		t.Errorf("%v, want success or 503", s)
	}
	if s.op == ready || s.op == health {
		return // They report, and are no problem.
	}
	if s.Code != "service_unavailable" || s.RetryAfter <= 0 || s.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v has the code %q, Retry-After %v and the type %q, want a problem that says when to come back",
			s, s.Code, s.RetryAfter, s.Header.Get("Content-Type"))
	}
}

// status is the one that /health tells.
func (s *sighting) status() string {
	var body struct {
		Status string `json:"status"`
	}
	_ = json.Unmarshal(s.Body, &body) // Then it is none of those.
	return body.Status
}

// probe asks everything of every API until ctx ends. Then it calls over, and returns all answers once the last is there.
func (r *rig) probe(ctx context.Context, over func()) []*sighting {
	var mu sync.Mutex
	var seen []*sighting
	var asking sync.WaitGroup
	start := time.Now()
	for api := range r.clients {
		for _, o := range ops() {
			asking.Go(func() {
				for ctx.Err() == nil {
					s := r.ask(context.WithoutCancel(ctx), o, api, start)
					s.late = ctx.Err() != nil
					mu.Lock()
					seen = append(seen, s)
					mu.Unlock()
					wait(ctx, o.pause())
				}
			})
		}
	}
	<-ctx.Done()
	over()
	asking.Wait()
	return seen
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// ask asks once.
func (r *rig) ask(ctx context.Context, o op, api int, start time.Time) *sighting {
	begin := time.Now()
	answer := r.clients[api].Send(ctx, r.request(o))
	return &sighting{op: o, api: api, begin: begin.Sub(start), took: time.Since(begin), Answer: answer}
}

func (r *rig) request(o op) client.Request {
	get := client.Request{Op: string(o), Method: http.MethodGet, Path: "/" + string(o)}
	switch o {
	case search:
		get.Path = r.searchPath
	case account:
		get.Path, get.Token = "/auth/me", r.token()
	case picture:
		get.Path = r.picture
	case signIn:
		return client.Request{Op: string(o), Method: http.MethodPost, Path: "/auth/login", Body: map[string]string{
			"email": r.site.AdminEmail, "password": r.site.AdminPassword,
		}}
	case upload:
		return r.uploadRequest()
	case live, ready, health:
	}
	return get
}
