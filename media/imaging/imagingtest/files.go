// Package imagingtest makes image files for tests: photographs, every kind of file that people upload, and what an attacker would.
package imagingtest

import (
	"embed"
	"fmt"
	"slices"
)

//go:embed testdata
var testdata embed.FS

// stored returns a file of testdata, whose README tells where each is from.
func stored(name string) []byte {
	data, err := testdata.ReadFile("testdata/" + name)
	if err != nil {
		panic(err)
	}
	return data
}

// Photograph returns a real photograph of 600 x 400 pixels as displayed, stored with one of the eight EXIF orientations, 1 to 8.
func Photograph(orientation int) []byte {
	return stored(fmt.Sprintf("orientation_%d.jpg", orientation))
}

// Landscape returns a real photograph of 1800 x 1200 pixels.
func Landscape() []byte { return stored("landscape.jpg") }

// Portrait returns a real photograph of 1200 x 1800 pixels.
func Portrait() []byte { return stored("portrait.jpg") }

// DisplayP3 returns the photograph of [Landscape] at 320 x 213 pixels, in the colours of Display P3 and with that profile.
func DisplayP3() []byte { return stored("display_p3.jpg") }

// LossyWebP returns the photograph of [Landscape] at 320 x 213 pixels as a WebP.
func LossyWebP() []byte { return stored("lossy.webp") }

// File is a file and what is to be expected of it.
type File struct {
	Name string
	Data []byte
	// Refused is the code of the refusal, empty for what is accepted at first.
	Refused string
	// Damaged tells that rendering fails for good.
	Damaged bool
	// Format, Width and Height are what inspection tells of a file that is accepted.
	Format        string
	Width, Height int
}

func good(name, format string, width, height int, data []byte) File {
	return File{Name: name, Format: format, Width: width, Height: height, Data: data}
}

func damaged(file File) File {
	file.Damaged = true
	return file
}

func refused(name, code string, data []byte) File { return File{Name: name, Refused: code, Data: data} }

// Corpus returns files of every kind. They are small; [PNGBomb] is not among them. They are made anew by every call.
func Corpus() []File { return slices.Concat(ordinary(), decorated(), broken(), unwelcome()) }

// ordinary files differ in how they store pixels.
func ordinary() []File {
	return []File{
		good("baseline.jpg", "jpeg", 320, 240, JPEG(320, 240)),
		good("one pixel.jpg", "jpeg", 1, 1, JPEG(1, 1)),
		good("odd size.jpg", "jpeg", 1201, 7, JPEG(1201, 7)),
		good("high and narrow.jpg", "jpeg", 3, 9000, JPEG(3, 9000)),
		good("very tall.jpg", "jpeg", 133, 3000, JPEG(133, 3000)),
		good("grey.jpg", "jpeg", 320, 240, GrayJPEG(320, 240)),
		good("cmyk.jpg", "jpeg", 320, 213, stored("cmyk.jpg")),
		good("progressive.jpg", "jpeg", 320, 213, stored("progressive.jpg")),
		good("display p3.jpg", "jpeg", 320, 213, DisplayP3()),
		good("8 bits.png", "png", 320, 240, PNG(320, 240)),
		good("16 bits.png", "png", 320, 240, DeepPNG(320, 240)),
		good("16 bits grey.png", "png", 320, 240, DeepGrayPNG(320, 240)),
		good("transparent.png", "png", 320, 240, TransparentPNG(320, 240)),
		good("palette.png", "png", 320, 240, PalettePNG(320, 240)),
		good("interlaced.png", "png", 320, 213, stored("interlaced.png")),
		good("animated.gif", "gif", 320, 240, AnimatedGIF(320, 240)),
		good("small frame.gif", "gif", 320, 240, SmallFrameGIF(320, 240)),
		good("lossy.webp", "webp", 320, 213, LossyWebP()),
		good("lossless.webp", "webp", 320, 213, stored("lossless.webp")),
		good("transparent.webp", "webp", 320, 213, stored("alpha.webp")),
		good("profile and orientation.webp", "webp", 213, 320, stored("display_p3_orientation_6.webp")),
	}
}

