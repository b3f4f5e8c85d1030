package imagingtest

import (
	"encoding/binary"
	"slices"
)

func riffChunk(kind string, data []byte) []byte {
	c := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
	c = append(c, data...)
	if len(data)%2 == 1 {
		c = append(c, 0)
	}
	return c
}

func webp(chunks ...[]byte) []byte {
	return riffChunk("RIFF", append([]byte("WEBP"), slices.Concat(chunks...)...))
}

// canvas returns a chunk VP8X.
func canvas(flags byte, width, height int) []byte {
	w, h := width-1, height-1
	return riffChunk("VP8X", []byte{flags, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
}

// lossyChunk is the whole chunk of pixels of [LossyWebP].
func lossyChunk() []byte { return LossyWebP()[12:] }

// AnimatedWebP returns an animation of one frame.
func AnimatedWebP() []byte {
	frame := append([]byte{0, 0, 0, 0, 0, 0, 63, 1, 0, 212, 0, 0, 100, 0, 0, 0}, lossyChunk()...)
	return webp(canvas(1<<1, 320, 213), riffChunk("ANIM", make([]byte, 6)), riffChunk("ANMF", frame))
}

// MismatchedWebP returns a WebP whose canvas is not the size of its picture.
func MismatchedWebP() []byte { return webp(canvas(0, 100, 100), lossyChunk()) }

// twiceTurnedWebP returns a photograph with two orientations, of which the first turns it.
func twiceTurnedWebP() []byte {
	return webp(stored("display_p3_orientation_6.webp")[12:], riffChunk("EXIF", EXIF(1, 0)))
}
