package httpapi

import "github.com/shumbooking/shumbooking/platform/errs"

// Texts that several parts of the package use.
const (
	textBodyLimit errs.Text = "The body may have at most %d bytes."
	textMaxItems  errs.Text = "must have at most %d items"
)
