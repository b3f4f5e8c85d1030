package httpapi

import "strings"

// plainPath returns path with what stands for the wildcards of e where that is a number, and with the wildcards
// themselves where it is not: nobody knows what people put there.
func (e *endpoint) plainPath(path string) string {
	segments := strings.Split(path, "/")
	for i, wildcard := range strings.Split(e.path, "/") {
		if i < len(segments) && strings.HasPrefix(wildcard, "{") && !isNumber(segments[i]) {
			segments[i] = wildcard
		}
	}
	return strings.Join(segments, "/")
}

// isNumber reports whether s has the form of an id.
func isNumber(s string) bool {
	return s != "" && len(s) <= 19 && strings.Trim(s, "0123456789") == ""
}
