package httpapi_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// A page of an album is a resource with a validator.
type leaf struct {
	ID    int64        `json:"id"`
	Text  string       `json:"text"`
	Photo httpapi.Path `json:"photo"`
}

func (l *leaf) Location() string { return fmt.Sprintf("/leaves/%d", l.ID) }

type leafInput struct {
	Text string `json:"text" required:"true" maxLength:"100" example:"A day at the sea"`
}

type leafPath struct {
	ID int64 `path:"id" minimum:"1" example:"1"`
}

type putLeaf struct {
	leafPath
	Body leafInput
}

type patchLeaf struct {
	leafPath
	Body httpapi.Patch[leafInput]
}

// An album holds one leaf, which says "glued" when nobody may change it any more.
type album struct {
	mu   sync.Mutex
	leaf *leaf
}

var kindGlued = errs.Kind{Code: "glued", Status: http.StatusConflict, Title: "The leaf is glued"}

// change does what every change of a conditional resource does, in the order of the checks.
func (a *album) change(ctx context.Context, id int64, do func(*leafInput) error) (*leaf, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.leaf == nil || a.leaf.ID != id {
		return nil, errs.NotFound.New("")
	}
	if err := httpapi.CheckMatch(ctx, a.leaf); err != nil {
		return nil, err
	}
	if a.leaf.Text == "glued" {
		return nil, kindGlued.New("")
	}
	in := leafInput{Text: a.leaf.Text}
	if err := do(&in); err != nil {
		return nil, err
	}
	a.leaf = &leaf{ID: id, Text: in.Text, Photo: "/photos/1"}
	return a.leaf, nil
}

func (a *album) register(api *httpapi.API) {
	route := func(pattern, id string, access httpapi.Access) httpapi.Route {
		return httpapi.Route{Pattern: pattern, ID: id, Tag: "Leaves", Summary: id, Access: access, Conditional: true, Errors: []errs.Kind{kindGlued}}
	}
	create := route("POST /leaves", "createLeaf", member)
	create.Status = http.StatusCreated
	httpapi.Handle(api, create, func(_ context.Context, in *leafInput) (*leaf, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.leaf = &leaf{ID: 1, Text: in.Text, Photo: "/photos/1"}
		return a.leaf, nil
	})
	get := func(_ context.Context, in *leafPath) (*leaf, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.leaf == nil || a.leaf.ID != in.ID {
			return nil, errs.NotFound.New("")
		}
		return a.leaf, nil
	}
	httpapi.Handle(api, route("GET /leaves/{id}", "getLeaf", httpapi.Public), get)
	httpapi.Handle(api, route("GET /own/leaves/{id}", "getOwnLeaf", member), get)
	httpapi.Handle(api, route("PUT /leaves/{id}", "replaceLeaf", member), func(ctx context.Context, in *putLeaf) (*leaf, error) {
		return a.change(ctx, in.ID, func(l *leafInput) error {
			*l = in.Body
			return nil
		})
	})
	httpapi.Handle(api, route("PATCH /leaves/{id}", "updateLeaf", member), func(ctx context.Context, in *patchLeaf) (*leaf, error) {
		return a.change(ctx, in.ID, in.Body.Apply)
	})
	httpapi.Handle(api, route("DELETE /leaves/{id}", "deleteLeaf", member), func(ctx context.Context, in *leafPath) (*httpapi.Empty, error) {
		if _, err := a.change(ctx, in.ID, func(*leafInput) error { return nil }); err != nil {
			return nil, err
		}
		a.leaf = nil
		return &httpapi.Empty{}, nil
	})
	// What is not conditional has no validator and heeds none.
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /plain", ID: "getPlain", Tag: "Leaves", Summary: "Plain", Access: httpapi.Public,
	}, func(context.Context, *struct{}) (*leaf, error) { return &leaf{}, nil })
}

func newAlbum(t *testing.T, cfg httpapi.Config) *apitest.Client {
	t.Helper()
	cfg.Admit = admit
	return apitest.Build(t, cfg, new(album).register).As("good")
}

// send sends a request with headers, given as names and values in turn.
func send(t *testing.T, c *apitest.Client, method, target, body string, headers ...string) *apitest.Response {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return c.Send(req)
}

