package main

import (
	"slices"

	"github.com/shumbooking/shumbooking/platform/config"
)

const (
	minSecretSize = 32
	// templateSecret is JWT_SECRET_KEY in the template for local use.
	templateSecret = "change-me-this-is-a-known-secret-for-local-use-only"
)

// secret reads a secret, which may not be one that everybody knows.
func (s *settings) secret(r *config.Reader, name string) config.Secret {
	secret := r.Secret(name)
	if s.isKnown(string(secret)) {
		r.Reject(name, "has a value of the templates or of the demo, which everybody knows")
	}
	return secret
}

// isKnown reports whether everybody knows a secret: it stands in a template, or belongs to an account of the demo.
// Nobody minds where the program is worked on, and the template for tests may be used for tests.
func (s *settings) isKnown(secret string) bool {
	if s.environment == envLocal {
		return false
	}
	if slices.Contains(localSecrets(), secret) {
		return true
	}
	if slices.Contains(testSecrets(), secret) {
		return s.environment == envProduction
	}
	return slices.ContainsFunc(demoAccounts(), func(a demoAccount) bool { return a.password == secret })
}

// localSecrets stand in the template for work on the program, testSecrets in that for tests.
func localSecrets() []string { return []string{templateSecret, "postgres"} }

func testSecrets() []string {
	return []string{"only-for-tests-and-of-no-worth-anywhere-else", "only-for-tests-and-their-admin", "booking"}
}

// key reads a key that others are derived from, or "".
func (s *settings) key(r *config.Reader, name string) config.Secret {
	key := s.secret(r, name)
	if key != "" && len(key) < minSecretSize {
		r.Reject(name, "has %d bytes, want at least %d", len(key), minSecretSize)
	}
	return key
}
