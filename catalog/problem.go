package catalog

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// SQLSTATE codes, PostgreSQL appendix A.
const (
	checkViolation        = "23514"
	invalidParameterValue = "22023"
)

// refused is what a write is answered with when the database refused a value that no constraint of its
// resource explains. The schema of the request repeats the checks of the tables, but composed characters
// are counted there and stored decomposed where Unicode wants it so: then only the database notices.
func refused(err error) error {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch pgErr.Code {
	case checkViolation:
		return errs.Invalid.New("A value is out of range.").Because(err)
	case invalidParameterValue:
		return errs.InvalidBody("time_zone", "unknown", "is not a time zone such as Europe/Moscow").Because(err)
	}
	switch pg.Constraint(err) {
	case "hotel_facilities_facility_id_fkey", "room_facilities_facility_id_fkey":
		return errs.InvalidBody("facility_ids", "unknown", "names a facility that does not exist").Because(err)
	}
	return err
}
