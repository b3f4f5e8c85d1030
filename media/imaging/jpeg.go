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

// maxGap bounds the bytes between segments before the first scan, of which a sound file has none or a few. The decoder walks them one
// by one.
const maxGap = 1 << 18

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
	gap   int  // Bytes between segments so far, pixels included.
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
			h.cut = true
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
		if _, err := j.br.Peek(2); err != nil {
			return 0, err
		}
		buffered, _ := j.br.Peek(j.br.Buffered())
		marker, n := findMarker(buffered)
		if _, err := j.br.Discard(n); err != nil {
			return 0, err
		}
		if j.gap += n; j.scans == 0 && j.gap > maxGap {
			return 0, j.damaged()
		}
		if marker != 0 {
			return marker, nil
		}
	}
}

// findMarker returns the first marker of a segment or of the end, and the length up to behind it. If there is none it is zero, and the
// length leaves what may be the beginning of one.
func findMarker(data []byte) (marker byte, n int) {
	for n < len(data) {
		// A file may be full of these, and a call for each of them would take the longest.
		if data[n] != 0xff {
			i := bytes.IndexByte(data[n:], 0xff)
			if i < 0 {
				break
			}
			n += i
		}
		if n+1 == len(data) {
			return 0, n
		}
		marker := data[n+1]
		switch {
		case marker == 0xff:
			n++
		case marker == 0, marker >= markerRST0 && marker < markerSOI:
			n += 2
		default:
			return marker, n + 2
		}
	}
	return 0, len(data)
}

func (j *jpegReader) damaged() error {
	return refuse(CodeIncomplete, "The beginning of this JPEG is damaged; export the picture again.")
}

func (j *jpegReader) segment(marker byte) error {
	if err := j.h.countPiece(); err != nil {
		return err
	}
	length, err := j.br.Peek(2)
	if err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint16(length)) - len(length)
	if _, err := j.br.Discard(len(length)); err != nil {
		return err
	}
	switch {
	case n < 0:
		return j.damaged()
	case marker == markerSOS:
		if err := j.scan(); err != nil {
			return err
		}
	case isSOF(marker):
		return j.frame(marker, n)
	case marker == markerAPP1 && !j.exif, marker == markerAPP2:
		return j.metadata(marker, n)
	}
	_, err = j.br.Discard(n)
	return err
}

func isSOF(marker byte) bool {
	return marker >= markerSOF0 && marker <= markerSOF15 && marker != markerDHT && marker != markerJPG && marker != markerDAC
}

func (j *jpegReader) scan() error {
	j.scans++
	switch {
	case j.h.width == 0:
		return j.damaged()
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
		return j.damaged()
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

// metadata reads a segment only if it is to be kept, of which there are few.
func (j *jpegReader) metadata(marker byte, n int) error {
	const exif, icc = "Exif\x00\x00", "ICC_PROFILE\x00"
	start, err := j.br.Peek(min(n, len(icc)+2))
	if err != nil {
		return err
	}
	wanted := marker == markerAPP1 && has(start, exif) || marker == markerAPP2 && has(start, icc) && j.icc.wants(start[len(icc):])
	if !wanted {
		_, err := j.br.Discard(n)
		return err
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(j.br, data); err != nil {
		return err
	}
	if marker == markerAPP2 {
		j.icc.add(data[len(icc):])
		return nil
	}
	j.exif, j.h.orientation = true, orientation(data)
	return nil
}

// iccParts puts together a profile that is spread over segments (ICC.1:2022, annex B.4).
type iccParts struct {
	parts [256][]byte
	count int
	size  int
}

// wants tells whether a part that begins with its number and the count of all is new. The first of each number is the one that counts.
func (p *iccParts) wants(part []byte) bool {
	return len(part) >= 2 && p.parts[part[0]] == nil && p.size <= maxProfile
}

func (p *iccParts) add(part []byte) {
	p.parts[part[0]], p.count, p.size = part[2:], int(part[1]), p.size+len(part)
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
