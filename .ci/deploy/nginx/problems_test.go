package nginx_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"deploy/proxy"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/texts"
)

func problemRules() map[string]rule {
	return map[string]rule{
		"problems of nginx are those of the API": {check: checkProblems},
		"problems of the API stay":               {settings: proxy.Settings{"NGINX_AUTH_RATE_PER_MINUTE": "6000"}, check: checkProblemsStay},
		"problems speak the client's language":   {check: checkLanguage},
		"a slow server is a problem": {
			edits: []damage{{"templates/api.conf.template", "proxy_read_timeout 40s", "proxy_read_timeout 100ms"}},
			check: checkGatewayTimeout,
		},
	}
}

// problem is the body of an error, with its members in the order in which the API has them.
var problem = regexp.MustCompile(`^\{"type":"([^"]*)","title":"([^"]+)","status":([0-9]+),(?:"detail":"([^"]+)",)?` +
	`"instance":"urn:uuid:([^"]+)","code":"([^"]+)","request_id":"([^"]+)"\}\n$`)

// newID is a UUID of version 4, as the API makes them.
var newID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// wantProblem complains unless res is a problem as the API words it.
func wantProblem(f *findings, res response, status int, code string) {
	want(f, "the status", res.StatusCode, status)
	for name, value := range map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Server": "nginx", "Content-Language": "en",
	} {
		if got := strings.Join(res.Header.Values(name), "|"); got != value && (name != "Content-Language" || got != "ru") {
			f.add("%s of a %d: got %q, want %q", name, status, got, value)
		}
	}
	if !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Accept-Language") {
		f.add("the %d varies with %q, want Accept-Language", status, res.Header.Values("Vary"))
	}
	m := problem.FindStringSubmatch(res.body)
	if m == nil {
		f.add("the body of a %d is not a problem of the API: %q", status, res.body)
		return
	}
	want(f, "the code", m[6], code)
	want(f, "the status in the body", m[3], fmt.Sprint(status))
	want(f, "the occurrence", m[5], res.Header.Get("X-Request-Id"))
	want(f, "the request id", m[7], m[5])
	if !strings.HasSuffix(m[1], "/docs/problems#"+code) {
		f.add("the type is %q, want that of %s", m[1], code)
	}
	if retry := res.Header.Get("Retry-After"); (status == 429 || status >= 502) != (retry != "") {
		f.add("Retry-After of a %d is %q", status, retry)
	}
}

func checkProblems(f *findings, s *site) {
	long := strings.Repeat("a", 9<<10)
	wantProblem(f, s.ask("GET", root+"/"+long), http.StatusRequestURITooLong, "malformed_request")
	wantProblem(f, s.ask("GET", root+"/", "X-Long: "+long), http.StatusRequestHeaderFieldsTooLarge, "malformed_request")
	wantProblem(f, s.ask("GET", root+"/", "Host: a/b"), http.StatusBadRequest, "malformed_request")
	wantProblem(f, s.ask("POST", root+"/bookings", "Content-Length: 200000"), http.StatusRequestEntityTooLarge, "body_too_large")
	s.stop()
	res := s.ask("GET", root+"/hotels", "X-Request-Id: my-id.1_")
	wantProblem(f, res, http.StatusBadGateway, "service_unavailable")
	want(f, "the id of the client", res.Header.Get("X-Request-Id"), "my-id.1_")
	want(f, "the type", strings.Contains(res.body, `"type":"`+root+`/docs/problems#service_unavailable"`), true)
	res = s.ask("HEAD", root+"/hotels")
	want(f, "the body of an answer to HEAD", res.body, "")
	want(f, "the status of an answer to HEAD", res.StatusCode, http.StatusBadGateway)
	for _, id := range []string{"", "a b", `a"b`, strings.Repeat("x", 65), "ä", "a,b"} {
		res := s.ask("GET", "/", "X-Request-Id: "+id)
		if got := res.Header.Get("X-Request-Id"); !newID.MatchString(got) {
			f.add("the id %q becomes %q, want a new one", id, got)
		}
	}
}

