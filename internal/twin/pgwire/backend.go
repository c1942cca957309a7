// Package pgwire serves PostgreSQL's protocol, version 3: startup and TLS, passwords in all their forms, the simple and
// the extended protocol with pipelining, cancel requests, and ends of every kind. It knows the protocol and no database:
// a Backend answers the statements. The simulated PostgreSQL and the simulated PgBouncer are two of them.
//
// Give a Server a Backend, then call Serve with as many listeners as there are addresses. Sessions says who is connected,
// for pg_stat_activity; CloseConns and Reset end connections as an administrator and as a crash do. After Close no
// goroutine is left.
package pgwire

import "context"

// Backend is what stands behind the protocol. Its methods are called for several sessions at once, for one session never
// two at a time.
type Backend interface {
	// Login decides on a startup packet: how the client shows who it is, or an *Error, with which the connection ends.
	// The backend may set s.ID, the process id.
	Login(ctx context.Context, s *Session, startup map[string]string) (Auth, error)

	// Started gives the parameters that a client is told once it is in: server_version, client_encoding and so on. An
	// *Error ends the connection, as 3D000 does after the password.
	Started(s *Session) (map[string]string, error)

	// Query runs one statement. In the simple protocol it is called for each statement of the text, with params nil; in
	// the extended one when a portal is first executed. The words of transactions come here too, and the state of s
	// follows from their success. ctx ends when the client cancels, or the server closes; its cause says which.
	Query(ctx context.Context, s *Session, sql string, params []Param) (Result, error)

	// Describe gives the types of a statement's parameters and its columns, nil when it returns no rows. The extended
	// protocol asks before the statement runs; an *Error of code 0A000 or 08P01 is how a backend refuses that protocol.
	Describe(ctx context.Context, s *Session, sql string) (params []uint32, columns []Column, err error)

	// Ended is called once for each session that Login let in, when it is over and nothing of it runs any more.
	Ended(s *Session)
}

// Method is how a client shows who it is.
type Method int

// The methods. SCRAM is SCRAM-SHA-256 without channel binding.
const (
	Trust Method = iota
	Cleartext
	MD5
	SCRAM
)

// Auth is the answer to a startup packet.
type Auth struct {
	Method   Method
	Password string
	// Refusal is what a wrong password is answered with; nil stands for PostgreSQL's 28P01.
	Refusal *Error
}

// Column is one column of a result. OID is the number of its type, as in pgtype.
type Column struct {
	Name string
	OID  uint32
}

// Result is what a statement brings. A nil Columns means that it returns no rows; an empty one that its rows are empty.
type Result struct {
	Columns []Column
	// Rows hold Go values: nil for NULL, string (for every type: the value as PostgreSQL writes it), bool, integers,
	// floats, time.Time, time.Duration, netip.Addr, LSN and []string.
	Rows [][]any
	// Tag is the command's, such as "UPDATE 1". When it is empty it is "SELECT n", or the first word of the statement.
	Tag string
	// Notices are sent before the rows.
	Notices []Error
	// Set are parameters of the session whose new value the client is told, such as application_name.
	Set map[string]string
	// Wait is called before the tag is sent: a COMMIT waits here for its standbys. It must return when ctx ends, with
	// ctx.Err(): the client is then told what PostgreSQL says of a commit that was not waited for. An *Error of severity
	// WARNING or NOTICE is told and the command is complete; any other *Error fails it.
	Wait func(ctx context.Context) error
}
