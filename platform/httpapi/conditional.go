package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	matchHeader     = "If-Match"
	noneMatchHeader = "If-None-Match"
)

// entityTag returns the strong validator of a representation (RFC 9110, section 8.8.3): half of its SHA-256, so that
// equal tags are equal bytes.
func entityTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// A condition is what If-Match or If-None-Match says: a list of tags, or that any will do. The zero condition is true
// of nothing.
type condition struct {
	any  bool
	tags []string
}

// conditionOf reads all lines of a header; nil if there are none. Where they are not what RFC 9110, sections 13.1.1 and
// 13.1.2, allow, it is the zero condition: what was meant to protect a resource must not let it change, and what was
// meant to save an answer is of no use.
func conditionOf(h http.Header, name string) *condition {
	lines := h.Values(name)
	if len(lines) == 0 {
		return nil
	}
	const space = " \t"
	list := strings.Trim(strings.Join(lines, ","), space)
	if list == "*" {
		return &condition{any: true}
	}
	var tags []string
	for {
		// A list may have empty elements (section 5.6.1.2).
		if list = strings.TrimLeft(list, space+","); list == "" {
			return &condition{tags: tags}
		}
		tag, rest, ok := cutTag(list)
		list = strings.TrimLeft(rest, space)
		if !ok || list != "" && list[0] != ',' {
			return &condition{}
		}
		tags = append(tags, tag)
	}
}

// cutTag takes an entity tag from the front of a list. The mark of weakness is dropped: proxies that compress put it
// on tags that were strong, and all that this API makes are.
func cutTag(list string) (tag, rest string, ok bool) {
	list = strings.TrimPrefix(list, "W/")
	if !strings.HasPrefix(list, `"`) {
		return "", "", false
	}
	end := strings.IndexByte(list[1:], '"') + len(`"`)
	if end < len(`"`) {
		return "", "", false
	}
	for _, c := range []byte(list[1:end]) {
		if c <= ' ' || c == 0x7f {
			return "", "", false
		}
	}
	return list[:end+1], list[end+1:], true
}

// covers reports whether the condition names a representation that exists.
func (c *condition) covers(tag string) bool { return c.any || slices.Contains(c.tags, tag) }

// A precondition is what a request that changes a resource says that it is, and is not.
type precondition struct {
	match, noneMatch *condition
	encode           json.Options
}

type preconditionKey struct{}

// expect keeps the precondition of a request that changes a conditional resource, for CheckMatch.
func (a *API) expect(r *http.Request, e *endpoint) *http.Request {
	if !e.changes() {
		return r
	}
	p := &precondition{match: conditionOf(r.Header, matchHeader), noneMatch: conditionOf(r.Header, noneMatchHeader), encode: a.encode}
	if p.match == nil && p.noneMatch == nil {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), preconditionKey{}, p))
}

// changes reports whether e changes a resource that has a validator.
func (e *endpoint) changes() bool {
	return e.Conditional && e.method != http.MethodGet && e.method != http.MethodPost
}

// CheckMatch returns an error of kind errs.PreconditionFailed if the request of ctx has an If-Match header that does
// not name the resource as it is, or an If-None-Match header that does (RFC 9110, section 13). Routes that are
// Conditional call it with the row locked, when the resource is known to exist and to be the caller's, and before they
// judge whether its state allows the change. Current is what GET would answer at this moment.
func CheckMatch[T any](ctx context.Context, current *T) error {
	p, _ := ctx.Value(preconditionKey{}).(*precondition)
	if p == nil {
		return nil
	}
	var body bytes.Buffer
	if err := encode(&body, current, p.encode); err != nil {
		return err
	}
	tag := entityTag(body.Bytes())
	if p.match != nil && !p.match.covers(tag) {
		return errs.PreconditionFailed.New("The resource has changed since you read it. Read it again.")
	}
	if p.noneMatch != nil && p.noneMatch.covers(tag) {
		return errs.PreconditionFailed.New("The resource is the one that If-None-Match excludes.")
	}
	return nil
}

// isUnchanged reports whether the client has the representation of that tag already.
func isUnchanged(r *http.Request, tag string) bool {
	c := conditionOf(r.Header, noneMatchHeader)
	return c != nil && c.covers(tag)
}

const (
	neverStored   = "no-store"
	alwaysChecked = "public, no-cache"
)

// cacheControl says who may keep the answers of e. Those that have a validator and are for everybody may be kept, and
// must be asked about each time. Without a validator a cache would have to guess how long they are good for. What
// HandleRaw declares may say otherwise.
func (e *endpoint) cacheControl() string {
	if e.Conditional && e.Access == Public && e.method == http.MethodGet {
		return alwaysChecked
	}
	return neverStored
}
