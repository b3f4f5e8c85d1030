package pg

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes, PostgreSQL appendix A.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	tooManyConnections   = "53300"
	lockNotAvailable     = "55P03"
	queryCanceled        = "57014"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	idleSessionTimeout   = "57P05"
	connectionClass      = "08"
)

// Constraint returns the name of the constraint that err reports as violated,
// or "" when it reports none.
func Constraint(err error) string {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgErr.ConstraintName
	}
	return ""
}

// IsRetryable reports whether the server rolled a transaction back for the sake
// of another one, so that running all of it again can succeed.
func IsRetryable(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pgErr.Code == serializationFailure || pgErr.Code == deadlockDetected)
}

// IsUnavailable reports whether the database could not serve the request now
// and may later: no connection, none free in time, shutting down or starting,
// or a time limit of the server exceeded. A request canceled by its client is
// not that. A lost connection leaves open whether a commit took place.
func IsUnavailable(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pgErr.Code {
		case tooManyConnections, lockNotAvailable, queryCanceled,
			adminShutdown, crashShutdown, cannotConnectNow, idleSessionTimeout:
			return true
		}
		return strings.HasPrefix(pgErr.Code, connectionClass)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	// What breaks in BEGIN or COMMIT comes as ErrConnClosed, without its cause.
	return errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)
}
