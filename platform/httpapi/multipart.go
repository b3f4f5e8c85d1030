package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// parts reads the parts of a multipart body (RFC 2046, section 5.1). The standard library's reader refuses file
// names that people have, such as those with a control character, and keeps headers of any length: here nothing
// of a header counts but its Content-Disposition, and of that no more than maxDisposition bytes.
type parts struct {
	r *bufio.Reader
	// delimiter is what ends a part: a line break, two hyphens and the boundary.
	delimiter []byte
	current   *part
	err       error // what next returns from now on
}

// A part is one part of a multipart body. It reads the content.
type part struct {
	name, fileName string
	from           *parts
	begun          bool
	err            error // what Read returns from now on
}

const maxDisposition = 64 << 10

var (
	errPartLeft = errors.New("httpapi: a file is read after the next one was asked for")
	lineBreak   = []byte("\r\n")
	hyphens     = []byte("--")
)

func newParts(r io.Reader, boundary string) *parts {
	p := &parts{r: bufio.NewReaderSize(r, 32<<10), delimiter: []byte("\r\n--" + boundary)}
	// What stands before the first boundary is passed over as a part would be.
	p.current = &part{from: p}
	return p
}

// next skips the rest of the current part and returns the one after it, or io.EOF.
func (p *parts) next() (*part, error) {
	if p.err == nil {
		p.err = p.advance()
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.current, nil
}

func (p *parts) advance() error {
	if _, err := io.Copy(io.Discard, p.current); err != nil {
		return err
	}
	p.current.err = errPartLeft
	if after, _ := p.r.Peek(len(hyphens)); bytes.Equal(after, hyphens) {
		// To its end, so that the connection can be used again.
		if _, err := io.Copy(io.Discard, p.r); err != nil {
			return err
		}
		return io.EOF
	}
	rest, err := p.line(nil)
	if err != nil {
		return err
	}
	if len(bytes.Trim(rest, " \t")) > 0 {
		return malformedForm("A boundary is followed by other data on its line.")
	}
	disposition, err := p.header()
	if err != nil {
		return err
	}
	p.current = &part{from: p}
	p.current.name, p.current.fileName = parseDisposition(disposition)
	return nil
}

// header reads the header of a part and returns the value of its first Content-Disposition.
func (p *parts) header() (string, error) {
	var disposition []byte
	found, last := false, false
	for line := make([]byte, 0, 256); ; {
		var err error
		if line, err = p.line(line[:0]); err != nil || len(line) == 0 {
			return string(disposition), err
		}
		if bytes.HasPrefix(line, p.delimiter[len(lineBreak):]) {
			return "", malformedForm("The header of a part does not end.")
		}
		if folded := line[0] == ' ' || line[0] == '\t'; folded {
			if last = last && len(disposition)+len(line) <= maxDisposition; last {
				disposition = append(disposition, line...)
			}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		last = !found && strings.EqualFold(string(bytes.TrimSpace(name)), "Content-Disposition")
		if last {
			found, disposition = true, bytes.Clone(value)
		}
	}
}

// line appends the next line to b, without its end and no more of it than is worth keeping.
func (p *parts) line(b []byte) ([]byte, error) {
	for {
		piece, err := p.r.ReadSlice('\n')
		b = append(b, piece[:min(len(piece), maxDisposition-len(b))]...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r")), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, endedEarly(err)
		}
	}
}

// Read reads the content of the part, up to the delimiter, which it consumes.
func (c *part) Read(b []byte) (int, error) {
	if c.err != nil || len(b) == 0 {
		return 0, c.err
	}
	n, err := c.from.content(c, b)
	c.err = err
	return n, err
}

func (p *parts) content(c *part, b []byte) (int, error) {
	// With the two bytes after it, which say whether a boundary ends there or is the beginning of other text.
	need := len(p.delimiter) + 2
	window, err := p.r.Peek(max(need, min(p.r.Buffered(), need+len(b))))
	if !c.begun {
		c.begun = true
		if head := p.delimiter[len(lineBreak):]; bytes.HasPrefix(window, head) && isDelimiterEnd(window[len(head):]) {
			return 0, p.end(len(head))
		}
	}
	if len(window) < need {
		return 0, endedEarly(err)
	}
	safe := p.safe(window)
	if safe == 0 {
		return 0, p.end(len(p.delimiter))
	}
	return p.r.Read(b[:min(len(b), safe)])
}

// safe returns how many bytes of window are content: those before a delimiter and before what may be the beginning
// of one. What only looks like a delimiter is content, and is passed over, so that no sender can make the pieces that
// are read small. In a window with room for a delimiter and what follows it, 0 means that it begins with one.
func (p *parts) safe(window []byte) int {
	for from := 0; ; {
		at := bytes.Index(window[from:], p.delimiter)
		if at < 0 {
			break
		}
		at += from
		from = at + len(p.delimiter)
		if after := window[from:]; len(after) < 2 || isDelimiterEnd(after) {
			return at
		}
	}
	if last := bytes.LastIndexByte(window, '\r'); last >= 0 && bytes.HasPrefix(p.delimiter, window[last:]) {
		return last
	}
	return len(window)
}

// end passes over the n bytes of a delimiter and returns io.EOF.
func (p *parts) end(n int) error {
	if _, err := p.r.Discard(n); err != nil {
		return err
	}
	return io.EOF
}

// isDelimiterEnd reports whether a boundary ends where after begins: before the end of its line, spaces, or the
// hyphens of the last one.
func isDelimiterEnd(after []byte) bool {
	return bytes.HasPrefix(after, lineBreak) || bytes.HasPrefix(after, hyphens) ||
		len(after) > 0 && (after[0] == ' ' || after[0] == '\t')
}

func malformedForm(detail errs.Text) error {
	return errs.MalformedRequest.New(detail)
}

// endedEarly returns err, or what to say of a body that ends before its last boundary.
func endedEarly(err error) error {
	if errors.Is(err, io.EOF) {
		return errs.MalformedRequest.New("The body ends before its last boundary.").Because(io.ErrUnexpectedEOF)
	}
	return err
}
