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
	HandleRaw(api, Route{
		Pattern: "GET /openapi.json", ID: "getOpenAPI", Tag: "System", Access: Public,
		Summary: "This document", Description: "The API as OpenAPI 3.1.",
	}, jsonType, func(w http.ResponseWriter, _ *http.Request, _ *struct{}) error {
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
		SettingsUI:       map[string]string{"tryItOutEnabled": "true", "persistAuthorization": "true", "displayRequestDuration": "true"},
	}))
	page := Route{Pattern: "GET /docs", ID: "getDocs", Tag: "System", Access: Public,
		Summary: "This documentation", Description: "The API as a page to read and to try."}
	HandleRaw(api, page, "text/html", func(w http.ResponseWriter, r *http.Request, _ *struct{}) error {
		ui.ServeHTTP(w, r)
		return nil
	})
	// One page asks for many of them at once, and they are in the binary.
	asset := Route{Pattern: "GET /docs/{file}", ID: "getDocsFile", Tag: "System", Access: Public, Budget: Unlimited,
		Summary: "A file of the documentation", Description: "Scripts, styles and icons of the documentation."}
	HandleRaw(api, asset, "*/*", func(w http.ResponseWriter, r *http.Request, _ *docsFile) error {
		ui.ServeHTTP(w, r)
		return nil
	})
	problems := Route{Pattern: "GET /docs/problems", ID: "getProblems", Tag: "System", Access: Public,
		Summary: "The list of problems", Description: "What each code of a problem and of a field means, in English and Russian."}
	HandleRaw(api, problems, "text/html", api.serveProblems)
}

type docsFile struct {
	File string `path:"file" maxLength:"100" example:"swagger-ui.css"`
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
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
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
