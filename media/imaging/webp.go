package imaging

import (
	"bufio"
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
	body := bufio.NewReader(io.LimitReader(br, int64(binary.LittleEndian.Uint32(riff[4:]))-4))
	w := webpReader{h: h}
	for {
		var head [8]byte
		_, err := io.ReadFull(body, head[:])
		if err == nil {
			err = w.chunk(body, string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:])))
		}
		// What is missing behind the beginning of the pixels is the decoder's affair.
		if w.pixels && isEnd(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

type webpReader struct {
	h      *header
	canvas bool // A VP8X told the size, which the picture must repeat.
	pixels bool
}

func (w *webpReader) chunk(body *bufio.Reader, kind string, n int64) error {
	data := io.LimitReader(body, n)
	var err error
	switch {
	case kind == "VP8X" && w.h.width == 0:
		err = w.readVP8X(data)
	case kind == "ANMF", kind == "ANIM":
		err = animated()
	case kind == "VP8 " && !w.pixels:
		err = w.readVP8(data)
	case kind == "VP8L" && !w.pixels:
		err = w.readVP8L(data)
	case kind == "EXIF":
		var exif []byte
		exif, err = io.ReadAll(io.LimitReader(data, maxEXIF))
		w.h.orientation = orientation(exif)
	case kind == "ICCP" && n <= maxProfile:
		w.h.profile, err = io.ReadAll(data)
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, data); err != nil {
		return err
	}
	_, err = body.Discard(int(n & 1))
	return err
}

func animated() error {
	return refuse(CodeUnsupported, "This WebP is animated; photographs must stand still: send a JPEG, a PNG or a still WebP.")
}

func (w *webpReader) readVP8X(r io.Reader) error {
	var data [10]byte
	if _, err := io.ReadFull(r, data[:]); err != nil {
		return err
	}
	if data[0]&webpAnimated != 0 {
		return animated()
	}
	w.canvas = true
	return w.size(1+(int(data[4])|int(data[5])<<8|int(data[6])<<16), 1+(int(data[7])|int(data[8])<<8|int(data[9])<<16))
}

// readVP8 reads the frame header of RFC 6386, 9.1.
func (w *webpReader) readVP8(r io.Reader) error {
	var data [10]byte
	if _, err := io.ReadFull(r, data[:]); err != nil {
		return err
	}
	if data[0]&1 != 0 || string(data[3:6]) != "\x9d\x01\x2a" {
		return refuse(CodeIncomplete, "The beginning of this WebP is damaged; export the picture again.")
	}
	w.pixels = true
	width := int(binary.LittleEndian.Uint16(data[6:]) & 0x3fff)
	height := int(binary.LittleEndian.Uint16(data[8:]) & 0x3fff)
	// Planes of 12 bits a pixel; transparency is unpacked through a picture of four channels.
	w.h.memory = int64(width+16) * int64(height+16) * 3 / 2
	if w.canvas {
		w.h.memory += int64(width) * int64(height) * 5
	}
	return w.size(width, height)
}

// readVP8L reads the image header of RFC 9649, 3.4.
func (w *webpReader) readVP8L(r io.Reader) error {
	var data [5]byte
	if _, err := io.ReadFull(r, data[:]); err != nil {
		return err
	}
	bits := binary.LittleEndian.Uint32(data[1:])
	if data[0] != 0x2f || bits>>29 != 0 {
		return refuse(CodeIncomplete, "The beginning of this WebP is damaged; export the picture again.")
	}
	w.pixels = true
	width, height := int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	w.h.memory = losslessMemory(int64(width) * int64(height))
	return w.size(width, height)
}

// losslessMemory estimates what the decoder of VP8L allocates: the picture, a second one while a transform is undone, and up to 65,536
// groups of five prefix codes, of which there may be one for every 16 pixels.
func losslessMemory(pixels int64) int64 {
	const perGroup = 5 * 640
	return 8*pixels + min(pixels/16, 1<<16)*perGroup
}

func (w *webpReader) size(width, height int) error {
	if w.h.width != 0 && (w.h.width != width || w.h.height != height) {
		return refuse(CodeUnsupported, "The picture in this WebP does not fill its canvas; export it as JPEG or PNG.")
	}
	w.h.width, w.h.height = width, height
	return checkSize(width, height)
}
