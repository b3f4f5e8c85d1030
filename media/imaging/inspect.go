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
	width, height int    // As stored.
	orientation   int    // EXIF's, 1 to 8.
	profile       []byte // In a PNG still packed.
	memory        int64  // Bytes that the decoder will need, generously estimated.
	pieces        int    // Segments, chunks or blocks that were met.
	cut           bool   // The file ends before the picture does.
}

// colors unpacks the colour profile, which is the one thing in a header that costs time. It is nil if there is none that is of use.
func (h *header) colors() *profile {
	data := h.profile
	if h.format == PNG {
		data = pngProfile(data)
	}
	return parseProfile(data)
}

// maxPieces bounds the segments of a JPEG, the chunks of a PNG or WebP and the blocks before the frame of a GIF. Each costs time
// whatever its length. Encoders make pieces of a few kilobytes, so that this is enough for a file of hundreds of megabytes.
const maxPieces = 1 << 16

func (h *header) countPiece() error {
	if h.pieces++; h.pieces > maxPieces {
		return refuse(CodeTooManyPieces, "This %s is stored in more pieces than any camera or program makes; export the picture again.", title(h.format))
	}
	return nil
}

func (h *header) displayed() (width, height int) {
	if h.orientation >= 5 {
		return h.height, h.width
	}
	return h.width, h.height
}

// Inspect judges the file r from its start without decoding pixels or unpacking anything, and leaves r's position anywhere. It reads a
// JPEG, PNG or WebP through to the end of the picture, because scans are counted and orientation may stand last; pixel data that ends
// too early is left for [Renderer.Render] to find. The time it takes is that of reading the file: what a file repeats counts once. The
// error is a [*Refused], or the reader's own.
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
	br := bufio.NewReaderSize(r, readLength)
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
	if err == nil {
		err = checkMemory(h)
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

// readLength is how much of a file is read at once.
const readLength = 16 << 10

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

// checkMemory refuses what a [Renderer] with the default budget would have to render alone and beyond it.
func checkMemory(h *header) error {
	if workingMemory(h) <= defaultMemory {
		return nil
	}
	return refuse(CodeTooMuchMemory, "This %s of %d x %d pixels is stored in a way that takes too much memory to open; "+
		"export it as an ordinary (not progressive) JPEG in RGB, or make it smaller.", title(h.format), h.width, h.height)
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
