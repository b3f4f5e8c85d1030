package httpapi

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/idempotency"
)

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
	maxKey         = 255
)

// beginAttempt puts an attempt into the context of r if it carries a key that e knows what to do with.
func (a *API) beginAttempt(r *http.Request, e *endpoint, in any) (*http.Request, error) {
	if !e.Idempotent || len(r.Header.Values(keyHeader)) == 0 {
		return r, nil
	}
	key, err := idempotencyKey(r.Header.Values(keyHeader))
	if err != nil {
		return nil, err
	}
	print, err := e.fingerprint(r, in)
	if err != nil {
		return nil, err
	}
	attempt := &idempotency.Attempt{
		Caller: exchangeOf(r.Context()).caller, Key: key, Fingerprint: print,
		Encode: func(response any) (idempotency.Reply, error) { return a.reply(e, response) },
	}
	return r.WithContext(idempotency.With(r.Context(), attempt)), nil
}

// idempotencyKey reads the one key of a request, bare or as a quoted string.
func idempotencyKey(values []string) (string, error) {
	invalid := errs.IdempotencyKeyInvalid.Newf("An Idempotency-Key has 1 to %d visible ASCII characters.", maxKey)
	if len(values) != 1 {
		return "", invalid
	}
	key := strings.TrimSpace(values[0])
	if strings.HasPrefix(key, `"`) {
		if len(key) < 2 || !strings.HasSuffix(key, `"`) {
			return "", invalid
		}
		key = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(key[1 : len(key)-1])
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return "", invalid
		}
	}
	if len(key) == 0 || len(key) > maxKey {
		return "", invalid
	}
	return key, nil
}

// fingerprint tells what r asks for: method, path and the body as it was understood.
func (e *endpoint) fingerprint(r *http.Request, in any) ([]byte, error) {
	hash := sha256.New()
	hash.Write([]byte(r.Method + " " + r.URL.Path + "\n"))
	if e.body != nil {
		body := in
		if e.body.index != nil {
			body = reflect.ValueOf(in).Elem().FieldByIndex(e.body.index).Addr().Interface()
		}
		if err := json.MarshalWrite(hash, body, json.Deterministic(true)); err != nil {
			return nil, err
		}
	}
	return hash.Sum(nil), nil
}

// reply encodes what the endpoint returned, as respond sends it.
func (a *API) reply(e *endpoint, out any) (idempotency.Reply, error) {
	var b bytes.Buffer
	reply := idempotency.Reply{Status: e.statusOf(out)}
	if err := json.MarshalWrite(&b, out, a.encode); err != nil {
		return reply, err
	}
	b.WriteByte('\n')
	reply.Body = b.Bytes()
	if l, ok := out.(locator); ok && reply.Status == http.StatusCreated {
		reply.Location = a.cfg.RootPath + l.Location()
	}
	if e.Conditional {
		reply.ETag = entityTag(reply.Body)
	}
	return reply, nil
}

// replay answers r with the stored reply, if err says that there is one.
func (a *API) replay(w http.ResponseWriter, err error) bool {
	replay, ok := errors.AsType[*idempotency.Replay](err)
	if !ok {
		return false
	}
	w.Header().Set(replayedHeader, "true")
	writeReply(w, replay.Reply)
	return true
}

func writeReply(w http.ResponseWriter, reply idempotency.Reply) {
	h := w.Header()
	h.Set("Content-Type", jsonType)
	if reply.Location != "" {
		h.Set("Location", reply.Location)
	}
	if reply.ETag != "" {
		h.Set("ETag", reply.ETag)
	}
	w.WriteHeader(reply.Status)
	// The client may be gone; there is nobody left to tell.
	_, _ = w.Write(reply.Body)
}
