package media_test

import (
	"bytes"
	"image/jpeg"
	"testing"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// Every kind of file that people and attackers send is refused, ready, or failed with a reason, as it should be.
func TestCorpus(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	side := uint32(6000)
	if underRace {
		side = 2000 // More pixels are no other accesses to memory, and took a minute.
	}
	corpus := append(imagingtest.Corpus(), imagingtest.File{Name: "bomb.png", Data: imagingtest.PNGBomb(side, side), Format: "png"})
	ids := make(map[int64]imagingtest.File)
	for _, file := range corpus {
		res := s.admin.Upload("POST", s.hotelURL, apitest.Part{Field: "file", FileName: file.Name, Content: file.Data})
		if file.Refused != "" {
			if p := res.WantProblem(422, "validation_failed"); p.Errors[0].Code != file.Refused {
				t.Errorf("%s is refused as %s, want %s", file.Name, p.Errors[0].Code, file.Refused)
			}
			continue
		}
		var uploaded media.Uploaded
		res.Want(202).Decode(&uploaded)
		ids[uploaded.Items[0].ID] = file
		if file.Width > 0 && (uploaded.Items[0].Width != file.Width || uploaded.Items[0].Height != file.Height) {
			t.Errorf("%s is said to be %+v, want %d x %d", file.Name, uploaded.Items[0], file.Width, file.Height)
		}
		// A gallery is smaller than the corpus.
		s.exec("UPDATE images SET hotel_id = NULL, removed_at = now() WHERE id <> $1 AND status <> 'processing'", uploaded.Items[0].ID)
		s.exec("UPDATE images SET room_id = 1, position = id WHERE id = $1 AND id % 2 = 0", uploaded.Items[0].ID)
	}
	if n := s.number("SELECT count(*) FROM images"); n != int64(len(ids)) {
		t.Errorf("%d rows, want the %d that were taken", n, len(ids))
	}
	s.work()
	for id, file := range ids {
		image := s.settled(id)
		if failed := image.Status == catalog.ImageFailed; failed != file.Damaged || failed && *image.Error == "" {
			t.Errorf("%s is %s (%v), want damaged: %v", file.Name, image.Status, image.Error, file.Damaged)
		}
		for _, v := range image.Variants {
			s.wantHarmless(file, v)
		}
	}
}

// wantHarmless checks that a variant is an image and nothing else.
func (s *studio) wantHarmless(file imagingtest.File, v catalog.Variant) {
	s.tb.Helper()
	s.wantVariant(v)
	res := s.anyone.Do("GET", string(v.URL), nil)
	if _, err := jpeg.Decode(bytes.NewReader(res.Body)); err != nil {
		s.tb.Errorf("variant of %s: %v", file.Name, err)
	}
	for _, trace := range []string{"Exif", "ICC_PROFILE", "<script", "PK\x03\x04", "ftyp"} {
		if bytes.Contains(res.Body, []byte(trace)) {
			s.tb.Errorf("variant of %s holds %q", file.Name, trace)
		}
	}
}
