// Package page has keyset paging: lists cut into pages that are found again by the last row of the one before,
// so that rows inserted or deleted meanwhile make no other row skipped or repeated.
package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/keys"
)

// Params are the query parameters of every list. Embed them in the parameters of an endpoint.
type Params struct {
	Limit  int    `query:"limit" json:"-" minimum:"1" maximum:"100" default:"20" description:"How many items to return at most."`
	Cursor string `query:"cursor" json:"-" maxLength:"1024" description:"The next_cursor of the page before, with the same filters."`
}

// A List is one page. NextCursor is nil on the last one.
type List[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" description:"Cursor of the next page; null on the last one."`
}

// A Signer makes cursors that only it can make. The zero Signer is not usable.
type Signer struct {
	// The first key signs, all verify.
	keys [][]byte
}

const macSize = 16

// NewSigner returns a Signer with a key derived from secret. It also takes the cursors of Signers with one of the
// previous secrets, of which empty ones are left out.
func NewSigner(secret []byte, previous ...[]byte) Signer {
	return Signer{keys: keys.NewRing(secret, previous...).Derive("list cursor")}
}

// Encode returns the cursor after position in the list called name with the given filters. The filters are
// the endpoint's parameters: what of them is visible to encoding/json must be the same when the cursor comes back.
func (s Signer) Encode(name string, filters, position any) (string, error) {
	body, err := json.Marshal(position)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	mac, err := mac(s.keys[0], name, filters, body)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(mac, body...)), nil
}

// Decode reads into position what Encode put into cursor. A cursor that was forged, or made for another list
// or other filters, is an error of kind [errs.CursorInvalid].
func (s Signer) Decode(cursor, name string, filters, position any) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	// The decoder passes over line breaks, and a cursor has one form only.
	if err != nil || len(raw) < macSize || strings.ContainsAny(cursor, "\r\n") {
		return errs.CursorInvalid.New("The cursor was not made by this service.")
	}
	known, err := s.knows(raw[:macSize], name, filters, raw[macSize:])
	if err != nil {
		return fmt.Errorf("decode cursor: %w", err)
	}
	if !known {
		return errs.CursorInvalid.New("The cursor was not made for this list with these filters.")
	}
	if err := json.Unmarshal(raw[macSize:], position); err != nil {
		return errs.CursorInvalid.New("The cursor is from another version of this service. Start from the first page.").Because(err)
	}
	return nil
}

// knows reports whether got was made with one of the keys.
func (s Signer) knows(got []byte, name string, filters any, body []byte) (bool, error) {
	for _, key := range s.keys {
		want, err := mac(key, name, filters, body)
		if err != nil {
			return false, err
		}
		if hmac.Equal(want, got) {
			return true, nil
		}
	}
	return false, nil
}

func mac(key []byte, name string, filters any, body []byte) ([]byte, error) {
	f, err := json.Marshal(filters)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(name), f, body} {
		fmt.Fprintf(mac, "%d:", len(part))
		mac.Write(part)
	}
	return mac.Sum(nil)[:macSize], nil
}

// Cut makes a page of at most limit items from rows, of which the caller asked for limit+1: the extra one
// tells that there is a next page. The cursor is made from the last item kept.
func Cut[T any](rows []T, limit int, cursor func(last T) (string, error)) (*List[T], error) {
	if len(rows) <= limit {
		if rows == nil {
			rows = []T{}
		}
		return &List[T]{Items: rows}, nil
	}
	rows = rows[:limit]
	next, err := cursor(rows[limit-1])
	if err != nil {
		return nil, err
	}
	return &List[T]{Items: rows, NextCursor: &next}, nil
}
