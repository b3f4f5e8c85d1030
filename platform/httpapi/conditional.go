package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// entityTag returns the strong validator of a representation (RFC 9110, section 8.8.3).
func entityTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// tagList reads the entity tags of If-Match or If-None-Match. The mark of weakness is dropped, because a proxy that
// compresses puts it on tags that were strong.
func tagList(h http.Header, name string) []string {
	var tags []string
	for list := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		if tag := strings.TrimPrefix(strings.TrimSpace(list), "W/"); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

func matches(tags []string, tag string) bool {
	return slices.Contains(tags, tag) || slices.Contains(tags, "*")
}

// A precondition is the If-Match of a request.
type precondition struct {
	tags   []string
	encode json.Options
}

type preconditionKey struct{}

// expect keeps the If-Match of a request that changes a conditional resource, for CheckMatch.
func (a *API) expect(r *http.Request, e *endpoint) *http.Request {
	if !e.Conditional || e.method == http.MethodGet || len(r.Header.Values("If-Match")) == 0 {
		return r
	}
	p := &precondition{tags: tagList(r.Header, "If-Match"), encode: a.encode}
	return r.WithContext(context.WithValue(r.Context(), preconditionKey{}, p))
}

// CheckMatch returns an error of kind errs.PreconditionFailed if the request of ctx has an If-Match header that does
// not name the resource as it is (RFC 9110, section 13.1.1). Routes that are Conditional call it with the row locked,
// before they judge whether its state allows the change. Current returns what GET would answer at this moment; it is
// called only if the request has the header.
func CheckMatch[T any](ctx context.Context, current func() (*T, error)) error {
	p, _ := ctx.Value(preconditionKey{}).(*precondition)
	if p == nil {
		return nil
	}
	resource, err := current()
	if err != nil {
		return err
	}
	body, err := json.Marshal(resource, p.encode)
	if err != nil {
		return err
	}
	if !matches(p.tags, entityTag(append(body, '\n'))) {
		return errs.PreconditionFailed.New("The resource has changed since you read it. Read it again.")
	}
	return nil
}

// isUnchanged reports whether the client has the representation of that tag already.
func isUnchanged(r *http.Request, tag string) bool {
	return matches(tagList(r.Header, "If-None-Match"), tag)
}

// cacheControl says who may keep the answers of e. Those that have a validator and are for everybody may be kept, and
// must be asked about each time.
func (e *endpoint) cacheControl() string {
	switch {
	case e.Access != Public || e.method != http.MethodGet:
		return "no-store"
	case e.Conditional:
		return "public, no-cache"
	}
	return ""
}
