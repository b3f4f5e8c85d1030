package world

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold returns a key that two names share if PostgreSQL's lower makes them one,
// whether the C library or ICU does the lowering. It merges a little more than
// either, such as the two small sigmas and the Turkish dotted I, so that a
// unique index on lower never refuses names with different keys.
func fold(s string) string {
	s = norm.NFC.String(strings.TrimSpace(s))
	s = strings.Map(foldRune, s)
	// ICU lowers U+0130 to an i with a combining dot, the C library to a plain i.
	return strings.ReplaceAll(s, "i\u0307", "i")
}

// foldRune returns one small letter for all runes that differ by case only.
func foldRune(r rune) rune {
	if r <= unicode.MaxASCII {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if r == '\u0130' {
		return 'i'
	}

	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return unicode.ToLower(first)
}
