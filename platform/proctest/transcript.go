package proctest

import (
	"bytes"
	"regexp"
	"sync"
	"testing"
)

// A Transcript is what a program wrote so far. It may be read while the program writes.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (t *Transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

// String returns all of it.
func (t *Transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// Clear forgets what was written until now.
func (t *Transcript) Clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Reset()
}

// Await returns the first group of pattern once it is written.
func (t *Transcript) Await(tb testing.TB, pattern string) string {
	tb.Helper()
	re := regexp.MustCompile(pattern)
	Eventually(tb, pattern+" is written", func() bool { return re.MatchString(t.String()) })
	return re.FindStringSubmatch(t.String())[1]
}
