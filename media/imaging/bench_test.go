package imaging_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

// BenchmarkRender makes the three sizes of photographs of 12 megapixels. Where libvips-tools is installed, vipsthumbnail makes the same
// sizes of the same file in turn with it, and the metrics tell how many times longer Render takes:
//
//	x-vips          than three calls, one for each size from the original
//	x-vips-cascade  than three calls, where the smaller sizes are made of the largest
//
// The progressive photograph is made by vips too, and left out without it.
func BenchmarkRender(b *testing.B) {
	dir := b.TempDir()
	baseline, progressive := filepath.Join(dir, "baseline.jpeg"), filepath.Join(dir, "progressive.jpeg")
	write(b, baseline, imagingtest.Mosaic(4000, 3000))
	b.Run("baseline", func(b *testing.B) { benchmarkRender(b, baseline) })
	if _, err := exec.LookPath("vips"); err != nil {
		return
	}
	run(b, "vips", "jpegsave", baseline, progressive, "--interlace", "--Q", "90", "--subsample-mode", "on")
	b.Run("progressive", func(b *testing.B) { benchmarkRender(b, progressive) })
}

func benchmarkRender(b *testing.B, path string) {
	b.Helper()
	b.ReportAllocs()
	renderer := imaging.NewRenderer(imaging.Config{})
	_, err := exec.LookPath("vipsthumbnail")
	withVips := err == nil
	var ours, vips, cascade time.Duration
	for b.Loop() {
		start := time.Now()
		benchmarkedRender(b, renderer, path)
		ours += time.Since(start)
		if !withVips {
			continue
		}
		b.StopTimer()
		start = time.Now()
		large := path + "_1000.jpg"
		thumbnail(b, path, large, 1000)
		vips, cascade = vips+time.Since(start), cascade+time.Since(start)
		for _, width := range []int{500, 200} {
			start = time.Now()
			thumbnail(b, path, path+"_small.jpg", width)
			vips += time.Since(start)
			start = time.Now()
			thumbnail(b, large, path+"_small.jpg", width)
			cascade += time.Since(start)
		}
		b.StartTimer()
	}
	if withVips {
		b.ReportMetric(ours.Seconds()/vips.Seconds(), "x-vips")
		b.ReportMetric(ours.Seconds()/cascade.Seconds(), "x-vips-cascade")
	}
}

func benchmarkedRender(b *testing.B, renderer *imaging.Renderer, path string) {
	b.Helper()
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if _, err := renderer.Render(b.Context(), file); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRenderParallel keeps every core at it.
func BenchmarkRenderParallel(b *testing.B) {
	file, renderer := imagingtest.Mosaic(4000, 3000), imaging.NewRenderer(imaging.Config{})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := renderer.Render(b.Context(), bytes.NewReader(file)); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkInspect judges a photograph of 12 megapixels, and the most scans that fit into an upload.
func BenchmarkInspect(b *testing.B) {
	for name, file := range map[string][]byte{
		"photograph": imagingtest.Mosaic(4000, 3000), "scans": imagingtest.ManyScans(imagingtest.JPEG(32, 32), 800_000),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = imaging.Inspect(bytes.NewReader(file))
			}
		})
	}
}

func thumbnail(b *testing.B, from, to string, width int) {
	b.Helper()
	run(b, "vipsthumbnail", from, "--size", strconv.Itoa(width)+"x", "--output", to)
}

func run(b *testing.B, name string, args ...string) {
	b.Helper()
	if out, err := exec.CommandContext(b.Context(), name, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v: %s", name, err, out)
	}
}

func write(b *testing.B, path string, data []byte) {
	b.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
}
