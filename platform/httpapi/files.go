package httpapi

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// Files are the files of a multipart/form-data body (RFC 7578), read while they arrive. It is the type of a field
// of parameters, as the package describes.
type Files struct {
	upload *upload
	plan   *filesPlan
	parts  *parts // made by All, so that a request that waits for its turn costs no buffer
}

// A File is one file of a body. It can be read until the next one is asked for.
type File struct {
	// Name is the file's name where it came from: without folders, without control characters and those that turn
	// the direction of writing, valid UTF-8 in form NFC, 255 code points at most. It may be empty, and is never to be
	// a path.
	Name string
	// Reader reads the content. Its errors other than io.EOF say what the client did wrong, and are to be returned.
	io.Reader
}

// A filesPlan says which parts a body may have.
type filesPlan struct {
	name        string
	most        int
	description string
	index       []int
}

func newFilesPlan(f reflect.StructField) (*filesPlan, error) {
	p := &filesPlan{name: f.Tag.Get("part"), description: f.Tag.Get("description"), index: f.Index}
	var err error
	if p.most, err = strconv.Atoi(f.Tag.Get("maxItems")); err != nil || p.name == "" {
		return nil, fmt.Errorf("field %s needs the tags part and maxItems", f.Name)
	}
	return p, nil
}

// describe returns the request body of the operation.
func (p *filesPlan) describe() map[string]any {
	files := map[string]any{"type": "array", "items": binarySchema(), "minItems": 1, "maxItems": p.most}
	if p.description != "" {
		files["description"] = p.description
	}
	return map[string]any{"required": true, "content": map[string]any{formType: map[string]any{"schema": map[string]any{
		"type": "object", "properties": map[string]any{p.name: files}, "required": []any{p.name}, "additionalProperties": false,
	}}}}
}

// maxFileName is the length of File.Name in code points.
const maxFileName = 255

// All returns the files in their order. It yields an error, and then nothing more, when the body is not as
// documented: a part of another name, too many files or none, a body that is too large, broken or late. It can be
// ranged over once.
func (f *Files) All() iter.Seq2[*File, error] {
	return func(yield func(*File, error) bool) {
		if f.parts == nil {
			f.parts = newParts(f.upload, f.upload.boundary)
		}
		for n := 0; ; n++ {
			part, err := f.parts.next()
			switch {
			case errors.Is(err, io.EOF) && n > 0:
				return
			case errors.Is(err, io.EOF):
				err = errs.InvalidBody(f.plan.name, "required", "is required")
			case err == nil && part.name != f.plan.name:
				err = errs.InvalidFields(errs.Field{Field: cleanText(part.name), In: "body", Code: "unknown",
					Message: errs.Say("is not a known field"), Foreign: true})
			case err == nil && n == f.plan.most:
				err = errs.InvalidBody(f.plan.name, "max_items", textMaxItems, n)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&File{Name: cleanFileName(part.fileName), Reader: part}, nil) {
				return
			}
		}
	}
}

// cleanFileName returns what may be kept and shown of a file name that a client sent.
func cleanFileName(name string) string {
	name = cleanText(name[strings.LastIndexAny(name, `/\`)+1:])
	if name == "." || name == ".." {
		return ""
	}
	return name
}

// cleanText returns s as a line of text: valid UTF-8 in form NFC without control characters and those that turn the
// direction of writing, maxFileName code points at most.
func cleanText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	// After characters were removed that stood between others, and before the cut, as it can make text longer.
	s = strings.TrimSpace(norm.NFC.String(s))
	length := 0
	for i := range s {
		if length == maxFileName {
			return strings.TrimSpace(s[:i])
		}
		length++
	}
	return s
}
