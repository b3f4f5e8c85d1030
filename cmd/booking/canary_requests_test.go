package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// request returns a request with a canary in every header that a client may send.
func (f *flock) request(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, f.base+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Idempotency-Key", "If-Match", "If-None-Match", "User-Agent", "Referer", "Accept-Language"} {
		r.Header.Set(name, f.text("header "+name))
	}
	r.Header.Set("Cookie", "console="+f.text("cookie"))
	r.Header.Set("X-Forwarded-For", f.keep("address of a client", "203.0.113.77"))
	r.Header.Set("Authorization", "Bearer "+f.admin)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// send returns the status of the answer and the cookies that it sets.
func (f *flock) send(t *testing.T, r *http.Request) (status int, cookies []*http.Cookie) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Cookies()
}

// requests are requests of every operation, with a canary wherever the document lets a client write something, and
// where it does not. Those that end the session of the admin come last.
func (f *flock) requests(t *testing.T) []*http.Request {
	t.Helper()
	operations := readOperations(f.client)
	byEnd := func(a, b string) int {
		return strings.Compare(fmt.Sprint(strings.HasPrefix(operations[a].path, "/auth/log"), a), fmt.Sprint(strings.HasPrefix(operations[b].path, "/auth/log"), b))
	}
	var all []*http.Request
	for _, id := range slices.SortedFunc(maps.Keys(operations), byEnd) {
		all = append(all, f.requestsOf(t, operations[id])...)
	}
	return all
}

func (f *flock) requestsOf(t *testing.T, o *operation) []*http.Request {
	t.Helper()
	path, telling, query := o.path, o.path, url.Values{}
	for _, p := range o.Parameters {
		switch p.In {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", "1")
			telling = strings.ReplaceAll(telling, "{"+p.Name+"}", f.email(o.ID+" "+p.Name))
		case "query":
			query.Set(p.Name, f.text(o.ID+" "+p.Name))
		}
	}
	method := strings.ToUpper(o.method)
	var bodies []string
	for _, content := range o.RequestBody.Content {
		body := f.fill(f.resolve(map[string]any{"$ref": content.Schema.Ref}), o.ID)
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		secret := f.text(o.ID + " malformed")
		bodies = append(bodies, string(raw), `{"`+secret+`": "`+secret+`"}`, `{"email": "`+secret+`", `+secret+`}`, secret,
			`{"email": "`+secret+`", "email": "`+secret+`"}`, `{"email": {"`+secret+`": "`+secret+`"}}`,
			`{"`+secret+`": 1, "`+secret+`": 2}`, `{"`+secret+`": {`+secret+`}}`, `{"`+secret+`": "`+secret+`\u0000"}`,
			`{"`+secret+`": [`+strings.Repeat("[", 40)+`]}`, `{"`+secret+`": 1} `+secret, `["`+secret+`"]`)
		break
	}
	all := []*http.Request{
		f.request(t, method, path, ""), f.request(t, method, telling, "{}"), f.request(t, method, path+"?"+query.Encode(), "{}"),
		f.request(t, method, path+"?"+f.text("name of a parameter")+"=1", "{}"),
		f.request(t, method, path+"?"+f.text("name beside")+"&%zz"+f.text("escape"), "{}"),
	}
	for _, body := range bodies {
		all = append(all, f.request(t, method, path, body))
	}
	stranger := f.request(t, method, path, strings.Join(bodies[:min(1, len(bodies))], ""))
	stranger.Header.Set("Authorization", "Bearer "+f.text("token"))
	basic := f.request(t, method, path, "")
	basic.SetBasicAuth(f.text("basic user"), f.text("basic password"))
	other := f.request(t, "PROPFIND", telling+"/"+f.text("unknown path"), f.text("body of nothing"))
	return append(all, stranger, basic, other)
}

// resolve follows references within the document.
func (f *flock) resolve(schema map[string]any) map[string]any {
	ref, _ := schema["$ref"].(string)
	name, found := strings.CutPrefix(ref, "#/components/schemas/")
	if !found {
		return schema
	}
	components, _ := f.document["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	resolved, _ := schemas[name].(map[string]any)
	return resolved
}

// fill returns a value of the type of schema in which every text is a canary.
func (f *flock) fill(schema map[string]any, name string) any {
	schema = f.resolve(schema)
	kind := schema["type"]
	if several, ok := kind.([]any); ok && len(several) > 0 {
		kind = several[0]
	}
	switch kind {
	case "object":
		object := make(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for property, of := range properties {
			object[property] = f.fill(of.(map[string]any), name+" "+property)
		}
		return object
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{f.fill(items, name)}
	case "string":
		if schema["format"] == "email" {
			return f.email(name)
		}
		return f.text(name)
	case "boolean":
		return true
	default:
		return 1
	}
}
