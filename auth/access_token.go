package auth

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// Issuer and Audience are the iss and aud of every access token.
const (
	Issuer   = "shum-booking"
	Audience = "shum-booking-api"
)

const (
	accessTokenType = "at+jwt" // RFC 9068, section 2.1
	headerMembers   = 3
	maxAccessToken  = 4 << 10
	// clockSkew is how far the clocks of two replicas may differ: a token just made by the one is not from the
	// future to the other.
	clockSkew = 2 * time.Second
)

// A keyset has keys by their id, which stands beside what was made with them. The current one makes, all read.
type keyset struct {
	current string
	keys    map[string][]byte
}

// newKeyset returns the set of some keys, of which the first is the current one.
func newKeyset(keys [][]byte) keyset {
	set := keyset{keys: make(map[string][]byte, len(keys))}
	for _, key := range keys {
		sum := sha256.Sum256(key)
		id := hex.EncodeToString(sum[:8])
		set.current = cmp.Or(set.current, id)
		set.keys[id] = key
	}
	return set
}

// accessTokens makes and reads access tokens: JWTs with HMAC-SHA256 (RFC 7519, RFC 9068).
type accessTokens struct {
	keys   keyset
	ttl    time.Duration
	now    func() time.Time
	parser *jwt.Parser
}

func newAccessTokens(keys keyset, ttl time.Duration, now func() time.Time) *accessTokens {
	return &accessTokens{keys: keys, ttl: ttl, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithStrictDecoding(),
		jwt.WithIssuer(Issuer),
		jwt.WithAudience(Audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(clockSkew),
		jwt.WithTimeFunc(now),
	)}
}

// accessClaims are the claims of an access token, in the one form that sign writes. The types of the library
// take other forms too, and make verifying a quarter slower.
type accessClaims struct {
	Issuer    string   `json:"iss"`
	Audience  []string `json:"aud"`
	UserID    string   `json:"sub"`
	SessionID string   `json:"sid"`
	ID        string   `json:"jti"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
}

// UnmarshalJSON reads the claims by their exact names, each at most once, and no others. The decoder that the parser
// uses would let the last of several spellings win.
func (c *accessClaims) UnmarshalJSON(raw []byte) error {
	type plain accessClaims
	return json.Unmarshal(raw, (*plain)(c), json.RejectUnknownMembers(true))
}

// GetIssuer returns iss.
func (c *accessClaims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetAudience returns aud.
func (c *accessClaims) GetAudience() (jwt.ClaimStrings, error) { return c.Audience, nil }

// GetSubject returns sub.
func (c *accessClaims) GetSubject() (string, error) { return c.UserID, nil }

// GetIssuedAt returns iat.
func (c *accessClaims) GetIssuedAt() (*jwt.NumericDate, error) { return numericDate(c.IssuedAt), nil }

// GetExpirationTime returns exp.
func (c *accessClaims) GetExpirationTime() (*jwt.NumericDate, error) {
	return numericDate(c.ExpiresAt), nil
}

// GetNotBefore returns nil: access tokens have no nbf.
func (c *accessClaims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil } //nolint:nilnil // as jwt.Claims demands

// numericDate returns nil, which is a claim that is missing, for 0.
func numericDate(seconds int64) *jwt.NumericDate {
	if seconds == 0 {
		return nil
	}
	return &jwt.NumericDate{Time: time.Unix(seconds, 0)}
}

// sign returns a token for the user and the session.
func (a *accessTokens) sign(userID, sessionID int64) (string, error) {
	now := a.now()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, &accessClaims{
		Issuer:    Issuer,
		Audience:  []string{Audience},
		UserID:    strconv.FormatInt(userID, 10),
		SessionID: strconv.FormatInt(sessionID, 10),
		ID:        rand.Text(),
		IssuedAt:  now.Unix(),
		ExpiresAt: now.Add(a.ttl).Unix(),
	})
	token.Header["typ"] = accessTokenType
	token.Header["kid"] = a.keys.current
	return token.SignedString(a.keys.keys[a.keys.current])
}

// verify returns the user and the session that token was made for, or an error that says what is wrong with it.
func (a *accessTokens) verify(token string) (userID, sessionID int64, err error) {
	if err := checkForm(token); err != nil {
		return 0, 0, err
	}
	var claims accessClaims
	if _, err := a.parser.ParseWithClaims(token, &claims, a.key); err != nil {
		return 0, 0, err
	}
	if len(claims.Audience) != 1 {
		return 0, 0, errors.New("aud names others too")
	}
	userID, err = parseID(claims.UserID)
	if err != nil {
		return 0, 0, fmt.Errorf("sub: %w", err)
	}
	sessionID, err = parseID(claims.SessionID)
	if err != nil {
		return 0, 0, fmt.Errorf("sid: %w", err)
	}
	return userID, sessionID, nil
}

// key chooses the key for a token by its header, which is one that sign writes: it says that the token is an access
// token, and has no member beside alg, typ and kid that would demand anything (crit, RFC 7515, section 4.1.11) or
// offer a key.
func (a *accessTokens) key(t *jwt.Token) (any, error) {
	if typ, _ := t.Header["typ"].(string); typ != accessTokenType {
		return nil, errors.New("typ is not " + accessTokenType)
	}
	if len(t.Header) != headerMembers {
		return nil, errors.New("header with other members than alg, typ and kid")
	}
	kid, _ := t.Header["kid"].(string)
	key, ok := a.keys.keys[kid]
	if !ok {
		return nil, errors.New("kid is not known")
	}
	return key, nil
}

// checkForm refuses what the parser would take without being meant to: tokens of any size, line breaks in the
// base64, members that occur twice, and a payload that is not an object.
func checkForm(token string) error {
	if len(token) > maxAccessToken {
		return errors.New("too long")
	}
	if strings.ContainsAny(token, "\r\n") {
		return errors.New("line break")
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	for _, segment := range []string{header, payload} {
		raw, err := base64.RawURLEncoding.DecodeString(segment)
		if err != nil {
			return err
		}
		if object := jsontext.Value(raw); object.Kind() != '{' || !object.IsValid() {
			return errors.New("not an object with unique members")
		}
	}
	return nil
}

// parseID reads a positive id in the one form that sign writes.
func parseID(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, err
	}
	if id < 1 || strconv.FormatInt(id, 10) != s {
		return 0, errors.New("not an id")
	}
	return id, nil
}
