package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

const (
	firstPause = 500 * time.Millisecond
	maxPause   = 5 * time.Second
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 64 << 10
)

// A client sends spans as OTLP over HTTP with binary protobuf. It stands in for otlptracehttp, which makes the program
// larger by all of gRPC and its gateway.
type client struct {
	http     *http.Client
	endpoint string
	headers  map[string]string
	gzip     bool
	timeout  time.Duration
	// life ends with the provider.
	life     context.Context
	rejected func(n int64, err error)
}

var _ otlptrace.Client = (*client)(nil)

// newClient returns a client that tells rejected of the spans that the collector took and did not keep.
func newClient(life context.Context, c Config, rejected func(int64, error)) *client {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConns: 1, IdleConnTimeout: time.Minute,
	}
	return &client{
		// A redirected batch would lose its body, and take the headers to others.
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		endpoint: c.Endpoint, headers: c.Headers, gzip: c.Gzip, timeout: c.Timeout, life: life, rejected: rejected,
	}
}

// Start implements otlptrace.Client.
func (*client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// errStopped is why spans are lost that the collector does not take before the program ends.
var errStopped = errors.New("the program ends")

// UploadTraces implements otlptrace.Client. What the collector cannot take at the moment is sent again, with growing
// pauses, as long as there is time.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := c.encode(spans)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)() //nolint:contextcheck // The SDK's context does not end with the program.
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := c.post(ctx, body)
		switch {
		case err == nil:
			return nil
		case c.life.Err() != nil:
			return errStopped
		case ctx.Err() != nil:
			return err
		}
		wait := pause/2 + rand.N(pause) //nolint:gosec // chance, not secrecy
		if refused, ok := errors.AsType[*refusal](err); ok {
			if !refused.isPassing() {
				return err
			}
			wait = max(wait, refused.retryAfter)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// encode returns the message ExportTraceServiceRequest, which has the one field of TracesData.
func (c *client) encode(spans []*tracepb.ResourceSpans) ([]byte, error) {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil || !c.gzip {
		return body, err
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// A refusal is an answer that is no success.
type refusal struct {
	status     int
	retryAfter time.Duration
}

func (r *refusal) Error() string { return "the collector answers " + strconv.Itoa(r.status) }

// isPassing reports whether OTLP lets the same be sent again.
func (r *refusal) isPassing() bool {
	return slices.Contains([]int{
		http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}, r.status)
}

// post sends a batch once.
func (c *client) post(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return errors.New("the endpoint is not a URL") // Which may have a password.
	}
	for name, value := range c.headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	if c.gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	res, err := c.http.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // Without the URL, which may have a key.
		}
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode/100 != 2 {
		// Without the header, or with a date in it, the pause is ours.
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return &refusal{status: res.StatusCode, retryAfter: time.Duration(seconds) * time.Second}
	}
	if err != nil {
		return err
	}
	if n := rejectedSpans(answer); n > 0 {
		c.rejected(n, fmt.Errorf("the collector does not keep all it takes"))
	}
	return nil
}

// rejectedSpans reads partial_success.rejected_spans of an ExportTraceServiceResponse: in both messages the field of
// number 1. It is 0 for what is no such message.
func rejectedSpans(answer []byte) int64 {
	partial, _ := firstField(answer)
	_, n := firstField(partial)
	return int64(n)
}

// firstField returns the field of number 1 of a message, which is either bytes or a number.
func firstField(message []byte) (value []byte, number uint64) {
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return nil, 0
		}
		message = message[size:]
		if size = protowire.ConsumeFieldValue(n, kind, message); size < 0 {
			return nil, 0
		}
		if n == 1 && kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(message)
		}
		if n == 1 && kind == protowire.VarintType {
			number, _ = protowire.ConsumeVarint(message)
		}
		message = message[size:]
	}
	return value, number
}