// TestETag: the tag is a function of the bytes of the representation and of nothing else in the request, and writes
// tell the same tag as the GET after them.
func TestETag(t *testing.T) {
	t.Parallel()
	c := newAlbum(t, httpapi.Config{})
	created := c.Do("POST", "/leaves", `{"text":"a"}`).Want(201).Header.Get("ETag")
	if len(created) != 24 || created[0] != '"' || created[23] != '"' {
		t.Fatalf("ETag = %q, want a strong one of 22 characters", created)
	}
	for _, headers := range [][]string{
		nil, {"Accept-Language", "ru"}, {"X-Request-Id", "another"}, {"Accept-Encoding", "gzip"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			if got := send(t, c, method, "/leaves/1", "", headers...).Want(200).Header.Values("ETag"); len(got) != 1 || got[0] != created {
				t.Errorf("%s with %v: ETag = %q, want %q", method, headers, got, created)
			}
		}
	}
	put := c.Do("PUT", "/leaves/1", `{"text":"b"}`).Want(200).Header.Get("ETag")
	if got := c.Do("GET", "/leaves/1", nil).Header.Get("ETag"); got != put || put == created {
		t.Errorf("ETag after PUT %q, of PUT %q, of POST %q: want the first two equal, and not the last", got, put, created)
	}
	patched := c.Do("PATCH", "/leaves/1", `{"text":"a"}`).Want(200).Header.Get("ETag")
	if patched != created {
		t.Errorf("ETag of the first text again = %q, want %q", patched, created)
	}
	if got := c.Do("DELETE", "/leaves/1", nil).Want(204).Header.Get("ETag"); got != "" {
		t.Errorf("ETag of nothing = %q", got)
	}
	if got := c.Do("GET", "/plain", nil).Want(200).Header.Get("ETag"); got != "" {
		t.Errorf("ETag of what is not conditional = %q", got)
	}
}

// TestETagOfLinks: a representation with links differs between deployments, so its tag does too.
func TestETagOfLinks(t *testing.T) {
	t.Parallel()
	here, there := newAlbum(t, httpapi.Config{}), newAlbum(t, httpapi.Config{RootPath: "/apps/album"})
	tag := here.Do("POST", "/leaves", `{"text":"a"}`).Want(201).Header.Get("ETag")
	prefixed := there.Do("POST", "/leaves", `{"text":"a"}`).Want(201).Header.Get("ETag")
	if tag == prefixed {
		t.Errorf("ETag = %q in both deployments, whose links differ", tag)
	}
	if got := there.Except("/apps/album").Do("GET", "/apps/album/leaves/1", nil).Want(200).Header.Get("ETag"); got != prefixed {
		t.Errorf("ETag with the root path = %q, want %q", got, prefixed)
	}
	send(t, there, "PUT", "/leaves/1", `{"text":"b"}`, "If-Match", prefixed).Want(200)
}

func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	c := newAlbum(t, httpapi.Config{CORSOrigins: []string{"https://shop.example"}})
	tag := c.Do("POST", "/leaves", `{"text":"a"}`).Want(201).Header.Get("ETag")
	for _, test := range []struct {
		name      string
		lines     []string
		unchanged bool
	}{
		{"the tag", []string{tag}, true},
		{"weak", []string{"W/" + tag}, true},
		{"any", []string{"*"}, true},
		{"any with space", []string{" * "}, true},
		{"another", []string{`"x"`}, false},
		{"among others", []string{`"x", ` + tag + `,W/"y"`}, true},
		{"empty elements", []string{`, ,"x",,` + tag + ` ,`}, true},
		{"tabs", []string{"\"x\"\t,\t" + tag}, true},
		{"second line", []string{`"x"`, tag}, true},
		{"no line with it", []string{`"x"`, `"y"`}, false},
		{"a comma in a tag", []string{`"a,` + tag[1:]}, false},
		{"after a comma in a tag", []string{`"a,b", ` + tag}, true},
		{"empty tag", []string{`""`}, false},
		{"empty tag and it", []string{`"", ` + tag}, true},
		{"bytes beyond ASCII", []string{"\"\xff\", " + tag}, true},
		{"backslash", []string{`"\", ` + tag}, true},
		{"empty", []string{""}, false},
		{"commas only", []string{",,"}, false},
		{"bare", []string{strings.Trim(tag, `"`)}, false},
		{"it and bare", []string{tag + ", x"}, false},
		{"open", []string{tag[:len(tag)-1]}, false},
		{"it and open", []string{tag + `, "x`}, false},
		{"no comma", []string{`"x" ` + tag}, false},
		{"any among others", []string{"*, " + tag}, false},
		{"any twice", []string{"*", "*"}, false},
		{"lower-case mark", []string{"w/" + tag}, false},
		{"mark and space", []string{"W/ " + tag}, false},
		{"single quotes", []string{"'" + tag[1:len(tag)-1] + "'"}, false},
		{"space in a tag", []string{`"a b", ` + tag}, false},
		{"delete in a tag", []string{"\"a\x7f\", " + tag}, false},
	} {
		want := http.StatusOK
		if test.unchanged {
			want = http.StatusNotModified
		}
		for _, method := range []string{"GET", "HEAD"} {
			headers := []string{"Origin", "https://shop.example"}
			for _, line := range test.lines {
				headers = append(headers, "If-None-Match", line)
			}
			res := send(t, c, method, "/leaves/1", "", headers...)
			if res.Status != want {
				t.Errorf("%s: %s = %d, want %d", test.name, method, res.Status, want)
			}
			if method == "HEAD" && len(res.Body) > 0 {
				t.Errorf("%s: HEAD has a body: %s", test.name, res.Body)
			}
		}
	}
	send(t, c, "GET", "/leaves/2", "", "If-None-Match", "*").WantProblem(404, "not_found")
	send(t, c, "GET", "/plain", "", "If-None-Match", "*").Want(200)
}

