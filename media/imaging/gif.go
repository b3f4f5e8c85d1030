package imaging

import (
	"bufio"
	"encoding/binary"
	"io"
)

// readGIF reads the logical screen and goes on to the first frame (GIF89a, sections 18 to 20), which must lie within the screen.
func (h *header) readGIF(br *bufio.Reader) error {
	var screen [13]byte
	if _, err := io.ReadFull(br, screen[:]); err != nil {
		return err
	}
	h.width = int(binary.LittleEndian.Uint16(screen[6:]))
	h.height = int(binary.LittleEndian.Uint16(screen[8:]))
	if err := checkSize(h.width, h.height); err != nil {
		return err
	}
	h.memory = int64(h.width) * int64(h.height)
	if flags := screen[10]; flags&0x80 != 0 {
		if _, err := br.Discard(3 << (1 + flags&7)); err != nil {
			return err
		}
	}
	for {
		block, err := br.ReadByte()
		if err != nil {
			return err
		}
		switch block {
		case 0x21:
			err = h.skipGIFExtension(br)
		case 0x2c:
			return h.readGIFFrame(br)
		default:
			err = refuse(CodeIncomplete, "There is no picture in this GIF; export it again.")
		}
		if err != nil {
			return err
		}
	}
}

func (h *header) skipGIFExtension(br *bufio.Reader) error {
	if _, err := br.Discard(1); err != nil {
		return err
	}
	for {
		if err := h.countPiece(); err != nil {
			return err
		}
		n, err := br.ReadByte()
		if err != nil || n == 0 {
			return err
		}
		if _, err := br.Discard(int(n)); err != nil {
			return err
		}
	}
}

func (h *header) readGIFFrame(br *bufio.Reader) error {
	var frame [9]byte
	if _, err := io.ReadFull(br, frame[:]); err != nil {
		return err
	}
	left, top := int(binary.LittleEndian.Uint16(frame[:])), int(binary.LittleEndian.Uint16(frame[2:]))
	width, height := int(binary.LittleEndian.Uint16(frame[4:])), int(binary.LittleEndian.Uint16(frame[6:]))
	if width == 0 || height == 0 || left+width > h.width || top+height > h.height {
		return refuse(CodeUnsupported, "The first frame of this GIF does not lie within its canvas; export the picture as JPEG or PNG.")
	}
	return nil
}
