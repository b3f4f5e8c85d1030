// Package texts has what clients are told, in each language that is spoken to them.
//
// The code says it in English, with constants of the type errs.Text. A [Catalogue] has the same sentences in Russian
// beside them, under the code of the problem or of the broken rule that they belong to.
package texts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// A Phrase is a text in both languages.
type Phrase struct {
	English errs.Text `json:"en"`
	Russian errs.Text `json:"ru"`
}

// A Problem is what is said of a kind of problem.
type Problem struct {
	Code    string   `json:"code"`
	Status  int      `json:"status"`
	Title   Phrase   `json:"title"`
	Details []Phrase `json:"details"`
}

// A Rule is what is said of a field that breaks it.
type Rule struct {
	Code     string   `json:"code"`
	Messages []Phrase `json:"messages"`
}

// A Catalogue has every text there is. A nil one knows English only.
type Catalogue struct {
	// Problems and Rules are ordered by their codes.
	Problems []Problem `json:"problems"`
	Rules    []Rule    `json:"rules"`
	// Words are arguments of other texts.
	Words []Phrase `json:"words"`

	russian map[errs.Text]errs.Text
}

// Parse reads a catalogue from JSON. It is an error if a code stands twice or out of order, a text lacks its Russian,
// or the two languages do not take the same arguments.
func Parse(document []byte) (*Catalogue, error) {
	c := &Catalogue{russian: make(map[errs.Text]errs.Text)}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return nil, fmt.Errorf("read catalogue of texts: %w", err)
	}
	if err := c.index(); err != nil {
		return nil, fmt.Errorf("read catalogue of texts: %w", err)
	}
	return c, nil
}

func (c *Catalogue) index() error {
	last := ""
	for _, p := range c.Problems {
		if p.Code <= last {
			return fmt.Errorf("problem %s stands after %s", p.Code, last)
		}
		last = p.Code
		if err := c.add(append([]Phrase{p.Title}, p.Details...)); err != nil {
			return fmt.Errorf("problem %s: %w", p.Code, err)
		}
	}
	last = ""
	for _, r := range c.Rules {
		if r.Code <= last {
			return fmt.Errorf("rule %s stands after %s", r.Code, last)
		}
		last = r.Code
		if err := c.add(r.Messages); err != nil {
			return fmt.Errorf("rule %s: %w", r.Code, err)
		}
	}
	return c.add(c.Words)
}

func (c *Catalogue) add(phrases []Phrase) error {
	for _, p := range phrases {
		known, ok := c.russian[p.English]
		switch {
		case p.English == "":
			return fmt.Errorf("%q has no English", p.Russian)
		case !strings.ContainsFunc(string(p.Russian), isCyrillic):
			return fmt.Errorf("%q has no Russian", p.English)
		case ok && known != p.Russian:
			return fmt.Errorf("%q is both %q and %q", p.English, known, p.Russian)
		case !slices.Equal(Verbs(p.English), Verbs(p.Russian)):
			return fmt.Errorf("%q takes the arguments %q, and %q takes %q", p.English, Verbs(p.English), p.Russian, Verbs(p.Russian))
		}
		c.russian[p.English] = p.Russian
	}
	return nil
}

func isCyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }

var verb = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0-9.]*([a-zA-Z%])`)

// Verbs returns the verb for each argument that a text takes, in the order of the arguments, such as ["d" "s"].
func Verbs(t errs.Text) []string {
	var verbs []string
	next := 1
	for _, found := range verb.FindAllStringSubmatch(string(t), -1) {
		if found[2] == "%" {
			continue
		}
		if found[1] != "" {
			// The expression lets nothing but digits through, and no text has many arguments.
			_, _ = fmt.Sscan(found[1], &next)
		}
		for len(verbs) < next {
			verbs = append(verbs, "")
		}
		verbs[next-1] = found[2]
		next++
	}
	return verbs
}

// Outline returns a text with an ellipsis for each of its arguments, to be shown without them.
func Outline(t errs.Text) string {
	return verb.ReplaceAllStringFunc(string(t), func(found string) string {
		if found == "%%" {
			return "%"
		}
		return "…"
	})
}

// Say puts m into words of the language.
func (c *Catalogue) Say(m errs.Message, l Language) string {
	return m.In(func(t errs.Text) errs.Text {
		if c != nil && l == Russian {
			if russian, ok := c.russian[t]; ok {
				return russian
			}
		}
		return t
	})
}
