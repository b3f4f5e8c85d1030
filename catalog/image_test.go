package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/page"
)

// add puts n images that are to be processed into a gallery.
func (f *fixture) add(g catalog.Gallery, n int) (images []catalog.Image, err error) {
	added := make([]catalog.NewImage, n)
	for i := range added {
		f.files++
		added[i] = catalog.NewImage{
			Filename: fmt.Sprintf("%d.jpg", f.files), Original: fmt.Sprintf("originals/%d", f.files), Width: 1600, Height: 1200,
		}
	}
	err = f.inTx(func(tx pgx.Tx) error {
		images, err = g.Add(f.asAdmin(), tx, added)
		return err
	})
	return images, err
}

// mustAdd returns the ids of n new images.
func (f *fixture) mustAdd(g catalog.Gallery, n int) []int64 {
	f.tb.Helper()
	images, err := f.add(g, n)
	if err != nil {
		f.tb.Fatal(err)
	}
	ids := make([]int64, n)
	for i, image := range images {
		ids[i] = image.ID
	}
	return ids
}

// show makes an image ready, in one size.
func (f *fixture) show(id int64) bool {
	f.tb.Helper()
	shown, err := catalog.ShowImage(f.tb.Context(), f.db, id, catalog.Rendering{
		Width: 1600, Height: 1200, Placeholder: "LEHV6n",
		Files: []catalog.File{{Name: fmt.Sprintf("%d-a.jpg", id), Width: 200, Height: 150, Bytes: 9000}},
	})
	if err != nil {
		f.tb.Fatal(err)
	}
	return shown
}

// order returns the ids of the images at a path, page by page, and checks that they are numbered from 1.
func (f *fixture) order(path string) []int64 {
	f.tb.Helper()
	var ids []int64
	for cursor := ""; ; {
		var list page.List[catalog.Image]
		f.anyone.Do("GET", path+"?limit=2"+cursor, nil).Want(200).Decode(&list)
		for _, image := range list.Items {
			if ids = append(ids, image.ID); image.Position != len(ids) {
				f.tb.Errorf("position of image %d = %d, want %d", image.ID, image.Position, len(ids))
			}
		}
		if list.NextCursor == nil {
			return ids
		}
		cursor = "&cursor=" + *list.NextCursor
	}
}

func imagePath(id int64) string { return fmt.Sprintf("/images/%d", id) }

func TestImages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.room(hotel, "Double")
	f.mustAdd(catalog.Gallery{HotelID: hotel}, 1)
	f.mustAdd(catalog.Gallery{HotelID: hotel, RoomID: 1}, 1)
	const processing = `{"id":1,"hotel_id":1,"room_id":null,"status":"processing","width":1600,"height":1200,"position":1,` +
		`"alt":"","placeholder":null,"variants":[],"error":null,"created_at":"`
	if got := string(f.anyone.Do("GET", "/images/1", nil).Want(200).Body); !strings.HasPrefix(got, processing) {
		t.Errorf("image = %s, want %s...", got, processing)
	}
	wantImages := func(path string, want ...int64) {
		t.Helper()
		var shown struct{ Images []catalog.Image }
		f.anyone.Do("GET", path, nil).Want(200).Decode(&shown)
		var got []int64
		for _, image := range shown.Images {
			got = append(got, image.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("images of %s = %v, want %v", path, got, want)
		}
	}
	wantImages("/hotels/1", []int64{}...)
	f.show(1)
	f.show(2)
	wantImages("/hotels/1", 1)
	wantImages("/hotels/1/rooms/1", 2)
	const variants = `"placeholder":"LEHV6n","variants":[{"width":200,"height":150,"url":"/static/images/1-a.jpg","bytes":9000}]`
	if got := string(f.anyone.Do("GET", "/hotels", nil).Want(200).Body); !strings.Contains(got, variants) {
		t.Errorf("hotels = %s, want %s in it", got, variants)
	}
	if got := f.order("/hotels/1/images"); !slices.Equal(got, []int64{1}) {
		t.Errorf("images of the hotel = %v, want 1", got)
	}
	if got := f.order("/hotels/1/rooms/1/images"); !slices.Equal(got, []int64{2}) {
		t.Errorf("images of the room = %v, want 2", got)
	}
	f.hotel(1, "B")
	wantBody(t, f.anyone.Do("GET", "/hotels/2/images", nil).Want(200).Body, `{"items":[],"next_cursor":null}`)
	const largest = "9223372036854775807"
	for _, path := range []string{
		"/images/3", "/hotels/3/images", "/hotels/2/rooms/1/images", "/hotels/1/rooms/2/images",
		"/images/" + largest, "/hotels/" + largest + "/images", "/hotels/1/rooms/" + largest + "/images",
	} {
		f.anyone.Do("GET", path, nil).WantProblem(404, "not_found")
	}
}

