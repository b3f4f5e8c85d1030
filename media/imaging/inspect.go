package imaging

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// header is what the structure of a file tells, pixels aside.
type header struct {
	format        string
	width, height int // As stored.
	orientation   int // EXIF's, 1 to 8.
	profile       []byte
	memory        int64 // Bytes that the decoder will need, generously estimated.
}

func (h *header) displayed() (width, height int) {
	if h.orientation >= 5 {
		return h.height, h.width
	}
	return h.width, h.height
}

// Inspect judges the file r from its start without decoding pixels, and leaves r's position anywhere. It reads a JPEG, PNG or WebP
// through to the end of the picture, because scans are counted and orientation may stand last; pixel data that ends too early is
// left for [Renderer.Render] to find. The error is a [*Refused], or the reader's own.
func Inspect(r io.ReadSeeker) (Info, error) {
	h, err := inspect(r)
	if err != nil {
		return Info{}, err
	}
	width, height := h.displayed()
	return Info{Format: h.format, Width: width, Height: height}, nil
}

func inspect(r io.ReadSeeker) (*header, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("inspect image: %w", err)
	}
	br := bufio.NewReaderSize(r, sniffLength)
	start, err := br.Peek(sniffLength)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("inspect image: %w", err)
	}
	format, err := sniff(start)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(format, br)
	if err == nil {
		err = checkSize(h.width, h.height)
	}
	if err == nil {
		err = checkDecodable(h, r)
	}
	switch _, refused := errors.AsType[*Refused](err); {
	case err == nil:
		return h, nil
	case refused:
		return nil, err
	case isEnd(err):
		return nil, refuse(CodeIncomplete, "The file ends before the picture begins; it was probably not copied completely.")
	default:
		return nil, fmt.Errorf("inspect image: %w", err)
	}
}

func readHeader(format string, br *bufio.Reader) (*header, error) {
	h := &header{format: format, orientation: 1}
	switch format {
	case JPEG:
		return h, h.readJPEG(br)
	case PNG:
		return h, h.readPNG(br)
	case GIF:
		return h, h.readGIF(br)
	default:
		return h, h.readWebP(br)
	}
}

func checkSize(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return refuse(CodeIncomplete, "The file does not tell the size of its picture.")
	case width > MaxSide || height > MaxSide:
		return refuse(CodeTooLarge, "The image is %d x %d pixels; no side may be longer than %d.", width, height, MaxSide)
	case width*height > MaxPixels:
		return refuse(CodeTooLarge, "The image is %d x %d pixels; at most %d million pixels are accepted.",
			width, height, MaxPixels/1_000_000)
	}
	return nil
}

// checkDecodable asks the decoder that will have to do it, and makes sure that it sees the size that was judged.
func checkDecodable(h *header, r io.ReadSeeker) error {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	src := &source{r: r}
	config, err := decodeConfig(h.format, src)
	switch {
	case src.err != nil:
		return src.err
	case isUnsupported(err):
		return refuse(CodeUnsupported, "This %s is of a rare kind that cannot be read; export it again as an ordinary JPEG.", title(h.format))
	case err != nil || config.Width != h.width || config.Height != h.height:
		return refuse(CodeIncomplete, "The beginning of this %s is damaged; export the picture again.", title(h.format))
	}
	if h.format == JPEG && (config.ColorModel == color.CMYKModel || config.ColorModel == color.RGBAModel) {
		// The decoder copies what is not stored as light and two colours.
		h.memory += 4 * int64(h.width) * int64(h.height)
	}
	return nil
}

func decodeConfig(format string, r io.Reader) (image.Config, error) {
	switch format {
	case JPEG:
		return jpeg.DecodeConfig(r)
	case PNG:
		return png.DecodeConfig(r)
	case GIF:
		return gif.DecodeConfig(r)
	default:
		return webp.DecodeConfig(r)
	}
}

func isUnsupported(err error) bool {
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return true
	}
	_, ok := errors.AsType[png.UnsupportedError](err)
	return ok
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func title(format string) string {
	switch format {
	case JPEG:
		return "JPEG"
	case PNG:
		return "PNG"
	case GIF:
		return "GIF"
	default:
		return "WebP"
	}
}
