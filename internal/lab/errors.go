package lab

import (
	"errors"
	"strconv"
)

// ErrUnsupported is wrapped by every error on a machine that cannot run the lab at all.
var ErrUnsupported = errors.New("recon lab needs Linux and root")

// Error says what was tried, why it failed, and the one thing to do about it.
type Error struct {
	What string
	Err  error
	Hint string
}

func (e *Error) Error() string {
	s := e.What
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func quote(s string) string { return strconv.Quote(s) }
