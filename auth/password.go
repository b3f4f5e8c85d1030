package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/tracing"
)

// Argon2 is what hashing a password with argon2id costs (RFC 9106). Fields that are zero take the defaults, which
// are the ones that OWASP recommends.
type Argon2 struct {
	// MemoryKiB is the memory in KiB: 19456 by default.
	MemoryKiB uint32
	// Passes over the memory: 2 by default.
	Passes uint32
	// Lanes that are computed in parallel: 1 by default.
	Lanes uint8
}

const (
	saltSize = 16
	hashSize = 32
	// maxTurnWait is how long a request waits for its turn to hash: less than it has in all, so that it is told why.
	maxTurnWait = 8 * time.Second
)

// Bounds of what is taken from a stored hash, so that a bad one cannot take the memory of the process.
const (
	maxMemoryKiB = 1 << 20
	maxPasses    = 16
	maxLanes     = 16
	maxSaltSize  = 64
	maxHashSize  = 64
)

func (a Argon2) withDefaults() Argon2 {
	return Argon2{
		MemoryKiB: cmp.Or(a.MemoryKiB, 19<<10), Passes: cmp.Or(a.Passes, 2), Lanes: cmp.Or(a.Lanes, 1),
	}
}

func (a Argon2) validate() error {
	if a.Passes < 1 || a.Passes > maxPasses || a.Lanes < 1 || a.Lanes > maxLanes ||
		a.MemoryKiB < 8*uint32(a.Lanes) || a.MemoryKiB > maxMemoryKiB {
		return fmt.Errorf("argon2 cost out of range: m=%d, t=%d, p=%d", a.MemoryKiB, a.Passes, a.Lanes)
	}
	return nil
}

// passwordHasher hashes passwords, as many at a time as it has slots: each takes the memory that its cost says.
type passwordHasher struct {
	cost  Argon2
	slots chan struct{}
	// derive is argon2.IDKey; tests count its calls.
	derive func(password, salt []byte, passes, memoryKiB uint32, lanes uint8, size uint32) []byte
	// dummy is compared with when there is no hash, so that the answer takes as long.
	dummy passwordHash
}

func newPasswordHasher(cost Argon2, slots int) (*passwordHasher, error) {
	cost = cost.withDefaults()
	if err := cost.validate(); err != nil {
		return nil, err
	}
	return &passwordHasher{
		cost:   cost,
		slots:  make(chan struct{}, slots),
		derive: argon2.IDKey,
		dummy:  passwordHash{cost: cost, salt: make([]byte, saltSize), sum: make([]byte, hashSize)},
	}, nil
}

// hash returns password's hash as a PHC string.
func (h *passwordHasher) hash(ctx context.Context, password string) (string, error) {
	p := passwordHash{cost: h.cost, salt: make([]byte, saltSize), sum: make([]byte, hashSize)}
	rand.Read(p.salt)
	release, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	p.sum = h.compute(p, password)
	return p.String(), nil
}

// verify reports whether phc is the hash of password. A nil phc is the hash of none, which takes as long to find.
// The caller has a turn.
func (h *passwordHasher) verify(phc *string, password string) (bool, error) {
	want := h.dummy
	if phc != nil {
		var err error
		if want, err = parsePasswordHash(*phc); err != nil {
			return false, fmt.Errorf("stored password hash: %w", err)
		}
	}
	return subtle.ConstantTimeCompare(h.compute(want, password), want.sum) == 1 && phc != nil, nil
}

// turn waits until the caller may hash a password, and returns what lets the next one. The error is of kind
// errs.Unavailable if ctx ends before, or it takes too long.
func (h *passwordHasher) turn(ctx context.Context) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, maxTurnWait)
	defer cancel()
	_, span := tracing.Start(ctx, "hash a password")
	select {
	case h.slots <- struct{}{}:
		// What comes before it is waiting.
		span.AddEvent("turn")
		return func() { <-h.slots; span.End() }, nil
	case <-ctx.Done():
		span.End()
		busy := errs.Unavailable.New("Too many people are signing in right now. Try again in a moment.").Because(ctx.Err())
		busy.RetryAfter = time.Second
		return nil, busy
	}
}

// compute hashes password with the salt and the cost of p.
func (h *passwordHasher) compute(p passwordHash, password string) []byte {
	// One password typed on two systems may arrive in two forms.
	normal := norm.NFC.String(password)
	return h.derive([]byte(normal), p.salt, p.cost.Passes, p.cost.MemoryKiB, p.cost.Lanes, uint32(len(p.sum)))
}

// outdated reports whether phc was made at another cost than is set now.
func (h *passwordHasher) outdated(phc string) bool {
	p, err := parsePasswordHash(phc)
	return err != nil || p.cost != h.cost || len(p.salt) != saltSize || len(p.sum) != hashSize
}

// passwordHash is a PHC string of argon2id taken apart.
type passwordHash struct {
	cost      Argon2
	salt, sum []byte
}

// String returns the hash in the PHC format: $argon2id$v=19$m=...,t=...,p=...$salt$hash.
func (p passwordHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.cost.MemoryKiB, p.cost.Passes, p.cost.Lanes,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.sum))
}

var errNotPHC = errors.New("not an argon2id PHC string")

// parsePasswordHash reads exactly what String writes, with a cost that this process can bear.
func parsePasswordHash(s string) (passwordHash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return passwordHash{}, errNotPHC
	}
	cost, err := parseCost(parts[3])
	if err != nil {
		return passwordHash{}, err
	}
	p := passwordHash{cost: cost}
	encoding := base64.RawStdEncoding.Strict()
	if p.salt, err = encoding.DecodeString(parts[4]); err != nil {
		return passwordHash{}, errNotPHC
	}
	if p.sum, err = encoding.DecodeString(parts[5]); err != nil {
		return passwordHash{}, errNotPHC
	}
	if len(p.salt) < 8 || len(p.salt) > maxSaltSize || len(p.sum) < 16 || len(p.sum) > maxHashSize {
		return passwordHash{}, errNotPHC
	}
	// Leading zeros, signs and line breaks in the base64 are read above and never written.
	if p.String() != s {
		return passwordHash{}, errNotPHC
	}
	return p, nil
}

func parseCost(s string) (Argon2, error) {
	var values [3]uint64
	fields := strings.Split(s, ",")
	if len(fields) != len(values) {
		return Argon2{}, errNotPHC
	}
	for i, prefix := range []string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(fields[i], prefix)
		value, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || value > maxMemoryKiB {
			return Argon2{}, errNotPHC
		}
		values[i] = value
	}
	if values[1] > maxPasses || values[2] > maxLanes {
		return Argon2{}, errNotPHC
	}
	cost := Argon2{MemoryKiB: uint32(values[0]), Passes: uint32(values[1]), Lanes: uint8(values[2])}
	return cost, cost.validate()
}
