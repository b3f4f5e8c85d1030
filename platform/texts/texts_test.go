package texts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/texts"
)

func TestNegotiate(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]texts.Language{
		"":                                 texts.English,
		"ru":                               texts.Russian,
		"RU":                               texts.Russian,
		"ru-RU":                            texts.Russian,
		"ru-Cyrl-KZ":                       texts.Russian,
		"en":                               texts.English,
		"en-GB, ru":                        texts.English,
		"ru-RU,ru;q=0.9,en-US;q=0.8":       texts.Russian,
		"en;q=0.5, ru;q=0.8":               texts.Russian,
		"ru;q=0.5, en;q=0.8":               texts.English,
		"de, ru;q=0.1":                     texts.Russian,
		"de, fr":                           texts.English,
		"uk, en;q=0.5":                     texts.English,
		"kk":                               texts.English,
		"*":                                texts.English,
		"ru, *;q=0.1":                      texts.Russian,
		"ru;q=0":                           texts.English,
		"ru;q=0, en;q=0.1":                 texts.English,
		"ru;q=x":                           texts.English,
		"ru;;;":                            texts.English,
		"русский":                          texts.English,
		"\x00ru":                           texts.English,
		"ru" + strings.Repeat(",de", 1000): texts.English,
	} {
		if got := new(texts.Catalogue).Negotiate([]string{header}); got != want {
			t.Errorf("Negotiate(%.60q) = %s, want %s", header, got, want)
		}
	}
	if got := new(texts.Catalogue).Negotiate([]string{"de", "ru"}); got != texts.Russian {
		t.Errorf("of two headers Negotiate takes %s, want ru", got)
	}
}

func BenchmarkNegotiate(b *testing.B) {
	for name, header := range map[string]string{
		"browser": "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "longest": strings.Repeat("a-", 511), "huge": strings.Repeat("a-", 8000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				new(texts.Catalogue).Negotiate([]string{header})
			}
		})
	}
}

func TestVerbs(t *testing.T) {
	t.Parallel()
	for text, want := range map[errs.Text][]string{
		"nothing":                  nil,
		"%d of %s":                 {"d", "s"},
		"%[2]s, %[1]d":             {"d", "s"},
		"%[2]s and then %d":        {"", "s", "d"},
		"%+05.2f":                  {"f"},
		"100%%, or so they say %d": {"d"},
	} {
		if got := texts.Verbs(text); !slices.Equal(got, want) {
			t.Errorf("Verbs(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestOutline(t *testing.T) {
	t.Parallel()
	if got, want := texts.Outline("%[2]d of %s, 5%% of them"), "… of …, 5% of them"; got != want {
		t.Errorf("Outline() = %q, want %q", got, want)
	}
}

const small = `{
	"problems": [{"code": "full", "status": 409, "title": {"en": "It is full", "ru": "Мест нет"},
		"details": [{"en": "It holds %d %s.", "ru": "%[2]s: не более %[1]d."}]}],
	"rules": [{"code": "odd", "messages": [{"en": "is odd", "ru": "нечётное число"}]}],
	"words": [{"en": "guests", "ru": "гости"}]
}`

func TestSay(t *testing.T) {
	t.Parallel()
	c, err := texts.Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	m := errs.Say("It holds %d %s.", 3, errs.Say("guests"))
	var none *texts.Catalogue
	for _, tt := range []struct {
		catalogue *texts.Catalogue
		message   errs.Message
		language  texts.Language
		want      string
	}{
		{c, m, texts.English, "It holds 3 guests."},
		{c, m, texts.Russian, "гости: не более 3."},
		{c, errs.Say("not known"), texts.Russian, "not known"},
		{none, m, texts.Russian, "It holds 3 guests."},
	} {
		if got := tt.catalogue.Say(tt.message, tt.language); got != tt.want {
			t.Errorf("Say(%v, %s) = %q, want %q", tt.message, tt.language, got, tt.want)
		}
	}
}

func TestParseRefusesWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	for why, change := range map[string][2]string{
		"stands after":        {`"rules": [`, `"rules": [{"code": "zero", "messages": []}, `},
		"has no Russian":      {"нечётное число", "odd"},
		"has no English":      {`"is odd"`, `""`},
		"takes the arguments": {"не более %[1]d", "не более %[1]s"},
		"is both":             {`{"en": "guests", "ru": "гости"}`, `{"en": "guests", "ru": "гости"}, {"en": "guests", "ru": "люди"}`},
		"unknown field":       {`"words"`, `"wrods"`},
	} {
		document := strings.Replace(small, change[0], change[1], 1)
		if _, err := texts.Parse([]byte(document)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("Parse() = %v, want that something %s", err, why)
		}
	}
}
