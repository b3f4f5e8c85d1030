package imaging_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, file := range corpus() {
		t.Run(file.Name, func(t *testing.T) {
			t.Parallel()
			got, err := imaging.Inspect(bytes.NewReader(file.Data))
			if file.Refused != "" {
				wantRefused(t, err, file.Refused)
				return
			}
			want := imaging.Info{Format: file.Format, Width: file.Width, Height: file.Height}
			if err != nil || got != want {
				t.Errorf("Inspect: got %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func wantRefused(t *testing.T, err error, code string) {
	t.Helper()
	refused, ok := errors.AsType[*imaging.Refused](err)
	if !ok || refused.Code != code {
		t.Fatalf("got error %v, want a refusal of code %s", err, code)
	}
	wantSentence(t, refused.Detail.String())
}

func wantSentence(t *testing.T, text string) {
	t.Helper()
	if len(text) < 15 || !strings.HasSuffix(text, ".") || strings.ToUpper(text[:1]) != text[:1] || strings.Contains(text, "%!") {
		t.Errorf("got %q, want a sentence", text)
	}
}

func TestRefusalNamesTheType(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"drawing.svg": "SVG", "photograph.heic": "HEIC", "photograph.avif": "AVIF", "scan.tiff": "TIFF", "scan.pdf": "PDF",
		"video.mp4": "video", "animated.webp": "animated", "12 bits.jpg": "12 bits",
	} {
		_, err := imaging.Inspect(bytes.NewReader(corpusFile(t, name).Data))
		if refused, ok := errors.AsType[*imaging.Refused](err); !ok || !strings.Contains(refused.Detail.String(), want) {
			t.Errorf("%s: got %v, want a detail that says %q", name, err, want)
		}
	}
}

// corpus is made once, since every test wants it.
var corpus = sync.OnceValue(imagingtest.Corpus)

func corpusFile(tb testing.TB, name string) imagingtest.File {
	tb.Helper()
	for _, file := range corpus() {
		if file.Name == name {
			return file
		}
	}
	tb.Fatalf("no file %q in the corpus", name)
	return imagingtest.File{}
}

func TestInspect_EveryOrientation(t *testing.T) {
	t.Parallel()
	for orientation := 1; orientation <= 8; orientation++ {
		got, err := imaging.Inspect(bytes.NewReader(imagingtest.Photograph(orientation)))
		if want := (imaging.Info{Format: imaging.JPEG, Width: 600, Height: 400}); err != nil || got != want {
			t.Errorf("orientation %d: got %+v, %v, want %+v", orientation, got, err, want)
		}
	}
}

func TestInspect_Scans(t *testing.T) {
	t.Parallel()
	small, large := imagingtest.JPEG(32, 32), imagingtest.WithSize(imagingtest.JPEG(32, 32), 8000, 5000)
	for _, test := range []struct {
		file    []byte
		scans   int
		refused bool
	}{{small, 100, false}, {small, 101, true}, {large, 20, false}, {large, 21, true}} {
		_, err := imaging.Inspect(bytes.NewReader(imagingtest.ManyScans(test.file, test.scans)))
		if test.refused {
			wantRefused(t, err, imaging.CodeTooManyScans)
		} else if err != nil {
			t.Errorf("%d scans: %v", test.scans, err)
		}
	}
}

// TestInspect_Cut cuts files everywhere: nothing else than a refusal may come of it, and none once the pixels have begun.
func TestInspect_Cut(t *testing.T) {
	t.Parallel()
	for _, file := range corpus() {
		if file.Refused != "" {
			continue
		}
		accepted := false
		for n := range min(len(file.Data), 700) {
			_, err := imaging.Inspect(bytes.NewReader(file.Data[:n]))
			if _, refused := errors.AsType[*imaging.Refused](err); err != nil && (!refused || accepted) {
				t.Fatalf("%s cut to %d bytes: got error %v", file.Name, n, err)
			}
			accepted = err == nil
		}
	}
}

// TestInspect_Memory declares as much as a header can, in as few bytes.
func TestInspect_Memory(t *testing.T) { //nolint:paralleltest // It counts what the process allocates.
	for _, name := range []string{
		"large.jpg", "larger.png", "large.gif", "just too large.png", "profile bomb.png", "thousands of scans.jpg",
	} {
		file := corpusFile(t, name)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = imaging.Inspect(bytes.NewReader(file.Data))
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 2<<20 {
			t.Errorf("%s: got %d bytes allocated, want at most 2 MiB", name, got)
		}
	}
}

var errBroken = errors.New("the disk is broken")

// brokenReader fails after some bytes.
type brokenReader struct {
	*bytes.Reader
	after int
}

func (r *brokenReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p[:min(len(p), max(r.after, 1))])
	if r.after -= n; r.after < 0 {
		return 0, errBroken
	}
	return n, err
}

func TestReaderErrorsPass(t *testing.T) {
	t.Parallel()
	renderer := imaging.NewRenderer(imaging.Config{})
	for _, name := range []string{"baseline.jpg", "8 bits.png", "animated.gif", "lossy.webp"} {
		data := corpusFile(t, name).Data
		for _, after := range []int{0, 10, 50, len(data) / 2} {
			if _, err := imaging.Inspect(&brokenReader{bytes.NewReader(data), after}); after <= 50 && !errors.Is(err, errBroken) {
				t.Errorf("Inspect %s, broken after %d: got error %v, want %v", name, after, err, errBroken)
			}
			if _, err := renderer.Render(t.Context(), &brokenReader{bytes.NewReader(data), after}); !errors.Is(err, errBroken) {
				t.Errorf("Render %s, broken after %d: got error %v, want %v", name, after, err, errBroken)
			}
		}
	}
}

func decodeJPEG(tb testing.TB, file []byte) image.Image {
	tb.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		tb.Fatalf("decode: %v", err)
	}
	return img
}

// wantBare makes sure that a JPEG holds nothing that came from elsewhere: no application segment, no comment, nothing behind its end.
func wantBare(tb testing.TB, file []byte) {
	tb.Helper()
	at := 2
	for at+4 <= len(file) && file[at+1] != 0xda {
		if marker := file[at+1]; marker >= 0xe0 && marker <= 0xef || marker == 0xfe {
			tb.Fatalf("got marker %#x at %d, want no metadata", marker, at)
		}
		at += 2 + int(file[at+2])<<8 + int(file[at+3])
	}
	if end := bytes.Index(file, []byte{0xff, 0xd9}); end != len(file)-2 {
		tb.Fatalf("got the end of the picture at %d of %d bytes", end, len(file))
	}
}
