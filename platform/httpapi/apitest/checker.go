package apitest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	gopath "path"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// A Checker holds answers against an OpenAPI document.
type Checker struct {
	schemas *httpapi.Schemas
	mux     *http.ServeMux
	doc     map[string]any
	// passed has the sums of bodies that are as documented, with where: the document itself, which walks over all operations
	// get again and again, takes long to read.
	passed sync.Map
}

// NewChecker reads an OpenAPI document. Clients must expect members that the document does not name, since later
// versions may add some, but the answers of this version have none.
func NewChecker(document []byte) (*Checker, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	closeObjects(doc)
	closed, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("close the schemas of the OpenAPI document: %w", err)
	}
	schemas, err := httpapi.NewSchemas(closed)
	if err != nil {
		return nil, err
	}
	c := &Checker{schemas: schemas, mux: http.NewServeMux()}
	c.doc, _ = doc.(map[string]any)
	for path := range member(c.doc, "paths") {
		c.mux.Handle(path, http.NotFoundHandler())
	}
	return c, nil
}

// closeObjects lets the objects that have named members have no others, unless their schema says so.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, named := v["properties"].(map[string]any)
		if _, decided := v["additionalProperties"]; named && !decided {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			closeObjects(inner)
		}
	case []any:
		for _, inner := range v {
			closeObjects(inner)
		}
	}
}

// Check returns what is not as documented in the answer to method and path. What is not in the document at
// all must be a 404, 405 or the answer to OPTIONS.
func (c *Checker) Check(method, path string, status int, header http.Header, body []byte) error {
	_, pattern := c.mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}})
	if gopath.Clean(path) != path {
		pattern = ""
	}
	if method == http.MethodHead {
		method = http.MethodGet
		body = nil
	}
	operation := member(c.doc, "paths", pattern, strings.ToLower(method))
	if operation == nil {
		if status != http.StatusNotFound && status != http.StatusMethodNotAllowed && method != http.MethodOptions {
			return fmt.Errorf("no such operation")
		}
		return nil
	}
	response := member(operation, "responses", strconv.Itoa(status))
	if response == nil {
		return fmt.Errorf("no such status")
	}
	content := member(response, "content")
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("a body where none is documented")
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if content["*/*"] != nil {
		return nil
	}
	if err != nil || content[media] == nil {
		return fmt.Errorf("content type %q", header.Get("Content-Type"))
	}
	if !strings.HasSuffix(media, "json") || body == nil {
		return nil
	}
	return c.checkBody(body, "paths", pattern, strings.ToLower(method), "responses", strconv.Itoa(status), "content", media, "schema")
}

func (c *Checker) checkBody(body []byte, at ...string) error {
	sum := fmt.Sprintf("%q %x", at, sha256.Sum256(body))
	if _, ok := c.passed.Load(sum); ok {
		return nil
	}
	schema, err := c.schemas.At(at...)
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := schema.Validate(instance); err != nil {
		return err
	}
	c.passed.Store(sum, true)
	return nil
}

func member(object map[string]any, names ...string) map[string]any {
	for _, name := range names {
		object, _ = object[name].(map[string]any)
	}
	return object
}
