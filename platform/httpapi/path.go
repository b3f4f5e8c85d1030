package httpapi

import (
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/swaggest/jsonschema-go"
)

// A Path is the path of something that this API serves, such as "/static/images/x.jpg". In responses the root path
// stands before it, as in every link that the API prints.
type Path string

// encoding returns the options by which responses are encoded.
func (a *API) encoding() json.Options {
	options := json.Deterministic(true)
	if a.cfg.RootPath == "" {
		return options
	}
	return json.JoinOptions(options, json.WithMarshalers(json.MarshalToFunc(func(enc *jsontext.Encoder, p Path) error {
		if p == "" {
			return enc.WriteToken(jsontext.String(""))
		}
		return enc.WriteToken(jsontext.String(a.cfg.RootPath + string(p)))
	})))
}

// rootExamples puts the root path before the examples of paths.
func (a *API) rootExamples(p jsonschema.InterceptPropParams) error {
	if t := reflect.TypeFor[Path](); p.Processed && (p.Field.Type == t || p.Field.Type == reflect.PointerTo(t)) {
		for i, example := range p.PropertySchema.Examples {
			p.PropertySchema.Examples[i] = fmt.Sprint(a.cfg.RootPath, example)
		}
	}
	return nil
}

func pathSchema() jsonschema.Schema {
	s := jsonschema.Schema{}
	s.AddType(jsonschema.String)
	s.WithFormat("uri-reference")
	return s
}
