package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// canaries are values that must not be found in anything that the program writes about itself.
type canaries struct {
	mu    sync.Mutex
	names map[string]string // by value
}

func newCanaries() *canaries { return &canaries{names: make(map[string]string)} }

// keep makes a value a canary and returns it.
func (c *canaries) keep(name, value string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names[value] = name
	return value
}

// text returns a canary for a field of that name, and email one that is an address.
func (c *canaries) text(name string) string {
	return c.keep(name, "Canary-"+hex.EncodeToString([]byte(name)))
}
func (c *canaries) email(name string) string {
	return c.keep(name, "canary."+hex.EncodeToString([]byte(name))+"@example.com")
}

// wantNone reports every line of text that has a canary, in whatever form.
func (c *canaries) wantNone(t *testing.T, where, text string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for value, name := range c.names {
		for _, form := range forms(value) {
			if _, rest, found := strings.Cut(text, form); found {
				line, _, _ := strings.Cut(rest, "\n")
				before := text[:len(text)-len(rest)-len(form)]
				t.Errorf("%s has the %s as %s: %.600s", where, name, form, before[strings.LastIndex(before, "\n")+1:]+form+line)
				break
			}
		}
	}
}

// forms are what a value may look like: as it is, escaped for URLs and in quotes, in hexadecimal digits, and in base64
// wherever it stands in what was encoded.
func forms(value string) []string {
	all := []string{
		value, strings.Trim(strconv.Quote(value), `"`), url.QueryEscape(value), url.PathEscape(value),
		hex.EncodeToString([]byte(value)),
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for shift := range 3 {
			encoded := encoding.EncodeToString([]byte(strings.Repeat("-", shift) + value))
			// The first and the last characters depend on what stands around the value.
			all = append(all, encoded[(8*shift+5)/6:len(encoded)-4])
		}
	}
	return all
}

// A search that finds nothing proves nothing, unless it would have found something.
func TestCanariesAreFound(t *testing.T) {
	t.Parallel()
	value := "Seven+Herons/42@example.com"
	for _, text := range []string{
		"Error: " + value, fmt.Sprintf("%q", value), "?email=" + url.QueryEscape(value), "/" + url.PathEscape(value),
		hex.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte(value)),
		base64.StdEncoding.EncodeToString([]byte("u:" + value + ":x")), base64.RawURLEncoding.EncodeToString([]byte("u" + value)),
	} {
		found := false
		for _, form := range forms(value) {
			found = found || strings.Contains(text, form)
		}
		if !found {
			t.Errorf("%s is not found in %s", value, text)
		}
	}
}
