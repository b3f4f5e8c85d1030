package imaging

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Rendition is what is shown of a photograph.
type Rendition struct {
	// Width and Height are the original's in pixels, as displayed.
	Width, Height int
	// Blurhash is a placeholder of some 28 characters (https://blurha.sh).
	Blurhash string
	// Variants are sorted by width, no width twice. They are made to fit into 200 x 600, 500 x 1500 and 1000 x 3000 pixels without
	// enlarging. So their widths are 200, 500 and 1000, except for an original that is narrower, or more than three times as high
	// as wide. A narrower one yields those of these widths that are below its own, and one of its own width: 1000 and more gives
	// 200, 500, 1000; 800 gives 200, 500, 800; 500 gives 200, 500; 120 gives 120. A very tall one yields heights of 600, 1500 and
	// 3000 and the widths that follow: 1333 x 30,000 gives 27 x 600, 67 x 1500, 133 x 3000.
	Variants []Variant
}

// Variant is one size of a photograph.
type Variant struct {
	// Width and Height are in pixels.
	Width, Height int
	// JPEG is the file: baseline, 4:2:0, in sRGB, without metadata.
	JPEG []byte
}

// Render decodes the file src from its start, lays it upright and makes its variants. Colours described by an RGB matrix profile, as
// phones embed them, are converted to sRGB; other profiles are ignored. CMYK is converted without a profile, so that its colours
// are approximate. Transparency becomes white.
//
// A file that cannot be rendered, because [Inspect] would refuse it or because its pixel data is damaged or ends too early, gives a
// [*Damaged]; half a picture is not shown. Any other error is ctx's or src's own, and worth another attempt.
func (r *Renderer) Render(ctx context.Context, src io.ReadSeeker) (*Rendition, error) {
	h, err := inspect(&seekSource{source{r: src, check: ctx.Err}, src})
	if refused, ok := errors.AsType[*Refused](err); ok {
		return nil, &Damaged{Reason: refused.Detail.String(), cause: refused}
	}
	if err != nil {
		return nil, fmt.Errorf("render image: %w", err)
	}
	release, err := r.acquire(ctx, workingMemory(h))
	if err != nil {
		return nil, fmt.Errorf("render image: %w", err)
	}
	defer release()
	rendition, err := render(ctx, h, src)
	if _, damaged := errors.AsType[*Damaged](err); err != nil && !damaged {
		return nil, fmt.Errorf("render image: %w", err)
	}
	return rendition, err
}

func render(ctx context.Context, h *header, src io.ReadSeeker) (*Rendition, error) {
	displayedWidth, displayedHeight := h.displayed()
	sizes := variantSizes(displayedWidth, displayedHeight)
	pic, err := decodeReduced(ctx, h, src, boxFactor(displayedWidth, sizes))
	if err != nil {
		return nil, err
	}
	pic = pic.turned(turnOf(h.orientation))
	rendition := &Rendition{Width: displayedWidth, Height: displayedHeight}
	toSRGB := newConversion(h.colors())
	for _, size := range sizes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		pic = pic.resampled(size.width, size.height, chromaOf(toSRGB))
		if toSRGB != nil {
			toSRGB.apply(pic)
			// What is derived from this one is in sRGB already.
			toSRGB = nil
		}
		file, err := pic.encode()
		if err != nil {
			return nil, err
		}
		rendition.Variants = append([]Variant{{Width: size.width, Height: size.height, JPEG: file}}, rendition.Variants...)
	}
	rendition.Blurhash, err = pic.blurhash()
	return rendition, err
}

type size struct{ width, height int }

// maxHeights is how many times its nominal width a variant may be high.
const maxHeights = 3

// variantSizes are the sizes to make of an original, the largest first, no width twice.
func variantSizes(width, height int) []size {
	var sizes []size
	for _, nominal := range []int{1000, 500, 200} {
		fitted := fit(width, height, nominal, maxHeights*nominal)
		if len(sizes) == 0 || fitted.width < sizes[len(sizes)-1].width {
			sizes = append(sizes, fitted)
		}
	}
	return sizes
}

// fit shrinks a size into a box, keeping its proportions as far as whole pixels do.
func fit(width, height, maxWidth, maxHeight int) size {
	switch {
	case width <= maxWidth && height <= maxHeight:
		return size{width, height}
	case width*maxHeight >= height*maxWidth:
		return size{maxWidth, max(1, (height*maxWidth+width/2)/width)}
	default:
		return size{max(1, (width*maxHeight+height/2)/height), maxHeight}
	}
}

// boxFactor is the whole number to divide a picture's size by so that it stays at least twice as wide as its largest variant: a mean
// over boxes is cheap, and what it does to sharpness vanishes in the finer filter that follows.
func boxFactor(width int, sizes []size) int { return max(1, width/(2*sizes[0].width)) }

// workingMemory estimates what rendering needs beside the file: the decoder's share, and the reduced picture upright and lying.
func workingMemory(h *header) int64 {
	width, height := h.displayed()
	factor := int64(boxFactor(width, variantSizes(width, height)))
	return h.memory + 6*int64(h.width)*int64(h.height)/(factor*factor) + 1<<20
}
