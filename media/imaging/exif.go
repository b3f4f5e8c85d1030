package imaging

import (
	"bytes"
	"encoding/binary"
)

// maxEXIF bounds what is read of a file's EXIF data. In a JPEG it cannot be longer, and the orientation stands near the beginning.
const maxEXIF = 1 << 16

// Of the first directory of a TIFF file (TIFF 6.0, section 2).
const (
	tagOrientation = 0x0112
	typeShort      = 3
	typeLong       = 4
	entryLength    = 12
)

// orientation reads the tag Orientation out of EXIF data, which is a TIFF file, perhaps behind the letters "Exif". It is 1, upright,
// when there is no such tag or when any of it makes no sense: a photograph is not refused for its metadata.
func orientation(data []byte) int {
	data = bytes.TrimPrefix(data, []byte("Exif\x00\x00"))
	if len(data) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(data[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	offset := uint64(order.Uint32(data[4:]))
	if offset+2 > uint64(len(data)) {
		return 1
	}
	entries := data[offset+2:]
	for range order.Uint16(data[offset:]) {
		if len(entries) < entryLength {
			break
		}
		if order.Uint16(entries) == tagOrientation {
			return orientationValue(order, entries)
		}
		entries = entries[entryLength:]
	}
	return 1
}

func orientationValue(order binary.ByteOrder, entry []byte) int {
	var value uint32
	switch order.Uint16(entry[2:]) {
	case typeShort:
		value = uint32(order.Uint16(entry[8:]))
	case typeLong:
		value = order.Uint32(entry[8:])
	}
	if value < 1 || value > 8 {
		return 1
	}
	return int(value)
}