func TestMoveImages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.mustAdd(catalog.Gallery{HotelID: hotel}, 5)
	for _, test := range []struct {
		id, to int64
		want   []int64
	}{
		{5, 1, []int64{5, 1, 2, 3, 4}},
		{5, 3, []int64{1, 2, 5, 3, 4}},
		{1, 1000, []int64{2, 5, 3, 4, 1}},
		{3, 3, []int64{2, 5, 3, 4, 1}},
	} {
		var moved catalog.Image
		f.admin.Do("PATCH", imagePath(test.id), object{"position": test.to}).Want(200).Decode(&moved)
		if got := f.order("/hotels/1/images"); !slices.Equal(got, test.want) {
			t.Errorf("after moving %d to %d the order is %v, want %v", test.id, test.to, got, test.want)
		}
		if want := slices.Index(test.want, test.id) + 1; moved.Position != want {
			t.Errorf("answer says position %d, want %d", moved.Position, want)
		}
	}
	f.admin.Do("DELETE", imagePath(5), nil).Want(204)
	if got, want := f.order("/hotels/1/images"), []int64{2, 3, 4, 1}; !slices.Equal(got, want) {
		t.Errorf("after a deletion the order is %v, want %v", got, want)
	}
	for _, wrong := range []object{{"position": 0}, {"position": 1001}, {"position": nil}, {"alt": strings.Repeat("x", 501)}, {"width": 1}} {
		f.admin.Do("PATCH", imagePath(1), wrong).WantProblem(422, "validation_failed")
	}
}

func TestDescribeImage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.mustAdd(catalog.Gallery{HotelID: hotel}, 2)
	for _, test := range []struct {
		patch object
		want  string
	}{
		{object{"alt": "Терраса"}, "Терраса"},
		{object{"position": 2}, "Терраса"},
		{object{}, "Терраса"},
		{object{"alt": ""}, ""},
	} {
		var got catalog.Image
		f.admin.Do("PATCH", imagePath(1), test.patch).Want(200).Decode(&got)
		if got.Alt != test.want {
			t.Errorf("alt after %v = %q, want %q", test.patch, got.Alt, test.want)
		}
	}
	f.admin.Do("PATCH", imagePath(1), object{"alt": nil}).WantProblem(422, "validation_failed")
}

func TestWhoMayChangeImages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	own := f.hotel(f.moscow(), "A")
	other := f.hotel(1, "B")
	manager := f.manager("anna@example.com")
	f.admin.Do("PUT", fmt.Sprintf("/hotels/%d/managers/%d", own, manager), nil).Want(204)
	f.mustAdd(catalog.Gallery{HotelID: own}, 1)
	f.mustAdd(catalog.Gallery{HotelID: other}, 1)
	anna := f.asManager(manager)
	for _, method := range []string{"PATCH", "DELETE"} {
		var body any
		if method == "PATCH" {
			body = object{"alt": "x"}
		}
		f.anyone.Do(method, imagePath(1), body).WantProblem(401, "unauthenticated")
		f.guest.Do(method, imagePath(1), body).WantProblem(403, "forbidden")
		anna.Do(method, imagePath(2), body).WantProblem(404, "not_found")
		anna.Do(method, imagePath(3), body).WantProblem(404, "not_found")
		if res := anna.Do(method, imagePath(1), body); res.Status >= 300 {
			t.Errorf("%s by the manager of the hotel = %d %s", method, res.Status, res.Body)
		}
	}
	f.anyone.Do("GET", imagePath(1), nil).WantProblem(404, "not_found")
	if n := f.number("SELECT count(*) FROM river_job WHERE kind = 'images_remove'"); n != 1 {
		t.Errorf("%d jobs remove files after a deletion, want 1", n)
	}
}

func TestPhotographStates(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	f.mustAdd(catalog.Gallery{HotelID: hotel}, 2)
	for _, want := range []bool{true, false} {
		if failed, err := catalog.FailImage(t.Context(), f.db, 1, "The file is damaged."); err != nil || failed != want {
			t.Fatalf("FailImage() = %v, %v; want %v", failed, err, want)
		}
	}
	var failed catalog.Image
	f.anyone.Do("GET", imagePath(1), nil).Want(200).Decode(&failed)
	if failed.Status != catalog.ImageFailed || failed.Error == nil || *failed.Error != "The file is damaged." {
		t.Errorf("failed image = %+v", failed)
	}
	if !f.show(1) || f.show(1) {
		t.Error("a failed image can be shown when it is tried again, and only once")
	}
	if failed, err := catalog.FailImage(t.Context(), f.db, 1, "Too late."); err != nil || failed {
		t.Fatalf("FailImage() of a ready image = %v, %v", failed, err)
	}
	got, err := catalog.PhotographByID(t.Context(), f.db, 1)
	want := catalog.Photograph{ID: 1, Status: catalog.ImageReady, Original: new("originals/1")}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("PhotographByID() = %v, -want +got:\n%s", err, diff)
	}
	if err := catalog.ForgetOriginal(t.Context(), f.db, 2); err == nil {
		t.Error("the original of an image that is processed was forgotten")
	}
	if err := catalog.ForgetImage(t.Context(), f.db, 2); err != nil || f.number("SELECT count(*) FROM images") != 2 {
		t.Errorf("ForgetImage() of an image in a gallery: %v, want it left", err)
	}
	if _, err := catalog.PhotographByID(t.Context(), f.db, 9); !catalog.IsGone(err) {
		t.Errorf("PhotographByID() of an absent image: %v", err)
	}
}
