package httpapi

import (
	"net/http"
	"slices"
)

const (
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"
	corsExposed = "Allow, Content-Language, ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
	// corsAge is how many seconds a browser need not ask again.
	corsAge = "600"
)

// cors lets the pages of Config.CORSOrigins call the API (Fetch, section 3.3). Credentials are never allowed: sign-in
// is a header that scripts set themselves.
func (a *API) cors(next http.Handler) http.Handler {
	if len(a.cfg.CORSOrigins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); slices.Contains(a.cfg.CORSOrigins, origin) {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", corsExposed)
		}
		next.ServeHTTP(w, r)
	})
}

// tellMethods answers OPTIONS: what the path allows, also to a browser that asks before it lets a page of another
// origin do it.
func tellMethods(w http.ResponseWriter, r *http.Request, allowed string) {
	h := w.Header()
	h.Set("Allow", allowed)
	if h.Get("Access-Control-Allow-Origin") != "" && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", allowed)
		h.Set("Access-Control-Allow-Headers", corsHeaders)
		h.Set("Access-Control-Max-Age", corsAge)
	}
	w.WriteHeader(http.StatusNoContent)
}
