package imaging_test

import (
	"image"
	"slices"
	"testing"

	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
)

func TestRender_Widths(t *testing.T) {
	t.Parallel()
	for width, want := range map[int][]int{
		1: {1}, 120: {120}, 199: {199}, 200: {200}, 201: {200, 201}, 500: {200, 500}, 800: {200, 500, 800}, 999: {200, 500, 999},
		1000: {200, 500, 1000}, 1001: {200, 500, 1000}, 1999: {200, 500, 1000}, 6007: {200, 500, 1000},
	} {
		var got []int
		rendition := render(t, imagingtest.JPEG(width, 33))
		for _, variant := range rendition.Variants {
			got = append(got, variant.Width)
		}
		if !slices.Equal(got, want) {
			t.Errorf("width %d: got variants %v, want %v", width, got, want)
		}
		wantRendition(t, rendition, width, 33)
	}
}

// TestRender_WidthsAsDisplayed has a photograph that lies.
func TestRender_WidthsAsDisplayed(t *testing.T) {
	t.Parallel()
	got := render(t, imagingtest.WithOrientation(imagingtest.JPEG(900, 300), 6))
	if got.Width != 300 || got.Height != 900 || len(got.Variants) != 2 {
		t.Fatalf("got %d x %d with %d variants, want 300 x 900 with 2", got.Width, got.Height, len(got.Variants))
	}
	if v := got.Variants[0]; v.Width != 200 || v.Height != 600 {
		t.Errorf("got %d x %d, want 200 x 600", v.Width, v.Height)
	}
}

// TestRender_Tall has a picture that is as high as three times its width, and higher ones.
func TestRender_Tall(t *testing.T) {
	t.Parallel()
	for original, want := range map[image.Point][]image.Point{
		{X: 1000, Y: 3000}:  {{X: 200, Y: 600}, {X: 500, Y: 1500}, {X: 1000, Y: 3000}},
		{X: 1000, Y: 3200}:  {{X: 188, Y: 600}, {X: 469, Y: 1500}, {X: 938, Y: 3000}},
		{X: 133, Y: 3000}:   {{X: 27, Y: 600}, {X: 67, Y: 1500}, {X: 133, Y: 3000}},
		{X: 1333, Y: 30000}: {{X: 27, Y: 600}, {X: 67, Y: 1500}, {X: 133, Y: 3000}},
		{X: 120, Y: 599}:    {{X: 120, Y: 599}},
		{X: 120, Y: 1200}:   {{X: 60, Y: 600}, {X: 120, Y: 1200}},
		{X: 1, Y: 30000}:    {{X: 1, Y: 3000}},
		{X: 3, Y: 9000}:     {{X: 1, Y: 3000}},
	} {
		var got []image.Point
		rendition := render(t, imagingtest.FlatProgressiveJPEG(uint16(original.X), uint16(original.Y)))
		for _, variant := range rendition.Variants {
			got = append(got, image.Pt(variant.Width, variant.Height))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: got variants %v, want %v", original, got, want)
		}
		wantRendition(t, rendition, original.X, original.Y)
	}
}
