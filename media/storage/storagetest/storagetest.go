// Package storagetest runs a bucket server inside of a test.
package storagetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/shumbooking/shumbooking/media/storage"
)

const accessKeyID = "test-access-key"

// A Server is an S3-compatible server with one empty bucket in memory. It knows one access key and does not look
// at signatures.
type Server struct {
	// Config is for [storage.OpenBucket].
	Config storage.BucketConfig

	http      *httptest.Server
	files     http.Handler
	intercept atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
}

// NewServer starts a server that ends with the test.
func NewServer(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{Config: storage.BucketConfig{
		Region: "us-east-1", Bucket: "photographs", AccessKeyID: accessKeyID, SecretAccessKey: "test-secret-key",
	}}
	backend := s3mem.New()
	if err := backend.CreateBucket(s.Config.Bucket); err != nil {
		tb.Fatal(err)
	}
	s.files = gofakes3.New(backend).Server()
	s.http = httptest.NewServer(s)
	s.Config.Endpoint = s.http.URL
	tb.Cleanup(s.http.Close)
	return s
}

// Intercept lets a function see every request first. A request for which it returns true is answered by then.
func (s *Server) Intercept(f func(http.ResponseWriter, *http.Request) bool) { s.intercept.Store(&f) }

// Stop takes the server away.
func (s *Server) Stop() { s.http.Close() }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := s.intercept.Load(); f != nil && (*f)(w, r) {
		return
	}
	if !strings.Contains(r.Header.Get("Authorization"), "Credential="+accessKeyID+"/") {
		Refuse(w, http.StatusForbidden, "InvalidAccessKeyId")
		return
	}
	s.files.ServeHTTP(w, r)
}

// Refuse answers with an error of S3.
func Refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>refused by the test</Message></Error>", code)
}
