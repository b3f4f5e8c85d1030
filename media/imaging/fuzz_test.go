package imaging_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

func addCorpus(f *testing.F) {
	f.Helper()
	for _, file := range corpus() {
		if len(file.Data) < 100_000 {
			f.Add(file.Data)
		}
	}
}

// FuzzInspect: any bytes are accepted, with a size within the limits, or refused with a sentence.
func FuzzInspect(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := imaging.Inspect(bytes.NewReader(data))
		if refused, ok := errors.AsType[*imaging.Refused](err); ok {
			wantSentence(t, refused.Detail.String())
			return
		}
		if err != nil {
			t.Fatalf("got error %v, want a refusal", err)
		}
		if info.Width < 1 || info.Height < 1 || info.Width*info.Height > imaging.MaxPixels {
			t.Errorf("accepted %+v", info)
		}
	})
}

// FuzzRender: what inspection accepts is rendered or damaged, and what is rendered is a bare JPEG. Pictures of more than a quarter
// of a megapixel are left out for speed.
func FuzzRender(f *testing.F) {
	addCorpus(f)
	renderer := imaging.NewRenderer(imaging.Config{})
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := imaging.Inspect(bytes.NewReader(data))
		if err != nil || info.Width*info.Height > 1<<18 {
			return
		}
		rendition, err := renderer.Render(t.Context(), bytes.NewReader(data))
		if damaged, ok := errors.AsType[*imaging.Damaged](err); ok {
			wantSentence(t, damaged.Reason)
			return
		}
		if err != nil {
			t.Fatalf("got error %v, want damage", err)
		}
		wantRendition(t, rendition, info.Width, info.Height)
	})
}

// FuzzEXIF: whatever stands in the metadata, the photograph is accepted.
func FuzzEXIF(f *testing.F) {
	photo := imagingtest.JPEG(16, 8)
	f.Add(imagingtest.EXIF(6, 0))
	f.Add([]byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := imaging.Inspect(bytes.NewReader(imagingtest.WithSegment(photo, 0xe1, data[:min(len(data), 65_000)])))
		if err != nil || info.Width*info.Height != 16*8 {
			t.Errorf("got %+v, %v", info, err)
		}
	})
}

// FuzzProfile: whatever stands in the profile, the photograph is rendered.
func FuzzProfile(f *testing.F) {
	photo := imagingtest.JPEG(16, 8)
	for _, profile := range [][]byte{imagingtest.Profile(), imagingtest.GammaProfile(2.2), imagingtest.TableProfile(1.8)} {
		f.Add(profile)
	}
	renderer := imaging.NewRenderer(imaging.Config{})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := renderer.Render(t.Context(), bytes.NewReader(imagingtest.WithProfile(photo, data)))
		if err != nil {
			t.Fatalf("Render: %v", err)
		}
		wantRendition(t, got, 16, 8)
	})
}
