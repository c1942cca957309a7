package remote

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"

	"recon/internal/scrub"
)

// DialError is a connection to a service that was not made.
type DialError struct {
	// Host is the node's name, Addr the service's address as it was asked for.
	Host, Addr string
	// Refused is true when the host answered that nothing listens on Addr, Timeout when nothing answered in time. Both are
	// false when NoSSH is true: then the node was not reached, and the port was never tried. Err is a *ConnectError then.
	Refused, Timeout, NoSSH bool
	// Forbidden is true when the node's sshd does not allow the connection; the port was never tried either.
	Forbidden bool
	Err       error
}

func (e *DialError) Error() string {
	if e.NoSSH {
		return e.Err.Error()
	}
	why := cause(e.Err)
	switch {
	case e.Refused:
		why = cause(syscall.ECONNREFUSED)
	case e.Timeout:
		why = errSilent.Error()
	}
	return "connect to " + e.Addr + " on " + e.Host + ": " + why
}

// Unwrap is the cause.
func (e *DialError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, syscall.ECONNREFUSED) and errors.Is(err, os.ErrDeadlineExceeded) true for the same facts, also
// when it was the host's sshd that saw them.
func (e *DialError) Is(target error) bool {
	return target == syscall.ECONNREFUSED && e.Refused || target == os.ErrDeadlineExceeded && e.Timeout
}

// Stage is how far an ssh connection came.
type Stage string

// The stages of an ssh connection, in their order.
const (
	StageSettings  Stage = "settings"
	StageConnect   Stage = "connect"
	StageHandshake Stage = "handshake"
	StageHostKey   Stage = "host key"
	StageLogin     Stage = "login"
	// StageLost is a connection that was there and broke.
	StageLost Stage = "lost"
	// StageWait is a caller that left before the connection was there.
	StageWait Stage = "wait"
)

// ConnectError is an ssh connection that was not made, or was lost. Of the cause only host key errors and the caller's own
// cancellation can be reached with errors.As and errors.Is: that port 22 refuses says nothing about the port of a service.
type ConnectError struct {
	// Place is the node's name with the address.
	Place string
	Stage Stage
	// Refused and Timeout are about the ssh port.
	Refused, Timeout bool
	Err              error
	// Hint is what to do, empty when there is nothing to say.
	Hint string
}

func (e *ConnectError) Error() string {
	var s string
	switch e.Stage {
	case StageHostKey:
		// The host key's own words are complete.
		return "ssh: " + e.Err.Error()
	case StageSettings:
		s = "ssh settings of " + e.Place
	case StageLogin:
		s = "ssh login at " + e.Place
	case StageLost:
		s = "the ssh connection to " + e.Place + " was lost"
	case StageWait:
		s = "the ssh connection to " + e.Place + " was not there in time"
	default:
		s = "ssh to " + e.Place
	}
	s += ": " + cause(e.Err)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap is the cause where it may be seen.
func (e *ConnectError) Unwrap() error {
	var key *HostKeyError
	if errors.As(e.Err, &key) || errors.Is(e.Err, context.Canceled) {
		return e.Err
	}
	return nil
}

// errSilent is what a deadline says to people.
var errSilent = errors.New("no answer in time")

// cause is an error without what the libraries put around it, safe to show.
func cause(err error) string {
	var op *net.OpError
	switch {
	case refused(err):
		return "refused, nothing listens there"
	case timeout(err):
		return errSilent.Error()
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &op):
		err = op.Err
	}
	return scrub.Line(err.Error())
}

func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func timeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errSilent) ||
		errors.As(err, &n) && n.Timeout()
}
