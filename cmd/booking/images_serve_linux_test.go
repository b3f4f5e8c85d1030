package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// TestImagesBelowRootPath has a directory as the store.
func TestImagesBelowRootPath(t *testing.T) {
	t.Parallel()
	const root = "/apps/shum-booking"
	s := newSite(t, pgtest.Config(t), map[string]string{"ROOT_PATH": root})
	s.open(1)
	s.upload("/hotels/1/images", 1, imagingtest.JPEG(600, 400))
	s.upload("/hotels/1/rooms/1/images", 1, imagingtest.JPEG(600, 400))
	p := s.work()
	s.settle()
	s.wantReady(2)
	s.wantServed(root)
	terminate(t, p)
}

// A shown is what this test reads of a hotel or a room.
type shown struct {
	Images []struct {
		Variants []struct{ URL string }
	}
	Rooms []shown
}

func (s shown) urls() (urls []string) {
	for _, image := range s.Images {
		for _, v := range image.Variants {
			urls = append(urls, v.URL)
		}
	}
	return urls
}

// variants returns the URLs of the files of a hotel and of the room with the same id, as the API tells them.
func (s *site) variants(hotel int) []string {
	s.t.Helper()
	var h, r shown
	s.admin.Do("GET", fmt.Sprintf("/hotels/%d", hotel), nil).Want(http.StatusOK).Decode(&h)
	s.admin.Do("GET", fmt.Sprintf("/hotels/%d/rooms/%d", hotel, hotel), nil).Want(http.StatusOK).Decode(&r)
	if len(h.Images) != 1 || len(r.Images) != 1 {
		s.t.Fatalf("the hotel shows %+v and the room %+v, want an image each", h, r)
	}
	return append(h.urls(), r.urls()...)
}

// wantServed checks that the files of hotel 1 are served with and without the root path, which their URLs carry.
func (s *site) wantServed(root string) {
	s.t.Helper()
	urls := s.variants(1)
	if len(urls) != 6 {
		s.t.Errorf("the hotel and the room have %d files, want 3 each: %v", len(urls), urls)
	}
	for _, url := range urls {
		path, found := strings.CutPrefix(url, root+"/static/images/")
		if !found {
			s.t.Fatalf("the URL of a variant is %s, want it below %s", url, root)
		}
		for _, prefix := range []string{root, ""} {
			status, body := fetch(s.t, s.base+prefix+"/static/images/"+path)
			if status != http.StatusOK || !strings.HasPrefix(body, "\xff\xd8\xff") {
				s.t.Errorf("GET %s with the prefix %q = %d, want a JPEG", path, prefix, status)
			}
		}
	}
}
