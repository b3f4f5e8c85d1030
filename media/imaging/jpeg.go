package imaging

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// Limits of the scans of a JPEG. Encoders make 15 at the most; a scan of a few bytes can make the decoder visit every block of the
// picture, so thousands of them in a small file would keep it busy for hours.
const (
	maxScans      = 100
	maxScanPixels = 20 * MaxPixels // The sum over the scans of the pixels of the picture.
)

// Markers of ITU-T T.81, table B.1.
const (
	markerSOF0  = 0xc0
	markerSOF2  = 0xc2
	markerDHT   = 0xc4
	markerJPG   = 0xc8
	markerDAC   = 0xcc
	markerSOF15 = 0xcf
	markerRST0  = 0xd0
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerAPP1  = 0xe1
	markerAPP2  = 0xe2
)

// jpegReader walks the segments of a JPEG in the steps of the decoder of the standard library.
type jpegReader struct {
	br    *bufio.Reader
	h     *header
	scans int
	exif  bool // The first EXIF segment is the one that counts.
	icc   iccParts
}

func (h *header) readJPEG(br *bufio.Reader) error {
	j := jpegReader{br: br, h: h}
	if _, err := br.Discard(2); err != nil {
		return err
	}
	for {
		marker, err := j.next()
		if err == nil && marker != markerEOI {
			err = j.segment(marker)
		}
		// What is missing behind the beginning of a scan is pixels, and those are the decoder's affair.
		if j.scans > 0 && isEnd(err) {
			err, marker = nil, markerEOI
		}
		if err != nil {
			return err
		}
		if marker == markerEOI {
			break
		}
	}
	if j.scans == 0 {
		return refuse(CodeIncomplete, "The file ends before the picture begins; it was probably not copied completely.")
	}
	h.profile = j.icc.profile()
	return nil
}

// next skips to the next marker that begins a segment or ends the picture.
func (j *jpegReader) next() (byte, error) {
	for {
		if err := j.skipToFF(); err != nil {
			return 0, err
		}
		marker := byte(0xff)
		for marker == 0xff {
			var err error
			if marker, err = j.br.ReadByte(); err != nil {
				return 0, err
			}
		}
		if marker != 0 && (marker < markerRST0 || marker >= markerSOI) {
			return marker, nil
		}
	}
}

func (j *jpegReader) skipToFF() error {
	for {
		if _, err := j.br.Peek(1); err != nil {
			return err
		}
		buffered, _ := j.br.Peek(j.br.Buffered())
		i := bytes.IndexByte(buffered, 0xff)
		if i >= 0 {
			_, err := j.br.Discard(i + 1)
			return err
		}
		if _, err := j.br.Discard(len(buffered)); err != nil {
			return err
		}
	}
}

func (j *jpegReader) segment(marker byte) error {
	var length [2]byte
	if _, err := io.ReadFull(j.br, length[:]); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint16(length[:])) - len(length)
	if n < 0 {
		return refuse(CodeIncomplete, "The beginning of this JPEG is damaged; export the picture again.")
	}
	switch {
	case marker == markerSOS:
		if err := j.scan(); err != nil {
			return err
		}
	case isSOF(marker):
		return j.frame(marker, n)
	case marker == markerAPP1 && !j.exif, marker == markerAPP2:
		return j.metadata(marker, n)
	}
	_, err := j.br.Discard(n)
	return err
}

func isSOF(marker byte) bool {
	return marker >= markerSOF0 && marker <= markerSOF15 && marker != markerDHT && marker != markerJPG && marker != markerDAC
}

func (j *jpegReader) scan() error {
	j.scans++
	switch {
	case j.h.width == 0:
		return refuse(CodeIncomplete, "The beginning of this JPEG is damaged; export the picture again.")
	case j.scans > maxScans, j.scans*j.h.width*j.h.height > maxScanPixels:
		return refuse(CodeTooManyScans, "This JPEG is stored in more layers (scans) than any camera makes; export the picture again.")
	}
	return nil
}

// frame reads a frame header (T.81, B.2.2).
func (j *jpegReader) frame(marker byte, n int) error {
	if marker > markerSOF2 {
		return refuse(CodeUnsupported, "This JPEG is of a rare kind (lossless, arithmetic or hierarchical); export it again as an ordinary JPEG.")
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(j.br, data); err != nil {
		return err
	}
	if n < 6 || n != 6+3*int(data[5]) || j.h.width != 0 {
		return refuse(CodeIncomplete, "The beginning of this JPEG is damaged; export the picture again.")
	}
	if data[0] != 8 {
		return refuse(CodeUnsupported, "This JPEG has %d bits for each colour; export it again as an ordinary JPEG of 8 bits.", data[0])
	}
	j.h.height = int(binary.BigEndian.Uint16(data[1:]))
	j.h.width = int(binary.BigEndian.Uint16(data[3:]))
	if err := checkSize(j.h.width, j.h.height); err != nil {
		return err
	}
	j.h.memory = jpegMemory(marker, j.h.width, j.h.height, data[6:])
	return nil
}

// jpegMemory estimates what the decoder allocates: the planes, and the coefficients of a progressive picture, 32 bits each.
func jpegMemory(marker byte, width, height int, components []byte) int64 {
	var largest, samples int64
	for i := 1; i < len(components); i += 3 {
		area := int64(components[i]>>4) * int64(components[i]&0x0f)
		largest, samples = max(largest, area), samples+area
	}
	pixels := int64(width+32) * int64(height+32)
	perPixel := float64(samples) / float64(max(largest, 1))
	if marker == markerSOF2 {
		perPixel *= 5
	}
	return int64(perPixel * float64(pixels))
}

func (j *jpegReader) metadata(marker byte, n int) error {
	data := make([]byte, n)
	if _, err := io.ReadFull(j.br, data); err != nil {
		return err
	}
	if marker == markerAPP2 {
		j.icc.add(data)
		return nil
	}
	if has(data, "Exif\x00\x00") {
		j.exif, j.h.orientation = true, orientation(data)
	}
	return nil
}

// iccParts puts together a profile that is spread over segments (ICC.1:2022, annex B.4).
type iccParts struct {
	parts [256][]byte
	count int
	size  int
}

func (p *iccParts) add(segment []byte) {
	const prefix = "ICC_PROFILE\x00"
	if !has(segment, prefix) || len(segment) < len(prefix)+2 {
		return
	}
	number, count, data := segment[len(prefix)], int(segment[len(prefix)+1]), segment[len(prefix)+2:]
	if p.parts[number] != nil || p.size > maxProfile {
		return
	}
	p.parts[number], p.count, p.size = data, count, p.size+len(data)
}

// profile is nil unless all parts are there and together are no longer than a profile may be.
func (p *iccParts) profile() []byte {
	if p.count == 0 || p.size > maxProfile {
		return nil
	}
	for number := 1; number <= p.count; number++ {
		if p.parts[number] == nil {
			return nil
		}
	}
	return bytes.Join(p.parts[1:p.count+1], nil)
}
