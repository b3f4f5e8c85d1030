package media_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/auth/authtest"
)

func TestUploadQuotas(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	small := photo(t, 8, 8, 0)
	for range 5 {
		s.upload(repeat(small, 10)...)
	}
	s.admin.Upload("POST", s.hotelURL, files(small)...).WantProblem(409, "too_many_images")
	for range 5 {
		s.admin.Upload("POST", s.roomURL, files(repeat(small, 10)...)...).Want(202)
	}
	s.admin.Do("POST", "/hotels/1/rooms", body{"title": "Twin", "price": 1, "quantity": 1, "max_guests": 2}).Want(201)
	res := s.admin.Upload("POST", "/hotels/1/rooms/2/images", files(small)...)
	res.WantProblem(429, "too_many_uploads")
	if res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if got := len(s.keys("originals/")); got != 100 {
		t.Errorf("%d originals, want the 100 that were taken", got)
	}
}

func TestUploadsOfAHotelAtOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	release := make(chan struct{})
	var inside sync.WaitGroup
	inside.Add(4)
	s.store.fail(func(_ context.Context, method, _ string) error {
		if method == "Put" {
			inside.Done()
			<-release
		}
		return nil
	})
	small := photo(t, 8, 8, 0)
	var outside sync.WaitGroup
	statuses := make([]int, 4)
	for i := range statuses {
		outside.Go(func() { statuses[i] = s.admin.Upload("POST", s.hotelURL, files(small)...).Status })
	}
	inside.Wait()
	s.admin.Upload("POST", s.hotelURL, files(small)...).WantProblem(429, "too_many_uploads")
	close(release)
	outside.Wait()
	if fmt.Sprint(statuses) != "[202 202 202 202]" {
		t.Errorf("statuses = %v, want 202 for each", statuses)
	}
	inside.Add(1)
	s.admin.Upload("POST", s.hotelURL, files(small)...).Want(202)
}

// One caller cannot have all turns by means of many hotels.
func TestUploadsOfACallerAtOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for _, title := range []string{"B", "C"} {
		s.admin.Do("POST", "/hotels", body{"title": title, "city_id": 1, "address": "1, Main Street"}).Want(201)
	}
	release := make(chan struct{})
	var inside, outside sync.WaitGroup
	inside.Add(8)
	s.store.fail(func(_ context.Context, method, _ string) error {
		if method == "Put" {
			inside.Done()
			<-release
		}
		return nil
	})
	small := photo(t, 8, 8, 0)
	for i := range 8 {
		outside.Go(func() { s.admin.Upload("POST", fmt.Sprintf("/hotels/%d/images", 1+i%2), files(small)...) })
	}
	inside.Wait()
	s.admin.Upload("POST", "/hotels/3/images", files(small)...).WantProblem(429, "too_many_uploads")
	inside.Add(1)
	other := s.anyone.As(authtest.Token(auth.Admin, 2))
	outside.Go(func() { other.Upload("POST", "/hotels/3/images", files(small)...) })
	inside.Wait()
	close(release)
	outside.Wait()
}

// The more images of a hotel wait, the later the next ones come.
func TestLargeUploadsComeLater(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	small := photo(t, 8, 8, 0)
	for _, want := range []int64{1, 2, 3, 4, 4} {
		id := s.upload(repeat(small, 9)...)[0]
		if got := s.number(fmt.Sprintf("SELECT priority FROM river_job WHERE args = '{\"image_id\": %d}'", id)); got != want {
			t.Errorf("priority with %d images = %d, want %d", id+8, got, want)
		}
	}
}
