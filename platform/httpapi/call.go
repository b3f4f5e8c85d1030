package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// call runs the checks of e in the order that clients can rely on, and then e itself: size and media type of
// the body, sign-in and role, syntax and schema, and what the endpoint finds.
func (a *API) call(w http.ResponseWriter, r *http.Request, e *endpoint) {
	x := exchangeOf(r.Context())
	x.pattern, x.probe = e.path, e.Probe
	r = a.beginSpan(r, x)
	r, err := e.takeBody(w, r)
	if err != nil {
		a.refuseBody(w, r, e, err)
		return
	}
	// From here on, so that the time of a slow upload is not that of the database.
	ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(e.Timeout, a.cfg.Timeout))
	defer cancel()
	r = r.WithContext(ctx)
	w.Header().Set("Cache-Control", e.cacheControl())
	if r, err = a.admit(w, r, e); err != nil {
		a.reportRefusal(r, e, err)
		// What strangers still send is not read, but for the little that the server itself reads of any body.
		a.fail(w, r, err)
		return
	}
	r = a.expect(r, e)
	defer e.extendDeadlines(w, r)()
	if err := e.serve(w, r); err != nil {
		a.reportRefusal(r, e, err)
		a.fail(w, r, err)
		uploadOf(r.Context()).drain(w)
	}
}

type bodyKey struct{}

// takeBody reads a JSON body, and leaves a multipart body to the endpoint. It returns r with what e.decode needs.
func (e *endpoint) takeBody(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	switch {
	case e.body != nil:
		raw, err := e.body.read(w, r)
		return r.WithContext(context.WithValue(r.Context(), bodyKey{}, raw)), err
	case e.files != nil:
		u := newUpload(r, e.MaxBody)
		return r.WithContext(context.WithValue(r.Context(), uploadKey{}, u)), u.check(r)
	}
	return r, nil
}

// refuseBody answers err, which size or media type of the body caused. Those who may call e are heard to the end,
// so that they can read the answer; others could make the server read much for nothing.
func (a *API) refuseBody(w http.ResponseWriter, r *http.Request, e *endpoint, err error) {
	if e.body != nil && e.body.patch {
		w.Header().Set("Accept-Patch", acceptPatch)
	}
	if e.files == nil || !a.admits(w, r, e) {
		a.fail(w, r, err)
		return
	}
	defer e.extendDeadlines(w, r)()
	a.fail(w, r, err)
	uploadOf(r.Context()).drain(w)
}

// admits reports whether the sender of r may call e.
func (a *API) admits(w http.ResponseWriter, r *http.Request, e *endpoint) bool {
	ctx, cancel := context.WithTimeout(r.Context(), a.cfg.Timeout)
	defer cancel()
	_, err := a.admit(w, r.WithContext(ctx), e)
	return err == nil
}

const (
	// readGrace is how much longer a connection is read than an endpoint may take: what reads in the background
	// must not find the end of the time before the endpoint does, and take it for a client that went away.
	readGrace = time.Second
	// answerTime is what is left to write the answer when all the time for reading was used.
	answerTime = 10 * time.Second
)

// extendDeadlines gives the connection the time of e. The server sets its own deadlines again for the next
// request, except for writing when it has none: the function returned takes that one away.
func (e *endpoint) extendDeadlines(w http.ResponseWriter, r *http.Request) (restore func()) {
	if e.Timeout == 0 {
		return func() {}
	}
	c := http.NewResponseController(w)
	end := time.Now().Add(e.Timeout + readGrace)
	// What is not a connection, as in tests, has no deadlines.
	_ = c.SetReadDeadline(end)
	_ = c.SetWriteDeadline(end.Add(answerTime))
	if u := uploadOf(r.Context()); u != nil {
		u.body = newPacedBody(u.body, c, end)
	}
	return func() {
		if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.WriteTimeout == 0 {
			_ = c.SetWriteDeadline(time.Time{})
		}
	}
}
