package imaging_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

func render(tb testing.TB, data []byte) *imaging.Rendition {
	tb.Helper()
	rendition, err := imaging.NewRenderer(imaging.Config{}).Render(tb.Context(), bytes.NewReader(data))
	if err != nil {
		tb.Fatalf("Render: %v", err)
	}
	return rendition
}

// largest returns the pixels of the largest variant.
func largest(tb testing.TB, data []byte) image.Image {
	tb.Helper()
	variants := render(tb, data).Variants
	return decodeJPEG(tb, variants[len(variants)-1].JPEG)
}

func TestRender_Corpus(t *testing.T) {
	t.Parallel()
	renderer := imaging.NewRenderer(imaging.Config{})
	for _, file := range corpus() {
		t.Run(file.Name, func(t *testing.T) {
			t.Parallel()
			got, err := renderer.Render(t.Context(), bytes.NewReader(file.Data))
			if file.Refused != "" || file.Damaged {
				damaged, ok := errors.AsType[*imaging.Damaged](err)
				if !ok {
					t.Fatalf("got %v, want damage", err)
				}
				wantSentence(t, damaged.Reason)
				return
			}
			if err != nil {
				t.Fatalf("Render: %v", err)
			}
			wantRendition(t, got, file.Width, file.Height)
		})
	}
}

func wantRendition(tb testing.TB, got *imaging.Rendition, width, height int) {
	tb.Helper()
	if got.Width != width || got.Height != height || len(got.Blurhash) != 28 {
		tb.Errorf("got %d x %d, blurhash %q, want %d x %d and 28 characters", got.Width, got.Height, got.Blurhash, width, height)
	}
	for _, variant := range got.Variants {
		wantBare(tb, variant.JPEG)
		if size := decodeJPEG(tb, variant.JPEG).Bounds().Size(); size != (image.Point{X: variant.Width, Y: variant.Height}) {
			tb.Errorf("got a file of %v, want %d x %d", size, variant.Width, variant.Height)
		}
		// One side is rounded to suit the other.
		wantWidth := max(1, float64(variant.Height)*float64(width)/float64(height))
		wantHeight := max(1, float64(variant.Width)*float64(height)/float64(width))
		if math.Abs(wantWidth-float64(variant.Width)) > 0.51 && math.Abs(wantHeight-float64(variant.Height)) > 0.51 {
			tb.Errorf("got %d x %d, want the proportions of %d x %d", variant.Width, variant.Height, width, height)
		}
	}
}

// TestRender_OddSizesLieExactly has fine stripes, which a shift by a quarter of a pixel would change, and plain areas to the edge.
func TestRender_OddSizesLieExactly(t *testing.T) {
	t.Parallel()
	for name, upright := range map[string]*image.NRGBA{"stripes": stripes(4001, 203), "scene": imagingtest.Scene(4001, 203)} {
		want := luma(largest(t, imagingtest.EncodeJPEG(upright)))
		for orientation := 1; orientation <= 8; orientation++ {
			file := imagingtest.WithOrientation(imagingtest.EncodeJPEG(imagingtest.Lying(upright, orientation)), orientation)
			if got := ssim(luma(largest(t, file)), want); got < 0.995 {
				t.Errorf("%s, orientation %d: got SSIM %.4f, want 0.995", name, orientation, got)
			}
		}
	}
}

func stripes(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			light := uint8(128 + 60*math.Sin(float64(x)*2*math.Pi/13) + 60*math.Sin(float64(y)*2*math.Pi/13))
			img.SetNRGBA(x, y, color.NRGBA{R: light, G: light, B: light, A: 255})
		}
	}
	return img
}

// TestRender_TransparentWebP lays the lossless photograph on white by hand: its red is the opacity.
func TestRender_TransparentWebP(t *testing.T) {
	t.Parallel()
	got, opaque := largest(t, corpusFile(t, "transparent.webp").Data), largest(t, corpusFile(t, "lossless.webp").Data)
	want := image.NewNRGBA(opaque.Bounds())
	for y := range want.Rect.Dy() {
		for x := range want.Rect.Dx() {
			c := color.NRGBAModel.Convert(opaque.At(x, y)).(color.NRGBA)
			over := func(v uint8) uint8 { return uint8((int(v)*int(c.R) + 255*(255-int(c.R))) / 255) }
			want.SetNRGBA(x, y, color.NRGBA{R: over(c.R), G: over(c.G), B: over(c.B), A: 255})
		}
	}
	if difference := meanDifference(got, want); difference > 4 {
		t.Errorf("got a mean difference of %.2f, want at most 4", difference)
	}
}