// decorated files carry more than a picture.
func decorated() []File {
	photo, flat := JPEG(320, 240), PNG(320, 240)
	return []File{
		good("trailing bytes.jpg", "jpeg", 320, 240, append(JPEG(320, 240), make([]byte, 5000)...)),
		good("trailing bytes.png", "png", 320, 240, append(PNG(320, 240), "<script>alert(1)</script>"...)),
		good("motion photograph.jpg", "jpeg", 320, 240, append(JPEG(320, 240), Video()...)),
		good("jpeg and zip.jpg", "jpeg", 320, 240, append(JPEG(320, 240), ZIP()...)),
		good("gif and html.gif", "gif", 320, 240, GIFWithHTML(320, 240)),
		good("thumbnail inside.jpg", "jpeg", 320, 240, WithSegment(photo, 0xe1, append([]byte("Exif\x00\x00"), JPEG(160, 120)...))),
		good("much exif.jpg", "jpeg", 240, 320, WithSegment(photo, 0xe1, EXIF(6, 60_000))),
		good("large profile.jpg", "jpeg", 320, 240, WithProfile(photo, make([]byte, 600_000))),
		good("matrix profile.jpg", "jpeg", 320, 240, WithProfile(photo, Profile())),
		good("matrix profile.png", "png", 320, 240, WithChunk(flat, "iCCP", ProfileChunk(Profile()))),
		good("profile bomb.png", "png", 320, 240, WithChunk(flat, "iCCP", ProfileBomb(50_000_000))),
		good("repeated profile bomb.png", "png", 320, 240, RepeatedChunk(flat, "iCCP", ProfileBomb(1<<18), 1000)),
		good("orientation twice.png", "png", 240, 320, WithChunk(WithChunk(flat, "eXIf", EXIF(1, 0)[6:]), "eXIf", EXIF(8, 0)[6:])),
		good("orientation twice.webp", "webp", 213, 320, twiceTurnedWebP()),
		good("repeated profile.jpg", "jpeg", 320, 240, RepeatedSegment(photo, 0xe2, []byte("ICC_PROFILE\x00\x01\x01profile"), 30_000)),
		good("orientation.png", "png", 240, 320, WithChunk(flat, "eXIf", EXIF(8, 0)[6:])),
		good("senseless exif.jpg", "jpeg", 320, 240, WithSegment(photo, 0xe1, []byte("Exif\x00\x00MM\x00*\xff\xff\xff\xff"))),
		good("orientation 9.jpg", "jpeg", 320, 240, WithSegment(photo, 0xe1, EXIF(9, 0))),
	}
}

// broken files begin well.
func broken() []File {
	photo, flat, animation := JPEG(320, 240), PNG(320, 240), AnimatedGIF(320, 240)
	webp := LossyWebP()
	return []File{
		damaged(good("truncated.jpg", "jpeg", 320, 240, photo[:len(photo)*2/3])),
		damaged(good("truncated.png", "png", 320, 240, flat[:len(flat)*2/3])),
		damaged(good("truncated.gif", "gif", 320, 240, animation[:len(animation)/3])),
		damaged(good("truncated.webp", "webp", 320, 213, webp[:len(webp)*2/3])),
		damaged(good("wrong checksum.png", "png", 320, 240, WithWrongChecksum(flat))),
		damaged(good("overwritten.jpg", "jpeg", 320, 240, overwritten(photo))),
		damaged(good("overwritten.png", "png", 320, 240, overwritten(flat))),
		damaged(good("no tables.jpg", "jpeg", 320, 240, WithoutHuffmanTables(photo))),
	}
}

