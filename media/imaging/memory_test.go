package imaging_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"runtime/debug"
	"testing"

	"golang.org/x/image/webp"

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
		// What other tests and the making of files left behind does not count.
		debug.FreeOSMemory()
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
		if megabytes := int(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / 1_000_000; megabytes > 32 {
			t.Errorf("%s: got %d MB left behind, want at most 32", name, megabytes)
		}
		if megabytes := (after.HeapIdle - after.HeapReleased) / 1_000_000; megabytes > 150 {
			t.Errorf("%s: got %d MB kept from the system, want at most 150", name, megabytes)
		}
		wantRendition(t, got, test.size.X, test.size.Y)
	}
}

// TestDecoderMemory compares the estimate with what decoders allocate: never less, and not so much more that pictures wait for nothing.
func TestDecoderMemory(t *testing.T) { //nolint:paralleltest // It counts what the process allocates.
	const slack = 1 << 20
	// Any file of so many bytes may have tables of prefix codes that this one has not.
	uncertain := map[string]bool{"lossless webp": true, "transparent webp": true}
	for name, test := range map[string]struct {
		file   []byte
		decode func(io.Reader) (image.Image, error)
	}{
		"baseline":         {imagingtest.Mosaic(2000, 1500), jpeg.Decode},
		"progressive":      {imagingtest.FlatProgressiveJPEG(2000, 1500), jpeg.Decode},
		"grey":             {imagingtest.GrayJPEG(1500, 1000), jpeg.Decode},
		"cmyk":             {corpusFile(t, "cmyk.jpg").Data, jpeg.Decode},
		"png":              {imagingtest.PNG(1500, 1000), png.Decode},
		"png of 16 bits":   {imagingtest.PNGBomb(1500, 1000), png.Decode},
		"png of a palette": {imagingtest.PalettePNG(1500, 1000), png.Decode},
		"full progressive": {imagingtest.FlatFullProgressiveJPEG(2000, 1500), jpeg.Decode},
		"progressive cmyk": {imagingtest.FlatProgressiveCMYK(2000, 1500), jpeg.Decode},
		"progressive ycck": {imagingtest.FlatProgressiveYCCK(2000, 1500), jpeg.Decode},
		"interlaced":       {corpusFile(t, "interlaced.png").Data, png.Decode},
		"interlaced, deep": {imagingtest.InterlacedPNGBomb(1500, 1000), png.Decode},
		"lossless webp":    {corpusFile(t, "lossless.webp").Data, webp.Decode},
		"lossy webp":       {imagingtest.LossyWebP(), webp.Decode},
		"transparent webp": {corpusFile(t, "transparent.webp").Data, webp.Decode},
	} {
		estimate, err := imaging.DecoderMemory(bytes.NewReader(test.file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := test.decode(bytes.NewReader(test.file)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		used := int64(after.TotalAlloc - before.TotalAlloc)
		if used > estimate+slack || estimate > 2*used+slack && !uncertain[name] {
			t.Errorf("%s: got an estimate of %d for %d bytes", name, estimate, used)
		}
	}
}

// allocatedBytes counts those that do allocates, garbage included.
func allocatedBytes(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
