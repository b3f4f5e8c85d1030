//go:build !linux && !darwin && !freebsd

package disk

import "errors"

func spaceOf(string) (space, error) { return space{}, errors.ErrUnsupported }
