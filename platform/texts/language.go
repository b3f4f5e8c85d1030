package texts

import (
	"strings"

	"golang.org/x/text/language"
)

// A Language is one that clients can choose, as its tag of BCP 47.
type Language string

// The languages of a Catalogue. English is the default.
const (
	English Language = "en"
	Russian Language = "ru"
)

// maxHeader is how many bytes of Accept-Language are worth reading: browsers send a tenth of it.
const maxHeader = 1 << 10

// Negotiate returns the language that the Accept-Language header with these values likes best (RFC 9110, section
// 12.5.4). Who likes none, or sends what cannot be read or is very long, gets the default, as does everybody of a nil
// catalogue.
//
// Only the language itself counts, not how near others are to it: the matcher of golang.org/x/text would answer
// Ukrainians and Kazakhs in Russian, for which they did not ask.
func (c *Catalogue) Negotiate(values []string) Language {
	header := strings.Join(values, ",")
	if c == nil || len(header) > maxHeader {
		return English
	}
	// Ordered by weight, and without those of weight 0.
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return English
	}
	for _, tag := range tags {
		switch base, _ := tag.Base(); base.String() {
		case "ru":
			return Russian
		case "en":
			return English
		}
	}
	return English
}
