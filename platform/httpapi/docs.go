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

	"github.com/shumbooking/shumbooking/platform/texts"
)

// docsPolicy lets the page of Swagger UI run its own inline script and style, and call the API.
const docsPolicy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'"

// HandleDocs declares the document, the pages that show it, and the list of problems. All that they need is
// in the binary.
func HandleDocs(api *API) {
	document := docsRoute("GET /openapi.json", "getOpenAPI", "This document", "The API as OpenAPI 3.1.")
	HandleRaw(api, document, jsonType, func(w http.ResponseWriter, _ *http.Request, _ *struct{}) error {
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("Content-Length", strconv.Itoa(len(api.document)))
		_, err := w.Write(api.document)
		return err
	})
	ui := withPolicy(docsPolicy, v5emb.NewHandlerWithConfig(swgui.Config{
		Title:            api.cfg.Title,
		SwaggerJSON:      api.cfg.RootPath + "/openapi.json",
		BasePath:         api.cfg.RootPath + "/docs/",
		InternalBasePath: "/docs/",
		// A token that the browser stored would outlive the page, for whoever sits down there next.
		SettingsUI: map[string]string{"tryItOutEnabled": "true", "persistAuthorization": "false", "displayRequestDuration": "true"},
	}))
	page := docsRoute("GET /docs", "getDocs", "This documentation", "The API as a page to read and to try.")
	HandleRaw(api, page, "text/html", func(w http.ResponseWriter, r *http.Request, _ *struct{}) error {
		ui.ServeHTTP(pageWriter{w}, r)
		return nil
	})
	asset := docsRoute("GET /docs/{file}", "getDocsFile", "A file of the documentation", "Scripts, styles and icons of the documentation.")
	asset.OtherStatuses = []int{http.StatusNotModified}
	HandleRaw(api, asset, "*/*", func(w http.ResponseWriter, r *http.Request, _ *docsFile) error {
		// They have a validator.
		w.Header().Set("Cache-Control", alwaysChecked)
		ui.ServeHTTP(w, r)
		return nil
	})
	problems := docsRoute("GET /docs/problems", "getProblems", "The list of problems",
		"What each code of a problem and of a field means, in English and Russian.")
	HandleRaw(api, problems, "text/html", api.serveProblems)
}

// docsRoute declares a part of the documentation. Nothing of it is counted: one page asks for many parts at once, all
// are in the binary, and who has no requests left must be able to read why.
func docsRoute(pattern, id, summary, description string) Route {
	return Route{
		Pattern: pattern, ID: id, Tag: "System", Summary: summary, Description: description, Access: Public, Budget: Unlimited,
	}
}

// pageType says what the bytes of a page are: browsers guess the encoding otherwise.
const pageType = "text/html; charset=utf-8"

// A pageWriter takes a page from a handler that does not tell its encoding.
type pageWriter struct{ http.ResponseWriter }

func (w pageWriter) Write(b []byte) (int, error) {
	w.Header().Set("Content-Type", pageType)
	return w.ResponseWriter.Write(b)
}

type docsFile struct {
	File string `path:"file" maxLength:"100" example:"swagger-ui.css" description:"A name in the page of the documentation."`
}

func withPolicy(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		next.ServeHTTP(w, r)
	})
}

//go:embed problems.html
var problemsPage string

func (a *API) serveProblems(w http.ResponseWriter, _ *http.Request, _ *struct{}) error {
	page, err := template.New("problems").Funcs(template.FuncMap{"outline": texts.Outline}).Parse(problemsPage)
	var b bytes.Buffer
	if err == nil {
		err = page.Execute(&b, map[string]any{"Title": a.cfg.Title, "Texts": a.describedTexts()})
	}
	if err != nil {
		return fmt.Errorf("render problems: %w", err)
	}
	w.Header().Set("Content-Security-Policy", docsPolicy)
	w.Header().Set("Content-Type", pageType)
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	_, err = w.Write(b.Bytes())
	return err
}

// describedTexts is the catalogue, or where there is none, what the routes tell of their problems.
func (a *API) describedTexts() *texts.Catalogue {
	if a.cfg.Texts != nil {
		return a.cfg.Texts
	}
	c := new(texts.Catalogue)
	for _, k := range a.Kinds() {
		c.Problems = append(c.Problems, texts.Problem{Code: k.Code, Status: k.Status, Title: texts.Phrase{English: k.Title}})
	}
	return c
}
