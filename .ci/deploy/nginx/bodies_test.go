package nginx_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"deploy/proxy"
)

func bodyRules() map[string]rule {
	return map[string]rule{
		"a body is small":                      {check: checkSmallBody},
		"ten photographs are taken":            {settings: proxy.Settings{"MAX_IMAGE_FILE_SIZE_MB": "1"}, check: checkUpload},
		"an upload goes on while it arrives":   {check: checkStreaming},
		"other bodies are awaited":             {check: checkBuffered},
		"bodies that wait are not in memory":   {check: checkBodyMemory},
		"the API refuses before it is sent to": {check: checkEarlyRefusal},
	}
}

func checkSmallBody(f *findings, s *site) {
	for size, status := range map[int]int{64 << 10: 200, 128 << 10: 200, 128<<10 + 1: 413, 4 << 20: 413} {
		res := s.send("POST", root+"/bookings", strings.Repeat("x", size))
		want(f, fmt.Sprintf("%d bytes", size), res.StatusCode, status)
		if status == http.StatusOK {
			want(f, "bytes that came through", len(s.last(f, "a body").body), size)
			continue
		}
		wantProblem(f, res, http.StatusRequestEntityTooLarge, "body_too_large")
		want(f, "requests that came through", len(s.reached()), 0)
	}
	for _, path := range []string{"/auth/login", "/hotels", "/hotels/1", "/hotels/1/imagesx", "/images/1", "/static/images/x", "/riverui/api/x"} {
		wantProblem(f, s.send("POST", root+path, strings.Repeat("x", 128<<10+1)), http.StatusRequestEntityTooLarge, "body_too_large")
	}
	chunk := strings.Repeat("x", 128<<10+1)
	list := s.raw("POST " + root + "/bookings HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
		strconv.FormatInt(int64(len(chunk)), 16) + "\r\n" + chunk + "\r\n0\r\n\r\n")
	want(f, "answers to chunks", len(list), 1)
	for _, res := range list {
		wantProblem(f, res, http.StatusRequestEntityTooLarge, "body_too_large")
	}
	want(f, "requests that came through", len(s.reached()), 0)
}

func checkUpload(f *findings, s *site) {
	for _, path := range []string{"/hotels/1/images", "/hotels/1/rooms/2/images"} {
		// The API takes ten files and a mebibyte around them, and words the refusal of one that is a little too large.
		for size, status := range map[int]int{11 << 20: 200, 12 << 20: 200, 12<<20 + 1: 413} {
			res := s.send("POST", root+path, strings.Repeat("x", size))
			want(f, fmt.Sprintf("%d bytes to %s", size, path), res.StatusCode, status)
			if status != http.StatusOK {
				wantProblem(f, res, status, "body_too_large")
			}
		}
	}
}

// arriving answers with what has come of the body, and tells when the first of it has.
func arriving(first chan<- string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 5)
		_, _ = io.ReadFull(r.Body, b)
		first <- string(b)
		rest, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprint(w, len(rest))
	})
}

func checkStreaming(f *findings, s *site) {
	first := make(chan string, 1)
	s.replace(arriving(first))
	conn := s.dial()
	fmt.Fprintf(conn, "POST %s/hotels/1/images HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n12345", root)
	select {
	case got := <-first:
		want(f, "the first of the body", got, "12345")
	case <-s.waitLong():
		f.add("nothing of an upload comes through before all of it is there")
	}
	fmt.Fprint(conn, "67890")
	for _, res := range answers(conn, "POST") {
		want(f, "the rest", res.body, "5")
	}
}

// checkBuffered: later requests come through while an earlier one waits for its body.
func checkBuffered(f *findings, s *site) {
	var mu sync.Mutex
	var order []string
	s.replace(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		order = append(order, r.Method)
		mu.Unlock()
		_, _ = io.Copy(w, r.Body)
	}))
	conn := s.dial()
	fmt.Fprintf(conn, "POST %s/bookings HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n12345", root)
	const later = 20
	for range later {
		s.ask("GET", root+"/hotels")
	}
	fmt.Fprint(conn, "67890")
	for _, res := range answers(conn, "POST") {
		want(f, "the body", res.body, "1234567890")
	}
	mu.Lock()
	defer mu.Unlock()
	want(f, "the place of the first", slices.Index(order, "POST"), later)
}

// checkBodyMemory: clients who never end their bodies would fill the memory of the container.
func checkBodyMemory(f *findings, s *site) {
	const clients, size = 100, 120 << 10
	before := s.Memory(s.t)
	request := fmt.Sprintf("POST %s/bookings HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", root, size+1) + strings.Repeat("x", size)
	for range clients {
		if _, err := io.WriteString(s.dial(), request); err != nil {
			f.add("%v", err)
		}
	}
	// Each worker comes by everything that waits for it.
	for range 20 {
		s.ask("GET", root+"/hotels")
	}
	if grown := s.Memory(s.t) - before; grown > clients*size/2 {
		f.add("%d bodies that wait take %d bytes of memory", clients, grown)
	}
}

// checkEarlyRefusal: whoever may not upload learns it before the photographs are sent.
func checkEarlyRefusal(f *findings, s *site) {
	s.replace(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	conn := s.dial()
	fmt.Fprintf(conn, "POST %s/hotels/1/images HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10000000\r\n\r\n12345", root)
	status := make(chan int, 1)
	go func() {
		line := make([]byte, 12)
		_, _ = io.ReadFull(conn, line)
		code, _ := strconv.Atoi(string(line[9:]))
		status <- code
	}()
	select {
	case got := <-status:
		want(f, "the status", got, http.StatusUnauthorized)
	case <-s.waitLong():
		f.add("the refusal waits for the body")
	}
}
