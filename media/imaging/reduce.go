package imaging

import (
	"image"
	"image/color"
)

// reduce turns what a decoder made into a picture whose size is divided by factor, each sample the mean of a box. The planes of a JPEG
// are not copied when factor is 1.
func reduce(img image.Image, h *header, factor int) *picture {
	switch img := img.(type) {
	case *image.YCbCr:
		return reducePlanes(img, h.format, factor)
	case *image.Gray:
		return reduceGray(img, factor)
	default:
		return reducePixels(img, h, factor)
	}
}

func reducePlanes(img *image.YCbCr, format string, factor int) *picture {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	across, down := subsampling(img.SubsampleRatio)
	chromaWidth, chromaHeight := (width+across-1)/across, (height+down-1)/down
	view := rect{width: float64(width), height: float64(height)}
	chromaView := rect{width: view.width / float64(across), height: view.height / float64(down)}
	p := &picture{width: width, height: height, planes: [3]plane{
		{pix: img.Y, stride: img.YStride, width: width, height: height, view: view},
		{pix: img.Cb, stride: img.CStride, width: chromaWidth, height: chromaHeight, view: chromaView},
		{pix: img.Cr, stride: img.CStride, width: chromaWidth, height: chromaHeight, view: chromaView},
	}}
	for i := range p.planes {
		p.planes[i] = p.planes[i].boxed(factor)
		if format == WebP {
			p.planes[i].expand(i)
		}
	}
	return p
}

// subsampling is how many pixels share a sample of colour, horizontally and vertically.
func subsampling(ratio image.YCbCrSubsampleRatio) (across, down int) {
	switch ratio {
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	default:
		return 1, 1
	}
}

// reduceGray makes planes of colour of a single neutral sample.
func reduceGray(img *image.Gray, factor int) *picture {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	light := plane{
		pix: img.Pix, stride: img.Stride, width: width, height: height,
		view: rect{width: float64(width), height: float64(height)},
	}
	neutral := newPlane(1, 1, rect{width: 1, height: 1})
	neutral.pix[0] = 128
	return &picture{width: width, height: height, planes: [3]plane{light.boxed(factor), neutral, neutral}}
}

// expand brings samples from the range of video, which VP8 uses (RFC 6386, 9.2: BT.601), to the full range of JPEG.
func (p *plane) expand(channel int) {
	var table [256]byte
	for v := range table {
		full := (float64(v) - 16) * 255 / 219
		if channel > 0 {
			full = (float64(v)-128)*255/224 + 128
		}
		table[v] = uint8(min(max(full+0.5, 0), 255))
	}
	for y := range p.height {
		row := p.row(y)
		for x, v := range row {
			row[x] = table[v]
		}
	}
}

// reducePixels reads any picture row by row. What is outside of its bounds, as around a small frame of a GIF, is white.
func reducePixels(img image.Image, h *header, factor int) *picture {
	width, height := (h.width+factor-1)/factor, (h.height+factor-1)/factor
	view := rect{width: float64(h.width) / float64(factor), height: float64(h.height) / float64(factor)}
	p := &picture{width: h.width, height: h.height}
	for i := range p.planes {
		p.planes[i] = newPlane(width, height, view)
	}
	reader := newRowReader(img, h.width)
	var sums [3][]uint32
	for i := range sums {
		sums[i] = make([]uint32, width)
	}
	for y := range height {
		rows := min(factor, h.height-y*factor)
		for i := range rows {
			for c, row := range reader.read(y*factor + i) {
				addBoxes(sums[c], row, factor)
			}
		}
		for c := range sums {
			takeMeans(reader.mean[c][:width], sums[c], factor, rows, h.width)
		}
		storeColors(p, y, reader.mean)
	}
	return p
}

func storeColors(p *picture, y int, rgb [3][]byte) {
	light, blue, red := p.planes[0].row(y), p.planes[1].row(y), p.planes[2].row(y)
	for x := range light {
		light[x], blue[x], red[x] = color.RGBToYCbCr(rgb[0][x], rgb[1][x], rgb[2][x])
	}
}
