package httpapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// docsPolicy lets the page of Swagger UI run its own inline script and style, and call the API.
const docsPolicy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'"

// HandleDocs declares the document, the pages that show it, and the list of problems. All that they need is
// in the binary.
func HandleDocs(api *API) {
	HandleRaw[struct{}](api, Route{
		Pattern: "GET /openapi.json", ID: "getOpenAPI", Tag: "System", Access: Public,
		Summary: "This document", Description: "The API as OpenAPI 3.1.",
	}, jsonType, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("Content-Length", strconv.Itoa(len(api.document)))
		_, _ = w.Write(api.document)
	}))
	ui := withPolicy(docsPolicy, v5emb.NewHandlerWithConfig(swgui.Config{
		Title:            api.cfg.Title,
		SwaggerJSON:      api.cfg.RootPath + "/openapi.json",
		BasePath:         api.cfg.RootPath + "/docs/",
		InternalBasePath: "/docs/",
		SettingsUI:       map[string]string{"tryItOutEnabled": "true", "persistAuthorization": "true", "displayRequestDuration": "true"},
	}))
	page := Route{Pattern: "GET /docs", ID: "getDocs", Tag: "System", Access: Public,
		Summary: "This documentation", Description: "The API as a page to read and to try."}
	HandleRaw[struct{}](api, page, "text/html", ui)
	asset := Route{Pattern: "GET /docs/{file}", ID: "getDocsFile", Tag: "System", Access: Public,
		Summary: "A file of the documentation", Description: "Scripts, styles and icons of the documentation."}
	HandleRaw[docsFile](api, asset, "*/*", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ui.ServeHTTP(&missing{ResponseWriter: w, fail: func() { api.fail(w, r, errs.NotFound.New("")) }}, r)
	}))
	problems := Route{Pattern: "GET /docs/problems", ID: "getProblems", Tag: "System", Access: Public,
		Summary: "The list of problems", Description: "What each problem code means."}
	HandleRaw[struct{}](api, problems, "text/html", withPolicy(docsPolicy, http.HandlerFunc(api.serveProblems)))
}

type docsFile struct {
	File string `path:"file" maxLength:"100" example:"swagger-ui.css"`
}

// missing answers with a problem where the handler behind it would say 404 in its own words.
type missing struct {
	http.ResponseWriter
	fail   func()
	failed bool
}

func (w *missing) WriteHeader(status int) {
	if w.failed = status == http.StatusNotFound; w.failed {
		w.fail()
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *missing) Write(b []byte) (int, error) {
	if w.failed {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

func withPolicy(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		next.ServeHTTP(w, r)
	})
}

//go:embed problems.html
var problemsPage string

func (a *API) serveProblems(w http.ResponseWriter, r *http.Request) {
	page, err := template.New("problems").Parse(problemsPage)
	var b bytes.Buffer
	if err == nil {
		err = page.Execute(&b, map[string]any{"Title": a.cfg.Title, "Kinds": a.Kinds()})
	}
	if err != nil {
		a.fail(w, r, fmt.Errorf("render problems: %w", err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}
