package imaging

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

// readPNG walks the chunks (PNG third edition, 5.3) to the end, since eXIf may stand behind the pixels.
func (h *header) readPNG(br *bufio.Reader) error {
	if _, err := br.Discard(8); err != nil {
		return err
	}
	var pixels bool
	for {
		kind, n, err := pngChunk(br)
		switch {
		case err != nil:
		case h.width == 0 && kind != "IHDR":
			return refuse(CodeIncomplete, "The beginning of this PNG is damaged; export the picture again.")
		case kind == "IEND":
			err = io.EOF
		default:
			err = h.readPNGChunk(br, kind, n)
		}
		pixels = pixels || kind == "IDAT"
		// What is missing behind the beginning of the pixels is the decoder's affair.
		if pixels && isEnd(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func pngChunk(br *bufio.Reader) (kind string, length int64, err error) {
	var head [8]byte
	if _, err := io.ReadFull(br, head[:]); err != nil {
		return "", 0, err
	}
	return string(head[4:]), int64(binary.BigEndian.Uint32(head[:])), nil
}

// readPNGChunk reads the data and the checksum, which the decoder verifies.
func (h *header) readPNGChunk(br *bufio.Reader, kind string, n int64) error {
	data := io.LimitReader(br, n)
	var err error
	switch {
	case kind == "IHDR" && h.width == 0:
		err = h.readIHDR(data, n)
	case kind == "IHDR", n > 1<<31-1:
		err = refuse(CodeIncomplete, "The structure of this PNG is damaged; export the picture again.")
	case kind == "eXIf":
		var exif []byte
		exif, err = io.ReadAll(io.LimitReader(data, maxEXIF))
		h.orientation = orientation(exif)
	case kind == "iCCP":
		var chunk []byte
		chunk, err = io.ReadAll(io.LimitReader(data, maxProfile))
		h.profile = pngProfile(chunk)
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, data); err != nil {
		return err
	}
	_, err = br.Discard(4)
	return err
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
