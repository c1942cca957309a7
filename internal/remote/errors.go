package remote

import (
	"os"
	"syscall"
)

// DialError is a connection to a service that was not made.
type DialError struct {
	// Host is the node's name, Addr the service's address as it was asked for.
	Host, Addr string
	// Refused is true when the host answered that nothing listens on Addr, Timeout when nothing answered in time. Neither
	// is true of the service when NoSSH is: then its node was not reached, and the port was never tried.
	Refused, Timeout, NoSSH bool
	Err                     error
}

func (e *DialError) Error() string { return "connect to " + e.Addr + " on " + e.Host + ": " + e.Err.Error() }

// Unwrap is the cause.
func (e *DialError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, syscall.ECONNREFUSED) and errors.Is(err, os.ErrDeadlineExceeded) true for the same facts, also
// when it was the host's sshd that saw them.
func (e *DialError) Is(target error) bool {
	return target == syscall.ECONNREFUSED && e.Refused || target == os.ErrDeadlineExceeded && e.Timeout
}
