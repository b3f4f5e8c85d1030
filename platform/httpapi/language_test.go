package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/texts"
)

const catalogue = `{
	"problems": [
		{"code": "not_found", "status": 404, "title": {"en": "Not found", "ru": "Не найдено"}, "details": []},
		{"code": "title_taken", "status": 409, "title": {"en": "The title is taken", "ru": "Название занято"},
			"details": [{"en": "Think of another.", "ru": "Придумайте другое."}]},
		{"code": "validation_failed", "status": 422, "title": {"en": "Some fields are not valid", "ru": "Проверьте поля"}, "details": []}
	],
	"rules": [
		{"code": "max_length", "messages": [{"en": "must have at most %d characters", "ru": "не длиннее %d знаков"}]},
		{"code": "type", "messages": [{"en": "must be %s", "ru": "ожидается %s"}]}
	],
	"words": [{"en": "%s or %s", "ru": "%s или %s"}, {"en": "a string", "ru": "строка"}, {"en": "null", "ru": "пусто"}]
}`

// bilingual returns a client of the API with a catalogue, and a function that asks in a language.
func bilingual(t *testing.T, register ...func(*httpapi.API)) (ask func(language, method, target, body string) *apitest.Response) {
	t.Helper()
	c, err := texts.Parse([]byte(catalogue))
	if err != nil {
		t.Fatal(err)
	}
	client := apitest.Build(t, httpapi.Config{Admit: admit, Texts: c}, register...).As("good")
	return func(language, method, target, body string) *apitest.Response {
		req := httptest.NewRequest(method, target, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept-Language", language)
		return client.Send(req)
	}
}

func TestProblemsAreInTheLanguageOfTheClient(t *testing.T) {
	t.Parallel()
	ask := bilingual(t, register)
	for _, tt := range []struct{ language, want, title, detail, message string }{
		{"", "en", "The title is taken", "Think of another.", "must have at most 20 characters"},
		{"de", "en", "The title is taken", "Think of another.", "must have at most 20 characters"},
		{"ru-RU,ru;q=0.9,en;q=0.8", "ru", "Название занято", "Придумайте другое.", "не длиннее 20 знаков"},
	} {
		res := ask(tt.language, "POST", "/things", `{"title":"taken"}`)
		p := res.WantProblem(http.StatusConflict, "title_taken")
		if p.Title != tt.title || p.Detail != tt.detail {
			t.Errorf("%q: %q, %q; want %q, %q", tt.language, p.Title, p.Detail, tt.title, tt.detail)
		}
		if got := res.Header.Get("Content-Language"); got != tt.want {
			t.Errorf("%q: Content-Language = %q, want %q", tt.language, got, tt.want)
		}
		if got := res.Header.Get("Vary"); got != "Accept-Language" {
			t.Errorf("%q: Vary = %q, want Accept-Language", tt.language, got)
		}
		p = ask(tt.language, "POST", "/things", `{"title":"a","note":"`+strings.Repeat("a", 21)+`"}`).WantProblem(422, "validation_failed")
		if got := p.Errors[0]; got.Message != tt.message || got.Code != "max_length" {
			t.Errorf("%q: %+v, want the message %q", tt.language, got, tt.message)
		}
	}
	p := ask("ru", "POST", "/things", `{"title":"a","note":1}`).WantProblem(422, "validation_failed")
	if got, want := p.Errors[0].Message, "ожидается строка или пусто"; got != want && got != "ожидается пусто или строка" {
		t.Errorf("message = %q, want %q", got, want)
	}
	// What has no Russian stays English.
	if got, want := ask("ru", "GET", "/things?limit=0", "").Problem().Errors[0].Message, "must be 1 or more"; got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
}

// A mounted handler and a path that no route has answer in the language of the client as well.
func TestLanguageIsNotOfRoutesOnly(t *testing.T) {
	t.Parallel()
	ask := bilingual(t, register, func(api *httpapi.API) {
		httpapi.Mount(api, "/console/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			api.Fail(w, r, errs.NotFound.New(""))
		}))
	})
	for _, target := range []string{"/console/", "/nothing", "/things/404"} {
		if got, want := ask("ru", "GET", target, "").WantProblem(404, "not_found").Title, "Не найдено"; got != want {
			t.Errorf("%s: title = %q, want %q", target, got, want)
		}
	}
}

// Without a catalogue, English is what there is, and Content-Language does not promise another.
func TestWithoutCatalogue(t *testing.T) {
	t.Parallel()
	req := httptest.NewRequest("GET", "/nothing", nil)
	req.Header.Set("Accept-Language", "ru")
	if got := newClient(t).Send(req).Header.Get("Content-Language"); got != "en" {
		t.Errorf("Content-Language = %q, want en", got)
	}
}

func TestProblemsPageHasTheCatalogue(t *testing.T) {
	t.Parallel()
	page := string(bilingual(t, register)("", "GET", "/docs/problems", "").Want(http.StatusOK).Body)
	for _, want := range []string{
		`id="title_taken"`, "409", "Название занято", "Придумайте другое.", "Think of another.",
		`id="field-max_length"`, "must have at most … characters", "не длиннее … знаков",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// The scheme of a 401 is that by which one signs in there.
func TestChallenge(t *testing.T) {
	t.Parallel()
	for want, challenge := range map[string]string{"Bearer": "", `Cookie realm="x"`: `Cookie realm="x"`} {
		c := apitest.New(t, admit, func(api *httpapi.API) {
			rt := httpapi.Route{Pattern: "GET /page", ID: "getPage", Tag: "Things", Summary: "A page", Access: httpapi.Public,
				Errors: []errs.Kind{errs.Unauthenticated}}
			httpapi.Handle(api, rt, func(context.Context, *struct{}) (*thing, error) {
				e := errs.Unauthenticated.New("")
				e.Challenge = challenge
				return nil, e
			})
		})
		if got := c.Do("GET", "/page", nil).Want(http.StatusUnauthorized).Header.Get("WWW-Authenticate"); got != want {
			t.Errorf("WWW-Authenticate = %q, want %q", got, want)
		}
	}
}
