package imagingtest

import (
	"bytes"
	"image"
	"image/jpeg"
)

// Mosaic returns a JPEG of any size, 4:2:0 and of high quality as cameras make them, laid out with a real photograph at its own size so
// that it is as hard to decode as one.
func Mosaic(width, height int) []byte {
	img, err := jpeg.Decode(bytes.NewReader(Landscape()))
	if err != nil {
		panic(err)
	}
	tile, ok := img.(*image.YCbCr)
	if !ok {
		panic("the photograph is not in colour")
	}
	mosaic := image.NewYCbCr(image.Rect(0, 0, width, height), tile.SubsampleRatio)
	chromaHeight := len(mosaic.Cb) / mosaic.CStride
	layOut(mosaic.Y, mosaic.YStride, height, tile.Y, tile.YStride, tile.Rect.Dx(), tile.Rect.Dy())
	layOut(mosaic.Cb, mosaic.CStride, chromaHeight, tile.Cb, tile.CStride, tile.Rect.Dx()/2, tile.Rect.Dy()/2)
	layOut(mosaic.Cr, mosaic.CStride, chromaHeight, tile.Cr, tile.CStride, tile.Rect.Dx()/2, tile.Rect.Dy()/2)
	return EncodeJPEG(mosaic)
}

func layOut(out []byte, stride, height int, tile []byte, tileStride, tileWidth, tileHeight int) {
	for y := range height {
		row, from := out[y*stride:][:stride], tile[y%tileHeight*tileStride:][:tileWidth]
		for len(row) > 0 {
			row = row[copy(row, from):]
		}
	}
}
