package imaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// Config bounds a [Renderer]. Its zero value is useful.
type Config struct {
	// Decodes is how many pictures are rendered at once. The default is one per core (GOMAXPROCS).
	Decodes int
	// Memory is how many bytes the pictures rendered at once may need together by an estimate from their headers. One that needs more
	// is rendered alone. The default is 512 MiB.
	Memory int64
}

const defaultMemory = 512 << 20

// Renderer makes the sizes of photographs that are shown. It is safe for concurrent use; calls beyond the bounds of its [Config] wait.
type Renderer struct {
	decodes, memory *semaphore.Weighted
	budget          int64
}

// NewRenderer returns a renderer with the bounds of cfg.
func NewRenderer(cfg Config) *Renderer {
	if cfg.Decodes <= 0 {
		cfg.Decodes = runtime.GOMAXPROCS(0)
	}
	if cfg.Memory <= 0 {
		cfg.Memory = defaultMemory
	}
	return &Renderer{
		decodes: semaphore.NewWeighted(int64(cfg.Decodes)),
		memory:  semaphore.NewWeighted(cfg.Memory),
		budget:  cfg.Memory,
	}
}

// Rendition is what is shown of a photograph.
type Rendition struct {
	// Width and Height are the original's in pixels, as displayed.
	Width, Height int
	// Blurhash is a placeholder of some 28 characters (https://blurha.sh).
	Blurhash string
	// Variants are sorted by width, each once: 200, 500 and 1000 pixels, without enlarging. A narrower original yields those of
	// these widths that are below its own, and one of its own width: 1000 and more gives 200, 500, 1000; 800 gives 200, 500, 800;
	// 500 gives 200, 500; 120 gives 120.
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
		return nil, &Damaged{Reason: refused.Detail, cause: refused}
	}
	if err != nil {
		return nil, fmt.Errorf("render image: %w", err)
	}
	if err := r.decodes.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("render image: wait for a decoder: %w", err)
	}
	defer r.decodes.Release(1)
	weight := min(workingMemory(h), r.budget)
	if err := r.memory.Acquire(ctx, weight); err != nil {
		return nil, fmt.Errorf("render image: wait for memory: %w", err)
	}
	defer r.release(weight)
	rendition, err := render(ctx, h, src)
	if _, damaged := errors.AsType[*Damaged](err); err != nil && !damaged {
		return nil, fmt.Errorf("render image: %w", err)
	}
	return rendition, err
}

// largeWeight is what makes a picture worth a collection of garbage of its own.
const largeWeight = 32 << 20

// release gives memory back to the budget, and before that to the heap: the collector lets garbage grow to the size of what lived when
// it last looked, so the next picture would come on top of this one.
func (r *Renderer) release(weight int64) {
	if weight > largeWeight {
		runtime.GC()
	}
	r.memory.Release(weight)
}

func render(ctx context.Context, h *header, src io.ReadSeeker) (*Rendition, error) {
	displayedWidth, displayedHeight := h.displayed()
	pic, err := decodeReduced(ctx, h, src, boxFactor(displayedWidth))
	if err != nil {
		return nil, err
	}
	pic = pic.turned(turnOf(h.orientation))
	rendition := &Rendition{Width: displayedWidth, Height: displayedHeight}
	toSRGB := newConversion(parseProfile(h.profile))
	for _, width := range variantWidths(displayedWidth) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		height := max(1, (displayedHeight*width+displayedWidth/2)/displayedWidth)
		pic = pic.resampled(width, height, chromaOf(toSRGB))
		if toSRGB != nil {
			toSRGB.apply(pic)
			// What is derived from this one is in sRGB already.
			toSRGB = nil
		}
		file, err := pic.encode()
		if err != nil {
			return nil, err
		}
		rendition.Variants = append([]Variant{{Width: width, Height: height, JPEG: file}}, rendition.Variants...)
	}
	rendition.Blurhash, err = pic.blurhash()
	return rendition, err
}

// variantWidths are the widths to make of an original, the largest first.
func variantWidths(original int) []int {
	widths := []int{min(original, largestWidth)}
	for _, width := range []int{500, 200} {
		if width < original {
			widths = append(widths, width)
		}
	}
	return widths
}

const largestWidth = 1000

// boxFactor is the whole number to divide a picture's size by so that it stays at least twice as wide as its largest variant: a mean
// over boxes is cheap, and what it does to sharpness vanishes in the finer filter that follows.
func boxFactor(width int) int { return max(1, width/(2*largestWidth)) }

// workingMemory estimates what rendering needs beside the file: the decoder's share, and the reduced picture upright and lying.
func workingMemory(h *header) int64 {
	width, _ := h.displayed()
	factor := int64(boxFactor(width))
	return h.memory + 6*int64(h.width)*int64(h.height)/(factor*factor) + 1<<20
}
