package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
	"github.com/shumbooking/shumbooking/media/storage/storagetest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// newBucketSite starts the API, below a root path if one is given, with a bucket for a store.
func newBucketSite(t *testing.T, root string) (*site, *storagetest.Server) {
	t.Helper()
	bucket := storagetest.NewServer(t)
	return newSite(t, pgtest.Config(t), map[string]string{
		"IMAGES_DIR": "", "ROOT_PATH": root, "S3_BUCKET": bucket.Config.Bucket, "S3_ENDPOINT": bucket.Config.Endpoint,
		"S3_ACCESS_KEY_ID": bucket.Config.AccessKeyID, "S3_SECRET_ACCESS_KEY": bucket.Config.SecretAccessKey,
	}), bucket
}

// TestWorkerGivesBackWhatHangs tells a worker to stop whose bucket does not answer.
func TestWorkerGivesBackWhatHangs(t *testing.T) {
	t.Parallel()
	s, bucket := newBucketSite(t, "")
	s.open(1)
	s.upload("/hotels/1/images", 1, imagingtest.JPEG(300, 200))
	hangs := make(chan struct{}, 1)
	bucket.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/images/") {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body) // Only then the end of the connection is noticed.
		hangs <- struct{}{}
		<-r.Context().Done()
		return true
	})
	p := s.work()
	<-hangs
	p.Signal(syscall.SIGTERM)
	p.WantSuccess()
	if n := s.number("SELECT count(*) FROM river_job WHERE kind = $1 AND state = 'available' AND attempt = 0 AND scheduled_at <= now()",
		media.ProcessArgs{}.Kind()); n != 1 {
		t.Errorf("the job is %v, want it available at once", s.strings("SELECT state::text || attempt FROM river_job WHERE kind = 'image_process'"))
	}
	bucket.Intercept(pass)
	p = s.work()
	s.settle()
	s.wantReady(1)
	s.wantFiles()
	terminate(t, p)
}

// TestImagesInBucket has a bucket as the store, which goes away for a time, and a root path.
func TestImagesInBucket(t *testing.T) {
	t.Parallel()
	const root = "/apps/shum-booking"
	s, bucket := newBucketSite(t, root)
	s.open(1)
	id := s.upload("/hotels/1/images", 1, imagingtest.JPEG(600, 400))[0]
	s.upload("/hotels/1/rooms/1/images", 1, imagingtest.JPEG(600, 400))
	bucket.Intercept(refuse)
	res := s.admin.Upload("POST", "/hotels/1/images", photographs(2, imagingtest.JPEG(300, 200))...)
	res.WantProblem(http.StatusServiceUnavailable, "service_unavailable")
	if res.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if n := s.number("SELECT count(*) FROM images"); n != 2 {
		t.Errorf("%d images after an upload that was refused, want the 2 before", n)
	}
	p := s.work()
	proctest.Eventually(t, "the jobs failed", func() bool {
		return s.number("SELECT count(*) FROM river_job WHERE kind = 'image_process' AND cardinality(errors) > 0") == 2
	})
	var image catalog.Image
	s.admin.Do("GET", fmt.Sprintf("/images/%d", id), nil).Want(http.StatusOK).Decode(&image)
	if image.Status != catalog.ImageProcessing {
		t.Errorf("while the bucket is away the image is %s, want processing", image.Status)
	}
	bucket.Intercept(pass)
	s.exec("UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state IN ('retryable', 'scheduled')")
	s.settle()
	s.wantReady(2)
	s.wantFiles()
	s.wantServed(root)
	bucket.Intercept(refuse)
	s.admin.Do("GET", strings.TrimPrefix(s.variants(1)[0], root), nil).WantProblem(http.StatusServiceUnavailable, "service_unavailable")
	bucket.Intercept(pass)
	s.admin.Do("DELETE", "/hotels/1", nil).Want(http.StatusNoContent)
	s.settle()
	if keys := s.keys(""); len(keys) != 0 {
		t.Errorf("after the deletion of the hotel the bucket has %v, want nothing", keys)
	}
	terminate(t, p)
}

func refuse(w http.ResponseWriter, _ *http.Request) bool {
	storagetest.Refuse(w, http.StatusServiceUnavailable, "SlowDown")
	return true
}

func pass(http.ResponseWriter, *http.Request) bool { return false }
