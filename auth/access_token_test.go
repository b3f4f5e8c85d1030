package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// offline returns a service that needs no database, for what is decided before the database is asked.
func offline(tb testing.TB, now func() time.Time) *auth.Service {
	tb.Helper()
	s, err := auth.New(nil, auth.Config{SecretKey: secret, Argon2: cheap, Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// forge signs any header and payload with the key of s.
func forge(s *auth.Service, header, payload string) string {
	_, key := s.AccessKey()
	text := encode(header) + "." + encode(payload)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// wellFormed returns a header and a payload that are taken.
func wellFormed(s *auth.Service, now time.Time) (header, payload string) {
	id, _ := s.AccessKey()
	header = fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, id)
	payload = fmt.Sprintf(`{"iss":"shum-booking","aud":["shum-booking-api"],"sub":"7","sid":"9","jti":"x","iat":%d,"exp":%d}`,
		now.Unix(), now.Add(time.Minute).Unix())
	return header, payload
}

func TestAccessTokenContents(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := offline(t, clock.now)
	signed, err := s.SignAccessToken(7, 9)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(signed, claims)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := s.AccessKey()
	if h := token.Header; h["typ"] != "at+jwt" || h["alg"] != "HS256" || h["kid"] != id {
		t.Errorf("header = %v", h)
	}
	now := float64(clock.now().Unix())
	for name, want := range map[string]any{"iss": "shum-booking", "sub": "7", "sid": "9", "iat": now, "exp": now + 600} {
		if claims[name] != want {
			t.Errorf("claim %s = %v, want %v", name, claims[name], want)
		}
	}
	if fmt.Sprint(claims["aud"]) != "[shum-booking-api]" || len(fmt.Sprint(claims["jti"])) < 22 || len(claims) != 7 {
		t.Errorf("claims = %v", claims)
	}
	again, err := s.SignAccessToken(7, 9)
	if err != nil || again == signed {
		t.Errorf("two tokens of one second are the same (%v)", err)
	}
}

func TestAccessTokenVerified(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := offline(t, clock.now)
	header, payload := wellFormed(s, clock.now())
	iat, exp := fmt.Sprintf(`"iat":%d`, clock.now().Unix()), fmt.Sprintf(`"exp":%d`, clock.now().Unix()+60)
	withClaim := func(old, with string) string { return forge(s, header, strings.Replace(payload, old, with, 1)) }
	for name, token := range map[string]string{
		"as it is":             forge(s, header, payload),
		"other order":          withClaim(`"sub":"7","sid":"9"`, ` "sid" : "9" , "sub" : "7"`),
		"exp within the skew":  withClaim(exp, fmt.Sprintf(`"exp":%d`, clock.now().Unix()-1)),
		"iat of a clock ahead": withClaim(iat, fmt.Sprintf(`"iat":%d`, clock.now().Unix()+1)),
	} {
		if user, session, err := s.VerifyAccessToken(token); err != nil || user != 7 || session != 9 {
			t.Errorf("%s: verified as user %d, session %d, %v; want 7, 9", name, user, session, err)
		}
	}
}

func TestAccessTokenRefused(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := offline(t, clock.now)
	header, payload := wellFormed(s, clock.now())
	iat, exp := fmt.Sprintf(`"iat":%d`, clock.now().Unix()), fmt.Sprintf(`"exp":%d`, clock.now().Unix()+60)
	good := forge(s, header, payload)
	edit := func(s, old, with string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("%s is not in %s", old, s)
		}
		return strings.Replace(s, old, with, 1)
	}
	withHeader := func(old, with string) string { return forge(s, edit(header, old, with), payload) }
	withClaim := func(old, with string) string { return forge(s, header, edit(payload, old, with)) }
	for name, token := range map[string]string{
		"empty":                     "",
		"one segment":               "abc",
		"four segments":             good + ".x",
		"no signature":              good[:strings.LastIndex(good, ".")+1],
		"other signature":           forge(offlineWith(t, "another secret of thirty-two byte", clock.now), header, payload),
		"last character malleated":  malleate(good),
		"line break":                good[:len(good)-3] + "\n" + good[len(good)-3:],
		"padding":                   good + "=",
		"too long":                  withClaim(`"jti":"x"`, `"jti":"`+strings.Repeat("x", 4<<10)+`"`),
		"alg none":                  encode(edit(header, "HS256", "none")) + "." + encode(payload) + ".",
		"alg HS512":                 withHeader("HS256", "HS512"),
		"alg twice":                 withHeader(`{`, `{"alg":"none",`),
		"typ missing":               withHeader(`,"typ":"at+jwt"`, ``),
		"typ JWT":                   withHeader("at+jwt", "JWT"),
		"typ a number":              withHeader(`"at+jwt"`, "1"),
		"crit":                      withHeader(`{`, `{"crit":["b64"],`),
		"kid missing":               withHeader(`"kid"`, `"kit"`),
		"kid unknown":               withHeader(`"kid":"`, `"kid":"0`),
		"header not an object":      forge(s, `["HS256"]`, payload),
		"payload null":              forge(s, header, "null"),
		"payload not an object":     forge(s, header, `"x"`),
		"payload with more behind":  forge(s, header, payload+"{}"),
		"iss missing":               withClaim(`"iss":"shum-booking",`, ``),
		"iss other":                 withClaim(`"iss":"shum-booking"`, `"iss":"shum"`),
		"aud missing":               withClaim(`"aud":["shum-booking-api"],`, ``),
		"aud other":                 withClaim(`shum-booking-api`, `shum`),
		"exp missing":               withClaim(","+exp, ``),
		"exp passed":                withClaim(exp, fmt.Sprintf(`"exp":%d`, clock.now().Unix()-3)),
		"exp a string":              withClaim(exp, `"exp":"9999999999"`),
		"exp a fraction":            withClaim(exp, fmt.Sprintf(`"exp":%d.5`, clock.now().Unix()+60)),
		"aud a string":              withClaim(`["shum-booking-api"]`, `"shum-booking-api"`),
		"iat in the future":         withClaim(iat, fmt.Sprintf(`"iat":%d`, clock.now().Unix()+30)),
		"sub missing":               withClaim(`"sub":"7",`, ``),
		"sub a number":              withClaim(`"sub":"7"`, `"sub":7`),
		"sub zero":                  withClaim(`"sub":"7"`, `"sub":"0"`),
		"sub with a sign":           withClaim(`"sub":"7"`, `"sub":"+7"`),
		"sub twice":                 withClaim(`"sub":"7"`, `"sub":"7","sub":"8"`),
		"sub in another case too":   withClaim(`"sub":"7"`, `"sub":"7","SUB":"8"`),
		"sub only in another case":  withClaim(`"sub":"7"`, `"SUB":"7"`),
		"sid missing":               withClaim(`"sid":"9",`, ``),
		"sid out of range":          withClaim(`"sid":"9"`, `"sid":"9223372036854775808"`),
		"payload of another sealed": strings.Join([]string{strings.Split(good, ".")[0], encode(edit(payload, `"sub":"7"`, `"sub":"8"`)), strings.Split(good, ".")[2]}, "."),
	} {
		if user, session, err := s.VerifyAccessToken(token); err == nil {
			t.Errorf("%s: verified as user %d, session %d", name, user, session)
		}
	}
}

func offlineWith(tb testing.TB, secret string, now func() time.Time) *auth.Service {
	tb.Helper()
	s, err := auth.New(nil, auth.Config{SecretKey: []byte(secret), Argon2: cheap, Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// malleate changes the bits of the last character that a lenient decoder ignores.
func malleate(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

func TestAccessTokenExpires(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	tokens := b.login(t, "anna@example.com")
	b.clock.advance(9 * time.Minute)
	b.wantAlive(t, tokens, http.StatusOK)
	b.clock.advance(2 * time.Minute)
	b.wantAlive(t, tokens, http.StatusUnauthorized)
}

func FuzzVerifyAccessToken(f *testing.F) {
	clock := newClock()
	s := offline(f, clock.now)
	header, payload := wellFormed(s, clock.now())
	f.Add(header, payload)
	f.Add(header, "null")
	f.Add(`{"alg":"none"}`, `{"sub":{}}`)
	f.Add(strings.Repeat("[", 1000), `{"aud":[1]}`)
	f.Fuzz(func(t *testing.T, header, payload string) {
		// Signed with the right key, so that everything behind the signature is reached.
		token := forge(s, header, payload)
		user, session, err := s.VerifyAccessToken(token)
		if err == nil && (user < 1 || session < 1) {
			t.Errorf("verified as user %d, session %d: %s %s", user, session, header, payload)
		}
		if _, _, err := s.VerifyAccessToken(header + "." + payload); err == nil {
			t.Errorf("verified without a signature: %s.%s", header, payload)
		}
	})
}

func BenchmarkVerifyAccessToken(b *testing.B) {
	s := offline(b, time.Now)
	token, err := s.SignAccessToken(7, 9)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.VerifyAccessToken(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAdmit(b *testing.B) {
	w := setup(b)
	w.auth = w.service(b, auth.Config{})
	w.user(b, "anna@example.com", auth.Guest)
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/auth/me", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.login(b, "anna@example.com").AccessToken)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.auth.Admit(req, httpapi.Demand{Access: auth.SignedIn}); err != nil {
			b.Fatal(err)
		}
	}
}
