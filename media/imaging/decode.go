package imaging

import (
	"context"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// decodeReduced decodes the picture and divides its size by factor. What the decoder made is garbage when it returns, unless factor is 1.
func decodeReduced(ctx context.Context, h *header, src io.ReadSeeker, factor int) (*picture, error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	reader := &source{r: src, check: ctx.Err}
	img, err := decode(h.format, reader)
	switch {
	case reader.err != nil:
		return nil, reader.err
	case err != nil:
		return nil, damage(h, err)
	}
	return reduce(img, h, factor), nil
}

// decode calls the decoder of the format. A panic in it is damage of the file: decoders meet data that their authors never thought of.
func decode(format string, r io.Reader) (img image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s decoder: %v", format, p)
		}
	}()
	switch format {
	case JPEG:
		return jpeg.Decode(r)
	case PNG:
		return png.Decode(r)
	case GIF:
		return gif.Decode(r)
	default:
		return webp.Decode(r)
	}
}

// damage gives the reason to a person. What decoders say about a file that was cut off is seldom that.
func damage(h *header, err error) *Damaged {
	switch {
	case isUnsupported(err):
		return &Damaged{Reason: "This " + title(h.format) + " is of a rare kind that cannot be read; export it again as an ordinary JPEG.", cause: err}
	case h.cut, isEnd(err):
		return &Damaged{Reason: "The file ends before the picture is complete; it was probably not copied completely.", cause: err}
	default:
		return &Damaged{Reason: "The picture in this " + title(h.format) + " is damaged; export it again from the original.", cause: err}
	}
}
