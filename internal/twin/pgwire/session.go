package pgwire

import (
	"net"
	"sync"
	"time"
)

// Session is one connection of a client. The exported fields are set before Login is called and stay, but for ID, which
// Login may set, and Values, which are the backend's.
type Session struct {
	// ID is the process id that cancel requests name.
	ID             int32
	User, Database string
	Remote, Local  net.Addr
	// TLS says that the connection is encrypted.
	TLS     bool
	Started time.Time
	// Values are the backend's own, such as the settings of the session.
	Values map[string]string

	now      func() time.Time
	mu       sync.Mutex
	status   byte
	activity Activity
}

// Activity is what a session does, for pg_stat_activity.
type Activity struct {
	// Application is the session's application_name.
	Application string
	// Query is the last statement, State "active", "idle", "idle in transaction" or "idle in transaction (aborted)".
	Query, State string
	// Extended says that the last statement came in the extended protocol.
	Extended bool
	// XactStart is zero outside of a transaction.
	XactStart, QueryStart, StateChange time.Time
	// WaitType and WaitEvent are what the backend said with Waits; a session that is not active waits for its client.
	WaitType, WaitEvent string
	// Gone says that the client has hung up while its statement still runs.
	Gone bool
}

// Activity is what the session does now.
func (s *Session) Activity() Activity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.activity
}

// Waits says what a running statement waits for; two empty words end it. "IPC", "SyncRep" is a commit without standbys.
func (s *Session) Waits(kind, event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.activity.WaitType, s.activity.WaitEvent = kind, event
}

// Transaction is the state of the session's transaction: Idle, InTransaction or Failed. While a statement runs it is the
// state before it.
func (s *Session) Transaction() byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// begin notes that a statement runs, and when.
func (s *Session) begin(sql string, extended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, a := s.now(), &s.activity
	a.Query, a.State, a.Extended, a.QueryStart, a.StateChange = sql, "active", extended, now, now
	a.WaitType, a.WaitEvent = "", ""
	if a.XactStart.IsZero() {
		a.XactStart = now
	}
}

// rest notes that the session waits for its client.
func (s *Session) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &s.activity
	a.StateChange, a.WaitType, a.WaitEvent = s.now(), "Client", "ClientRead"
	switch s.status {
	case Idle:
		a.State, a.XactStart = "idle", time.Time{}
	case InTransaction:
		a.State = "idle in transaction"
	default:
		a.State = "idle in transaction (aborted)"
	}
}

func (s *Session) setTransaction(status byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func (s *Session) gone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.activity.Gone = true
}

func (s *Session) setApplication(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.activity.Application = name
}
