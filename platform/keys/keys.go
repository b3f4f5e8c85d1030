// Package keys makes keys for single purposes out of the secrets of a service, so that what is made with one of them
// is worth nothing for another.
package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// Size is the length of a derived key in bytes.
const Size = sha256.Size

// A Ring has the secrets of a service: the one in use, and those that are still taken.
type Ring struct {
	secrets [][]byte
}

// NewRing returns a Ring of the secret in use and of previous ones, of which empty ones are left out: a key of
// nothing is one that everybody has. It panics if there is no secret in use.
func NewRing(secret []byte, previous ...[]byte) Ring {
	if len(secret) == 0 {
		panic("keys: no secret")
	}
	r := Ring{secrets: [][]byte{secret}}
	for _, p := range previous {
		if len(p) > 0 {
			r.secrets = append(r.secrets, p)
		}
	}
	return r
}

// Derive returns the keys for one purpose (HKDF-SHA256, RFC 5869): that of the secret in use, and then those that are
// still taken.
func (r Ring) Derive(purpose string) [][]byte {
	derived := make([][]byte, len(r.secrets))
	for i, secret := range r.secrets {
		key, err := hkdf.Key(sha256.New, secret, nil, "shum booking "+purpose+" v1", Size)
		if err != nil {
			// It fails for keys of over 8 KiB, and where a FIPS mode forbids short secrets: never to begin with is best.
			panic(fmt.Sprintf("keys: derive %s: %v", purpose, err))
		}
		derived[i] = key
	}
	return derived
}
