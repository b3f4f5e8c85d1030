package httpapi

import "github.com/shumbooking/shumbooking/platform/errs"

// Texts that several parts of the package use.
const (
	textBodyLimit errs.Text = "A body may have %d bytes at most."
	textMaxItems  errs.Text = "must have at most %d items"
)
