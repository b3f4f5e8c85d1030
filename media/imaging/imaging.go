// Package imaging judges the photographs that people upload and turns them into the sizes that are shown.
//
// [Inspect] reads a file's structure and refuses what is no photograph or would cost too much; it decodes no pixel and its memory does
// not depend on what the file declares. [Renderer.Render] decodes a file once, lays it upright, brings it to sRGB and makes JPEG files
// of several widths that carry nothing of the original's metadata.
//
// JPEG, PNG, GIF (the first frame) and still WebP are accepted. The content decides the type, not a name. Bytes after the end of the
// picture (motion photographs, archives, scripts) are ignored, and never reach the output because that is always encoded anew.
package imaging

import "github.com/shumbooking/shumbooking/platform/errs"

// Limits of what is accepted.
const (
	// MaxPixels is the largest number of pixels, as stored, that a picture may have.
	MaxPixels = 40_000_000
	// MaxSide is the largest width or height in pixels. Together with [MaxPixels] it keeps ribbons of one pixel by millions away.
	MaxSide = 30_000
)

// The formats of [Info.Format].
const (
	JPEG = "jpeg"
	PNG  = "png"
	GIF  = "gif"
	WebP = "webp"
)

// Info is what a file's header tells about it.
type Info struct {
	// Format is [JPEG], [PNG], [GIF] or [WebP].
	Format string
	// Width and Height are in pixels, as displayed: the EXIF orientation is applied.
	Width, Height int
}

// The codes of [Refused.Code].
const (
	CodeEmpty         = "empty_file"
	CodeNotAnImage    = "not_an_image"
	CodeUnsupported   = "unsupported_image"
	CodeIncomplete    = "incomplete_image"
	CodeTooLarge      = "too_many_pixels"
	CodeTooManyScans  = "too_many_scans"
	CodeTooManyPieces = "too_many_pieces"
	CodeTooMuchMemory = "too_much_memory"
)

// Refused is the error of a file that [Inspect] does not accept.
type Refused struct { //nolint:errname // It is what happened, and reads so where it is matched.
	// Code is one of the Code constants, for programs.
	Code string
	// Detail is a sentence for the person who sent the file.
	Detail errs.Message
}

// Error implements error.
func (r *Refused) Error() string { return "image refused: " + r.Code + ": " + r.Detail.String() }

func refuse(code string, format errs.Text, args ...any) *Refused {
	return &Refused{Code: code, Detail: errs.Say(format, args...)}
}

// Damaged is the error of a file that cannot be rendered and never will be: trying again is of no use.
type Damaged struct { //nolint:errname // As above.
	// Reason is a sentence for the person who sent the file.
	Reason string
	cause  error
}

// Error implements error.
func (d *Damaged) Error() string {
	if d.cause == nil {
		return "image damaged: " + d.Reason
	}
	return "image damaged: " + d.Reason + " (" + d.cause.Error() + ")"
}

// Unwrap returns what the decoder said, if it was the decoder that found the damage.
func (d *Damaged) Unwrap() error { return d.cause }
