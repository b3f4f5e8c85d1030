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
		headers := e.answerHeaders(status)
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

// answerHeaders are the headers of e's answers of a status.
func (e *endpoint) answerHeaders(status string) map[string]any {
	headers := make(map[string]any)
	text := func(description string) map[string]any {
		return map[string]any{"description": description, "schema": map[string]any{"type": "string"}}
	}
	code, _ := strconv.Atoi(status)
	succeeded := code < http.StatusBadRequest
	switch {
	case !succeeded:
	case e.contentType != "":
		headers["Cache-Control"] = text("Who may keep the answer, and for how long.")
	default:
		headers["Cache-Control"] = text("`" + e.cacheControl() + "`")
	}
	if e.Conditional && succeeded && code != http.StatusNoContent {
		headers["ETag"] = text("The version of the representation, for If-None-Match and If-Match.")
	}
	if e.Idempotent && succeeded {
		headers[replayedHeader] = text("true where the reply is that of an earlier request with the same key.")
	}
	if e.Budget != Unlimited && succeeded || code == http.StatusTooManyRequests {
		headers["RateLimit-Policy"] = text("The budget: its name, requests (q) and seconds (w).")
		headers["RateLimit"] = text("What is left of the budget: requests (r) in the next seconds (t).")
	}
	switch {
	case code == http.StatusUnauthorized:
		headers["WWW-Authenticate"] = text("How to sign in: `Bearer`.")
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		headers["Retry-After"] = text("Seconds to wait before trying again.")
	case code == http.StatusConflict && e.Idempotent:
		headers["Retry-After"] = text("Seconds to wait before trying again, while the same request is still being worked on.")
	}
	return headers
}
