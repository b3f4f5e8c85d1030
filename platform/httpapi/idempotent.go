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

// attemptOf returns the attempt that r is by its key, or nil if it has none or e knows nothing of keys.
func (a *API) attemptOf(r *http.Request, e *endpoint) (*idempotency.Attempt, error) {
	values := r.Header.Values(keyHeader)
	if !e.Idempotent || len(values) == 0 {
		return nil, nil
	}
	key, ok := parseKey(values)
	if !ok {
		return nil, errs.IdempotencyKeyInvalid.Newf("An Idempotency-Key has 1 to %d visible ASCII characters.", maxKey)
	}
	return &idempotency.Attempt{
		Caller: exchangeOf(r.Context()).caller, Key: key, FingerprintKeys: a.cfg.FingerprintKeys,
		Encode: func(response any) (idempotency.Reply, error) { return a.reply(new(bytes.Buffer), e, response) },
	}, nil
}

// begin puts attempt, if there is one, into the context of r, whose parameters are in.
func (e *endpoint) begin(r *http.Request, attempt *idempotency.Attempt, in any) (*http.Request, error) {
	if attempt == nil {
		return r, nil
	}
	var err error
	if attempt.Fingerprint, err = e.fingerprint(r, in); err != nil {
		return nil, err
	}
	return r.WithContext(idempotency.With(r.Context(), attempt)), nil
}

// parseKey reads the one key of a request: a string of structured fields (RFC 9651, section 3.3.3) or, as most
// clients send it, the same without quotes and escapes.
func parseKey(values []string) (key string, ok bool) {
	if len(values) != 1 {
		return "", false
	}
	// Not strings.TrimSpace, which takes away what is not ASCII as well.
	key = strings.Trim(values[0], " \t")
	if strings.HasPrefix(key, `"`) {
		key, ok = unquoteKey(key)
	} else {
		ok = !strings.Contains(key, `"`)
	}
	for _, c := range []byte(key) {
		ok = ok && c > ' ' && c <= '~'
	}
	return key, ok && key != "" && len(key) <= maxKey
}

// unquoteKey returns what stands in the quotes. Only quotes and backslashes can be escaped.
func unquoteKey(quoted string) (key string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(quoted); i++ {
		switch c := quoted[i]; c {
		case '"':
			return b.String(), i == len(quoted)-1
		case '\\':
			i++
			if i == len(quoted) || quoted[i] != '"' && quoted[i] != '\\' {
				return "", false
			}
			b.WriteByte(quoted[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// fingerprint tells what r asks for: method, path and the body as it was understood. Members that have no value are
// left out, so that a new version of the program that knows more of them takes the same request for the same.
func (e *endpoint) fingerprint(r *http.Request, in any) ([]byte, error) {
	hash := sha256.New()
	hash.Write([]byte(r.Method + " " + r.URL.Path + "\n"))
	if e.body != nil {
		body := in
		if e.body.index != nil {
			body = reflect.ValueOf(in).Elem().FieldByIndex(e.body.index).Addr().Interface()
		}
		if err := json.MarshalWrite(hash, body, json.Deterministic(true), json.OmitZeroStructFields(true)); err != nil {
			return nil, err
		}
	}
	return hash.Sum(nil), nil
}

// replay answers r with the stored reply, if err says that there is one.
func replay(w http.ResponseWriter, r *http.Request, err error) bool {
	before, ok := errors.AsType[*idempotency.Replay](err)
	if !ok {
		return false
	}
	w.Header().Set(replayedHeader, "true")
	writeReply(w, r, jsonType, before.Reply)
	return true
}

// errNotOnce is a bug of the endpoint: with a key it would have its effect twice.
var errNotOnce = errors.New("an idempotent endpoint does not work in idempotency.Once")
