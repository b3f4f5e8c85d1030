package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// A sealer encrypts what the database keeps and must not know, with AES-256-GCM. The current key seals, all open.
type sealer struct {
	current string
	keys    map[string]cipher.AEAD
}

func newSealer(keys keyset) (sealer, error) {
	s := sealer{current: keys.current, keys: make(map[string]cipher.AEAD, len(keys.keys))}
	for id, key := range keys.keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return sealer{}, err
		}
		// Random nonces are good for 2^32 secrets under one key (NIST SP 800-38D, section 8.3).
		if s.keys[id], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return sealer{}, err
		}
	}
	return s, nil
}

// seal encrypts a user's secret under the current key. Moved to the row of another user, it does not open.
func (s sealer) seal(secret []byte, userID int64) (sealed []byte, keyID string) {
	sealed = s.keys[s.current].Seal(nil, nil, secret, boundTo(s.current, userID)) //nolint:gosec // it draws the nonce itself
	return sealed, s.current
}

// open decrypts what seal returned.
func (s sealer) open(sealed []byte, keyID string, userID int64) ([]byte, error) {
	key, ok := s.keys[keyID]
	if !ok {
		return nil, errors.New("sealed under a key that is not configured")
	}
	return key.Open(nil, nil, sealed, boundTo(keyID, userID))
}

func boundTo(keyID string, userID int64) []byte {
	return fmt.Appendf(nil, "%s/%d", keyID, userID)
}
