package errs

import "fmt"

// A Text is an English sentence, or the end of one, that clients are shown, with the verbs of package fmt where
// arguments stand. It is its own key in the catalogue of translations. For a test to find every text there is, a Text
// is always a constant: what varies is an argument.
type Text string

// A Message is a text and its arguments, which are numbers, names that are the same in every language, or
// Messages. It can be put into words in any language that has the text.
type Message struct {
	Format Text
	Args   []any
}

// Say returns the message of a text and its arguments.
func Say(format Text, args ...any) Message { return Message{Format: format, Args: args} }

// String returns the message in English.
func (m Message) String() string { return m.In(func(t Text) Text { return t }) }

// In returns the message in the language into which translate turns texts. Arguments that are Messages are translated
// with it.
func (m Message) In(translate func(Text) Text) string {
	format := string(translate(m.Format))
	if len(m.Args) == 0 {
		return format
	}
	args := make([]any, len(m.Args))
	for i, arg := range m.Args {
		if nested, ok := arg.(Message); ok {
			arg = nested.In(translate)
		}
		args[i] = arg
	}
	return fmt.Sprintf(format, args...)
}