func TestRender_TransparencyIsWhite(t *testing.T) {
	t.Parallel()
	for _, file := range [][]byte{imagingtest.TransparentPNG(320, 240), imagingtest.SmallFrameGIF(320, 240)} {
		rendition := render(t, file)
		img := decodeJPEG(t, rendition.Variants[0].JPEG)
		at := image.Pt(150, 20)
		if got := color.GrayModel.Convert(img.At(at.X, at.Y)).(color.Gray).Y; got < 252 {
			t.Errorf("got a light of %d, want white", got)
		}
	}
}

func TestRender_FirstFrame(t *testing.T) {
	t.Parallel()
	got, want := largest(t, imagingtest.AnimatedGIF(320, 240)), largest(t, imagingtest.PalettePNG(320, 240))
	if similarity := ssim(luma(got), luma(want)); similarity < 0.999 {
		t.Errorf("got SSIM %.4f to the first frame, want 0.999", similarity)
	}
}

func TestRender_FormatsAgree(t *testing.T) {
	t.Parallel()
	scene := largest(t, imagingtest.PNG(320, 240))
	photo := largest(t, corpusFile(t, "lossless.webp").Data)
	for name, want := range map[string]image.Image{
		"baseline.jpg": scene, "16 bits.png": scene, "progressive.jpg": photo, "lossy.webp": photo,
	} {
		got := largest(t, corpusFile(t, name).Data)
		similarity, difference := ssim(luma(got), luma(want)), meanDifference(got, want)
		t.Logf("%s: SSIM %.4f, mean difference %.2f", name, similarity, difference)
		if similarity < 0.95 || difference > 5 {
			t.Errorf("%s: got SSIM %.4f and mean difference %.2f to its lossless twin", name, similarity, difference)
		}
	}
}

func TestRender_Canceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := imaging.NewRenderer(imaging.Config{}).Render(ctx, bytes.NewReader(imagingtest.JPEG(32, 32))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// mishap is a file with which something happens when the decoder has begun to read it. Two starts are the inspection's.
type mishap struct {
	*bytes.Reader
	starts, reads int
	happen        func()
}

func (m *mishap) Seek(offset int64, whence int) (int64, error) {
	m.starts++
	return m.Reader.Seek(offset, whence)
}

func (m *mishap) Read(p []byte) (int, error) {
	if m.starts == 3 {
		m.reads++
		m.happen()
	}
	return m.Reader.Read(p)
}

func TestRender_CanceledWhileDecoding(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	file := &mishap{Reader: bytes.NewReader(imagingtest.Photograph(1)), happen: cancel}
	if _, err := imaging.NewRenderer(imaging.Config{}).Render(ctx, file); !errors.Is(err, context.Canceled) || file.reads != 1 {
		t.Errorf("got %v after %d reads, want %v after the first", err, file.reads, context.Canceled)
	}
}

// TestRender_PanicIsDamage has the reader panic, since no file is known with which a decoder would.
func TestRender_PanicIsDamage(t *testing.T) {
	t.Parallel()
	file := &mishap{Reader: bytes.NewReader(imagingtest.Photograph(1)), happen: func() { panic("index out of range") }}
	_, err := imaging.NewRenderer(imaging.Config{}).Render(t.Context(), file)
	if _, ok := errors.AsType[*imaging.Damaged](err); !ok {
		t.Errorf("got %v, want damage", err)
	}
}

// gate is a file whose decoder has to wait. What comes before, the inspection, goes to the start twice.
type gate struct {
	*bytes.Reader
	starts int
	opened <-chan struct{}
}

func (g *gate) Seek(offset int64, whence int) (int64, error) {
	g.starts++
	return g.Reader.Seek(offset, whence)
}

func (g *gate) decoding() bool { return g.starts == 3 }

func (g *gate) Read(p []byte) (int, error) {
	if g.decoding() {
		<-g.opened
	}
	return g.Reader.Read(p)
}

func TestRender_WaitsForItsTurn(t *testing.T) {
	t.Parallel()
	file := imagingtest.JPEG(320, 240)
	for name, cfg := range map[string]imaging.Config{
		"decodes": {Decodes: 2}, "memory": {Decodes: 8, Memory: 4 << 20}, "memory for none": {Decodes: 8, Memory: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				renderer, opened := imaging.NewRenderer(cfg), make(chan struct{})
				var gates [5]gate
				var running sync.WaitGroup
				for i := range gates {
					gates[i] = gate{Reader: bytes.NewReader(file), opened: opened}
					running.Go(func() {
						if _, err := renderer.Render(t.Context(), &gates[i]); err != nil {
							t.Errorf("Render: %v", err)
						}
					})
				}
				synctest.Wait()
				decoding := 0
				for i := range gates {
					if gates[i].decoding() {
						decoding++
					}
				}
				if decoding == 0 || decoding > 2 {
					t.Errorf("got %d decoders at work, want one or two", decoding)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := renderer.Render(ctx, bytes.NewReader(file)); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v while all are busy, want %v", err, context.DeadlineExceeded)
				}
				close(opened)
				running.Wait()
			})
		})
	}
}
