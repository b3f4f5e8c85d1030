package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// A forger has all that tokens are made of, the keys of the service included, so that each token it makes has one
// thing wrong with it.
type forger struct {
	t                  *testing.T
	header, payload    string
	kid, previousKid   string
	key, previousKey   []byte
	iat, exp, sub, sid string
}

func newForger(t *testing.T, b *bench, s *auth.Service, tokens *auth.Tokens) *forger {
	t.Helper()
	user, session, err := s.VerifyAccessToken(tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	f := &forger{t: t}
	f.kid, f.key = s.AccessKey()
	f.previousKid, f.previousKey = b.auth.AccessKey()
	now := b.clock.now().Unix()
	f.iat, f.exp = fmt.Sprintf(`"iat":%d`, now), fmt.Sprintf(`"exp":%d`, now+60)
	f.sub, f.sid = fmt.Sprintf(`"sub":"%d"`, user), fmt.Sprintf(`"sid":"%d"`, session)
	f.header = fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, f.kid)
	f.payload = `{"iss":"shum-booking","aud":["shum-booking-api"],` + f.sub + "," + f.sid + `,"jti":"x",` + f.iat + "," + f.exp + "}"
	return f
}

// sign returns a token with any header and payload.
func (f *forger) sign(header, payload string, key []byte, newHash func() hash.Hash) string {
	text := encode(header) + "." + encode(payload)
	mac := hmac.New(newHash, key)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (f *forger) edit(s, old, with string) string {
	f.t.Helper()
	if strings.Count(s, old) != 1 {
		f.t.Fatalf("%s is not once in %s", old, s)
	}
	return strings.Replace(s, old, with, 1)
}

func (f *forger) good() string { return f.sign(f.header, f.payload, f.key, sha256.New) }

// head returns a token whose header is edited, and claim one whose payload is.
func (f *forger) head(old, with string) string {
	f.t.Helper()
	return f.sign(f.edit(f.header, old, with), f.payload, f.key, sha256.New)
}

func (f *forger) claim(old, with string) string {
	f.t.Helper()
	return f.sign(f.header, f.edit(f.payload, old, with), f.key, sha256.New)
}

// withKid returns a token that names its key by any JSON value, and is signed with any key.
func (f *forger) withKid(kid string, key []byte) string {
	f.t.Helper()
	return f.sign(f.edit(f.header, `"`+f.kid+`"`, kid), f.payload, key, sha256.New)
}

// unsigned returns a token without a signature, of an algorithm.
func (f *forger) unsigned(alg string) string {
	f.t.Helper()
	return encode(f.edit(f.header, "HS256", alg)) + "." + encode(f.payload) + "."
}

// algorithms are tokens that would have another algorithm verify them, or none.
func (f *forger) algorithms() map[string]string {
	tokens := make(map[string]string)
	for _, none := range []string{"none", "None", "NONE", "nOnE", "nonE", ""} {
		tokens["alg "+none+" unsigned"] = f.unsigned(none)
		tokens["alg "+none+" signed"] = f.head("HS256", none)
	}
	tokens["alg none without the dot"] = strings.TrimSuffix(f.unsigned("none"), ".")
	tokens["alg HS256 unsigned"] = f.unsigned("HS256")
	tokens["alg hs256"] = f.head("HS256", "hs256")
	tokens["alg HS384"] = f.sign(f.edit(f.header, "HS256", "HS384"), f.payload, f.key, sha512.New384)
	tokens["alg HS512"] = f.sign(f.edit(f.header, "HS256", "HS512"), f.payload, f.key, sha512.New)
	tokens["alg HS384 over SHA-256"] = f.head("HS256", "HS384")
	tokens["alg absent"] = f.head(`"alg":"HS256",`, "")
	tokens["alg null"] = f.head(`"HS256"`, "null")
	tokens["alg array"] = f.head(`"HS256"`, `["HS256"]`)
	tokens["alg number"] = f.head(`"HS256"`, "256")
	maps.Copy(tokens, f.asymmetric())
	return tokens
}

// asymmetric are tokens for a service that takes a public key for a secret, or any key pair for its own.
func (f *forger) asymmetric() map[string]string {
	f.t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		f.t.Fatal(err)
	}
	pair := func(alg string, key crypto.Signer) string {
		text := encode(f.edit(f.header, "HS256", alg)) + "." + encode(f.payload)
		sum := sha256.Sum256([]byte(text))
		signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
		if err != nil {
			f.t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	return map[string]string{
		"alg RS256": pair("RS256", rsaKey), "alg ES256": pair("ES256", ecKey), "alg PS256": pair("PS256", rsaKey),
		"alg RS256 over the key": f.head("HS256", "RS256"), "alg ES256 over the key": f.head("HS256", "ES256"),
		"alg EdDSA over the key":   f.head("HS256", "EdDSA"),
		"HS256 with a public key":  f.sign(f.header, f.payload, public, sha256.New),
		"HS256 with an empty key":  f.sign(f.header, f.payload, nil, sha256.New),
		"HS256 with the secret":    f.sign(f.header, f.payload, newSecret, sha256.New),
		"HS256 with the kid as it": f.sign(f.header, f.payload, []byte(f.kid), sha256.New),
	}
}

// headers are tokens whose header says what no header of this service says.
func (f *forger) headers() map[string]string {
	tokens := map[string]string{
		"kid absent":                f.head(`"kid":"`+f.kid+`",`, ""),
		"kid unknown":               f.withKid(`"0000000000000000"`, f.key),
		"kid empty":                 f.withKid(`""`, f.key),
		"kid empty, key empty":      f.withKid(`""`, nil),
		"kid a path":                f.withKid(`"../../../../dev/null"`, nil),
		"kid SQL":                   f.withKid(`"x' UNION SELECT 'key' --"`, []byte("key")),
		"kid a command":             f.withKid(`"|/bin/true"`, nil),
		"kid a URL":                 f.withKid(`"https://example.com/key"`, nil),
		"kid null":                  f.withKid("null", f.key),
		"kid an array":              f.withKid(`["`+f.kid+`"]`, f.key),
		"kid an object":             f.withKid(`{"id":"`+f.kid+`"}`, f.key),
		"kid a number":              f.withKid("1", f.key),
		"kid in capitals":           f.withKid(`"`+strings.ToUpper(f.kid)+`X"`, f.key),
		"kid with a space":          f.withKid(`"`+f.kid+` "`, f.key),
		"kid with a NUL":            f.withKid(`"`+f.kid+`\u0000"`, f.key),
		"kid previous, key current": f.withKid(`"`+f.previousKid+`"`, f.key),
		"kid current, key previous": f.withKid(`"`+f.kid+`"`, f.previousKey),
		"kid twice":                 f.head(`{`, `{"kid":"`+f.previousKid+`",`),
		"alg twice":                 f.head(`{`, `{"alg":"none",`),
		"alg in two cases":          f.head(`{`, `{"Alg":"none",`),
		"typ in two cases":          f.head(`{`, `{"TYP":"at+jwt",`),
		"typ absent":                f.head(`,"typ":"at+jwt"`, ""),
		"typ JWT":                   f.head("at+jwt", "JWT"),
		"typ of another case":       f.head("at+jwt", "AT+JWT"),
		"typ of a media type":       f.head("at+jwt", "application/at+jwt"),
		"typ null":                  f.head(`"at+jwt"`, "null"),
		"typ an array":              f.head(`"at+jwt"`, `["at+jwt"]`),
		"header an array":           f.sign("["+f.header+"]", f.payload, f.key, sha256.New),
		"header null":               f.sign("null", f.payload, f.key, sha256.New),
		"header empty":              f.sign("{}", f.payload, f.key, sha256.New),
		"header with more behind":   f.sign(f.header+"{}", f.payload, f.key, sha256.New),
		"header nested":             f.sign(strings.Repeat("[", 500)+strings.Repeat("]", 500), f.payload, f.key, sha256.New),
	}
	for name, member := range map[string]string{
		"crit": `"crit":["b64"]`, "crit empty": `"crit":[]`, "crit of a known name": `"crit":["exp"]`,
		"b64 false": `"b64":false`, "b64 false and crit": `"b64":false,"crit":["b64"]`, "zip": `"zip":"DEF"`, "enc": `"enc":"A256GCM"`,
		"cty": `"cty":"JWT"`, "jku": `"jku":"https://example.com/jwks"`, "x5u": `"x5u":"https://example.com/cert"`,
		"jwk": `"jwk":{"kty":"oct","k":"` + base64.RawURLEncoding.EncodeToString([]byte("key")) + `"}`, "x5c": `"x5c":["MII="]`,
	} {
		tokens[name] = f.head("{", "{"+member+",")
	}
	return tokens
}

// claims are tokens whose claims are not ones that this service writes, or not now.
func (f *forger) claims(now int64) map[string]string {
	const iss, aud = `"iss":"shum-booking"`, `"aud":["shum-booking-api"]`
	tokens := make(map[string]string)
	edits := map[string][]string{
		iss:   {"", `"iss":""`, `"iss":"shum"`, `"iss":["shum-booking"]`, `"iss":null`, `"ISS":"shum-booking"`, iss + "," + iss},
		aud:   {"", `"aud":[]`, `"aud":"shum-booking-api"`, `"aud":["other"]`, `"aud":["shum-booking-api","other"]`, `"aud":null`, `"aud":[["shum-booking-api"]]`},
		f.exp: {"", `"exp":"9999999999"`, f.exp + ".5", `"exp":1e10`, `"exp":1e99`, `"exp":-1`, `"exp":0`, `"exp":null`, fmt.Sprintf(`"exp":%d`, now-3), `"exp":99999999999999999999`, f.exp + "," + f.exp},
		f.iat: {fmt.Sprintf(`"iat":%d`, now+30), `"iat":"1"`, `"iat":1.5`, f.iat + fmt.Sprintf(`,"nbf":%d`, now+30), f.iat + `,"nbf":1`, `"IAT":1`},
		f.sub: {"", `"sub":"0"`, `"sub":"-1"`, `"sub":"+1"`, `"sub":"01"`, `"sub":"1.0"`, `"sub":"1e0"`, `"sub":" 1"`, `"sub":"1 "`, `"sub":"0x1"`,
			`"sub":"9223372036854775808"`, `"sub":"` + strings.Repeat("9", 400) + `"`, `"sub":1`, `"sub":null`, `"sub":["1"]`, `"sub":{"id":"1"}`,
			`"sub":"1' OR '1'='1"`, `"sub":"` + "\u0661" + `"`, f.sub + `,"sub":"2"`, f.sub + `,"Sub":"2"`, `"sub":"987654321"`},
		f.sid:       {"", `"sid":"0"`, `"sid":"-1"`, `"sid":"01"`, `"sid":1`, `"sid":null`, `"sid":"9223372036854775808"`, `"sid":"1 "`, f.sid + `,"sid":"2"`, f.sid + `,"SID":"2"`, `"sid":"987654321"`},
		`"jti":"x"`: {`"jti":1`, `"jti":"x","scope":"admin"`, `"jti":"x","role":"admin"`, `"jti":"x","more":` + strings.Repeat("[", 300) + strings.Repeat("]", 300)},
	}
	for old, list := range edits {
		for _, with := range list {
			payload := f.edit(f.payload, old, with)
			payload = strings.NewReplacer("{,", "{", ",,", ",", ",}", "}").Replace(payload)
			tokens["claim "+with+" for "+old] = f.sign(f.header, payload, f.key, sha256.New)
		}
	}
	for _, payload := range []string{"null", "[]", `"x"`, "1", "", "{", f.payload + "x", f.payload + f.payload, "\ufeff" + f.payload, "[" + f.payload + "]", strings.ReplaceAll(f.payload, `"`, "'")} {
		tokens["payload "+payload] = f.sign(f.header, payload, f.key, sha256.New)
	}
	return tokens
}

// forms are a good token in another form.
func (f *forger) forms() map[string]string {
	good := f.good()
	parts := strings.Split(good, ".")
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		f.t.Fatal(err)
	}
	padded := base64.URLEncoding.EncodeToString
	other := encode(f.edit(f.payload, f.sub, `"sub":"2"`))
	return map[string]string{
		"a word": "x", "dots": "..", "one segment": parts[0], "two segments": parts[0] + "." + parts[1],
		"four segments": good + ".x", "five segments, as of a JWE": good + "." + parts[2] + "." + parts[2],
		"JWE":                   encode(`{"alg":"dir","enc":"A256GCM"}`) + "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		"a dot in front":        "." + good,
		"a dot behind":          good + ".",
		"no header":             "." + parts[1] + "." + parts[2],
		"no payload":            parts[0] + ".." + parts[2],
		"trailing bits":         malleate(good),
		"signature padded":      good + "=",
		"header padded":         padded([]byte(f.header+" ")) + "=." + parts[1] + "." + parts[2],
		"signature cut":         good[:len(good)-4],
		"signature longer":      good + "AAAA",
		"signature flipped":     parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(append([]byte{signature[0] ^ 1}, signature[1:]...)),
		"signature of another":  parts[0] + "." + other + "." + parts[2],
		"base64 not for URLs":   parts[0] + "." + parts[1] + "." + base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\xfb\xff", 16))),
		"a space inside":        parts[0] + ". " + parts[1] + "." + parts[2],
		"a tab behind":          good + "\t",
		"a line break behind":   good + "\n",
		"a line break inside":   good[:20] + "\r\n" + good[20:],
		"a NUL behind":          good + "\x00",
		"two tokens":            good + "," + good,
		"quoted":                `"` + good + `"`,
		"URL-encoded":           strings.ReplaceAll(good, ".", "%2E"),
		"over 4 KiB":            f.claim(`"jti":"x"`, `"jti":"`+strings.Repeat("x", 4<<10)+`"`),
		"over 4 KiB of nothing": strings.Repeat("A", 5<<10),
		"letters of no ASCII":   "жетон." + parts[1] + "." + parts[2],
	}
}

// withoutIdentity returns the body of a problem without what is different in each.
func withoutIdentity(t *testing.T, res *apitest.Response) string {
	t.Helper()
	var problem map[string]any
	res.Decode(&problem)
	delete(problem, "request_id")
	delete(problem, "instance")
	text, err := json.Marshal(problem)
	if err != nil {
		t.Fatal(err)
	}
	return res.Header.Get("WWW-Authenticate") + "\n" + string(text)
}

// TestBadAccessTokens sends tokens that are wrong in one way each. Every one gets the same answer.
func TestBadAccessTokens(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	s := b.rotated(t)
	api := serving(t, s)
	tokens, err := s.Login(t.Context(), &auth.LoginParams{Email: "anna@example.com", Password: goodPassword})
	if err != nil {
		t.Fatal(err)
	}
	f := newForger(t, b, s, tokens)
	for name, token := range map[string]string{
		"as made":            tokens.AccessToken,
		"as forged":          f.good(),
		"of the previous":    f.withKid(`"`+f.previousKid+`"`, f.previousKey),
		"members reordered":  f.sign(f.edit(f.edit(f.header, `"alg":"HS256",`, ""), "}", `,"alg":"HS256"}`), f.payload, f.key, sha256.New),
		"with spaces inside": f.claim(f.sub, " "+f.sub+"\n"),
	} {
		if res := api.As(token).Do("GET", "/auth/me", nil); res.Status != http.StatusOK {
			t.Errorf("control %s: %d, want 200", name, res.Status)
		}
	}
	corpus := make(map[string]string)
	for _, part := range []map[string]string{f.algorithms(), f.headers(), f.claims(b.clock.now().Unix()), f.forms()} {
		maps.Copy(corpus, part)
	}
	corpus["refresh token"] = tokens.RefreshToken
	if len(corpus) < 150 {
		t.Errorf("%d tokens in the corpus, want 150 or more", len(corpus))
	}
	var first string
	for name, token := range corpus {
		res := api.As(token).Do("GET", "/auth/me", nil)
		if res.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401: %s", name, res.Status, token)
			continue
		}
		answer := withoutIdentity(t, res)
		if first == "" {
			first = answer
		}
		if answer != first {
			t.Errorf("%s: answered %s, others %s", name, answer, first)
		}
	}
}
