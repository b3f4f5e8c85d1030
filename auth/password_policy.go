package auth

import (
	"context"
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	minPassword = 8
	maxPassword = 128
	// maxEnding is how many digits and signs after a common word leave it common, as in "Dragon2026!".
	maxEnding = 5
	// minVariety is how many different characters a password has at least.
	minVariety = 4
)

//go:embed common_passwords.txt
var commonPasswordsFile string

// productNames are what people think of when this product asks for a password.
const productNames = "shum shumbooking shum-booking shum_booking booking"

// passwordPolicy knows the passwords, and the words that passwords are made of, which are guessed first.
type passwordPolicy struct {
	common map[string]struct{}
}

func newPasswordPolicy() passwordPolicy {
	common := map[string]struct{}{"shum booking": {}}
	for word := range strings.FieldsSeq(commonPasswordsFile + productNames) {
		common[word] = struct{}{}
	}
	return passwordPolicy{common: common}
}

// newPassword returns the hash of a password that a user is about to get, or a validation error about field when
// it is one of those that are guessed first.
func (s *Service) newPassword(ctx context.Context, field, password, email string) (string, error) {
	if code, message := s.policy.weakness(password, email); code != "" {
		return "", errs.InvalidFields(errs.Field{Field: field, In: "body", Code: code, Message: message})
	}
	return s.passwords.hash(ctx, password)
}

// weakness returns what is wrong with a password for the user of that e-mail, as a code and for people, or "".
func (p passwordPolicy) weakness(password, email string) (code string, message errs.Message) {
	password = norm.NFC.String(password)
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return "min_length", errs.Say("must have %d or more characters", minPassword)
	case n > maxPassword:
		return "max_length", errs.Say("must have at most %d characters", maxPassword)
	case variety(password) < minVariety:
		return "too_simple", errs.Say("must have %d or more different characters", minVariety)
	}
	lower := strings.ToLower(password)
	word := strings.TrimRightFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	if utf8.RuneCountInString(lower[len(word):]) > maxEnding {
		word = lower
	}
	local, _, _ := strings.Cut(strings.ToLower(email), "@")
	for _, guess := range []string{lower, word} {
		if guess == local || guess == strings.ToLower(email) {
			return "too_personal", errs.Say("must not be made of the e-mail address")
		}
		if p.isCommon(guess) || p.isCommon(plainSpelling(guess)) {
			return "too_common", errs.Say("is too common and would soon be guessed")
		}
	}
	return "", errs.Message{}
}

func (p passwordPolicy) isCommon(guess string) bool {
	_, ok := p.common[guess]
	return ok
}

// plainSpelling undoes the usual replacements of letters, as in "p@ssw0rd".
func plainSpelling(s string) string {
	return strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t").Replace(s)
}

// variety returns how many different characters s has.
func variety(s string) int {
	seen := make(map[rune]struct{})
	for _, r := range s {
		seen[r] = struct{}{}
	}
	return len(seen)
}
