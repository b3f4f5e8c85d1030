package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/errs"
)

func TestGalleryLimits(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.room(hotel, "One")
	f.room(hotel, "Two")
	f.mustAdd(catalog.Gallery{HotelID: hotel}, 45)
	if _, err := f.add(catalog.Gallery{HotelID: hotel}, 6); !errors.Is(err, catalog.TooManyImages.New("")) {
		t.Errorf("images 46 to 51 of a gallery: %v, want too_many_images", err)
	}
	f.mustAdd(catalog.Gallery{HotelID: hotel}, 5)
	f.mustAdd(catalog.Gallery{HotelID: hotel, RoomID: 1}, 50)
	if _, err := f.add(catalog.Gallery{HotelID: hotel, RoomID: 2}, 1); !errors.Is(err, catalog.TooManyUploads.New("")) {
		t.Errorf("image 101 to be processed: %v, want too_many_uploads", err)
	}
	f.show(1)
	f.mustAdd(catalog.Gallery{HotelID: hotel, RoomID: 2}, 1)
	for _, absent := range []catalog.Gallery{{HotelID: 9}, {HotelID: hotel, RoomID: 9}} {
		if _, err := f.add(absent, 1); !errors.Is(err, errs.NotFound.New("")) {
			t.Errorf("adding to %v: %v, want not_found", absent, err)
		}
	}
}

func TestImagesGoWithWhatTheyShow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(*fixture, pgx.Tx) error
		left []int64
	}{
		"deleted room":   {func(f *fixture, tx pgx.Tx) error { return catalog.DeleteRoom(f.tb.Context(), tx, f.jobs, 1) }, []int64{1, 3}},
		"archived room":  {func(f *fixture, tx pgx.Tx) error { return catalog.ArchiveRoom(f.tb.Context(), tx, f.jobs, 1) }, []int64{1, 3}},
		"deleted hotel":  {func(f *fixture, tx pgx.Tx) error { return catalog.DeleteHotel(f.tb.Context(), tx, f.jobs, 1) }, nil},
		"archived hotel": {func(f *fixture, tx pgx.Tx) error { return catalog.ArchiveHotel(f.tb.Context(), tx, f.jobs, 1) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			hotel := f.hotel(f.moscow(), "A")
			f.mustAdd(catalog.Gallery{HotelID: hotel}, 1)
			for room := range int64(2) {
				f.room(hotel, "Room")
				f.mustAdd(catalog.Gallery{HotelID: hotel, RoomID: room + 1}, 1)
			}
			f.show(1)
			f.show(2)
			rollback := errors.New("no")
			if err := f.inTx(func(tx pgx.Tx) error { return errors.Join(test.end(f, tx), rollback) }); !errors.Is(err, rollback) {
				t.Fatal(err)
			}
			if n := f.number("SELECT count(*) FROM river_job"); n != 0 {
				t.Errorf("%d jobs of a transaction that was rolled back, want 0", n)
			}
			if err := f.inTx(func(tx pgx.Tx) error { return test.end(f, tx) }); err != nil {
				t.Fatal(err)
			}
			for id := range int64(3) {
				want := 404
				if slices.Contains(test.left, id+1) {
					want = 200
				}
				f.anyone.Do("GET", imagePath(id+1), nil).Want(want)
			}
			if n := f.number("SELECT count(*) FROM river_job WHERE kind = 'images_remove'"); n != 1 {
				t.Errorf("%d jobs remove files, want 1", n)
			}
			removed, err := catalog.RemovedImages(t.Context(), f.db, 0, 10)
			if err != nil || len(removed) != 3-len(test.left) {
				t.Errorf("RemovedImages() = %+v, %v; want all but %v", removed, err, test.left)
			}
			for _, image := range removed {
				if image.ID == 2 && !slices.Equal(image.Names, []string{"2-a.jpg"}) {
					t.Errorf("files of image 2 = %v, want 2-a.jpg", image.Names)
				}
			}
			if shown, stays := f.show(3), slices.Contains(test.left, 3); shown != stays {
				t.Errorf("image 3 shown: %v, want %v", shown, stays)
			}
		})
	}
}

