package booking

import "strings"

// A reference is a booking's id in a form that can be read aloud: eight characters of Crockford's base 32,
// which has no I, L, O or U. It is not stored. A Feistel network over 40 bits maps ids to references one to
// one, so that references are unique by construction and tell nobody how many bookings there are.
const (
	referenceAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	referenceLength   = 8
	referenceRounds   = 4

	halfBits = 20
	halfMask = 1<<halfBits - 1
	// maxReferenceID is the last id that has a reference: about 10^12.
	maxReferenceID = 1<<(2*halfBits) - 1
)

// reference returns the reference of the booking with the given id, which is in 0..maxReferenceID.
func reference(id int64) string {
	left, right := uint32(id>>halfBits)&halfMask, uint32(id)&halfMask
	for round := range uint32(referenceRounds) {
		left, right = right, left^mix(right, round)
	}
	n := uint64(left)<<halfBits | uint64(right)
	var text [referenceLength]byte
	for i := range text {
		text[referenceLength-1-i] = referenceAlphabet[n&31]
		n >>= 5
	}
	return string(text[:])
}

// parseReference returns the id behind a reference as people write it: in either case, with the letters that
// look like digits taken for those. It reports false when no booking can have that reference.
func parseReference(text string) (id int64, ok bool) {
	text = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(text))
	if len(text) != referenceLength {
		return 0, false
	}
	var n uint64
	for i := range len(text) {
		digit := strings.IndexByte(referenceAlphabet, text[i])
		if digit < 0 {
			return 0, false
		}
		n = n<<5 | uint64(digit)
	}
	left, right := uint32(n>>halfBits)&halfMask, uint32(n)&halfMask
	for round := range uint32(referenceRounds) {
		left, right = right^mix(left, referenceRounds-1-round), left
	}
	return int64(left)<<halfBits | int64(right), true
}

// mix is the round function of the network. The constants are part of the format: with others, the references
// that guests have written down would name other bookings.
func mix(half, round uint32) uint32 {
	h := (half ^ round*0x9E3779B9) * 0x85EBCA6B
	h ^= h >> 13
	h *= 0xC2B2AE35
	return h >> (32 - halfBits)
}
