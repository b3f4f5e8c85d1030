//go:build unix

package idempotency_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

const anchor = `{"title": "Anchor"}`

// TestReplay sends the same request in every form that it can have.
func TestReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, path := range paths {
		first := w.post("ann", path, anchor, "key").Want(http.StatusCreated)
		if got := first.Header.Get("Idempotency-Replayed"); got != "" {
			t.Errorf("Idempotency-Replayed of the first answer: got %q, want none", got)
		}
		if got := first.Header.Get("Location"); !strings.HasPrefix(got, rootPath+"/things/") {
			t.Errorf("Location: got %q, want one below %s", got, rootPath)
		}
		for _, same := range []string{
			anchor, " {\n\t\"title\" :\"Anchor\"} ", `{"title":"\u0041nchor"}`,
			`{"stars": 3, "title": "Anchor"}`, `{"title": "Anchor", "note": null}`,
		} {
			w.wantReplay(first, w.post("ann", path, same, "key").Want(http.StatusCreated))
		}
		w.wantReplay(first, w.post("ann", path, anchor, `"key"`))
		w.wantReplay(first, w.post("ann", rootPath+path, anchor, "key"))
		w.wantThings(i + 1)
		// The keys of the two paths are of one caller.
		w.exec("DELETE FROM idempotency_keys")
	}
}

// TestOtherRequest gives a key to a second request.
func TestOtherRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range paths {
		w.exec("TRUNCATE idempotency_keys, things")
		w.post("ann", path, anchor, "key").Want(http.StatusCreated)
		for _, other := range []string{`{"title": "anchor"}`, `{"title": "Anchor", "stars": 4}`, `{"title": "Anchor", "stars": 0}`, `{"title": "Anchor", "note": ""}`} {
			w.post("ann", path, other, "key").WantProblem(http.StatusUnprocessableEntity, "idempotency_key_reused")
		}
		for _, other := range paths {
			if other != path {
				w.post("ann", other, anchor, "key").WantProblem(http.StatusUnprocessableEntity, "idempotency_key_reused")
			}
		}
		w.wantThings(1)
	}
}

func TestKeysBelongToTheirCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("ann", viaOnce, anchor, "key").Want(http.StatusCreated)
	for _, caller := range []string{"bob", "an"} {
		if res := w.post(caller, viaOnce, anchor, "key").Want(http.StatusCreated); res.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s gets the reply that was made for ann", caller)
		}
	}
	w.post("ann", viaOnce, anchor, "KEY").Want(http.StatusCreated)
	w.wantThings(4)
	tx := func(fn func(tx pgx.Tx) error) {
		t.Helper()
		if err := pgx.BeginFunc(t.Context(), w.db, fn); err != nil {
			t.Fatal(err)
		}
	}
	tx(func(tx pgx.Tx) error { return idempotency.Forget(t.Context(), tx, "ann") })
	if res := w.post("ann", viaOnce, anchor, "key").Want(http.StatusCreated); res.Header.Get("Idempotency-Replayed") != "" {
		t.Error("a reply to ann was not forgotten")
	}
	if res := w.post("bob", viaOnce, anchor, "key"); res.Header.Get("Idempotency-Replayed") != "true" {
		t.Error("the reply to bob was forgotten with those to ann")
	}
}

