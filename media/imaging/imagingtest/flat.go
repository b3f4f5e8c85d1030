package imagingtest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// FlatProgressiveJPEG returns a progressive JPEG, 4:2:0, of one scan and one colour, in a few bytes for each thousand pixels.
func FlatProgressiveJPEG(width, height uint16) []byte {
	return flatJPEG(width, height, []byte{0x22, 0x11, 0x11})
}

// FlatFullProgressiveJPEG is [FlatProgressiveJPEG] with colour in full resolution, 4:4:4.
func FlatFullProgressiveJPEG(width, height uint16) []byte {
	return flatJPEG(width, height, []byte{0x11, 0x11, 0x11})
}

// FlatProgressiveCMYK is [FlatProgressiveJPEG] with four channels, which are CMYK.
func FlatProgressiveCMYK(width, height uint16) []byte { return flatAdobe(width, height, 0) }

// FlatProgressiveYCCK is [FlatProgressiveJPEG] with four channels, which are YCCK.
func FlatProgressiveYCCK(width, height uint16) []byte { return flatAdobe(width, height, 2) }

func flatAdobe(width, height uint16, transform byte) []byte {
	file := flatJPEG(width, height, []byte{0x11, 0x11, 0x11, 0x11})
	return WithSegment(file, 0xee, append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), transform))
}

// flatJPEG takes the number of samples of each channel in a unit, horizontally and vertically, as the frame header has them.
func flatJPEG(width, height uint16, sampling []byte) []byte {
	tables := JPEG(16, 16)
	frame := binary.BigEndian.AppendUint16([]byte{8}, height)
	frame = append(binary.BigEndian.AppendUint16(frame, width), byte(len(sampling)))
	scan, bits := []byte{byte(len(sampling))}, 0
	for i, factors := range sampling {
		table := byte(min(i, 1))
		frame = append(frame, byte(i+1), factors, table)
		scan = append(scan, byte(i+1), table<<4|table)
		// The first coefficients alone; in the usual tables two zero bits say that one is like the one before.
		bits += 2 * int(factors>>4) * int(factors&0x0f)
	}
	scan = append(scan, 0, 0, 0)
	side := 8 * int(sampling[0]&0x0f)
	units := (int(width) + side - 1) / side * ((int(height) + side - 1) / side)
	at := segmentAt(tables, 0xc0)
	return slices.Concat(
		tables[:at], segment(0xc2, frame), tables[at+2+17:segmentAt(tables, 0xda)],
		segment(0xda, scan), make([]byte, (units*bits+7)/8), []byte{0xff, 0xd9},
	)
}

func segment(marker byte, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
}

// RepeatedSegment returns the JPEG with n more equal segments at its beginning.
func RepeatedSegment(file []byte, marker byte, data []byte, n int) []byte {
	return slices.Concat(file[:2], bytes.Repeat(segment(marker, data), n), file[2:])
}

// RepeatedChunk returns the PNG with n more equal chunks behind its header.
func RepeatedChunk(file []byte, kind string, data []byte, n int) []byte {
	return slices.Concat(file[:afterIHDR], bytes.Repeat(chunk(kind, data), n), file[afterIHDR:])
}

// RepeatedWebPChunk returns the WebP of [LossyWebP] with n more equal chunks at its end.
func RepeatedWebPChunk(kind string, data []byte, n int) []byte {
	return webp(lossyChunk(), bytes.Repeat(riffChunk(kind, data), n))
}

// RepeatedGIFBlock returns a GIF of 32 x 32 pixels with n more equal blocks before its first frame.
func RepeatedGIFBlock(block []byte, n int) []byte {
	file := encodedGIF(32, 32, paletted(32, 32))
	at := afterGlobalPalette(file)
	return slices.Concat(file[:at], bytes.Repeat(block, n), file[at:])
}

// InterlacedPNGBomb is [PNGBomb] stored in seven passes.
func InterlacedPNGBomb(width, height int) []byte {
	size := 0
	for _, pass := range [7]struct{ left, top, across, down int }{
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		columns := (width - pass.left + pass.across - 1) / pass.across
		size += (1 + 8*columns) * ((height - pass.top + pass.down - 1) / pass.down)
	}
	return interlacedPNG(width, height, deflatedZeros(size))
}

// interlacedHeaderPNG is [HeaderPNG] for what [InterlacedPNGBomb] would return.
func interlacedHeaderPNG(width, height int) []byte {
	return interlacedPNG(width, height, deflated(make([]byte, 1000)))
}

func interlacedPNG(width, height int, pixels []byte) []byte {
	data := binary.BigEndian.AppendUint32(nil, uint32(width))
	data = append(binary.BigEndian.AppendUint32(data, uint32(height)), 16, 6, 0, 0, 1)
	return slices.Concat([]byte(pngSignature), chunk("IHDR", data), chunk("IDAT", pixels), chunk("IEND", nil))
}
