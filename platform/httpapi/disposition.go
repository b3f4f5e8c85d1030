package httpapi

import (
	"net/url"
	"strings"
)

// browserEscapes undoes what browsers do to file names (HTML, section 4.10.21.8).
var browserEscapes = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n")

// blanks are what may stand around parameters.
const blanks = " \t"

// parseDisposition returns the names in the Content-Disposition of a part of a form, "" for what is not there.
// It is as lenient as senders are careless: in quotes they escape with a backslash, with a percent sign, or not
// at all.
func parseDisposition(header string) (name, fileName string) {
	kind, rest, _ := strings.Cut(header, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "form-data") {
		return "", ""
	}
	params := make(map[string]string)
	for rest != "" {
		var key, value string
		key, value, rest = nextParameter(rest)
		if _, found := params[key]; !found {
			params[key] = value
		}
	}
	fileName = browserEscapes.Replace(params["filename"])
	if extended, ok := decodeExtended(params["filename*"]); ok {
		fileName = extended
	}
	return params["name"], fileName
}

// nextParameter cuts the first parameter off s.
func nextParameter(s string) (key, value, rest string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return "", "", ""
	}
	key = strings.ToLower(strings.TrimSpace(s[:end]))
	if s[end] == ';' {
		return key, "", s[end+1:]
	}
	s = strings.TrimLeft(s[end+1:], blanks)
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		value, rest = unquote(quoted)
		return key, value, rest
	}
	value, rest, _ = strings.Cut(s, ";")
	return key, strings.TrimSpace(value), rest
}

// unquote returns the text up to its closing quote, and what stands behind the parameter. A quote closes where the
// parameter may end; a backslash escapes a quote or another backslash, and is itself otherwise. Blanks are only
// skipped behind a quote, so that long runs of them cost no more than other text.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		next := s[i+1:]
		switch {
		case s[i] == '"':
			if after := strings.TrimLeft(next, blanks); after == "" || after[0] == ';' {
				return b.String(), strings.TrimPrefix(after, ";")
			}
		case s[i] == '\\' && escapes(next):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// escapes reports whether a backslash before s escapes the first byte of it. The last quote of all is not escaped:
// the backslash before it is the end of a folder's name.
func escapes(s string) bool {
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		return strings.TrimLeft(quoted, blanks) != ""
	}
	return strings.HasPrefix(s, `\`)
}

// decodeExtended decodes a value with a character set, a language and percent signs (RFC 8187).
func decodeExtended(s string) (string, bool) {
	charset, rest, _ := strings.Cut(s, "'")
	_, encoded, found := strings.Cut(rest, "'")
	decoded, err := url.PathUnescape(encoded)
	if !found || err != nil {
		return "", false
	}
	switch strings.ToLower(charset) {
	case "utf-8":
		return decoded, true
	case "iso-8859-1":
		runes := make([]rune, len(decoded))
		for i, c := range []byte(decoded) {
			runes[i] = rune(c)
		}
		return string(runes), true
	}
	return "", false
}