func checkProblemsStay(f *findings, s *site) {
	for _, status := range []int{400, 401, 403, 404, 405, 408, 409, 412, 413, 414, 416, 422, 429, 431, 500, 501, 502, 503, 504} {
		body := fmt.Sprintf(`{"code":"its_own","status":%d}`, status)
		s.reply(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.Header().Set("Retry-After", "7")
			w.Header().Set("X-Request-Id", "its-own")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
		for _, path := range []string{"/hotels", "/auth/me", "/hotels/1/images", "/static/images/x.jpg"} {
			res := s.ask("GET", root+path)
			want(f, "the status", res.StatusCode, status)
			want(f, "the body of the API", res.body, body)
			want(f, "Retry-After of the API", strings.Join(res.Header.Values("Retry-After"), "|"), "7")
			want(f, "the id that the API answers with", strings.Join(res.Header.Values("X-Request-Id"), "|"), "its-own")
		}
	}
}

// languageHeaders are what clients may say. Weights are told apart by tenths.
var languageHeaders = []string{
	"", "en", "ru", "RU", "ru-RU", "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "en-US,en;q=0.9,ru;q=0.8", "de", "de,ru;q=0.5", "uk", "uk-UA,ru;q=0.7",
	"de;q=0.9, en;q=0.3, ru;q=0.4", "ru;q=0", "ru;q=0,en;q=0.1", "en;q=0,ru;q=0.1", "*", "*,ru;q=0.1", "ru;q=0.2,en;q=0.1", "en;q=0.2,ru;q=0.2",
	"ru;q=0.2,en;q=0.2", "ru;q=1.0,en", "en;q=1.000,ru;q=1", "rum", "fr,rux;q=0.9", "ru ; q=0.5 , en ; q=0.4", "kk,be;q=0.9,ru;q=0.1",
	"ru;q=0.05", "x-ru", "ru-Cyrl-RU", "en-GB;q=0.8,ru-RU;q=0.9", strings.Repeat("de,", 400) + "ru", ";;;", "ru;q=x",
}

func checkLanguage(f *findings, s *site) {
	catalogue, err := texts.Parse(readFile(s.t, "../../../cmd/booking/catalogue.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, header := range languageHeaders {
		language := catalogue.Negotiate([]string{header})
		res := s.ask("GET", "/", "Accept-Language: "+header)
		want(f, fmt.Sprintf("the language for %.40q", header), res.Header.Get("Content-Language"), string(language))
		var got struct{ Title string }
		if err := json.Unmarshal([]byte(res.body), &got); err != nil {
			f.add("%q: %v", res.body, err)
		}
		want(f, "the title", got.Title, catalogue.Say(errs.Say(errs.NotFound.Title), language))
	}
}

func checkGatewayTimeout(f *findings, s *site) {
	s.reply(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	wantProblem(f, s.ask("POST", root+"/bookings"), http.StatusGatewayTimeout, "service_unavailable")
	want(f, "times that it was sent", len(s.reached()), 1)
}

// TestTextsAreThoseOfTheCatalogue: what nginx says of each code, in each language, is what the API says.
func TestTextsAreThoseOfTheCatalogue(t *testing.T) {
	t.Parallel()
	config := string(readFile(t, filepath.Join(proxy.Files(t), "templates/problems.conf.template")))
	for _, finding := range textFindings(t, config) {
		t.Error(finding)
	}
	for old, with := range map[string]string{
		"Слишком много запросов": "Подождите", "service_unavailable": "unavailable", "Try again after a short pause.": "Go away.",
	} {
		if len(textFindings(t, strings.ReplaceAll(config, old, with))) == 0 {
			t.Errorf("%q in place of %q is not found", with, old)
		}
	}
}

var (
	codeLine = regexp.MustCompile(`(?m)^\t(?:default|[0-9]{3}) ([a-z_]+);$`)
	textLine = regexp.MustCompile(`(?m)^\t"(en|ru) ([a-z_]+)" (?:"([^"]+)"|'"detail":"([^"]+)",');$`)
)

func textFindings(t *testing.T, config string) (found []string) {
	t.Helper()
	catalogue, err := texts.Parse(readFile(t, "../../../cmd/booking/catalogue.json"))
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]texts.Problem)
	for _, p := range catalogue.Problems {
		known[p.Code] = p
	}
	for _, m := range codeLine.FindAllStringSubmatch(config, -1) {
		if _, ok := known[m[1]]; !ok && m[1] != "en" {
			found = append(found, "the catalogue lacks the code "+m[1])
		}
		if !strings.Contains(config, `"ru `+m[1]+`"`) && m[1] != "en" {
			found = append(found, "there is no Russian title of "+m[1])
		}
	}
	lines := textLine.FindAllStringSubmatch(config, -1)
	if len(lines) < 16 {
		found = append(found, fmt.Sprintf("%d texts found, want all", len(lines)))
	}
	for _, m := range lines {
		phrases := []texts.Phrase{known[m[2]].Title}
		if m[4] != "" {
			phrases = known[m[2]].Details
		}
		if !contains(phrases, m[1], m[3]+m[4]) {
			found = append(found, fmt.Sprintf("the catalogue does not say %q in %s of %s", m[3]+m[4], m[1], m[2]))
		}
	}
	return found
}

func contains(phrases []texts.Phrase, language, text string) bool {
	for _, p := range phrases {
		if language == "en" && string(p.English) == text || language == "ru" && string(p.Russian) == text {
			return true
		}
	}
	return false
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
