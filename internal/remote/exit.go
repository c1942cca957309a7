package remote

import (
	"io"
	"time"
)

// Command is one command for one place.
type Command struct {
	// Line is the exact bytes of the exec request: what Wire returned. RunLocal gives it to /bin/sh -c.
	Line string
	// Stdin is sent to the command after the other user was reached; secrets go here and never into Line.
	Stdin []byte
	// Stdout and Stderr get the output; nil drops it. They are called from the reader of the connection, one call at a time
	// even when they are the same writer, and never after Run returned. They must not block: a writer that waits for a
	// screen stops the command on the host. An error of theirs is ignored.
	Stdout, Stderr io.Writer
	// Timeout counts from the moment the command was sent; 0 means that only the context ends it.
	Timeout time.Duration
	// Become says that Line was made by Wire with become.
	Become bool
	// Patient is for whoever asks again and again, as probes do: while a host is not reachable, the last error comes back
	// at once until it is time for the next attempt. Without it the next attempt is made now.
	Patient bool
}

// Exit is what is known about a command that ended, or that is no longer watched.
type Exit struct {
	Kind ExitKind
	// Code is the exit status; it is meaningful for OK and Failed, and for Unknown when Reason mentions it.
	Code int
	// Signal is the signal's name without SIG, for Signalled, and for Unknown when one was reported.
	Signal string
	// Reason is one line, clean of control characters and secrets; empty for OK.
	Reason string
	// Connect is why there was no connection, for NotStarted; nil when that was not the reason.
	Connect *ConnectError
	// Began is when the command was sent, or when Run was called if it was not sent. Duration counts from there.
	Began    time.Time
	Duration time.Duration
}

// ExitKind is how a command ended. Its words are those of the trail.
type ExitKind string

// The ways a command ends.
const (
	// OK is exit status 0.
	OK ExitKind = "ok"
	// Failed is another exit status.
	Failed ExitKind = "failed"
	// Signalled is a signal on the host that we did not send, without sudo and su.
	Signalled ExitKind = "signalled"
	// TimedOut and Cancelled are a command that we stopped and that is proven to have ended.
	TimedOut  ExitKind = "timed out"
	Cancelled ExitKind = "cancelled"
	// Unknown is everything that is not proven: a lost connection, a missing exit status, a deadline that did not stop it,
	// a signal under sudo or su.
	Unknown ExitKind = "unknown"
	// NotStarted is a command of which provably nothing ran.
	NotStarted ExitKind = "not started"
)
