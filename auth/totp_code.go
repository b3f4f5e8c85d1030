package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 with what every authenticator app takes; HMAC-SHA-1 is not broken
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

const (
	totpPeriod     = 30 * time.Second
	totpDigits     = 6
	totpSecretSize = 20 // RFC 4226, section 4: the length of the hash
	// totpWindow is by how many steps a client's clock may be off (RFC 6238, section 5.2).
	totpWindow = 1

	recoveryCodes      = 10
	recoveryCodeSize   = 24 // characters of base32: 120 bits, so that a plain hash of one cannot be searched
	recoveryCodeGroups = 4
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// oneTimeCode returns the code of a time step (RFC 6238 and 4226).
func oneTimeCode(secret []byte, step int64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := uint64(binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff)
	modulus := uint64(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, number%modulus)
}

// matchStep returns the time step around now that code is of.
func matchStep(secret []byte, code string, now time.Time) (step int64, ok bool) {
	current := now.Unix() / int64(totpPeriod/time.Second)
	typed := []byte(withoutSpacing(code))
	for s := current - totpWindow; s <= current+totpWindow; s++ {
		// All are compared, so that the time does not tell which matched.
		if subtle.ConstantTimeCompare([]byte(oneTimeCode(secret, s, totpDigits)), typed) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// newRecoveryCodes returns codes as people are shown them, in groups of four characters.
func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		text := rand.Text()[:recoveryCodeSize]
		groups := make([]string, 0, recoveryCodeSize/recoveryCodeGroups)
		for len(text) > 0 {
			groups = append(groups, text[:recoveryCodeGroups])
			text = text[recoveryCodeGroups:]
		}
		codes[i] = strings.Join(groups, "-")
	}
	return codes
}

// hashRecoveryCode is what the database knows of a recovery code, however it is typed. Of nil it is the hash of none.
func hashRecoveryCode(code *string) []byte {
	var typed string
	if code != nil {
		typed = strings.ToUpper(withoutSpacing(*code))
	}
	sum := sha256.Sum256([]byte(typed))
	return sum[:]
}

// withoutSpacing drops what people type between the groups of a code.
func withoutSpacing(code string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(code)
}
