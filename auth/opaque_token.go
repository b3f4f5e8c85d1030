package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// An opaqueToken is 256 bits that cannot be guessed and mean nothing but the row that has their hash.
type opaqueToken [32]byte

func newOpaqueToken() opaqueToken {
	var t opaqueToken
	rand.Read(t[:])
	return t
}

// parseOpaqueToken reads what String wrote, and nothing else that decodes to the same bits.
func parseOpaqueToken(s string) (opaqueToken, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != len(opaqueToken{}) {
		return opaqueToken{}, errors.New("not an opaque token")
	}
	t := opaqueToken(raw)
	if t.String() != s {
		return opaqueToken{}, errors.New("not an opaque token")
	}
	return t, nil
}

// String returns the token as the client gets it.
func (t opaqueToken) String() string { return base64.RawURLEncoding.EncodeToString(t[:]) }

// hash is what the database knows of the token.
func (t opaqueToken) hash() []byte {
	sum := sha256.Sum256(t[:])
	return sum[:]
}
