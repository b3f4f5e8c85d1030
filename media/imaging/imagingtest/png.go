package imagingtest

import (
	"bytes"
	"compress/flate"
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
	return slices.Concat(pngHead(width, height, 8, 2), chunk("IDAT", deflated(make([]byte, 1000))), chunk("IEND", nil))
}

func pngHead(width, height uint32, depth, color byte) []byte {
	data := binary.BigEndian.AppendUint32(nil, width)
	data = binary.BigEndian.AppendUint32(data, height)
	return append([]byte(pngSignature), chunk("IHDR", append(data, depth, color, 0, 0, 0))...)
}

// PNGBomb returns a whole PNG of 16 bits a channel with transparency, all of it zero: a few hundred kilobytes that unpack to
// eight bytes a pixel.
func PNGBomb(width, height uint32) []byte {
	data := deflatedZeros(int(1+8*width) * int(height))
	return slices.Concat(pngHead(width, height, 16, 6), chunk("IDAT", data), chunk("IEND", nil))
}

// deflated returns data in the format of RFC 1950.
func deflated(data []byte) []byte {
	var file bytes.Buffer
	w := zlib.NewWriter(&file)
	// Writing to memory does not fail.
	_, _ = w.Write(data)
	_ = w.Close()
	return file.Bytes()
}

// deflatedZeros returns n zeros in the format of RFC 1950, of which few are really compressed.
func deflatedZeros(n int) []byte {
	const unit = 1 << 20
	file := []byte{0x78, 0x01}
	file = append(file, bytes.Repeat(zeroBlocks(unit), n/unit)...)
	file = append(file, zeroBlocks(n%unit)...)
	file = append(file, 1, 0, 0, 0xff, 0xff)
	return binary.BigEndian.AppendUint32(file, uint32(n%65521)<<16|1)
}

// zeroBlocks returns blocks of RFC 1951 that any others may follow.
func zeroBlocks(n int) []byte {
	var blocks bytes.Buffer
	// Writing to memory does not fail, and the level is a valid one.
	w, _ := flate.NewWriter(&blocks, flate.BestCompression)
	_, _ = w.Write(make([]byte, n))
	_ = w.Flush()
	return blocks.Bytes()
}

// ProfileChunk returns the content of a chunk iCCP.
func ProfileChunk(profile []byte) []byte {
	return append([]byte("profile\x00\x00"), deflated(profile)...)
}

// ProfileBomb returns the content of a chunk iCCP of n zeros.
func ProfileBomb(n int) []byte { return append([]byte("profile\x00\x00"), deflatedZeros(n)...) }
