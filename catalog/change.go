package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/audit"
)

// How a row is locked that is read to be changed: rows may still come to point at it, unless it is to be removed.
const (
	forChange  = " FOR NO KEY UPDATE"
	forRemoval = " FOR UPDATE"
)

// What the audit log calls the things of the catalogue.
const (
	objectCountry  = "country"
	objectCity     = "city"
	objectFacility = "facility"
	objectHotel    = "hotel"
	objectRoom     = "room"
	objectImage    = "image"
	objectManager  = "manager"
)

// The functions below tell the audit log of a change, in its transaction. Object is what kind of thing it was.

func recordCreation[T any](ctx context.Context, tx pgx.Tx, object string, id int64, created *T) error {
	return auth.RecordChange(ctx, tx, audit.Entry{Action: object + ".create", Object: object, ID: id, After: created})
}

// A change that made no difference is not recorded.
func recordUpdate[T any](ctx context.Context, tx pgx.Tx, object string, id int64, before, after *T) error {
	return auth.RecordChange(ctx, tx, audit.Entry{Action: object + ".update", Object: object, ID: id, Before: before, After: after})
}

func recordRemoval[T any](ctx context.Context, tx pgx.Tx, object string, id int64, removed *T) error {
	return auth.RecordChange(ctx, tx, audit.Entry{Action: object + ".delete", Object: object, ID: id, Before: removed})
}
