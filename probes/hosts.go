package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"recon/internal/inventory"
	"recon/internal/scrub"
)

// Hosts is the way to the hosts and to their ports. Through makes one of a *remote.Pool; tests bring their own.
type Hosts interface {
	// Dial connects to an address as the node sees it (`dial: ssh`) or as the console does (`dial: direct`). It ends with
	// ctx. An error for which Refused is true means that the host answered and nothing listens there.
	Dial(ctx context.Context, node, network, address string) (net.Conn, error)
	// From connects to an address as the node sees it, whatever Dial does. A *BlindError means that the node could not try;
	// any other error but a refusal means that nothing came back from the address.
	From(ctx context.Context, node, network, address string) (net.Conn, error)
	// Output runs a script with /bin/sh on the node, as the ssh user, and returns what it wrote to standard output. It ends
	// with ctx; an exit status other than 0 is an error.
	Output(ctx context.Context, node, script string) ([]byte, error)
}

// Options are what New needs beside the cluster file and the hosts. The zero value works where no service asks for a
// password.
type Options struct {
	// Secret resolves a reference; it is called when a service is connected to for the first time, from several goroutines.
	Secret func(ctx context.Context, ref inventory.Secret) (string, error)
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Moves is for a clock that stands still between two calls of Fresh; nil for all others. It counts whatever moves in the
	// cluster: a question is given up when nothing does. And only Fresh publishes, so that what the watch remembers depends
	// on no other clock.
	Moves func() uint64
}

// RefusedError says that a host answered that nothing listens on a port.
type RefusedError struct {
	Address string
	Err     error
}

func (e *RefusedError) Error() string { return "nothing listens on " + e.Address }

// Unwrap is the error of the connection attempt.
func (e *RefusedError) Unwrap() error { return e.Err }

// BlindError is a node that could not try to connect, so that nothing is known of the address.
type BlindError struct{ Node, Why string }

func (e *BlindError) Error() string { return e.Why }

// SSHError is a host that was not reached over ssh. Refused says that nothing listens on its ssh port, Answered that its
// ssh server answered and let nobody in.
type SSHError struct {
	Words             string
	Refused, Answered bool
}

func (e *SSHError) Error() string { return e.Words }

// Refused says whether an error means that the host answered and nothing listens there. Silence is not that.
func Refused(err error) bool {
	var r *RefusedError
	var s *SSHError
	return errors.As(err, &r) || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &s) && s.Refused
}

// dialer reaches one address of one node and remembers how the last attempt ended, because the clients of etcd and
// PostgreSQL hide "refused" behind "deadline exceeded".
type dialer struct {
	hosts   Hosts
	node    string
	address string

	mu   sync.Mutex
	last error
}

// reset forgets the last attempt; a probe calls it when it begins.
func (d *dialer) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = nil
}

// dial ignores the address that a client asks for: what is probed is the address in the cluster file.
func (d *dialer) dial(ctx context.Context) (net.Conn, error) {
	conn, err := d.hosts.Dial(ctx, d.node, "tcp", d.address)
	if err != nil && Refused(err) {
		err = &RefusedError{Address: d.address, Err: err}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = err
	return conn, err
}

// cause is why a probe really failed: the connection attempt if that failed, else what the client says.
func (d *dialer) cause(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && d.last != nil {
		return d.last
	}
	return err
}

// words is an error as the operator reads it: one line, made safe, without what the client adds.
func words(err error, within time.Duration) string {
	var timeout net.Error
	var login *SSHError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &login):
		return line(login.Words)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("did not answer within %g s", within.Seconds())
	case Refused(err):
		var r *RefusedError
		if errors.As(err, &r) {
			return r.Error()
		}
		return "nothing listens there"
	}
	return line(err.Error())
}

// longest is how many bytes of a text from outside are kept where a short one is expected.
const longest = 400

// line is text from outside as one safe line of bounded length.
func line(s string) string {
	if len(s) > 4*longest {
		s = s[:4*longest]
	}
	s = scrub.Line(s)
	if len(s) <= longest {
		return s
	}
	cut := longest
	for cut > 0 && s[cut]&0xc0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
