package main

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/texts"
)

// TestCatalogueIsThatOfTheCode: what clients can be told stands in the catalogue, in both languages, under the code
// that it goes with, and nothing else does.
func TestCatalogueIsThatOfTheCode(t *testing.T) {
	t.Parallel()
	catalogue, err := texts.Parse(catalogueFile)
	if err != nil {
		t.Fatal(err)
	}
	s := readSource(t)
	if len(s.texts) < 100 || len(s.kinds) < 30 {
		t.Fatalf("%d texts and %d kinds found in the sources, want all", len(s.texts), len(s.kinds))
	}
	checkKinds(t, catalogue, s)
	checkTexts(t, catalogue, s)
	for _, at := range s.loose {
		if !strings.HasPrefix(at, "errs/") && !strings.HasPrefix(at, "texts/") {
			t.Errorf("%s: a text that is no constant has no translation", at)
		}
	}
}

// checkKinds compares the kinds of problems in the sources with those that the API documents and the catalogue.
func checkKinds(t *testing.T, catalogue *texts.Catalogue, s *source) {
	t.Helper()
	documented := documentedKinds(t)
	described := make(map[errs.Kind]bool)
	for _, p := range catalogue.Problems {
		described[errs.Kind{Code: p.Code, Status: p.Status, Title: p.Title.English}] = true
	}
	declared := make(map[string]bool)
	for name, k := range s.kinds {
		switch {
		case k.raised == 0 && k.kind.Status != http.StatusRequestedRangeNotSatisfiable: // which http.ServeContent answers
			t.Errorf("%s: nothing answers with %s", k.at, name)
		case !slices.Contains(documented, k.kind):
			t.Errorf("%s: no route documents %+v", k.at, k.kind)
		case !described[k.kind]:
			t.Errorf("%s: the catalogue lacks %+v", k.at, k.kind)
		case declared[k.kind.Code]:
			t.Errorf("%s: there are two kinds of code %s", k.at, k.kind.Code)
		}
		declared[k.kind.Code] = true
	}
	for _, p := range catalogue.Problems {
		if !declared[p.Code] {
			t.Errorf("the catalogue has the problem %s, which no source does", p.Code)
		}
	}
}

// documentedKinds returns the kinds of problems that the API of this program documents.
func documentedKinds(t *testing.T) []errs.Kind {
	t.Helper()
	return unconnectedApplication(t).api.Kinds()
}

// unconnectedApplication returns the program without a database: enough to answer what needs none.
func unconnectedApplication(t *testing.T) *application {
	t.Helper()
	a, err := newApplication(t.Context(), unconnected(""), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// checkTexts compares the texts in the sources with those of the catalogue.
func checkTexts(t *testing.T, catalogue *texts.Catalogue, s *source) {
	t.Helper()
	// The texts of each code, and under "" all of them.
	entries := map[string]map[errs.Text]bool{"": {}}
	for code, phrases := range phrasesOf(catalogue) {
		if entries[code] == nil {
			entries[code] = make(map[errs.Text]bool)
		}
		for _, p := range phrases {
			entries[code][p.English], entries[""][p.English] = true, false
		}
	}
	for _, r := range catalogue.Rules {
		if _, problem := s.kindOfCode(r.Code); !s.codes[r.Code] && !problem {
			t.Errorf("the catalogue has the rule %s, which no source does", r.Code)
		}
	}
	for _, found := range s.texts {
		if _, ok := entries[""][found.text]; !ok {
			t.Errorf("%s: the catalogue lacks %q of %q", found.at, found.text, found.code)
			continue
		}
		entries[""][found.text] = true
		if found.code != "" && !entries[found.code][found.text] {
			t.Errorf("%s: the catalogue has %q, but not under %s", found.at, found.text, found.code)
		}
		if n := len(texts.Verbs(found.text)); found.args >= 0 && found.args != n {
			t.Errorf("%s: %q gets %d arguments, want %d", found.at, found.text, found.args, n)
		}
	}
	for text, used := range entries[""] {
		if !used {
			t.Errorf("nothing uses %q of the catalogue", text)
		}
	}
}

// phrasesOf returns the texts of the catalogue by their codes, but for titles.
func phrasesOf(catalogue *texts.Catalogue) map[string][]texts.Phrase {
	all := map[string][]texts.Phrase{"": catalogue.Words}
	for _, p := range catalogue.Problems {
		all[p.Code] = append(all[p.Code], p.Details...)
	}
	for _, r := range catalogue.Rules {
		all[r.Code] = append(all[r.Code], r.Messages...)
	}
	return all
}

// TestCatalogueIsSpokenAndShown: the program answers from the catalogue, and its documentation has all of it.
func TestCatalogueIsSpokenAndShown(t *testing.T) {
	t.Parallel()
	catalogue, err := texts.Parse(catalogueFile)
	if err != nil {
		t.Fatal(err)
	}
	handler := unconnectedApplication(t).handler
	ask := func(target string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		r.Header.Set("Accept-Language", "ru-RU, en;q=0.5")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Body.String()
	}
	if got := ask("/nothing"); !strings.Contains(got, `"title":"Не найдено"`) {
		t.Errorf("GET /nothing answers %s, want it in Russian", got)
	}
	page := html.UnescapeString(ask("/docs/problems"))
	for code, phrases := range phrasesOf(catalogue) {
		if code == "" {
			continue // Words are shown where they are arguments.
		}
		for _, p := range phrases {
			for _, want := range []string{code, texts.Outline(p.English), texts.Outline(p.Russian)} {
				if !strings.Contains(page, want) {
					t.Errorf("/docs/problems lacks %q of %s", want, code)
				}
			}
		}
	}
	for _, p := range catalogue.Problems {
		if !strings.Contains(page, `id="`+p.Code+`"`) || !strings.Contains(page, string(p.Title.Russian)) {
			t.Errorf("/docs/problems lacks %s", p.Code)
		}
	}
}
