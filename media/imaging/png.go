package imaging

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

// pngReader walks the chunks of a PNG. Of those that must not be repeated the first is the one that counts.
type pngReader struct {
	br                   *bufio.Reader
	h                    *header
	pixels, exif, colors bool
}

// readPNG walks the chunks (PNG third edition, 5.3) to the end, since eXIf may stand behind the pixels.
func (h *header) readPNG(br *bufio.Reader) error {
	if _, err := br.Discard(8); err != nil {
		return err
	}
	p := pngReader{br: br, h: h}
	for {
		kind, err := p.chunk()
		p.pixels = p.pixels || kind == "IDAT"
		// What is missing behind the beginning of the pixels is the decoder's affair.
		if p.pixels && isEnd(err) {
			h.cut = true
			return nil
		}
		if err != nil {
			return err
		}
		if kind == "IEND" {
			break
		}
	}
	if !p.pixels {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// chunk reads one, and the checksum, which the decoder verifies.
func (p *pngReader) chunk() (kind string, err error) {
	if err := p.h.countPiece(); err != nil {
		return "", err
	}
	head, err := p.br.Peek(8)
	if err != nil {
		return "", err
	}
	kind, n := string(head[4:]), int64(binary.BigEndian.Uint32(head))
	if n > 1<<31-1 || (kind == "IHDR") != (p.h.width == 0) {
		return "", refuse(CodeIncomplete, "The structure of this PNG is damaged; export the picture again.")
	}
	if _, err := p.br.Discard(len(head)); err != nil || kind == "IEND" {
		return kind, err
	}
	rest := n
	switch {
	case kind == "IHDR":
		rest, err = 0, p.h.readIHDR(p.br, n)
	case kind == "eXIf" && !p.exif:
		p.exif = true
		var exif []byte
		exif, rest, err = readUpTo(p.br, n, maxEXIF)
		p.h.orientation = orientation(exif)
	case kind == "iCCP" && !p.colors && !p.pixels:
		p.colors = true
		p.h.profile, rest, err = readUpTo(p.br, n, maxProfile)
	}
	if err == nil {
		_, err = p.br.Discard(int(rest) + 4)
	}
	return kind, err
}

// readUpTo reads the beginning of n bytes, and tells how many of them are left.
func readUpTo(r io.Reader, n, limit int64) (data []byte, rest int64, err error) {
	length := min(n, limit)
	data, err = io.ReadAll(io.LimitReader(r, length))
	if err == nil && int64(len(data)) < length {
		err = io.ErrUnexpectedEOF
	}
	return data, n - length, err
}

func (h *header) readIHDR(r io.Reader, n int64) error {
	var data [13]byte
	if n != int64(len(data)) {
		return refuse(CodeIncomplete, "The beginning of this PNG is damaged; export the picture again.")
	}
	if _, err := io.ReadFull(r, data[:]); err != nil {
		return err
	}
	width, height := binary.BigEndian.Uint32(data[:]), binary.BigEndian.Uint32(data[4:])
	if width > 1<<31-1 || height > 1<<31-1 {
		return refuse(CodeIncomplete, "The beginning of this PNG is damaged; export the picture again.")
	}
	h.width, h.height = int(width), int(height)
	if err := checkSize(h.width, h.height); err != nil {
		return err
	}
	h.memory = pngMemory(int64(h.width)*int64(h.height), data[8], data[9], data[12])
	return nil
}

// pngMemory estimates what the decoder allocates, which makes every pass of an interlaced picture a picture of its own. Anything of
// more than one channel gets four, and so does grey with a transparent shade, whose chunk may come later.
func pngMemory(pixels int64, depth, color, interlace byte) int64 {
	perPixel := int64(4)
	if color == 3 { // A palette.
		perPixel = 1
	}
	if depth == 16 {
		perPixel *= 2
	}
	if interlace != 0 {
		perPixel *= 2
	}
	return pixels * perPixel
}

// pngProfile unpacks the chunk iCCP: a name, a zero, the method zero, and the profile compressed by zlib. Nil if it is malformed.
func pngProfile(chunk []byte) []byte {
	_, rest, ok := bytes.Cut(chunk, []byte{0})
	if !ok || len(rest) < 1 || rest[0] != 0 {
		return nil
	}
	unpacked, err := zlib.NewReader(bytes.NewReader(rest[1:]))
	if err != nil {
		return nil
	}
	profile, err := io.ReadAll(io.LimitReader(unpacked, maxProfile+1))
	if err != nil || len(profile) > maxProfile {
		return nil
	}
	return profile
}
