package imaging_test

import (
	"bytes"
	"image"
	"runtime"
	"testing"

	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

// TestRender_Memory bounds all that is allocated while rendering, garbage included, and so the peak.
func TestRender_Memory(t *testing.T) { //nolint:paralleltest // It counts what the process allocates.
	for name, test := range map[string]struct {
		file     []byte
		size     image.Point
		megabyte int
	}{
		"12 megapixels":              {imagingtest.Mosaic(4000, 3000), image.Pt(4000, 3000), 40},
		"12 megapixels, progressive": {imagingtest.FlatProgressiveJPEG(4000, 3000), image.Pt(4000, 3000), 120},
		"40 megapixels, 16 bits":     {imagingtest.PNGBomb(7300, 5470), image.Pt(7300, 5470), 360},
		"10 megapixels, one ribbon":  {imagingtest.FlatProgressiveJPEG(333, 29_900), image.Pt(333, 29_900), 150},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := imaging.NewRenderer(imaging.Config{}).Render(t.Context(), bytes.NewReader(test.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		runtime.ReadMemStats(&after)
		if megabytes := int((after.TotalAlloc - before.TotalAlloc) / 1_000_000); megabytes > test.megabyte {
			t.Errorf("%s: got %d MB allocated, want at most %d", name, megabytes, test.megabyte)
		}
		wantRendition(t, got, test.size.X, test.size.Y)
	}
}