// TestNotModified: 304 has the headers that 200 would have had for caches, and nothing else (RFC 9110, section
// 15.4.5).
func TestNotModified(t *testing.T) {
	t.Parallel()
	c := newAlbum(t, httpapi.Config{CORSOrigins: []string{"https://shop.example"}})
	tag := c.Do("POST", "/leaves", `{"text":"a"}`).Want(201).Header.Get("ETag")
	for path, policy := range map[string]string{"/leaves/1": "public, no-cache", "/own/leaves/1": "no-store"} {
		full := send(t, c, "GET", path, "").Want(200)
		res := send(t, c, "GET", path, "", "If-None-Match", tag).Want(304)
		for _, name := range []string{"ETag", "Cache-Control", "Vary"} {
			got, want := res.Header.Values(name), full.Header.Values(name)
			if fmt.Sprint(got) != fmt.Sprint(want) || len(want) == 0 {
				t.Errorf("%s: %s = %q with 304, %q with 200", path, name, got, want)
			}
		}
		if got := res.Header.Get("Cache-Control"); got != policy {
			t.Errorf("%s: Cache-Control = %q, want %q", path, got, policy)
		}
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Language"} {
			if got := res.Header.Get(name); got != "" {
				t.Errorf("%s: %s = %q with 304, want none", path, name, got)
			}
		}
		if len(res.Body) > 0 {
			t.Errorf("%s: 304 has the body %q", path, res.Body)
		}
	}
	if got := c.Do("GET", "/leaves/2", nil).WantProblem(404, "not_found"); got.Status != 404 {
		t.Errorf("status in the problem = %d", got.Status)
	}
	if got := c.Do("GET", "/leaves/2", nil).Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control of a problem = %q, want no-store", got)
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	c := newAlbum(t, httpapi.Config{})
	tag := c.Do("POST", "/leaves", `{"text":"a"}`).Want(201).Header.Get("ETag")
	for _, test := range []struct {
		name   string
		lines  []string
		status int
	}{
		{"none", nil, 200},
		{"the tag", []string{tag}, 200},
		{"weakened on the way", []string{"W/" + tag}, 200},
		{"any", []string{"*"}, 200},
		{"a list", []string{`"x", ` + tag}, 200},
		{"second line", []string{`"x"`, tag}, 200},
		{"after a comma in a tag", []string{`"a,b", ` + tag}, 200},
		{"another", []string{`"x"`}, 412},
		{"a comma in a tag", []string{`"a,` + tag[1:]}, 412},
		{"empty", []string{""}, 412},
		{"empty tag", []string{`""`}, 412},
		{"bare", []string{strings.Trim(tag, `"`)}, 412},
		{"it and bare", []string{tag + ", x"}, 412},
		{"bare in another line", []string{tag, "x"}, 412},
		{"open", []string{tag[:len(tag)-1]}, 412},
		{"any among others", []string{"*, " + tag}, 412},
		{"lower-case mark", []string{"w/" + tag}, 412},
		{"injection", []string{`"' OR '1'='1"`}, 412},
	} {
		var headers []string
		for _, line := range test.lines {
			headers = append(headers, "If-Match", line)
		}
		for method, body := range map[string]string{"PUT": `{"text":"a"}`, "PATCH": `{}`} {
			res := send(t, c, method, "/leaves/1", body, headers...)
			if test.status == 412 {
				res.WantProblem(412, "precondition_failed")
			} else if res.Status != test.status {
				t.Errorf("%s: %s = %d, want %d", test.name, method, res.Status, test.status)
			}
		}
		if test.status == 412 {
			send(t, c, "DELETE", "/leaves/1", "", headers...).WantProblem(412, "precondition_failed")
		}
	}
	// The other way round: what must not be there is.
	for _, lines := range []string{"*", tag, "W/" + tag} {
		send(t, c, "PUT", "/leaves/1", `{"text":"b"}`, "If-None-Match", lines).WantProblem(412, "precondition_failed")
	}
	send(t, c, "PUT", "/leaves/1", `{"text":"a"}`, "If-None-Match", `"x"`, "If-Match", tag).Want(200)
	// What creates has no resource yet to compare with, what reads does not change one.
	send(t, c, "POST", "/leaves", `{"text":"a"}`, "If-Match", `"x"`).Want(201)
	send(t, c, "GET", "/leaves/1", "", "If-Match", `"x"`).Want(200)
	send(t, c, "DELETE", "/leaves/1", "", "If-Match", tag).Want(204)
}

