package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// A crowd uploads to hotels and deletes images, rooms and hotels meanwhile.
type crowd struct {
	*site

	photograph []byte
	uploaded   atomic.Int64
}

// TestImagesInACrowd has two workers behind a busy API. In the end there are the files of the images that were not
// deleted, and no other.
func TestImagesInACrowd(t *testing.T) {
	t.Parallel()
	const hotels, people, uploads = 10, 5, 10 // No caller may have more than eight uploads at a time.
	c := &crowd{site: newSite(t, pgtest.Config(t), nil), photograph: imagingtest.JPEG(400, 300)}
	c.open(hotels)
	first, firstBase := spawnServer(t, c.getenv, "worker")
	second, secondBase := spawnServer(t, c.getenv, "worker")
	var filling sync.WaitGroup
	for person := range people {
		filling.Go(func() {
			for hotel := 1 + person; hotel <= hotels; hotel += people {
				c.fill(hotel, uploads)
			}
		})
	}
	filling.Wait()
	c.settle()
	c.wantFiles()
	if n := c.number("SELECT count(*) FROM images WHERE status <> 'ready' OR original IS NOT NULL OR hotel_id IS NULL"); n != 0 {
		t.Errorf("%d images are not ready, or keep the uploaded file, or are in no gallery", n)
	}
	if n, gone := c.number("SELECT count(*) FROM images"), c.number("SELECT count(*) FROM images WHERE hotel_id IN (4, 9) OR room_id IN (3, 8)"); n == 0 || gone != 0 {
		t.Errorf("%d images are left, %d of them of what was deleted", n, gone)
	}
	if n, distinct := c.number("SELECT count(*) FROM shown"), c.number("SELECT count(DISTINCT image_id) FROM shown"); n != distinct {
		t.Errorf("%d images became ready %d times", distinct, n)
	}
	if failures := c.strings("SELECT kind || errors::text FROM river_job WHERE cardinality(errors) > 0"); len(failures) > 0 {
		t.Errorf("jobs failed: %q", failures)
	}
	const processed = "images_processed_total"
	if ready, want := c.counter(processed+`{result="ready"}`, firstBase, secondBase), c.number("SELECT count(*) FROM shown"); ready != want {
		t.Errorf("%d images are counted as ready, want %d", ready, want)
	}
	if failed := c.counter(processed+`{result="failed"}`, firstBase, secondBase); failed != 0 {
		t.Errorf("%d images are counted as failed, want none", failed)
	}
	if got, want := c.counter("images_uploaded_total", c.base), int(c.uploaded.Load()); got != want {
		t.Errorf("%d images are counted as uploaded, want %d", got, want)
	}
	terminate(t, first)
	terminate(t, second)
}

// fill uploads to a hotel and its room in turns and deletes some of the images, at whatever stage they are. Of hotels 4 and 9 everything goes in the
// meantime, of 3 and 8 the room.
func (c *crowd) fill(hotel, uploads int) {
	c.t.Helper()
	var removal sync.WaitGroup
	defer removal.Wait()
	var kept []int64
	path := fmt.Sprintf("/hotels/%d", hotel)
	room := fmt.Sprintf("%s/rooms/%d", path, hotel)
	for i := range uploads {
		if i == uploads/2 && hotel%5 == 3 {
			removal.Go(func() { c.remove(room) })
		}
		if i == uploads/2 && hotel%5 == 4 {
			removal.Go(func() { c.remove(path) })
		}
		gallery := path
		if i%2 == 1 {
			gallery = room
		}
		res := c.admin.Upload("POST", gallery+"/images", photographs(1+i%3, c.photograph)...)
		if res.Status == http.StatusNotFound && hotel%5 >= 3 && i >= uploads/2 {
			continue
		}
		if res.Status != http.StatusAccepted {
			c.t.Errorf("upload %d to %s = %d, want 202: %s", i, gallery, res.Status, res.Body)
			continue
		}
		var uploaded media.Uploaded
		res.Decode(&uploaded)
		c.uploaded.Add(int64(len(uploaded.Items)))
		if hotel%5 >= 3 {
			continue
		}
		for _, image := range uploaded.Items {
			kept = append(kept, image.ID)
		}
		if n := len(kept) - 1 - rand.IntN(min(len(kept), 5)); i%2 == 1 {
			c.remove(fmt.Sprintf("/images/%d", kept[n]))
			kept = slices.Delete(kept, n, n+1)
		}
	}
}

func (c *crowd) remove(path string) {
	c.t.Helper()
	if res := c.admin.Do("DELETE", path, nil); res.Status != http.StatusNoContent {
		c.t.Errorf("DELETE %s = %d, want 204: %s", path, res.Status, res.Body)
	}
}

// counter returns the sum of a counter of some processes.
func (c *crowd) counter(series string, bases ...string) (sum int) {
	c.t.Helper()
	pattern := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\d+)$`)
	for _, base := range bases {
		_, text := fetch(c.t, base+"/metrics")
		found := pattern.FindStringSubmatch(text)
		if found == nil {
			c.t.Fatalf("%s does not tell %s", base, series)
		}
		n, err := strconv.Atoi(found[1])
		if err != nil {
			c.t.Fatal(err)
		}
		sum += n
	}
	return sum
}
