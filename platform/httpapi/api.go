// Package httpapi turns plain typed functions into an HTTP API over net/http.
//
// A feature declares each endpoint once, with [Handle]: a [Route] and a function of the form
// func(ctx, *Params) (*Response, error). From that one declaration come the mux pattern, the decoding and the
// validation of path, query and body, who may call it, the success status, the OpenAPI operation, the metric
// label and the log attribute, so that they cannot disagree.
//
// # Parameters
//
// Params is a struct. Its fields are read once, when the route is declared:
//
//   - `path:"hotel_id"` and `query:"limit"` take a value from the path or the query. Strings, integers, floats,
//     booleans, types with UnmarshalText, slices of those (a repeatable query parameter) and pointers to those
//     (optional, nil when absent) are known. A query parameter without a pointer, a default or required:"true"
//     is its zero value when absent. Embedded structs are flattened.
//   - A field named Body holds the JSON body. Without such a field and without path and query fields, the
//     whole struct is the body. A Body of type [Patch] is a JSON Merge Patch.
//   - A field of type [Files] with the tag part:"file" takes the files of a multipart/form-data body, of which
//     maxItems:"10" says how many there may be. They are not kept: the endpoint reads them as they arrive.
//
// Limits stand in tags and become JSON Schema: required:"true" default minimum maximum minLength maxLength
// pattern notBlank format enum maxItems items.minimum uniqueItems description example. For what JSON it holds, a field of
// raw JSON says types:"object,null". Every body object is closed. In a
// body, a pointer is nullable, a slice is not. The examples of a request must make one that is valid: what is
// required needs one, and example:"today+30" is the date 30 days from now. Rules between fields go into a method
// Validate() error on Params or on the body, called once everything else holds.
//
// # Responses
//
// Response is written as JSON with every field present; a nil slice is []. A response with a method
// Location() string, answered with 201, gets that header, with the root path before it, as does every [Path]
// in a response. A response of type [Empty] is 204. A response with StatusCode() int chooses its own status among those declared.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/texts"
)

// Access names who may call a route. The zero Access is refused when the API is built, so that no route is
// open by omission. What the values other than Public mean is up to Config.Admit.
type Access string

// Public routes may be called by anyone.
const Public Access = "public"

// A Route declares an endpoint.
type Route struct {
	// Pattern is a method and a path of net/http.ServeMux, such as "GET /hotels/{hotel_id}".
	Pattern string
	// ID is the operation's name in generated clients, in lowerCamelCase, such as "getHotel".
	ID string
	// Tag is the group of the operation in the documentation.
	Tag string
	// Summary is a few words, Description Markdown.
	Summary, Description string
	// Access says who may call the route.
	Access Access
	// Budget is what the requests are counted against; Reads or Writes by the method when it is not set.
	Budget Budget
	// Idempotent routes take an Idempotency-Key: their functions run in idempotency.Once or idempotency.Send. It is for
	// POSTs that are not Public, as a key belongs to its caller.
	Idempotent bool
	// Conditional routes answer with a strong ETag. GET heeds If-None-Match; of the others, the function heeds
	// If-Match by calling CheckMatch.
	Conditional bool
	// Status of a success: 200 when zero, or 204 for a response of type Empty.
	Status int
	// OtherStatuses may be answered beside Status: by a response that has StatusCode(), or by a raw handler.
	OtherStatuses []int
	// Timeout is how long the endpoint may take, the arrival of a multipart body included; Config.Timeout when
	// zero. It also moves the deadlines of the connection, once the caller is known to be allowed; such a body must
	// then keep coming, with 32 KiB in every 15 s that the server waits for it.
	Timeout time.Duration
	// MaxBody is the size in bytes that a multipart body may have; routes with [Files] must say it. A body that is
	// refused is still read, unless the caller may not call the route: up to twice this size, so that clients
	// that write all before they read get the answer.
	MaxBody int64
	// AnyQuery marks a route that passes over query parameters which it does not know instead of refusing them, as
	// sites add their own to the links of pictures to get past caches.
	AnyQuery bool
	// Probe marks a route that machines call all the time: its answers are logged at level debug.
	Probe bool
	// Errors are the kinds of problem that the endpoint itself returns. Those that any route of its shape can
	// cause (malformed, unauthenticated, invalid, ...) are added by the API.
	Errors []errs.Kind
	// Members is a struct of the extension members that the problems in Errors have, with the tags of a response, for
	// the document; optional. Each description says which codes have the member.
	Members any
}

// A Tag is a group of operations in the documentation.
type Tag struct {
	Name, Description string
}

// Empty is the response of an endpoint that answers 204 No Content.
type Empty struct{}

// Config is what an API needs to know. Fields without "optional" are required.
type Config struct {
	// Title, Version and Description stand in the OpenAPI document.
	Title, Version, Description string
	// AccessTexts say in a sentence who may call the routes of each Access; optional.
	AccessTexts map[Access]string
	// Tags describe the groups of operations, in the order in which the documentation shows them; optional.
	Tags []Tag
	// RootPath is the prefix under which a proxy publishes the API, such as "/apps/shum-booking"; optional.
	// Routes answer with and without it, and every link that the API prints begins with it.
	RootPath string
	// Admit decides whether r may call a route that demands d. Its errors are answered like an endpoint's, with what
	// the admission tells of the quota; optional where every route is Public.
	Admit func(r *http.Request, d Demand) (Admission, error)
	// Refused is told of requests by known callers that were answered with errs.Forbidden or errs.NotFound on routes
	// that are not Public; optional.
	Refused func(ctx context.Context, refusal Refusal)
	// TrustedProxies are believed what they say of the address of a client; optional.
	TrustedProxies []netip.Prefix
	// FingerprintKeys key what is stored of the bodies of requests that carry an Idempotency-Key: the one in use, and
	// then those that were until a day ago; optional, for APIs whose bodies hold no passwords.
	FingerprintKeys [][]byte
	// Classify turns an error of a library into one that a client may see, such as errs.Unavailable for a
	// database that is away; optional.
	Classify func(error) error
	// Log gets one line per request. Metrics takes the request metrics.
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Tracer begins a trace for each request to a route that is no Probe; optional, without it there are none.
	Tracer trace.Tracer
	// Timeout bounds the time of one endpoint; optional, 8 s by default.
	Timeout time.Duration
	// CORSOrigins may call the API from a browser, each as the browser says it, such as "https://app.example"; optional.
	CORSOrigins []string
	// Texts has what problems say in other languages than English; optional.
	Texts *texts.Catalogue
}
