package imaging_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"testing"

	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

func luma(img image.Image) *image.Gray {
	bounds := img.Bounds()
	if planes, ok := img.(*image.YCbCr); ok {
		return &image.Gray{Pix: planes.Y, Stride: planes.YStride, Rect: bounds}
	}
	out := image.NewGray(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			out.Set(x, y, img.At(bounds.Min.X+x, bounds.Min.Y+y))
		}
	}
	return out
}

// ssim is the mean structural similarity of two pictures of one size (Wang et al., 2004) over windows of 8 x 8 pixels, 4 apart; 1 for
// the same picture, 0 for pictures of different size.
func ssim(a, b *image.Gray) float64 {
	if a.Rect != b.Rect {
		return 0
	}
	const window, step, c1, c2 = 8, 4, 6.5025, 58.5225
	sum, count := 0.0, 0
	for y := 0; y+window <= a.Rect.Dy(); y += step {
		for x := 0; x+window <= a.Rect.Dx(); x += step {
			var sa, sb, saa, sbb, sab float64
			for j := range window {
				for i := range window {
					va, vb := float64(a.Pix[(y+j)*a.Stride+x+i]), float64(b.Pix[(y+j)*b.Stride+x+i])
					sa, sb, saa, sbb, sab = sa+va, sb+vb, saa+va*va, sbb+vb*vb, sab+va*vb
				}
			}
			const n = window * window
			ma, mb := sa/n, sb/n
			va, vb, cov := saa/n-ma*ma, sbb/n-mb*mb, sab/n-ma*mb
			sum += (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			count++
		}
	}
	return sum / float64(max(count, 1))
}

// meanDifference is the mean of the differences of red, green and blue.
func meanDifference(a, b image.Image) float64 {
	sum, bounds := 0, a.Bounds()
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			ca := color.NRGBAModel.Convert(a.At(bounds.Min.X+x, bounds.Min.Y+y)).(color.NRGBA)
			cb := color.NRGBAModel.Convert(b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y)).(color.NRGBA)
			sum += distance(ca.R, cb.R) + distance(ca.G, cb.G) + distance(ca.B, cb.B)
		}
	}
	return float64(sum) / float64(3*bounds.Dx()*bounds.Dy())
}

func distance(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

func TestSSIM(t *testing.T) {
	t.Parallel()
	scene := luma(imagingtest.Scene(64, 64))
	if got := ssim(scene, scene); got < 0.9999 {
		t.Errorf("got %.4f for the same picture, want 1", got)
	}
	if got := ssim(scene, luma(imagingtest.Lying(imagingtest.Scene(64, 64), 3))); got > 0.8 {
		t.Errorf("got %.4f for a picture upside down, want less than 0.8", got)
	}
}

// TestRender_LikeVips compares with what vipsthumbnail makes of the same photographs; testdata/README.md tells how.
func TestRender_LikeVips(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{
		"landscape": imagingtest.Landscape(), "portrait": imagingtest.Portrait(), "display_p3": imagingtest.DisplayP3(),
		"lossy": imagingtest.LossyWebP(),
	} {
		for _, variant := range render(t, file).Variants {
			golden, err := os.ReadFile(fmt.Sprintf("testdata/%s_%d.jpg", name, variant.Width))
			if os.IsNotExist(err) {
				continue
			}
			got, want := decodeJPEG(t, variant.JPEG), decodeJPEG(t, golden)
			similarity, difference := ssim(luma(got), luma(want)), meanDifference(got, want)
			t.Logf("%s %d: SSIM %.4f, mean difference %.2f, %d bytes (vips %d)", name, variant.Width, similarity, difference, len(variant.JPEG), len(golden))
			if similarity < 0.97 || difference > 4 {
				t.Errorf("%s %d: got SSIM %.4f and mean difference %.2f, want 0.97 and at most 4", name, variant.Width, similarity, difference)
			}
		}
	}
}

// TestRender_EveryOrientation has one photograph stored in the eight ways.
func TestRender_EveryOrientation(t *testing.T) {
	t.Parallel()
	want := largest(t, imagingtest.Photograph(1))
	for orientation := 2; orientation <= 8; orientation++ {
		got := largest(t, imagingtest.Photograph(orientation))
		if similarity := ssim(luma(got), luma(want)); similarity < 0.9 {
			t.Errorf("orientation %d: got SSIM %.4f, want 0.9", orientation, similarity)
		}
	}
}

func TestRender_IsReproducible(t *testing.T) {
	t.Parallel()
	a, b := render(t, imagingtest.Photograph(6)), render(t, imagingtest.Photograph(6))
	for i := range a.Variants {
		if !bytes.Equal(a.Variants[i].JPEG, b.Variants[i].JPEG) {
			t.Errorf("variant %d differs between two renderings, and its name is made of its content", i)
		}
	}
}