// An upload that arrives while its room or hotel is removed must not keep it from going, nor be left in it.
func TestAddImagesWhileTheEndIsNear(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.room(hotel, "Double")
	f.endWhileAdding("room", catalog.Gallery{HotelID: hotel, RoomID: 1},
		func(tx pgx.Tx) error {
			_, err := catalog.RoomForUpdate(t.Context(), tx, hotel, 1)
			return err
		},
		func(tx pgx.Tx) error { return catalog.DeleteRoom(t.Context(), tx, f.jobs, 1) })
	f.endWhileAdding("hotel", catalog.Gallery{HotelID: hotel},
		func(tx pgx.Tx) error { return catalog.LockHotel(t.Context(), tx, hotel) },
		func(tx pgx.Tx) error { return catalog.DeleteHotel(t.Context(), tx, f.jobs, hotel) })
}

func (f *fixture) endWhileAdding(name string, g catalog.Gallery, begin, end func(pgx.Tx) error) {
	f.tb.Helper()
	var added error
	var wg sync.WaitGroup
	err := f.inTx(func(tx pgx.Tx) error {
		if err := begin(tx); err != nil {
			return err
		}
		wg.Go(func() { _, added = f.add(g, 1) })
		f.untilWaiting()
		return end(tx)
	})
	wg.Wait()
	if err != nil {
		f.tb.Errorf("%s could not go while an image was added: %v", name, err)
	}
	if !errors.Is(added, errs.NotFound.New("")) {
		f.tb.Errorf("adding to a %s that went meanwhile: %v, want not_found", name, added)
	}
}

func TestRacingMovesKeepTheOrderWhole(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	ids := f.mustAdd(catalog.Gallery{HotelID: hotel}, 8)
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			res := f.admin.Do("PATCH", imagePath(id), object{"position": 8 - i})
			if res.Status != 200 && (id != ids[0] || res.Status != 404) {
				t.Errorf("moving image %d = %d %s", id, res.Status, res.Body)
			}
		})
	}
	for range 4 {
		wg.Go(func() { f.admin.Do("DELETE", imagePath(ids[0]), nil) })
	}
	wg.Wait()
	for round := range 5 {
		for i, id := range ids[1:] {
			wg.Go(func() { f.admin.Do("PATCH", imagePath(id), object{"position": 1 + (i+round)%7}) })
		}
		wg.Wait()
	}
	got := f.order("/hotels/1/images")
	slices.Sort(got)
	if want := ids[1:]; !slices.Equal(got, want) {
		t.Errorf("images = %v, want %v", got, want)
	}
}

// Ids are 64 bits wide wherever they go.
func TestGalleryOfARoomWithALargeID(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.exec("SELECT setval(pg_get_serial_sequence('rooms', 'id'), 9000000000000)")
	room := f.room(hotel, "Double")
	id := f.mustAdd(catalog.Gallery{HotelID: hotel, RoomID: room}, 2)[0]
	f.show(id)
	f.admin.Do("PATCH", imagePath(id), object{"position": 2}).Want(200)
	if got := f.order(fmt.Sprintf("/hotels/%d/rooms/%d/images", hotel, room)); len(got) != 2 || got[1] != id {
		t.Errorf("images = %v, want %d last", got, id)
	}
}

// Lists and searches have the front of a gallery, so that their size does not depend on the diligence of managers.
func TestListsShowTheFrontOfGalleries(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.room(hotel, "Double")
	for _, g := range []catalog.Gallery{{HotelID: hotel}, {HotelID: hotel, RoomID: 1}} {
		for _, id := range f.mustAdd(g, 7) {
			f.show(id)
		}
	}
	type pictured struct{ Images []catalog.Image }
	for path, want := range map[string]int{"/hotels": 5, "/hotels/1": 7, "/hotels/1/rooms": 5, "/hotels/1/rooms/1": 7} {
		var one pictured
		var list struct{ Items []pictured }
		res := f.anyone.Do("GET", path, nil).Want(200)
		res.Decode(&one)
		if res.Decode(&list); len(list.Items) > 0 {
			one = list.Items[0]
		}
		if got := len(one.Images); got != want || one.Images[0].Position != 1 {
			t.Errorf("%s has %d images, want the first %d", path, got, want)
		}
	}
}
