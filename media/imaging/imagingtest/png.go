package imagingtest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	afterIHDR    = len(pngSignature) + 25
)

func chunk(kind string, data []byte) []byte {
	c := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	c = append(append(c, kind...), data...)
	return binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
}

// WithChunk returns the PNG with another chunk behind its header.
func WithChunk(file []byte, kind string, data []byte) []byte {
	return slices.Concat(file[:afterIHDR], chunk(kind, data), file[afterIHDR:])
}

// WithWrongChecksum returns the PNG with a checksum that does not fit its pixels.
func WithWrongChecksum(file []byte) []byte {
	file = slices.Clone(file)
	file[len(file)-13] ^= 0xff
	return file
}

// HeaderPNG returns a valid header with a size, and a few pixels.
func HeaderPNG(width, height uint32) []byte {
	return slices.Concat(pngHead(width, height, 8, 2), chunk("IDAT", deflated(make([]byte, 1000), 1)), chunk("IEND", nil))
}

func pngHead(width, height uint32, depth, color byte) []byte {
	data := binary.BigEndian.AppendUint32(nil, width)
	data = binary.BigEndian.AppendUint32(data, height)
	return append([]byte(pngSignature), chunk("IHDR", append(data, depth, color, 0, 0, 0))...)
}

// PNGBomb returns a whole PNG of 16 bits a channel with transparency, all of it zero: a few hundred kilobytes that unpack to
// eight bytes a pixel.
func PNGBomb(width, height uint32) []byte {
	row := make([]byte, 1+8*width)
	return slices.Concat(pngHead(width, height, 16, 6), chunk("IDAT", deflated(row, int(height))), chunk("IEND", nil))
}

func deflated(data []byte, times int) []byte {
	var file bytes.Buffer
	w := zlib.NewWriter(&file)
	for range times {
		// Writing to memory does not fail.
		_, _ = w.Write(data)
	}
	_ = w.Close()
	return file.Bytes()
}

// ProfileChunk returns the content of a chunk iCCP.
func ProfileChunk(profile []byte) []byte {
	return append([]byte("profile\x00\x00"), deflated(profile, 1)...)
}
