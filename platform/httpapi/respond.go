package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/texts"
)

// statusClientGone is what is logged when nobody waits for the answer any more.
const statusClientGone = 499

// A Problem is the body of every error (RFC 9457).
type Problem struct {
	Type      Path           `json:"type" description:"Where the kind of problem is described." example:"/docs/problems#not_found"`
	Title     string         `json:"title" description:"The kind of problem, for people."`
	Status    int            `json:"status" minimum:"400" maximum:"599" description:"The HTTP status."`
	Detail    string         `json:"detail,omitempty" description:"What went wrong this time, for people."`
	Instance  string         `json:"instance" format:"uri-reference" description:"This occurrence: urn:uuid: and the request id."`
	Code      string         `json:"code" description:"The kind of problem, for programs. Never changes." example:"not_found"`
	RequestID string         `json:"request_id" description:"Stands in every log line of the request."`
	Errors    []FieldError   `json:"errors,omitempty" description:"All that is wrong with the fields of the request."`
	Members   map[string]any `json:",embed"`
}

// A FieldError is one thing wrong with one part of the request.
type FieldError struct {
	Field   string `json:"field" description:"Name of the field, with dots and indexes for nested ones." example:"date_to"`
	In      string `json:"in" enum:"body,path,query,header" description:"Part of the request that holds the field."`
	Code    string `json:"code" description:"Stable code of the rule that is broken." example:"required"`
	Message string `json:"message" description:"What is wrong, for people." example:"is required"`
}

// A locator knows the path of the resource it stands for.
type locator interface{ Location() string }

// A chooser chooses the status it is answered with.
type chooser interface{ StatusCode() int }

// maxBuffer is the largest buffer that is kept for the next answer, in bytes.
const maxBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// withBuffer lends do an empty buffer.
func withBuffer(do func(*bytes.Buffer) error) error {
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	err := do(b)
	// A rare large answer must not stay in memory.
	if b.Cap() <= maxBuffer {
		buffers.Put(b)
	}
	return err
}

// respond writes out, the result of e. It is encoded before the header is written, so that a failure to
// encode can still be an error.
func (a *API) respond(w http.ResponseWriter, r *http.Request, e *endpoint, out any) error {
	if e.out == reflect.TypeFor[Empty]() {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if attempt := idempotency.From(r.Context()); attempt != nil {
		if attempt.Reply() == nil {
			return errNotOnce
		}
		writeReply(w, r, jsonType, *attempt.Reply())
		return nil
	}
	return withBuffer(func(b *bytes.Buffer) error {
		reply, err := a.reply(b, e, out)
		if err == nil {
			writeReply(w, r, jsonType, reply)
		}
		return err
	})
}

// reply makes the answer of e that out is, with its body in b.
func (a *API) reply(b *bytes.Buffer, e *endpoint, out any) (idempotency.Reply, error) {
	if err := encode(b, out, a.encode); err != nil {
		return idempotency.Reply{}, err
	}
	reply := idempotency.Reply{Status: e.statusOf(out), Body: b.Bytes()}
	if l, ok := out.(locator); ok && reply.Status == http.StatusCreated {
		reply.Location = a.cfg.RootPath + l.Location()
	}
	if e.Conditional {
		reply.ETag = entityTag(reply.Body)
	}
	return reply, nil
}

// encode writes v as answers have it: as JSON that a line break ends.
func encode(b *bytes.Buffer, v any, options json.Options) error {
	if err := json.MarshalWrite(b, v, options); err != nil {
		return err
	}
	return b.WriteByte('\n')
}

// statusOf is the status that out is answered with.
func (e *endpoint) statusOf(out any) int {
	if s, ok := out.(chooser); ok {
		return s.StatusCode()
	}
	return e.Status
}

// writeReply answers r, without a body if the client has it already or asks for none.
func writeReply(w http.ResponseWriter, r *http.Request, contentType string, reply idempotency.Reply) {
	h := w.Header()
	if reply.ETag != "" {
		h.Set("ETag", reply.ETag)
		if reads := r.Method == http.MethodGet || r.Method == http.MethodHead; reads && isUnchanged(r, reply.ETag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if reply.Location != "" {
		h.Set("Location", reply.Location)
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(reply.Body)))
	w.WriteHeader(reply.Status)
	if r.Method != http.MethodHead {
		// The client may be gone; there is nobody left to tell.
		_, _ = w.Write(reply.Body)
	}
}

// fail answers with the problem that err is, in the language of the client, and notes err for the log.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	x.err = err
	header := w.Header()
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		// A client that only closed its side for writing still reads, and must not take silence for success.
		x.status = statusClientGone
		header.Set("Connection", "close")
		err = errs.Unavailable.New("The connection was closed before the answer was ready.").Because(err)
	}
	problem := a.problem(err)
	header.Set("Cache-Control", neverStored)
	if problem.Kind.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", cmp.Or(problem.Challenge, "Bearer"))
	}
	if problem.RetryAfter > 0 {
		header.Set("Retry-After", retryAfter(problem.RetryAfter))
	}
	language := a.cfg.Texts.Negotiate(r.Header.Values("Accept-Language"))
	header.Set("Content-Language", string(language))
	header.Add("Vary", "Accept-Language")
	body := a.problemBody(problem, language)
	body.Instance, body.RequestID = "urn:uuid:"+x.requestID, x.requestID
	err = withBuffer(func(b *bytes.Buffer) error {
		err := encode(b, body, a.encode)
		if err == nil {
			writeReply(w, r, problemType, idempotency.Reply{Status: body.Status, Body: b.Bytes()})
		}
		return err
	})
	if err != nil {
		x.err = errors.Join(x.err, err)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// problemBody puts a problem into words.
func (a *API) problemBody(problem *errs.Error, language texts.Language) Problem {
	fields := make([]FieldError, len(problem.Fields))
	for i, f := range problem.Fields {
		fields[i] = FieldError{Field: f.Field, In: f.In, Code: f.Code, Message: a.cfg.Texts.Say(f.Message, language)}
	}
	return Problem{
		Type:    Path("/docs/problems#" + problem.Kind.Code),
		Title:   a.cfg.Texts.Say(errs.Say(problem.Kind.Title), language),
		Status:  problem.Kind.Status,
		Detail:  a.cfg.Texts.Say(problem.Detail, language),
		Code:    problem.Kind.Code,
		Errors:  fields,
		Members: problem.Members,
	}
}

// unavailablePause is what a client is told to wait where nobody knows better.
const unavailablePause = time.Second

// problem returns what a client may know of err. One for whom the service is not available is told when to come back.
func (a *API) problem(err error) *errs.Error {
	problem := a.classify(err)
	if problem.Kind != errs.Unavailable || problem.RetryAfter > 0 {
		return problem
	}
	// A copy, as the error may be a value that requests share.
	later := *problem
	later.RetryAfter = unavailablePause
	return &later
}

func (a *API) classify(err error) *errs.Error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e
	}
	if a.cfg.Classify != nil {
		if e, ok := errors.AsType[*errs.Error](a.cfg.Classify(err)); ok {
			return e
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.Unavailable.New("The answer took too long.").Because(err)
	}
	return errs.Internal.New("").Because(err)
}

// acceptPatch is the value of the Accept-Patch header (RFC 5789, section 3.1).
var acceptPatch = strings.Join([]string{patchType, jsonType}, ", ")
