package imagingtest

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
)

// Scene draws a picture with soft and hard edges that looks different from every side.
func Scene(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			u, v := float64(x)/float64(width), float64(y)/float64(height)
			wave := 0.5 + 0.5*math.Sin(40*u*u+13*v)
			c := color.NRGBA{R: uint8(255 * u), G: uint8(200 * wave), B: uint8(255 * (1 - v)), A: 255}
			if u < 0.3 && v < 0.2 {
				c = color.NRGBA{R: 240, G: 230, B: 40, A: 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

// Lying returns the picture as it is stored under an EXIF orientation: the pixel that belongs at (x, y) is found where the tag says.
func Lying(img *image.NRGBA, orientation int) *image.NRGBA {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	stored := image.NewNRGBA(img.Rect)
	if orientation >= 5 {
		stored = image.NewNRGBA(image.Rect(0, 0, height, width))
	}
	for y := range height {
		for x := range width {
			right, lower := width-1-x, height-1-y
			at := [...]image.Point{{x, y}, {right, y}, {right, lower}, {x, lower}, {y, x}, {y, right}, {lower, right}, {lower, x}}[orientation-1]
			stored.SetNRGBA(at.X, at.Y, img.NRGBAAt(x, y))
		}
	}
	return stored
}

func copied[T interface{ Set(x, y int, c color.Color) }](to T, from image.Image) T {
	bounds := from.Bounds()
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			to.Set(x, y, from.At(x, y))
		}
	}
	return to
}

func encoded(encode func(*bytes.Buffer) error) []byte {
	var file bytes.Buffer
	if err := encode(&file); err != nil {
		panic(err)
	}
	return file.Bytes()
}

func encodedPNG(img image.Image) []byte {
	return encoded(func(file *bytes.Buffer) error { return png.Encode(file, img) })
}

// EncodeJPEG returns a baseline JPEG, 4:2:0.
func EncodeJPEG(img image.Image) []byte {
	return encoded(func(file *bytes.Buffer) error { return jpeg.Encode(file, img, &jpeg.Options{Quality: 90}) })
}

// JPEG returns a baseline JPEG of [Scene].
func JPEG(width, height int) []byte { return EncodeJPEG(Scene(width, height)) }

// GrayJPEG returns a JPEG of one channel.
func GrayJPEG(width, height int) []byte {
	return EncodeJPEG(copied(image.NewGray(image.Rect(0, 0, width, height)), Scene(width, height)))
}

// PNG returns a PNG of [Scene] with 8 bits a channel.
func PNG(width, height int) []byte { return encodedPNG(Scene(width, height)) }

// DeepPNG returns a PNG with 16 bits a channel.
func DeepPNG(width, height int) []byte {
	return encodedPNG(copied(image.NewNRGBA64(image.Rect(0, 0, width, height)), Scene(width, height)))
}

// DeepGrayPNG returns a PNG of one channel of 16 bits.
func DeepGrayPNG(width, height int) []byte {
	return encodedPNG(copied(image.NewGray16(image.Rect(0, 0, width, height)), Scene(width, height)))
}

// TransparentPNG returns [Scene] fully transparent on its right half, where its hidden colours are black.
func TransparentPNG(width, height int) []byte {
	img := Scene(width, height)
	for y := range height {
		for x := width / 2; x < width; x++ {
			img.SetNRGBA(x, y, color.NRGBA{})
		}
	}
	return encodedPNG(img)
}

// palette is of 216 colours.
func palette() color.Palette {
	var colors color.Palette
	for i := range 216 {
		colors = append(colors, color.RGBA{R: uint8(i / 36 * 51), G: uint8(i / 6 % 6 * 51), B: uint8(i % 6 * 51), A: 255})
	}
	return colors
}

func paletted(width, height int) *image.Paletted {
	return copied(image.NewPaletted(image.Rect(0, 0, width, height), palette()), Scene(width, height))
}

// PalettePNG returns a PNG whose pixels are numbers of colours.
func PalettePNG(width, height int) []byte { return encodedPNG(paletted(width, height)) }

// AnimatedGIF returns a GIF whose first frame is [Scene] and whose second is black.
func AnimatedGIF(width, height int) []byte {
	black := image.NewPaletted(image.Rect(0, 0, width, height), palette())
	return encodedGIF(width, height, paletted(width, height), black)
}

// SmallFrameGIF returns a GIF whose first frame is black and covers the lower right quarter of the screen.
func SmallFrameGIF(width, height int) []byte {
	return encodedGIF(width, height, image.NewPaletted(image.Rect(width/2, height/2, width, height), palette()))
}

func encodedGIF(width, height int, frames ...*image.Paletted) []byte {
	return encoded(func(file *bytes.Buffer) error {
		return gif.EncodeAll(file, &gif.GIF{
			Image: frames, Delay: make([]int, len(frames)), Config: image.Config{Width: width, Height: height},
		})
	})
}

// GIFWithHTML returns a GIF that a browser would run as a page if it were told so: a comment of it is a script.
func GIFWithHTML(width, height int) []byte {
	file := encodedGIF(width, height, paletted(width, height))
	const script = "<html><script>alert(document.cookie)</script></html>"
	at := afterGlobalPalette(file)
	comment := append([]byte{0x21, 0xfe, byte(len(script))}, script+"\x00"...)
	return append(append(append([]byte{}, file[:at]...), comment...), file[at:]...)
}

// afterGlobalPalette is where the blocks of a GIF begin.
func afterGlobalPalette(file []byte) int {
	at := 13
	if flags := file[10]; flags&0x80 != 0 {
		at += 3 << (1 + flags&7)
	}
	return at
}

// OutsideGIF returns a GIF whose screen is smaller than its frame.
func OutsideGIF() []byte {
	file := AnimatedGIF(320, 240)
	file[6], file[7] = 100, 0
	return file
}

// LargeGIF returns a GIF that declares a screen of 4.3 thousand million pixels.
func LargeGIF() []byte {
	file := AnimatedGIF(32, 32)
	copy(file[6:], "\xff\xff\xff\xff")
	return file
}
