package imaging_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

// costly are files of up to ten megabytes that repeat or hide as much as they can.
func costly() map[string][]byte {
	const megabytes = 10 << 20
	photo, flat := imagingtest.JPEG(32, 32), imagingtest.PNG(32, 32)
	part := []byte("ICC_PROFILE\x00\x01\xffprofile")
	exif := imagingtest.EXIF(6, 60_000)
	gap := append(bytes.Clone(photo[:len(photo)-2]), bytes.Repeat([]byte{0xff, 0}, megabytes/2)...)
	fill := append(bytes.Clone(photo[:2]), bytes.Repeat([]byte{0xff}, megabytes)...)
	return map[string][]byte{
		"profiles.png":         imagingtest.RepeatedChunk(flat, "iCCP", imagingtest.ProfileBomb(1<<18), 30_000),
		"profile.png":          imagingtest.WithChunk(flat, "iCCP", imagingtest.ProfileBomb(1<<30)),
		"orientations.png":     imagingtest.RepeatedChunk(flat, "eXIf", exif[6:], 170),
		"chunks.png":           imagingtest.RepeatedChunk(flat, "tEXt", nil, megabytes/12),
		"profile parts.jpg":    imagingtest.RepeatedSegment(photo, 0xe2, part, 65_000),
		"large profiles.jpg":   imagingtest.RepeatedSegment(photo, 0xe2, append(part, make([]byte, 60_000)...), 170),
		"orientations.jpg":     imagingtest.RepeatedSegment(photo, 0xe1, exif, 170),
		"other metadata.jpg":   imagingtest.RepeatedSegment(photo, 0xe1, make([]byte, 60_000), 170),
		"segments.jpg":         imagingtest.RepeatedSegment(photo, 0xe2, nil, megabytes/4),
		"zeros in a scan.jpg":  gap,
		"fill bytes.jpg":       append(fill, photo[2:]...),
		"orientations.webp":    imagingtest.RepeatedWebPChunk("EXIF", exif, 170),
		"profiles.webp":        imagingtest.RepeatedWebPChunk("ICCP", make([]byte, 200_000), 50),
		"chunks.webp":          imagingtest.RepeatedWebPChunk("XMP ", nil, megabytes/8),
		"comments.gif":         imagingtest.RepeatedGIFBlock([]byte("\x21\xfe\x00"), megabytes/3),
		"parts of comment.gif": imagingtest.RepeatedGIFBlock([]byte("\x21\xfe\x01a\x01b\x01c\x01d\x00"), megabytes/11),
	}
}

// TestInspect_Cost bounds what is done for every piece of a file, which shows in the allocations. BenchmarkInspect_Costly has the time.
func TestInspect_Cost(t *testing.T) { //nolint:paralleltest // It counts what the process allocates.
	for name, file := range costly() {
		if n := testing.AllocsPerRun(1, func() { _, _ = imaging.Inspect(bytes.NewReader(file)) }); n > 1<<17+1000 {
			t.Errorf("%s: got %.0f allocations", name, n)
		}
	}
}

// BenchmarkInspect_Costly takes milliseconds for each file. Unpacking every profile takes seconds.
func BenchmarkInspect_Costly(b *testing.B) {
	for name, file := range costly() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				_, _ = imaging.Inspect(bytes.NewReader(file))
			}
		})
	}
}

// TestInspect_UnpacksNothing has a profile that takes memory to unpack.
func TestInspect_UnpacksNothing(t *testing.T) { //nolint:paralleltest // It counts what the process allocates.
	file := imagingtest.WithChunk(imagingtest.PNG(32, 32), "iCCP", imagingtest.ProfileBomb(1<<18))
	if got := allocatedBytes(func() { _, _ = imaging.Inspect(bytes.NewReader(file)) }); got > 1<<17 {
		t.Errorf("got %d bytes allocated, want at most 128 KiB", got)
	}
}

// TestRender_FirstProfileCounts has a second one, and one behind the pixels, that would change the colours.
func TestRender_FirstProfileCounts(t *testing.T) {
	t.Parallel()
	flat := imagingtest.PNG(64, 48)
	none := imagingtest.WithChunk(flat, "iCCP", imagingtest.ProfileChunk(imagingtest.SRGBProfile()))
	// A chunk is put in front of those that are there.
	second := imagingtest.WithChunk(imagingtest.WithChunk(flat, "iCCP", imagingtest.ProfileChunk(imagingtest.LinearProfile())),
		"iCCP", imagingtest.ProfileChunk(imagingtest.SRGBProfile()))
	chunk := imagingtest.WithChunk(flat, "iCCP", imagingtest.ProfileChunk(imagingtest.LinearProfile()))[33 : 33+len(second)-len(none)]
	behind := append(append(bytes.Clone(flat[:len(flat)-12]), chunk...), flat[len(flat)-12:]...)
	want := render(t, flat).Variants[0].JPEG
	for name, file := range map[string][]byte{"one of sRGB": none, "second": second, "behind the pixels": behind} {
		if got := render(t, file).Variants[0].JPEG; !bytes.Equal(got, want) {
			t.Errorf("%s: got other colours than without a profile", name)
		}
	}
}

// TestRender_CutOff tells the manager what happened, whatever the decoder says.
func TestRender_CutOff(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"baseline.jpg", "progressive.jpg", "grey.jpg", "8 bits.png", "lossy.webp", "lossless.webp"} {
		data := corpusFile(t, name).Data
		for _, part := range []int{30, 50, 70} {
			_, err := imaging.NewRenderer(imaging.Config{}).Render(t.Context(), bytes.NewReader(data[:len(data)*part/100]))
			if damaged, ok := errors.AsType[*imaging.Damaged](err); !ok || !strings.Contains(damaged.Reason, "not copied completely") {
				t.Errorf("%s cut to %d%%: got %v, want a reason that says so", name, part, err)
			}
		}
	}
}

// TestRender_LargeOnesLetSmallOnesPass has a row of large pictures wait before a small one comes.
func TestRender_LargeOnesLetSmallOnesPass(t *testing.T) {
	t.Parallel()
	// By their estimates each large one needs all of the memory, the small one less than a quarter.
	large, small := imagingtest.FlatProgressiveJPEG(1000, 1000), imagingtest.JPEG(320, 240)
	synctest.Test(t, func(t *testing.T) {
		renderer := imaging.NewRenderer(imaging.Config{Decodes: 2, Memory: 12 << 20})
		opened := make(chan struct{})
		var gates [8]gate
		finished := make(chan int, len(gates)+1)
		var running sync.WaitGroup
		start := func(size int, src io.ReadSeeker) {
			running.Go(func() {
				if _, err := renderer.Render(t.Context(), src); err != nil {
					t.Errorf("Render: %v", err)
				}
				finished <- size
			})
			synctest.Wait()
		}
		for i := range gates {
			gates[i] = gate{Reader: bytes.NewReader(large), opened: opened}
			start(len(large), &gates[i])
		}
		start(len(small), bytes.NewReader(small))
		close(opened)
		running.Wait()
		before := 0
		for <-finished != len(small) {
			before++
		}
		if before > 1 {
			t.Errorf("got %d large pictures rendered before the small one, want one at most", before)
		}
	})
}