// TestOrderOfPreconditions: 401, 400, 422 and 404 come before 412, and 412 before 409.
func TestOrderOfPreconditions(t *testing.T) {
	t.Parallel()
	c := newAlbum(t, httpapi.Config{})
	c.Do("POST", "/leaves", `{"text":"glued"}`).Want(201)
	const old = `"old"`
	send(t, c.As(""), "PUT", "/leaves/1", `{"text":"a"}`, "If-Match", old).WantProblem(401, "unauthenticated")
	send(t, c.As("weak"), "PUT", "/leaves/1", `{"text":"a"}`, "If-Match", old).WantProblem(403, "forbidden")
	send(t, c, "PUT", "/leaves/1", `{`, "If-Match", old).WantProblem(400, "malformed_request")
	send(t, c, "PUT", "/leaves/1", `{}`, "If-Match", old).WantProblem(422, "validation_failed")
	send(t, c, "PUT", "/leaves/2", `{"text":"a"}`, "If-Match", old).WantProblem(404, "not_found")
	send(t, c, "PUT", "/leaves/2", `{"text":"a"}`, "If-Match", "*").WantProblem(404, "not_found")
	send(t, c, "PUT", "/leaves/1", `{"text":"a"}`, "If-Match", old).WantProblem(412, "precondition_failed")
	send(t, c, "PUT", "/leaves/1", `{"text":"a"}`, "If-Match", "*").WantProblem(409, "glued")
}

// TestConditionalDocument: the document says which headers a request may have, and which an answer has.
func TestConditionalDocument(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
			Responses  map[string]struct {
				Headers map[string]any
				Content map[string]any
			}
		}
	}
	c := apitest.Build(t, httpapi.Config{Admit: admit}, new(album).register, httpapi.HandleDocs)
	c.Do("GET", "/openapi.json", nil).Want(200).Decode(&doc)
	for _, test := range []struct{ path, method, parameters, statuses, tagged string }{
		{"/leaves", "post", "", "", "201"},
		{"/leaves/{id}", "get", "id If-None-Match", "304", "200 304"},
		{"/leaves/{id}", "put", "id If-Match If-None-Match", "412", "200"},
		{"/leaves/{id}", "patch", "id If-Match If-None-Match", "412", "200"},
		{"/leaves/{id}", "delete", "id If-Match If-None-Match", "412", ""},
		{"/plain", "get", "", "", ""},
	} {
		op := doc.Paths[test.path][test.method]
		var parameters []string
		for _, p := range op.Parameters {
			parameters = append(parameters, p.Name)
		}
		if got := strings.Join(parameters, " "); got != test.parameters {
			t.Errorf("%s %s: parameters %q, want %q", test.method, test.path, got, test.parameters)
		}
		var statuses, tagged []string
		for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
			if status == "304" || status == "412" {
				statuses = append(statuses, status)
			}
			if op.Responses[status].Headers["ETag"] != nil {
				tagged = append(tagged, status)
			}
		}
		if got := strings.Join(statuses, " "); got != test.statuses {
			t.Errorf("%s %s: of 304 and 412 it has %q, want %q", test.method, test.path, got, test.statuses)
		}
		if got := strings.Join(tagged, " "); got != test.tagged {
			t.Errorf("%s %s: ETag with %q, want it with %q", test.method, test.path, got, test.tagged)
		}
	}
	if content := doc.Paths["/leaves/{id}"]["get"].Responses["304"].Content; content != nil {
		t.Errorf("304 has the content %v, want none", content)
	}
}
