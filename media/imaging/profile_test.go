package imaging_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"testing"

	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

// plain returns a JPEG of one colour with a profile.
func plain(c color.NRGBA, profile []byte) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		img.SetNRGBA(i%64, i/64, c)
	}
	file := imagingtest.EncodeJPEG(img)
	if profile == nil {
		return file
	}
	return imagingtest.WithProfile(file, profile)
}

func TestRender_Profiles(t *testing.T) {
	t.Parallel()
	grey, green := color.NRGBA{R: 128, G: 128, B: 128, A: 255}, color.NRGBA{R: 100, G: 180, B: 90, A: 255}
	truncated := imagingtest.Profile()[:200]
	noCurves := imagingtest.Profile()
	binary.BigEndian.PutUint32(noCurves[128:], 3)
	for name, test := range map[string]struct {
		stored  color.NRGBA
		profile []byte
		want    color.NRGBA
	}{
		"none":                 {green, nil, green},
		"display p3":           {green, imagingtest.Profile(), color.NRGBA{R: 63, G: 182, B: 77, A: 255}},
		"display p3, grey":     {grey, imagingtest.Profile(), grey},
		"beyond sRGB":          {color.NRGBA{G: 255, A: 255}, imagingtest.Profile(), color.NRGBA{G: 255, A: 255}},
		"light itself":         {grey, imagingtest.LinearProfile(), color.NRGBA{R: 188, G: 188, B: 188, A: 255}},
		"gamma 1.8":            {grey, imagingtest.GammaProfile(1.8), color.NRGBA{R: 147, G: 147, B: 147, A: 255}},
		"table of gamma 1.8":   {grey, imagingtest.TableProfile(1.8), color.NRGBA{R: 147, G: 147, B: 147, A: 255}},
		"curve with a foot":    {grey, imagingtest.FootProfile(), color.NRGBA{R: 203, G: 203, B: 203, A: 255}},
		"truncated":            {green, truncated, green},
		"no curves":            {green, noCurves, green},
		"nothing but zeros":    {green, make([]byte, 3000), green},
		"larger than a bucket": {green, append(imagingtest.Profile(), make([]byte, 600_000)...), green},
	} {
		got := color.NRGBAModel.Convert(largest(t, plain(test.stored, test.profile)).At(32, 32)).(color.NRGBA)
		if off := max(distance(got.R, test.want.R), distance(got.G, test.want.G), distance(got.B, test.want.B)); off > 4 {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

// TestRender_ProfileOfSRGB changes nothing, not even by rounding.
func TestRender_ProfileOfSRGB(t *testing.T) {
	t.Parallel()
	photo := imagingtest.Photograph(1)
	got, want := render(t, imagingtest.WithProfile(photo, imagingtest.SRGBProfile())), render(t, photo)
	for i := range want.Variants {
		if !bytes.Equal(got.Variants[i].JPEG, want.Variants[i].JPEG) {
			t.Errorf("width %d: got another file than without the profile", want.Variants[i].Width)
		}
	}
}

// TestRender_ProfileInEveryFormat compares with the same pixels in a file without a profile.
func TestRender_ProfileInEveryFormat(t *testing.T) {
	t.Parallel()
	scene := largest(t, imagingtest.PNG(320, 240))
	for _, name := range []string{"matrix profile.jpg", "matrix profile.png"} {
		if got := meanDifference(largest(t, corpusFile(t, name).Data), scene); got < 4 {
			t.Errorf("%s: got a mean difference of %.2f, want the colours converted", name, got)
		}
	}
	// The name of its chunk is changed, so that the profile is not found.
	file := corpusFile(t, "profile and orientation.webp").Data
	without := largest(t, bytes.Replace(file, []byte("ICCP"), []byte("ICCX"), 1))
	if got := meanDifference(largest(t, file), without); got < 2 {
		t.Errorf("webp: got a mean difference of %.2f, want the colours converted", got)
	}
	p3, webp := largest(t, imagingtest.DisplayP3()), largest(t, corpusFile(t, "profile and orientation.webp").Data)
	lying := image.NewNRGBA(p3.Bounds())
	for y := range p3.Bounds().Dy() {
		for x := range p3.Bounds().Dx() {
			lying.Set(x, y, p3.At(x, y))
		}
	}
	if got := meanDifference(imagingtest.Lying(lying, 8), webp); got > 6 {
		t.Errorf("webp: got a mean difference of %.2f to the JPEG, want at most 6", got)
	}
}
