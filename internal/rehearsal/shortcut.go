package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"recon/internal/remote"
	"recon/internal/twin"
	"recon/internal/twin/world"
	"recon/probes"
)

// shortcut is the probes' way to the hosts without the waiting and without ssh: what would be silent is said to be at once,
// and where ssh would get in, the host is asked inside this process, with the same line in the same shell. Where it would
// not, ssh says so. Steps go over ssh, always.
type shortcut struct {
	probes.Hosts
	pool *remote.Pool
	twin *twin.Twin
}

func (s shortcut) Dial(ctx context.Context, node, network, address string) (net.Conn, error) {
	if s.twin.Silent(world.Console, node) || s.twin.Silent(node, address) {
		return nil, os.ErrDeadlineExceeded
	}
	if in, ok := s.inside(node); ok {
		return dial(ctx, in, node, address)
	}
	return s.Hosts.Dial(ctx, node, network, address)
}

func (s shortcut) From(ctx context.Context, node, network, address string) (net.Conn, error) {
	if s.twin.Silent(world.Console, node) {
		return nil, &probes.BlindError{Node: node, Why: node + " is not reached over ssh"}
	}
	if s.twin.Silent(node, address) {
		return nil, os.ErrDeadlineExceeded
	}
	if in, ok := s.inside(node); ok {
		return dial(ctx, in, node, address)
	}
	return s.Hosts.From(ctx, node, network, address)
}

func (s shortcut) Output(ctx context.Context, node, script string) ([]byte, error) {
	if s.twin.Silent(world.Console, node) {
		return nil, os.ErrDeadlineExceeded
	}
	in, ok := s.inside(node)
	if !ok {
		return s.Hosts.Output(ctx, node, script)
	}
	line, _, err := s.pool.Wire(node, script, false)
	if err != nil {
		return nil, err
	}
	out, status := in.Run(ctx, line)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case status != 0:
		return nil, fmt.Errorf("the script on %s ended with status %d", node, status)
	}
	return out, nil
}

// inside is the way into a host that ssh would get into now.
func (s shortcut) inside(node string) (twin.Inside, bool) {
	in, ok := s.twin.Inside(node)
	return in, ok && in.Open()
}

// dial connects, and says what is in the way as sshd would.
func dial(ctx context.Context, in twin.Inside, node, address string) (net.Conn, error) {
	conn, err := in.Dial(ctx, address)
	if err == nil || ctx.Err() != nil {
		return conn, err
	}
	failed := &remote.DialError{Host: node, Addr: address, Refused: errors.Is(err, syscall.ECONNREFUSED), Timeout: errors.Is(err, syscall.ETIMEDOUT), Err: err}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		failed.Err = errno
	}
	if failed.Refused {
		return nil, &probes.RefusedError{Address: address, Err: failed}
	}
	return nil, failed
}
