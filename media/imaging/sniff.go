package imaging

import (
	"bytes"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// sniffLength is how much of a file is looked at to tell its type; an SVG may begin with a long comment.
const sniffLength = 4096

// sniff tells the format from the first bytes of a file, or refuses it by the name people know it by.
func sniff(start []byte) (string, error) {
	switch {
	case len(start) == 0:
		return "", refuse(CodeEmpty, "The file is empty.")
	case has(start, "\xff\xd8\xff"):
		return JPEG, nil
	case has(start, "\x89PNG\r\n\x1a\n"):
		return PNG, nil
	case has(start, "GIF87a"), has(start, "GIF89a"):
		return GIF, nil
	case has(start, "RIFF") && len(start) >= 12 && string(start[8:12]) == "WEBP":
		return WebP, nil
	}
	if advice := foreign(start); advice.Format != "" {
		return "", &Refused{Code: CodeUnsupported, Detail: advice}
	}
	return "", refuse(CodeNotAnImage, "This is not an image; photographs must be JPEG, PNG, WebP or GIF.")
}

// foreign is what to tell about a file that people take for a photograph, empty if start is none of them.
func foreign(start []byte) errs.Message {
	if isSVG(start) {
		return errs.Say("This is an SVG drawing; photographs must be JPEG, PNG, WebP or GIF.")
	}
	if len(start) >= 12 && string(start[4:8]) == "ftyp" {
		return errs.Say(foreignBox(string(start[8:12])))
	}
	for _, kind := range []struct {
		magic string
		name  errs.Text
	}{
		{"II*\x00", "a TIFF or camera raw image"}, {"MM\x00*", "a TIFF or camera raw image"},
		{"II+\x00", "a TIFF image"}, {"MM\x00+", "a TIFF image"},
		{"\xff\x0a", "a JPEG XL image"}, {"\x00\x00\x00\x0cJXL ", "a JPEG XL image"},
		{"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"}, {"\xff\x4f\xff\x51", "a JPEG 2000 image"},
		{"8BPS", "a Photoshop document"}, {"%PDF-", "a PDF document"}, {"%!PS", "a PostScript document"},
		{"BM", "a BMP image"}, {"\x00\x00\x01\x00", "an icon"},
	} {
		if has(start, kind.magic) && len(start) > len(kind.magic) {
			return errs.Say("This is %s; export it as JPEG: photographs must be JPEG, PNG, WebP or GIF.", errs.Say(kind.name))
		}
	}
	return errs.Message{}
}

// foreignBox names the files of ISO/IEC 14496-12 by their major brand.
func foreignBox(brand string) errs.Text {
	switch {
	case strings.HasPrefix(brand, "avi"):
		return "This is an AVIF image, which is not accepted; export it as JPEG and send that."
	case strings.HasPrefix(brand, "he"), brand == "mif1", brand == "msf1":
		return "This is a HEIC photograph, as iPhones take them; export it as JPEG (in Photos: Share, Options, Most Compatible) and send that."
	case brand == "crx ":
		return "This is a camera raw image; export it as JPEG and send that."
	default:
		return "This is a video; only photographs are accepted, as JPEG, PNG, WebP or GIF."
	}
}

func isSVG(start []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	return has(text, "<") && bytes.Contains(bytes.ToLower(text), []byte("<svg"))
}

func has(data []byte, prefix string) bool { return bytes.HasPrefix(data, []byte(prefix)) }
