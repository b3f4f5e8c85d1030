package storage

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// silenceTime is how long a server may say nothing: before most of its answers, and in the middle of any. All attempts
// at an answer come to less than what a client is willing to wait.
const silenceTime = 2 * time.Second

var errSilent = errors.New("the server says nothing")

// An impatient transport ends requests to a server that is silent. Then, and when a request ends in any other way
// without an answer, the connections that nobody uses are given up: they are likely to be as dead.
type impatient struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	watch := time.AfterFunc(silenceTime, func() { cancel(errSilent) })
	if isLong(r) {
		watch.Stop()
	}
	res, err := i.Transport.RoundTrip(r.WithContext(ctx))
	watch.Stop()
	if err != nil {
		// Whoever left says nothing about the server.
		if !errors.Is(r.Context().Err(), context.Canceled) {
			i.CloseIdleConnections()
		}
		err = silentOr(ctx, err)
		cancel(nil)
		return nil, err
	}
	res.Body = &flow{ReadCloser: res.Body, ctx: ctx, cancel: cancel, watch: watch}
	return res, nil
}

// isLong reports whether a request may take longer to answer: to send a file takes its time, and a server may have to look
// for what it lists. The transport has a limit for that.
func isLong(r *http.Request) bool {
	return r.Method == http.MethodPut || r.URL.Query().Has("list-type")
}

// silentOr returns errSilent if that is the cause of err, which would look like an end that the caller wished for.
func silentOr(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

// A flow is a body that ends when the server falls silent. The time that its reader takes does not count.
type flow struct {
	io.ReadCloser

	ctx    context.Context
	cancel context.CancelCauseFunc
	watch  *time.Timer
}

// Read implements io.Reader.
func (f *flow) Read(p []byte) (int, error) {
	f.watch.Reset(silenceTime)
	n, err := f.ReadCloser.Read(p)
	f.watch.Stop()
	if errors.Is(err, io.EOF) {
		return n, err
	}
	return n, silentOr(f.ctx, err)
}

// Close implements io.Closer.
func (f *flow) Close() error {
	f.watch.Stop()
	f.cancel(nil)
	return f.ReadCloser.Close()
}
