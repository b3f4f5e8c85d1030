package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxBody bounds what is read of an answer, in bytes.
	maxBody = 16 << 20
	// codeInProgress is what a request is told whose key another one with the same key is working on.
	codeInProgress = "request_in_progress"
)

// A Request is what to ask for.
type Request struct {
	// Op names what it is for in the statistics.
	Op     string
	Method string
	// Path is what follows the base URL, with the query.
	Path  string
	Token string // an access token, if any
	Key   string // the Idempotency-Key, if any
	// Body is sent as JSON, unless there is Raw, which is sent as it is and as what ContentType says.
	Body        any
	ContentType string
	Raw         []byte
	// Client is the number of the virtual client that asks.
	Client int
	// Due is when it should have been sent, if that is not now.
	Due time.Time
	// Attempts bounds how often Settle sends it; 0 is as often as it takes.
	Attempts int
	// Discard has the body of a 2xx be read and forgotten.
	Discard bool
}

// An Answer is what one attempt came to.
type Answer struct {
	Status     int
	Header     http.Header
	Body       []byte
	Code       string        // of the problem
	RetryAfter time.Duration // 0 if the service does not say
	// Err says why no whole answer arrived. Then nobody knows what became of the request, and everything else is zero.
	Err error
}

// OK reports whether the request did what it was to do.
func (a *Answer) OK() bool { return a.Err == nil && a.Status >= 200 && a.Status < 300 }

// Settled reports whether it is known what became of the request and sending it again is no use. It is not after an attempt
// without an answer or with a 5xx, while another attempt is still at work, and when the service was too busy to look.
func (a *Answer) Settled() bool {
	switch {
	case a.Err != nil, a.Status >= 500, a.Status == http.StatusTooManyRequests, a.Status == http.StatusRequestTimeout:
		return false
	default:
		return a.Code != codeInProgress
	}
}

// Replayed reports whether the service says that it has given this answer before.
func (a *Answer) Replayed() bool { return a.Header.Get("Idempotency-Replayed") == "true" }

// Send makes one attempt. It does not follow redirects, and a body that is cut short is no answer.
func (c *Client) Send(ctx context.Context, r Request) Answer {
	if err := r.encode(); err != nil {
		return Answer{Err: err}
	}
	return c.send(ctx, &r)
}

// encode makes Raw of Body, once for all attempts.
func (r *Request) encode() error {
	if r.Raw != nil || r.Body == nil {
		return nil
	}
	raw, err := json.Marshal(r.Body)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	r.Raw, r.ContentType = raw, "application/json"
	return nil
}

func (c *Client) send(ctx context.Context, r *Request) Answer {
	sample := Sample{Op: r.Op, Client: r.Client, Due: r.Due, Begin: time.Now()}
	if r.Due.IsZero() {
		sample.Due = sample.Begin
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request := c.request(ctx, r)
	sample.Sent = sizeOf(request.Header) + int64(len(r.Method)+len(r.Path)+len(r.Raw))
	answer, received := c.exchange(request, r.Discard)
	sample.End = time.Now()
	sample.Status, sample.Code, sample.Received = answer.Status, answer.Code, received
	c.observe(sample)
	if answer.Err != nil {
		c.move(r.Client)
	}
	return answer
}

// request is made by hand, because http.NewRequest parses an URL that is in parts already, and because a body that the
// transport knows how to send again is sent again when the Idempotency-Key says that it may be: then one attempt would be two.
func (c *Client) request(ctx context.Context, r *Request) *http.Request {
	base := c.base(r.Client)
	path, query, _ := strings.Cut(r.Path, "?")
	request := &http.Request{
		Method: r.Method, Host: base.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		URL:    &url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path + path, RawQuery: query},
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {"bookload"}},
	}
	if r.Token != "" {
		request.Header["Authorization"] = []string{"Bearer " + r.Token}
	}
	if r.Key != "" {
		request.Header["Idempotency-Key"] = []string{r.Key}
	}
	if r.Raw != nil {
		request.Header["Content-Type"] = []string{r.ContentType}
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(r.Raw)), int64(len(r.Raw))
	}
	return request.WithContext(ctx)
}

// exchange sends a request and reads its answer to the end. It returns how many bytes that were.
func (c *Client) exchange(request *http.Request, discard bool) (answer Answer, received int64) {
	res, err := c.transport.RoundTrip(request)
	if err != nil {
		return Answer{Err: err}, 0
	}
	defer res.Body.Close()
	answer = Answer{Status: res.StatusCode, Header: res.Header}
	var n int64
	if discard && res.StatusCode < 300 {
		n, err = io.Copy(io.Discard, res.Body)
	} else {
		answer.Body, err = read(res)
		n = int64(len(answer.Body))
	}
	received = n + sizeOf(res.Header)
	if err != nil {
		return Answer{Err: fmt.Errorf("%s: %w", res.Status, err)}, received
	}
	if answer.Status >= http.StatusBadRequest {
		answer.explain()
	}
	return answer, received
}

// read reads a body in one piece where its length is known.
func read(res *http.Response) ([]byte, error) {
	if res.ContentLength >= 0 && res.ContentLength <= maxBody {
		body := make([]byte, res.ContentLength)
		_, err := io.ReadFull(res.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the body has more than %d bytes", maxBody)
	}
	return body, err
}

// explain reads what an answer that is no success says about itself. Proxies may say nothing.
func (a *Answer) explain() {
	var problem struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(a.Body, &problem) == nil {
		a.Code = problem.Code
	}
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err == nil && seconds > 0 {
		a.RetryAfter = time.Duration(seconds) * time.Second
	}
}

// sizeOf returns the bytes of a header as it is sent.
func sizeOf(h http.Header) int64 {
	n := 0
	for name, values := range h {
		for _, value := range values {
			n += len(name) + len(": \r\n") + len(value)
		}
	}
	return int64(n)
}
