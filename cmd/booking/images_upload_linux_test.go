package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// killedFiles is how many files the uploads have that a killed API does not finish.
const killedFiles = 5

// TestKilledAPI kills the API at every stage of an upload: no image is half there, and what remains of files the
// sweep removes.
func TestKilledAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t, pgtest.Config(t), nil)
	s.open(1)
	for _, stage := range []func(*site, []byte) (release func()){
		(*site).uploadHalf, (*site).uploadBeforeRows, (*site).uploadBeforeJobs, (*site).uploadBeforeCommit,
		(*site).uploadSomehow, (*site).uploadSomehow, (*site).uploadSomehow,
	} {
		release := stage(s, imagingtest.JPEG(700, 500))
		s.api.Kill()
		release()
		s.wantWholeUploads()
		s.serve()
	}
	if n := s.number("SELECT count(*) FROM images"); n%killedFiles != 0 {
		t.Errorf("%d images, want a multiple of %d", n, killedFiles)
	}
	if left := len(s.keys("originals/")) - s.number("SELECT count(*) FROM images"); left < 2*killedFiles {
		t.Errorf("%d files are left of uploads, want those of at least two", left)
	}
	s.age()
	p := s.work()
	s.settle()
	s.age()
	s.sweep()
	s.wantFiles()
	s.wantReady(s.number("SELECT count(*) FROM images"))
	if n := s.begun(); n != len(s.keys("images/")) {
		t.Errorf("%d files are in the store after the sweep, want the %d that are served", n, len(s.keys("images/")))
	}
	terminate(t, p)
}

// wantWholeUploads checks what a killed API left, before anybody else comes.
func (s *site) wantWholeUploads() {
	s.t.Helper()
	proctest.Eventually(s.t, "the transactions of the API have ended", func() bool {
		return s.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()`) == 0
	})
	if n := s.number("SELECT count(*) FROM images i FULL JOIN (SELECT (args->>'image_id')::bigint AS id FROM river_job " +
		"WHERE kind = 'image_process') j USING (id) WHERE i.id IS NULL OR j.id IS NULL"); n != 0 {
		s.t.Errorf("%d images without a job or jobs without an image", n)
	}
	s.wantNamed()
	left, err := filepath.Glob(filepath.Join(s.uploads, "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range left {
		// Only the moment before a file loses its name can leave one, and that is before anything is written.
		if info, err := os.Stat(name); err != nil || info.Size() > 0 {
			s.t.Errorf("the temporary file %s is left: %v, %v", name, info, err)
		}
	}
}

// request is an upload of killedFiles.
func (s *site) request(content []byte) *http.Request {
	s.t.Helper()
	contentType, body := apitest.Multipart(s.t, photographs(killedFiles, content)...)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+"/hotels/1/images", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+s.token)
	return r
}

// send begins an upload that is not expected to end well, and returns a function that waits for its end.
func (s *site) send(content []byte) (wait func()) {
	s.t.Helper()
	r := s.request(content)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if res, err := http.DefaultTransport.RoundTrip(r); err == nil {
			res.Body.Close()
		}
	}()
	return func() { <-done }
}

// uploadHalf sends so much of an upload that one file is spooled and another has begun.
func (s *site) uploadHalf(content []byte) func() {
	s.t.Helper()
	r := s.request(content)
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	var whole bytes.Buffer
	if err := r.Write(&whole); err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.Write(whole.Bytes()[:whole.Len()/2]); err != nil {
		s.t.Fatal(err)
	}
	proctest.Eventually(s.t, "files are spooled", func() bool { return s.spooled() >= 2 })
	return func() { hangUp(conn) }
}

// spooled returns how many temporary files the API has open.
func (s *site) spooled() (n int) {
	s.t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.api.PID()))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, link := range links {
		if file, err := os.Readlink(link); err == nil && strings.HasPrefix(file, s.uploads) {
			n++
		}
	}
	return n
}

// uploadBeforeRows sends an upload whose files are stored, and whose rows wait for the hotel.
func (s *site) uploadBeforeRows(content []byte) func() {
	s.t.Helper()
	return s.uploadAgainst("SELECT FROM hotels FOR UPDATE", "hotels", content)
}

// uploadBeforeJobs sends an upload whose rows are inserted, and whose jobs are not.
func (s *site) uploadBeforeJobs(content []byte) func() {
	s.t.Helper()
	return s.uploadAgainst("LOCK TABLE river_job IN EXCLUSIVE MODE", "river_job", content)
}

// uploadBeforeCommit sends an upload whose rows and jobs are inserted, and refuses the rows at the last moment.
func (s *site) uploadBeforeCommit(content []byte) func() {
	s.t.Helper()
	release := s.uploadAgainst(takePlace, "commit", content)
	return func() {
		release()
		s.exec("DELETE FROM images WHERE filename = 'first'")
	}
}

// takePlace has an image where the next one goes, which is judged when a transaction commits.
const takePlace = `INSERT INTO images (hotel_id, position, status, width, height, filename, error)
SELECT 1, coalesce(max(position), 0) + 1, 'failed', 1, 1, 'first', 'It is of a test.' FROM images WHERE hotel_id = 1`

// uploadAgainst sends an upload that waits for the end of another transaction, which the function it returns commits.
func (s *site) uploadAgainst(lock, what string, content []byte) func() {
	s.t.Helper()
	tx := s.transaction(lock)
	wait := s.send(content)
	proctest.Eventually(s.t, "the upload waits for "+what, func() bool {
		return s.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "+
			"AND query ~* $1", what) > 0
	})
	return func() {
		wait()
		if err := tx.Commit(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// uploadSomehow sends some uploads and returns in the middle of one.
func (s *site) uploadSomehow(content []byte) func() {
	s.t.Helper()
	before, more := s.begun(), 1+rand.IntN(2*killedFiles)
	first, second := s.send(content), s.send(content)
	soon(s.t, "files are stored", func() bool { return s.begun() >= before+more })
	return func() {
		first()
		second()
	}
}
