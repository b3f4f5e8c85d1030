package imaging

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"io"
)

// Flags of the chunk VP8X (RFC 9649, 2.7).
const webpAnimated = 1 << 1

// readWebP walks the chunks (RFC 9649, 2.3) to the end of the container, since EXIF stands behind the pixels.
func (h *header) readWebP(br *bufio.Reader) error {
	var riff [12]byte
	if _, err := io.ReadFull(br, riff[:]); err != nil {
		return err
	}
	container := &io.LimitedReader{R: br, N: int64(binary.LittleEndian.Uint32(riff[4:])) - 4}
	w := webpReader{br: bufio.NewReader(container), h: h}
	for {
		err := w.chunk()
		// What is missing behind the beginning of the pixels is the decoder's affair.
		if w.pixels && isEnd(err) {
			h.cut = container.N > 0
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// webpReader walks the chunks of a WebP. Of those that must not be repeated the first is the one that counts.
type webpReader struct {
	br                   *bufio.Reader
	h                    *header
	canvas               bool // A VP8X told the size, which the picture must repeat.
	pixels, exif, colors bool
	alpha                int64 // The length of the chunk of opacity.
}

func (w *webpReader) chunk() error {
	if err := w.h.countPiece(); err != nil {
		return err
	}
	head, err := w.br.Peek(8)
	if err != nil {
		return err
	}
	kind, n := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
	if _, err := w.br.Discard(len(head)); err != nil {
		return err
	}
	rest, err := w.content(kind, n)
	if err == nil {
		_, err = w.br.Discard(int(rest + n&1))
	}
	return err
}

// content reads what is needed of a chunk of n bytes, and tells how many of them are left.
func (w *webpReader) content(kind string, n int64) (rest int64, err error) {
	switch {
	case kind == "VP8X" && w.h.width == 0:
		return w.readVP8X(n)
	case kind == "ANMF", kind == "ANIM":
		return 0, animated()
	case kind == "VP8 " && !w.pixels:
		return w.readVP8(n)
	case kind == "VP8L" && !w.pixels:
		return w.readVP8L(n)
	case kind == "ALPH" && !w.pixels:
		w.alpha = n
	case kind == "EXIF" && !w.exif:
		w.exif = true
		exif, rest, err := readUpTo(w.br, n, maxEXIF)
		w.h.orientation = orientation(exif)
		return rest, err
	case kind == "ICCP" && !w.colors && n <= maxProfile:
		w.colors = true
		w.h.profile, rest, err = readUpTo(w.br, n, maxProfile)
		return rest, err
	}
	return n, nil
}

func animated() error {
	return refuse(CodeUnsupported, "This WebP is animated; photographs must stand still: send a JPEG, a PNG or a still WebP.")
}

func (w *webpReader) readVP8X(n int64) (rest int64, err error) {
	data, rest, err := readUpTo(w.br, n, 10)
	if err != nil || len(data) < 10 {
		return 0, cmp.Or(err, io.ErrUnexpectedEOF)
	}
	if data[0]&webpAnimated != 0 {
		return 0, animated()
	}
	w.canvas = true
	return rest, w.size(1+(int(data[4])|int(data[5])<<8|int(data[6])<<16), 1+(int(data[7])|int(data[8])<<8|int(data[9])<<16))
}

// readVP8 reads the frame header of RFC 6386, 9.1.
func (w *webpReader) readVP8(n int64) (rest int64, err error) {
	data, rest, err := readUpTo(w.br, n, 10)
	if err != nil || len(data) < 10 {
		return 0, cmp.Or(err, io.ErrUnexpectedEOF)
	}
	if data[0]&1 != 0 || string(data[3:6]) != "\x9d\x01\x2a" {
		return 0, refuse(CodeIncomplete, "The beginning of this WebP is damaged; export the picture again.")
	}
	w.pixels = true
	width := int(binary.LittleEndian.Uint16(data[6:]) & 0x3fff)
	height := int(binary.LittleEndian.Uint16(data[8:]) & 0x3fff)
	// Planes of 12 bits a pixel; opacity is a plane that is unpacked through a lossless picture.
	w.h.memory = int64(width+16) * int64(height+16) * 3 / 2
	if w.alpha > 0 {
		pixels := int64(width) * int64(height)
		w.h.memory += pixels + losslessMemory(pixels, w.alpha)
	}
	return rest, w.size(width, height)
}

// readVP8L reads the image header of RFC 9649, 3.4.
func (w *webpReader) readVP8L(n int64) (rest int64, err error) {
	data, rest, err := readUpTo(w.br, n, 5)
	if err != nil || len(data) < 5 {
		return 0, cmp.Or(err, io.ErrUnexpectedEOF)
	}
	bits := binary.LittleEndian.Uint32(data[1:])
	if data[0] != 0x2f || bits>>29 != 0 {
		return 0, refuse(CodeIncomplete, "The beginning of this WebP is damaged; export the picture again.")
	}
	w.pixels = true
	width, height := int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	w.h.memory = losslessMemory(int64(width)*int64(height), n)
	return rest, w.size(width, height)
}

// losslessMemory estimates what the decoder of VP8L allocates for a chunk of n bytes: the picture, a second one while a transform is
// undone, and groups of five prefix codes. Of those there may be one for every 16 pixels, the decoder accepts 2,600, and each may have
// tables for 3,100 symbols; but every group takes bytes of the file.
func losslessMemory(pixels, n int64) int64 {
	const maxGroups, perGroup, perByte = 2600, 54 << 10, 1100
	return 8*pixels + min(min(pixels/16+1, maxGroups)*perGroup, n*perByte)
}

func (w *webpReader) size(width, height int) error {
	if w.h.width != 0 && (w.h.width != width || w.h.height != height) {
		return refuse(CodeUnsupported, "The picture in this WebP does not fill its canvas; export it as JPEG or PNG.")
	}
	w.h.width, w.h.height = width, height
	return checkSize(width, height)
}
