package pgwire

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Error is an ErrorResponse or a NoticeResponse. Severity is ERROR when it is empty; FATAL ends the connection.
type Error struct {
	Severity, Code, Message, Detail, Hint string
}

func (e *Error) Error() string { return e.severity() + ": " + e.Message + " (SQLSTATE " + e.Code + ")" }

func (e *Error) severity() string {
	if e.Severity == "" {
		return "ERROR"
	}
	return e.Severity
}

func (e *Error) response() *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{
		Severity: e.severity(), SeverityUnlocalized: e.severity(), Code: e.Code, Message: e.Message, Detail: e.Detail, Hint: e.Hint,
	}
}

// notice is the error as a message that ends nothing.
func (e *Error) notice() *pgproto3.NoticeResponse { return (*pgproto3.NoticeResponse)(e.response()) }

func (e *Error) isNotice() bool { return e.Severity == "WARNING" || e.Severity == "NOTICE" }

// ErrCanceled is what a statement ends with that its client or an administrator canceled.
var ErrCanceled = &Error{Code: "57014", Message: "canceling statement due to user request"}

// asError is what the client is told of an error. An error of another server, which a backend asked, stays what it is.
func asError(err error) *Error {
	var own *Error
	var others *pgconn.PgError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &others):
		return &Error{others.Severity, others.Code, others.Message, others.Detail, others.Hint}
	}
	return &Error{Code: "XX000", Message: err.Error()}
}

// failed is what the client is told of a statement's error. ctx is the statement's: when it was canceled, that is what
// ended it, whatever the backend made of it.
func failed(ctx context.Context, err error) *Error {
	var own *Error
	if errors.As(err, &own) || ctx.Err() == nil {
		return asError(err)
	}
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &own):
		return own
	case errors.Is(cause, errCanceled):
		return ErrCanceled
	default: // nobody listens
		return &Error{Severity: "FATAL", Code: "08006", Message: cause.Error()}
	}
}

// asFatal is an error that ends a connection.
func asFatal(err error) *Error {
	e := *asError(err)
	e.Severity = "FATAL"
	return &e
}

func upper(s string) string { return strings.ToUpper(s) }
