package imaging

import (
	"bytes"
	"image"
	"image/jpeg"

	"github.com/bbrks/go-blurhash"
)

// quality of the variants, on the scale of libjpeg. More would cost bytes that a phone does not show.
const quality = 78

// encode writes the picture as a baseline JPEG.
func (p *picture) encode() ([]byte, error) {
	var file bytes.Buffer
	err := jpeg.Encode(&file, p.image(), &jpeg.Options{Quality: quality})
	return file.Bytes(), err
}

// image shows a picture that was resampled as what the standard library knows.
func (p *picture) image() *image.YCbCr {
	ratio := image.YCbCrSubsampleRatio444
	if p.planes[1].width != p.width || p.planes[1].height != p.height {
		ratio = image.YCbCrSubsampleRatio420
	}
	return &image.YCbCr{
		Y: p.planes[0].pix, YStride: p.planes[0].stride,
		Cb: p.planes[1].pix, Cr: p.planes[2].pix, CStride: p.planes[1].stride,
		SubsampleRatio: ratio,
		Rect:           image.Rect(0, 0, p.width, p.height),
	}
}

// blurhash describes the picture by 4 times 3 waves, or 3 times 4 if it is higher than wide.
func (p *picture) blurhash() (string, error) {
	const largest, across, down = 32, 4, 3
	tiny := p.resampled(min(p.width, largest), min(p.height, largest), chromaFull).image()
	if p.height > p.width {
		return blurhash.Encode(down, across, tiny)
	}
	return blurhash.Encode(across, down, tiny)
}
