package httpapi

import (
	"maps"
	"net/http"
	"strconv"
)

// exampleTag is an ETag as the document shows it.
const exampleTag = `"3q2-7wAAAAAAAAAAAAAAAA"`

// finishHeaders documents the headers of requests and answers that e has by its declaration.
func (e *endpoint) finishHeaders(op map[string]any) {
	var parameters []any
	if list, ok := op["parameters"].([]any); ok {
		parameters = list
	}
	parameters = append(parameters, e.headerParameters()...)
	if len(parameters) > 0 {
		op["parameters"] = parameters
	}
	if e.Conditional && e.method == http.MethodGet {
		member(op, "responses")["304"] = map[string]any{"description": "The client has this representation already."}
	}
	for status, response := range member(op, "responses") {
		response := response.(map[string]any)
		code, _ := strconv.Atoi(status)
		headers := e.answerHeaders(code)
		for _, name := range e.sharedHeaders(code) {
			headers[name] = shared("headers", name)
		}
		if known, ok := response["headers"].(map[string]any); ok {
			maps.Copy(headers, known)
		}
		response["headers"] = headers
	}
}

// headerParameters are the headers that a request may have for e.
func (e *endpoint) headerParameters() []any {
	var list []any
	add := func(name, description, example string) {
		p := map[string]any{"name": name, "in": "header", "description": description, "schema": map[string]any{"type": "string"}}
		if example != "" {
			p["example"] = example
		}
		list = append(list, p)
	}
	if e.Idempotent {
		// Without an example, with which the second try of a newcomer would be taken for a repetition of the first.
		add("Idempotency-Key", "Lets the request be sent again without its effect happening again: 1 to 255 visible "+
			"ASCII characters, such as a UUID, that the client makes for each request. The reply is kept for 24 hours.", "")
	}
	switch {
	case e.Conditional && e.method == http.MethodGet:
		add(noneMatchHeader, "ETags of what the client has already. If it is one of them, the answer is 304 without a body.", exampleTag)
	case e.changes():
		add(matchHeader, "The ETag of what the client wants to change. If that has changed meanwhile, nothing does.", "*")
		add(noneMatchHeader, "ETags of what the client does not want to change.", exampleTag)
	}
	return list
}

// answerHeaders are the headers of e's answers of a status that are not the same everywhere.
func (e *endpoint) answerHeaders(status int) map[string]any {
	headers := make(map[string]any)
	text := func(description string) map[string]any {
		return map[string]any{"description": description, "schema": map[string]any{"type": "string"}}
	}
	succeeded := status < http.StatusBadRequest
	switch {
	case !succeeded:
	case e.contentType != "":
		headers["Cache-Control"] = text("Who may keep the answer, and for how long.")
	default:
		headers["Cache-Control"] = text("`" + e.cacheControl() + "`")
	}
	if e.Conditional && succeeded && status != http.StatusNoContent {
		headers["ETag"] = text("The version of the representation, for If-None-Match and If-Match.")
	}
	if e.Idempotent && succeeded {
		headers[replayedHeader] = text("true where the reply is that of an earlier request with the same key.")
	}
	return headers
}

// sharedHeaders names those headers of e's answers of a status that mean the same everywhere.
func (e *endpoint) sharedHeaders(status int) []string {
	names := []string{requestIDHeader}
	// Size and media type are judged before anything is counted.
	unread := status == http.StatusRequestEntityTooLarge || status == http.StatusUnsupportedMediaType
	if e.Budget != Unlimited && (!unread || e.files != nil) {
		names = append(names, "RateLimit-Policy", "RateLimit")
	}
	if status >= http.StatusBadRequest {
		names = append(names, "Content-Language")
	}
	busy := status == http.StatusConflict && e.Idempotent // another request with the same key
	if busy || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		names = append(names, "Retry-After")
	}
	if status == http.StatusUnauthorized {
		names = append(names, "WWW-Authenticate")
	}
	if unread && e.body != nil && e.body.patch {
		names = append(names, "Accept-Patch")
	}
	return names
}
