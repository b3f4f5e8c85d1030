package imaging

import (
	"image"
	"image/color"
)

// rowReader reads rows of a picture as red, green and blue, on white.
type rowReader struct {
	img    image.Image
	bounds image.Rectangle
	row    [3][]byte
	mean   [3][]byte // Space for the means of rows.
	colors [256][3]byte
	into   func(y int, row [3][]byte)
}

func newRowReader(img image.Image, width int) *rowReader {
	r := &rowReader{img: img, bounds: img.Bounds()}
	for i := range r.row {
		r.row[i], r.mean[i] = make([]byte, width), make([]byte, width)
		for x := range r.row[i] {
			r.row[i][x] = 255
		}
	}
	r.into = r.anyPixels
	switch img := img.(type) {
	case *image.Paletted:
		r.colors = onWhite(img.Palette)
		r.into = func(y int, row [3][]byte) { palettedRow(img, y, &r.colors, row) }
	case *image.RGBA:
		r.into = func(y int, row [3][]byte) { rgbaRow(img.Pix[img.PixOffset(img.Rect.Min.X, y):], row) }
	case *image.NRGBA:
		r.into = func(y int, row [3][]byte) { nrgbaRow(img.Pix[img.PixOffset(img.Rect.Min.X, y):], row) }
	case *image.RGBA64:
		r.into = func(y int, row [3][]byte) { rgba64Row(img.Pix[img.PixOffset(img.Rect.Min.X, y):], row) }
	case *image.NRGBA64:
		r.into = func(y int, row [3][]byte) { nrgba64Row(img.Pix[img.PixOffset(img.Rect.Min.X, y):], row) }
	case *image.CMYK:
		r.into = func(y int, row [3][]byte) { cmykRow(img.Pix[img.PixOffset(img.Rect.Min.X, y):], row) }
	case *image.NYCbCrA:
		r.into = func(y int, row [3][]byte) { webpRow(img, y, row) }
	}
	return r
}

// read returns row y, valid until the next call.
func (r *rowReader) read(y int) [3][]byte {
	outside := r.row
	if y < r.bounds.Min.Y || y >= r.bounds.Max.Y {
		for i := range outside {
			for x := range outside[i] {
				outside[i][x] = 255
			}
		}
		return outside
	}
	var inside [3][]byte
	for i := range inside {
		inside[i] = r.row[i][r.bounds.Min.X:r.bounds.Max.X]
	}
	r.into(y, inside)
	return r.row
}

func onWhite(palette color.Palette) (colors [256][3]byte) {
	for i := range colors {
		colors[i] = [3]byte{255, 255, 255}
		if i < len(palette) {
			red, green, blue, alpha := palette[i].RGBA()
			colors[i] = [3]byte{uint8((red + 0xffff - alpha) >> 8), uint8((green + 0xffff - alpha) >> 8), uint8((blue + 0xffff - alpha) >> 8)}
		}
	}
	return colors
}

func palettedRow(img *image.Paletted, y int, colors *[256][3]byte, row [3][]byte) {
	pix := img.Pix[img.PixOffset(img.Rect.Min.X, y):]
	for x := range row[0] {
		c := &colors[pix[x]]
		row[0][x], row[1][x], row[2][x] = c[0], c[1], c[2]
	}
}

func (r *rowReader) anyPixels(y int, row [3][]byte) {
	for x := range row[0] {
		red, green, blue, alpha := r.img.At(r.bounds.Min.X+x, y).RGBA()
		white := 0xffff - alpha
		row[0][x], row[1][x], row[2][x] = uint8((red+white)>>8), uint8((green+white)>>8), uint8((blue+white)>>8)
	}
}

// rgbaRow reads colours that are multiplied by their opacity already; the white behind them adds what is missing.
func rgbaRow(pix []byte, row [3][]byte) {
	for x := range row[0] {
		p := pix[4*x:][:4]
		white := 255 - p[3]
		row[0][x], row[1][x], row[2][x] = p[0]+white, p[1]+white, p[2]+white
	}
}

func nrgbaRow(pix []byte, row [3][]byte) {
	for x := range row[0] {
		p := pix[4*x:][:4]
		for c := range row {
			row[c][x] = over(p[c], p[3])
		}
	}
}

// over lays a colour of the given opacity on white.
func over(value, alpha byte) byte {
	sum := uint32(value)*uint32(alpha) + 255*(255-uint32(alpha))
	return uint8((sum + 127) / 255)
}

func rgba64Row(pix []byte, row [3][]byte) {
	for x := range row[0] {
		p := pix[8*x:][:8]
		white := 0xffff - be16(p[6:])
		for c := range row {
			row[c][x] = to8(be16(p[2*c:]) + white)
		}
	}
}

func nrgba64Row(pix []byte, row [3][]byte) {
	for x := range row[0] {
		p := pix[8*x:][:8]
		alpha := be16(p[6:])
		for c := range row {
			row[c][x] = to8((be16(p[2*c:])*alpha + 0xffff*(0xffff-alpha)) / 0xffff)
		}
	}
}

func be16(p []byte) uint32 { return uint32(p[0])<<8 | uint32(p[1]) }

// to8 rounds a 16-bit sample.
func to8(v uint32) byte { return uint8((v*255 + 0x7fff) / 0xffff) }

func cmykRow(pix []byte, row [3][]byte) {
	for x := range row[0] {
		p := pix[4*x:][:4]
		row[0][x], row[1][x], row[2][x] = color.CMYKToRGB(p[0], p[1], p[2], p[3])
	}
}

// webpRow reads lossy WebP with transparency, whose samples have the range of video.
func webpRow(img *image.NYCbCrA, y int, row [3][]byte) {
	for x := range row[0] {
		at, chroma := img.YOffset(x, y), img.COffset(x, y)
		red, green, blue := videoToRGB(img.Y[at], img.Cb[chroma], img.Cr[chroma])
		alpha := img.A[img.AOffset(x, y)]
		row[0][x], row[1][x], row[2][x] = over(red, alpha), over(green, alpha), over(blue, alpha)
	}
}

// videoToRGB is the conversion of BT.601, in fixed-point numbers of 16 bits behind the point.
func videoToRGB(y, cb, cr byte) (red, green, blue byte) {
	light := 76309*(int32(y)-16) + 1<<15
	b, r := int32(cb)-128, int32(cr)-128
	return clamp8((light + 104597*r) >> 16), clamp8((light - 25675*b - 53279*r) >> 16), clamp8((light + 132201*b) >> 16)
}

func clamp8(v int32) byte { return uint8(min(max(v, 0), 255)) }
