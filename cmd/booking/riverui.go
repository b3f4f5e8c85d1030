package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"riverqueue.com/riverui"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

const (
	// riverUIPath is where River UI is, below the root path.
	riverUIPath = "/riverui"
	// riverUIPolicy lets the pages of River UI run their own scripts and call their own API. Their notices are styled
	// by an element that scripts fill, which has no nonce and no text that could be known before.
	riverUIPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; style-src-attr 'none'; " +
		"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// mountRiverUI serves River UI, by which admins watch, retry and cancel jobs. It must be started as well.
func (a *application) mountRiverUI(s settings) error {
	at := s.rootPath + riverUIPath
	ui, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(a.jobs, nil), Logger: a.log, Prefix: at,
	})
	if err != nil {
		return fmt.Errorf("make River UI: %w", err)
	}
	assets, err := riverUIAssets(at)
	if err != nil {
		return fmt.Errorf("list the assets of River UI: %w", err)
	}
	gate := a.auth.Console(auth.ConsoleConfig{
		Name: "River UI", Path: at, PlainHTTP: s.environment == envLocal, Fail: a.api.Fail,
	}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", riverUIPolicy)
		caching := "no-store"
		if assets[r.URL.Path] {
			caching = "private, max-age=31536000, immutable"
		}
		ui.ServeHTTP(&cachingWriter{ResponseWriter: w, value: caching}, r)
	}))
	httpapi.Mount(a.api, riverUIPath+"/", gate)
	a.riverUI = ui
	return nil
}

// riverUIAssets returns the paths of the files whose names change with their content. River UI answers a name that
// it does not have with its first page, which must not be kept.
func riverUIAssets(at string) (map[string]bool, error) {
	files, err := fs.Glob(riverui.FrontendIndex, "dist/assets/*")
	if err != nil {
		return nil, err
	}
	assets := make(map[string]bool, len(files))
	for _, file := range files {
		assets[path.Join(at, strings.TrimPrefix(file, "dist"))] = true
	}
	return assets, nil
}

// A cachingWriter sets Cache-Control when the answer begins. River UI tries a file first and shows its first page
// where there is none, and the file server takes the header away when it finds none.
type cachingWriter struct {
	http.ResponseWriter
	value string
	begun bool
}

func (w *cachingWriter) WriteHeader(status int) {
	w.begun = true
	w.Header().Set("Cache-Control", w.value)
	w.ResponseWriter.WriteHeader(status)
}

func (w *cachingWriter) Write(b []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *cachingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
