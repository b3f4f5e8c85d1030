package main

import (
	"context"
	"net/http"
)

// dismiss adds to every answer that begins after the end of ctx that its connection will be closed (RFC 9112, section
// 9.6): whoever keeps it for more requests, as proxies do, then sends none that meets the closing. Connections that
// nobody uses stay open; closing those would race with their next request.
func dismiss(ctx context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := &dismissal{ResponseWriter: w, ctx: ctx}
		next.ServeHTTP(d, r)
		// For answers that consist of nothing but the status 200. It changes none that has begun.
		d.tell()
	})
}

// A dismissal decides when the answer begins, not when the request does: a request may take longer than what
// is left of the program.
type dismissal struct {
	http.ResponseWriter
	ctx   context.Context //nolint:containedctx // It is that of the server, not of the request.
	begun bool
}

func (d *dismissal) tell() {
	if !d.begun && d.ctx.Err() != nil {
		d.Header().Set("Connection", "close")
	}
	d.begun = true
}

func (d *dismissal) WriteHeader(status int) {
	if status >= http.StatusOK {
		d.tell()
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d *dismissal) Write(b []byte) (int, error) {
	d.tell()
	return d.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (d *dismissal) Unwrap() http.ResponseWriter { return d.ResponseWriter }
