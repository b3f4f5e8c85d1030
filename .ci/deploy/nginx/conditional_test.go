package nginx_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// An editor reads and changes a hotel through the proxy, which compresses and so makes strong tags weak.
type editor struct {
	*site

	token string
}

// signIn returns an admin of the demo data.
func signIn(s *site) *editor {
	s.t.Helper()
	res := s.send("POST", root+"/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, adminEmail, adminPassword), "Content-Type: application/json")
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(res.body), &tokens); err != nil || tokens.Access == "" {
		s.t.Fatalf("sign in: %d %s", res.StatusCode, res.body)
	}
	return &editor{site: s, token: tokens.Access}
}

// read asks for the hotel, compressed, with headers.
func (e *editor) read(headers ...string) response {
	return e.ask("GET", root+"/hotels/1", append(headers, "Accept-Encoding: gzip")...)
}

// write changes the description of the hotel if it has not changed since it had the tag.
func (e *editor) write(description, tag string) response {
	body := fmt.Sprintf(`{"description":%q}`, description)
	return e.send("PATCH", root+"/hotels/1", body, "Authorization: Bearer "+e.token, "Content-Type: application/merge-patch+json",
		"If-Match: "+tag, "Accept-Encoding: gzip")
}

// count adds one to the number in the description, times times, reading again whenever somebody was faster.
func (e *editor) count(times int) error {
	const tries = 1000
	for range tries {
		if times == 0 {
			return nil
		}
		res := e.read()
		if res.StatusCode == http.StatusServiceUnavailable {
			continue // as a machine with much to do may answer
		}
		n, err := e.number(res)
		if err != nil {
			return err
		}
		switch status := e.write(strconv.Itoa(n+1), res.Header.Get("ETag")).StatusCode; status {
		case http.StatusOK:
			times--
		case http.StatusPreconditionFailed, http.StatusServiceUnavailable:
		default:
			return fmt.Errorf("a racing change: %d", status)
		}
	}
	return errors.New("somebody is always faster")
}

// number returns the number in the description that was read.
func (e *editor) number(res response) (int, error) {
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the hotel is not there to be read: %d %s", res.StatusCode, res.body)
	}
	plain, err := gzip.NewReader(strings.NewReader(res.body))
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		return 0, err
	}
	var hotel struct{ Description string }
	if err := json.Unmarshal(text, &hotel); err != nil {
		return 0, err
	}
	return strconv.Atoi(hotel.Description)
}

// TestWeakTags: conditional requests work although the proxy compresses.
func TestWeakTags(t *testing.T) {
	t.Parallel()
	_, proxied := newPair(t)
	var f findings
	e := signIn(proxied)
	first := e.read()
	old := first.Header.Get("ETag")
	want(&f, "the encoding", first.Header.Get("Content-Encoding"), "gzip")
	want(&f, "the tag is weak", strings.HasPrefix(old, `W/"`), true)
	for _, tags := range []string{old, `"a,b", ` + old, strings.TrimPrefix(old, "W/")} {
		want(&f, "read again with "+tags, e.read("If-None-Match: "+tags).StatusCode, http.StatusNotModified)
	}
	list := e.ask("GET", root+"/countries", "Accept-Encoding: gzip")
	again := e.ask("GET", root+"/countries", "Accept-Encoding: gzip", "If-None-Match: "+list.Header.Get("ETag"))
	want(&f, "a list, read again", again.StatusCode, http.StatusNotModified)
	changed := e.write("0", old)
	want(&f, "change what was read", changed.StatusCode, http.StatusOK)
	want(&f, "change what has changed", e.write("1", old).StatusCode, http.StatusPreconditionFailed)
	gone := e.ask("DELETE", root+"/hotels/1", "Authorization: Bearer "+e.token, "If-Match: "+old)
	want(&f, "delete what has changed", gone.StatusCode, http.StatusPreconditionFailed)
	now := e.read("If-None-Match: " + old)
	want(&f, "read what has changed", now.StatusCode, http.StatusOK)
	want(&f, "the tag of the change", now.Header.Get("ETag"), changed.Header.Get("ETag"))
	var racers sync.WaitGroup
	failed := make(chan error, 4)
	for range cap(failed) {
		racers.Go(func() { failed <- e.count(25) })
	}
	racers.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			f.add("%v", err)
		}
	}
	n, err := e.number(e.read())
	want(&f, "an error at the end", err, nil)
	want(&f, "a hundred racing changes", n, 100)
	for _, finding := range append(f, proxied.faults...) {
		t.Error(finding)
	}
}
