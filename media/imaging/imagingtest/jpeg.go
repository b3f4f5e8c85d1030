package imagingtest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// WithSegment returns the JPEG with another segment at its beginning.
func WithSegment(file []byte, marker byte, data []byte) []byte {
	return slices.Concat(file[:2], segment(marker, data), file[2:])
}

// WithOrientation returns the JPEG with an EXIF orientation.
func WithOrientation(file []byte, orientation int) []byte {
	return WithSegment(file, 0xe1, EXIF(orientation, 0))
}

// WithProfile returns the JPEG with a colour profile, spread over as many segments as it takes.
func WithProfile(file, profile []byte) []byte {
	parts := slices.Collect(slices.Chunk(profile, 65_000))
	for i, part := range slices.Backward(parts) {
		head := append([]byte("ICC_PROFILE\x00"), byte(i+1), byte(len(parts)))
		file = WithSegment(file, 0xe2, append(head, part...))
	}
	return file
}

// segmentAt is where the first segment with the marker begins in a file of this package's making.
func segmentAt(file []byte, marker byte) int { return bytes.Index(file, []byte{0xff, marker}) }

// WithSize returns the JPEG with another size in its header.
func WithSize(file []byte, width, height uint16) []byte {
	file = slices.Clone(file)
	frame := segmentAt(file, 0xc0)
	binary.BigEndian.PutUint16(file[frame+5:], height)
	binary.BigEndian.PutUint16(file[frame+7:], width)
	return file
}

// WithPrecision returns the JPEG with another number of bits a sample in its header.
func WithPrecision(file []byte, bits byte) []byte {
	file = slices.Clone(file)
	file[segmentAt(file, 0xc0)+4] = bits
	return file
}

// WithFrameMarker returns the JPEG as one of another kind.
func WithFrameMarker(file []byte, marker byte) []byte {
	file = slices.Clone(file)
	file[segmentAt(file, 0xc0)+1] = marker
	return file
}

// WithoutHuffmanTables returns the JPEG with the tables for its pixels taken for a comment.
func WithoutHuffmanTables(file []byte) []byte {
	file = slices.Clone(file)
	for at := segmentAt(file, 0xc4); at >= 0; at = segmentAt(file, 0xc4) {
		file[at+1] = 0xfe
	}
	return file
}

// ManyScans returns the JPEG as a progressive one of n tiny scans, each of which would visit every block.
func ManyScans(file []byte, n int) []byte {
	at := segmentAt(file, 0xda)
	scan := []byte{0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0, 0xff, 0x00}
	return slices.Concat(WithFrameMarker(file, 0xc2)[:at], bytes.Repeat(scan, n), []byte{0xff, 0xd9})
}

// overwritten returns the file with its middle, where the pixels are, made useless.
func overwritten(file []byte) []byte {
	file = slices.Clone(file)
	copy(file[len(file)/2:], bytes.Repeat([]byte{0xff, 0x01}, 500))
	return file
}

// EXIF returns EXIF data with an orientation, as a JPEG carries it, and padding of so many bytes.
func EXIF(orientation, padding int) []byte {
	data := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x02")
	data = append(data, "\x01\x0f\x00\x02\x00\x00\x00\x04ACM\x00"...)
	data = append(data, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(orientation), 0, 0)
	data = append(data, 0, 0, 0, 0)
	return append(data, make([]byte, padding)...)
}

// Video returns the beginning of an MP4, as phones hang it onto a photograph.
func Video() []byte {
	return append([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42\x00\x00\x10\x00mdat"), make([]byte, 4096)...)
}

// ZIP returns an archive with nothing in it but a name.
func ZIP() []byte {
	const name = "evil.php"
	local := append([]byte("PK\x03\x04\x14\x00"), make([]byte, 20)...)
	local = append(local, byte(len(name)), 0, 0, 0)
	return append(append(local, name...), append([]byte("PK\x05\x06"), make([]byte, 18)...)...)
}