// unwelcome files are refused.
func unwelcome() []File {
	photo, flat := JPEG(320, 240), PNG(320, 240)
	return []File{
		refused("empty", "empty_file", nil),
		refused("text.jpg", "not_an_image", []byte("The quick brown fox jumps over the lazy dog.")),
		refused("html.jpg", "not_an_image", []byte("<!DOCTYPE html><html><body>Hello</body></html>")),
		refused("program.jpg", "not_an_image", []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")),
		refused("zip.jpg", "not_an_image", ZIP()),
		refused("drawing.svg", "unsupported_image", []byte("\ufeff<?xml version=\"1.0\"?>\n<!-- a -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>")),
		refused("photograph.heic", "unsupported_image", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")),
		refused("photograph.avif", "unsupported_image", []byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif")),
		refused("video.mp4", "unsupported_image", Video()),
		refused("scan.tiff", "unsupported_image", []byte("II*\x00\x08\x00\x00\x00\x00\x00\x00\x00")),
		refused("scan.pdf", "unsupported_image", []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")),
		refused("animated.webp", "unsupported_image", AnimatedWebP()),
		refused("canvas larger than picture.webp", "unsupported_image", MismatchedWebP()),
		refused("frame outside of screen.gif", "unsupported_image", OutsideGIF()),
		refused("12 bits.jpg", "unsupported_image", WithPrecision(photo, 12)),
		refused("lossless.jpg", "unsupported_image", WithFrameMarker(photo, 0xc3)),
		refused("beginning.jpg", "incomplete_image", photo[:100]),
		refused("beginning.png", "incomplete_image", flat[:20]),
		refused("beginning.gif", "incomplete_image", AnimatedGIF(320, 240)[:12]),
		refused("beginning.webp", "incomplete_image", LossyWebP()[:22]),
		refused("no pixels.png", "incomplete_image", flat[:33]),
		refused("no size.jpg", "incomplete_image", WithSize(photo, 0, 240)),
		refused("no size.png", "incomplete_image", HeaderPNG(0, 100)),
		refused("large.jpg", "too_many_pixels", WithSize(photo, 65_000, 65_000)),
		refused("large.png", "too_many_pixels", HeaderPNG(50_000, 50_000)),
		refused("larger.png", "too_many_pixels", HeaderPNG(1<<31-1, 1<<31-1)),
		refused("wide.png", "too_many_pixels", HeaderPNG(40_000_000, 1)),
		refused("high.png", "too_many_pixels", HeaderPNG(1, 40_000_000)),
		refused("just too large.png", "too_many_pixels", HeaderPNG(8000, 5001)),
		refused("large.gif", "too_many_pixels", LargeGIF()),
		refused("thousands of scans.jpg", "too_many_scans", ManyScans(photo, 20_000)),
		refused("progressive cmyk of 40 megapixels.jpg", "too_much_memory", FlatProgressiveCMYK(7300, 5470)),
		refused("progressive ycck of 40 megapixels.jpg", "too_much_memory", FlatProgressiveYCCK(7300, 5470)),
		refused("progressive 4:4:4 of 40 megapixels.jpg", "too_much_memory", FlatFullProgressiveJPEG(7300, 5470)),
		refused("interlaced 16 bits of 40 megapixels.png", "too_much_memory", interlacedHeaderPNG(7300, 5470)),
		refused("too many segments.jpg", "too_many_pieces", RepeatedSegment(photo, 0xe2, nil, 1<<16)),
		refused("too many chunks.png", "too_many_pieces", RepeatedChunk(flat, "tEXt", nil, 1<<16)),
		refused("too many chunks.webp", "too_many_pieces", RepeatedWebPChunk("XMP ", nil, 1<<16)),
		refused("too many blocks.gif", "too_many_pieces", RepeatedGIFBlock([]byte("\x21\xfe\x01 \x00"), 1<<16)),
		refused("a long gap.jpg", "incomplete_image", slices.Concat(photo[:20], make([]byte, 300_000), photo[20:])),
	}
}