// TestRefusalsAreForgotten finds that only effects are remembered, and that a refusal costs no connection.
func TestRefusalsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, path := range paths {
		key := path[1:]
		w.post("ann", path, `{"title": "taken"}`, key).WantProblem(http.StatusConflict, "title_taken")
		before := w.db.Stat().NewConnsCount()
		w.post("ann", path, `{"title": "taken"}`, key).WantProblem(http.StatusConflict, "title_taken")
		w.post("ann", path, `{"title": ""}`, key).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
		w.post("ann", path, anchor, key).Want(http.StatusCreated)
		w.post("ann", path, `{"title": "taken"}`, key).WantProblem(http.StatusUnprocessableEntity, "idempotency_key_reused")
		if got := w.db.Stat().NewConnsCount(); got != before {
			t.Errorf("%s: refusals cost %d connections, want none", path, got-before)
		}
		w.wantThings(i + 1)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, valid := range []string{
		"k", strings.Repeat("k", 255), `"` + strings.Repeat("k", 255) + `"`, "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", `back\slash`,
		`"with\"and\\"`, `"` + strings.Repeat(`\"`, 255) + `"`, "  padded\t", "7d3b9a4e-5c0e-4a57-9d8a-2f6f3c1f8b11", `"a,b"`,
	} {
		w.post("ann", viaOnce, anchor, valid).Want(http.StatusCreated)
	}
	for _, invalid := range [][]string{
		{""}, {" "}, {`""`}, {strings.Repeat("k", 256)}, {`"` + strings.Repeat("k", 256) + `"`}, {"ключ"}, {"k\u00a0"}, {"k\x7f"}, {"k\x00"},
		{"a b"}, {`"a b"`}, {"a\tb"}, {`"`}, {`"open`}, {`close"`}, {`mid"dle`}, {`"a"b"`}, {`"a"; p=1`}, {`"\"`}, {`"\a"`}, {`"a\`},
		{"k", "k"}, {"k", "l"}, {"k", ""},
	} {
		w.post("ann", viaOnce, anchor, invalid...).WantProblem(http.StatusBadRequest, "idempotency_key_invalid")
	}
	if a, b := w.post("cid", viaOnce, anchor, `a"`), w.post("cid", viaOnce, anchor, `"a\""`); a.Status != 400 || b.Status != 201 {
		t.Errorf("a quote is taken with %d bare and with %d escaped, want 400 and 201", a.Status, b.Status)
	}
	w.post("ann", "/plain", anchor, "no key at all").Want(http.StatusCreated)
	w.post("ann", "/plain", anchor, "no key at all").Want(http.StatusCreated)
}

// TestOrderOfChecks breaks several rules at once.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("ann", viaOnce, anchor, "key").Want(http.StatusCreated)
	w.post("", viaOnce, anchor, "key").WantProblem(http.StatusUnauthorized, "unauthenticated")
	w.post("", viaOnce, anchor, "").WantProblem(http.StatusUnauthorized, "unauthenticated")
	w.post("ann", "/forbidden", anchor, "").WantProblem(http.StatusForbidden, "forbidden")
	w.post("ann", viaOnce, `{"title": ""}`, "").WantProblem(http.StatusBadRequest, "idempotency_key_invalid")
	w.post("ann", viaOnce, `{"title": ""}`, "key").WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	w.post("ann", viaOnce, `{"title": `, "key").WantProblem(http.StatusBadRequest, "malformed_request")
}

// TestInProgress asks again while the first request is being worked on, and after it was refused.
func TestInProgress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, outcome := range []error{kindTaken.New(""), nil} {
		reached, leave, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var second atomic.Bool
		w.meanwhile = func() error {
			// Only the first is held up, so that one that should not get here does not hang the test.
			if second.Swap(true) {
				return nil
			}
			close(reached)
			<-leave
			return outcome
		}
		go func() {
			defer close(done)
			w.post("ann", viaOnce, anchor, "key")
		}()
		<-reached
		for _, path := range paths {
			res := w.post("ann", path, anchor, "key")
			if got := res.Header.Get("Retry-After"); res.Status != http.StatusConflict || got != "1" {
				t.Errorf("%s meanwhile: got %d %s and Retry-After %q, want 409 and 1", path, res.Status, res.Body, got)
			}
		}
		if res := w.post(fmt.Sprint("bob", i), viaSend, anchor, "key"); res.Status != http.StatusCreated {
			t.Errorf("another caller meanwhile: got %d, want 201", res.Status)
		}
		close(leave)
		<-done
		w.wantThings([]int{1, 3}[i])
	}
	if res := w.post("ann", viaOnce, anchor, "key").Want(http.StatusCreated); res.Header.Get("Idempotency-Replayed") != "true" {
		t.Error("what was worked on is worked on again")
	}
	w.wantThings(3)
}

// TestLostCommit ends the connection when the transaction is committed and nobody knows.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	var lose atomic.Bool
	config := pgtest.LoseCommits(t, pgtest.Config(t), func() bool { return lose.CompareAndSwap(true, false) })
	w := worldOn(t, pgtest.Open(t, config))
	for i, path := range paths {
		key := path[1:]
		lose.Store(true)
		if res := w.post("ann", path, anchor, key); res.Status < http.StatusInternalServerError || lose.Load() {
			t.Errorf("%s: a commit that was lost (%v) is answered with %d, want an error", path, !lose.Load(), res.Status)
		}
		w.wantThings(i + 1)
		again := w.post("ann", path, anchor, key).Want(http.StatusCreated)
		if again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: the answer after a lost commit is no replay", path)
		}
		w.wantReplay(again, w.post("ann", path, anchor, key))
		w.wantThings(i + 1)
	}
}

// TestRepeatedTransaction lets the server give up a transaction for another one.
func TestRepeatedTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	runs := 0
	w.meanwhile = func() error {
		runs++
		if runs < 3 {
			return &pgconn.PgError{Code: "40P01"}
		}
		return nil
	}
	first := w.post("ann", viaOnce, anchor, "key").Want(http.StatusCreated)
	w.wantReplay(first, w.post("ann", viaOnce, anchor, "key"))
	w.wantThings(1)
	if runs != 3 {
		t.Errorf("runs: got %d, want 3", runs)
	}
}

// TestCarelessEndpoint finds the endpoint that takes keys and does not heed them.
func TestCarelessEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("ann", "/careless", anchor).Want(http.StatusCreated)
	w.post("ann", "/careless", anchor, "key").WantProblem(http.StatusInternalServerError, "internal_error")
}

// noReply is what a request was answered with that has nothing to say.
func noReply(any) (idempotency.Reply, error) {
	return idempotency.Reply{Status: http.StatusAccepted, Body: []byte("{}")}, nil
}

// TestExtend tells requests apart by what is not in their bodies.
func TestExtend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files := func(parts ...string) error {
		a := &idempotency.Attempt{
			Caller: "ann", Key: "key", Fingerprint: []byte("POST /images"),
			Encode: noReply,
		}
		for _, part := range parts {
			a.Extend([]byte(part))
		}
		_, err := idempotency.Once(idempotency.With(t.Context(), a), w.db, func(pgx.Tx) (*httpapi.Empty, error) {
			return &httpapi.Empty{}, nil
		})
		return err
	}
	if err := files("one", "two"); err != nil {
		t.Fatal(err)
	}
	for want, parts := range map[string][]string{
		"the request was answered before": {"one", "two"},
		"idempotency_key_reused":          {"onet", "wo"},
	} {
		if err := files(parts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", parts, err, want)
		}
	}
	for _, parts := range [][]string{{"two", "one"}, {"one"}, {"onetwo"}, {"one", "two", ""}, nil} {
		if err := files(parts...); err == nil || !strings.Contains(err.Error(), "idempotency_key_reused") {
			t.Errorf("%q: got %v, want idempotency_key_reused", parts, err)
		}
	}
	(*idempotency.Attempt)(nil).Extend([]byte("no attempt"))
}

// TestSecrets keeps what was stored under a secret that is not in use any more.
func TestSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	try := func(request string, secrets ...string) error {
		a := &idempotency.Attempt{
			Caller: "ann", Key: "key", Fingerprint: []byte(request),
			Encode: noReply,
		}
		for _, secret := range secrets {
			a.FingerprintKeys = append(a.FingerprintKeys, []byte(secret))
		}
		ctx := idempotency.With(context.WithoutCancel(t.Context()), a)
		_, err := idempotency.Once(ctx, w.db, func(pgx.Tx) (*httpapi.Empty, error) { return &httpapi.Empty{}, nil })
		return err
	}
	if err := try("request", "old"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		request string
		secrets []string
		want    string
	}{
		{"request", []string{"old"}, "the request was answered before"},
		{"request", []string{"new", "old"}, "the request was answered before"},
		{"other", []string{"new", "old"}, "idempotency_key_reused"},
		{"request", []string{"new"}, "idempotency_key_reused"},
	} {
		if err := try(test.request, test.secrets...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s under %v: got %v, want %s", test.request, test.secrets, err, test.want)
		}
	}
}
