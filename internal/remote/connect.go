package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// timing is how long things may take; tests make it shorter.
type timing struct {
	// connect is for reaching the port and for the whole handshake, for each host of a chain.
	connect time.Duration
	// keepEvery is the pause between keepalives; a peer from which nothing is heard for keepWait after one is dead.
	keepEvery, keepWait time.Duration
	// become is how long sudo or su may take to ask, and again to answer.
	become time.Duration
	// term and kill are how long a command may take to end after each signal.
	term, kill time.Duration
	// idle is how long output may be silent after the exit status before it is no longer waited for.
	idle time.Duration
	// firstPause and lastPause bound the pause between two attempts to connect.
	firstPause, lastPause time.Duration
}

func usual() timing {
	return timing{
		connect: 10 * time.Second, keepEvery: 5 * time.Second, keepWait: 8 * time.Second, become: 10 * time.Second,
		term: 2 * time.Second, kill: time.Second, idle: 2 * time.Second, firstPause: time.Second, lastPause: 10 * time.Second,
	}
}

// stream is the connection below ssh. It has one deadline for the handshake that can stand still while a person types, and
// it remembers when the peer was last heard.
type stream struct {
	net.Conn
	began time.Time
	// heard is when the last byte came, as a duration since began: a clock that is set must not kill connections.
	heard atomic.Int64
	// ended is set when nothing more can be read.
	ended atomic.Bool

	mu  sync.Mutex
	end time.Time
	// left is the rest of the deadline while it stands still.
	left   time.Duration
	pauses int
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if err != nil {
		s.ended.Store(true)
	}
	if n > 0 {
		s.heard.Store(int64(time.Since(s.began)))
	}
	return n, err
}

// silent is how long nothing came from the peer.
func (s *stream) silent() time.Duration { return time.Since(s.began) - time.Duration(s.heard.Load()) }

func (s *stream) within(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = time.Now().Add(d)
	return s.SetDeadline(s.end)
}

// paused runs f while the deadline stands still. An error of SetDeadline means that the connection is gone, which the
// handshake notices by itself.
func (s *stream) paused(f func()) {
	s.mu.Lock()
	if s.pauses++; s.pauses == 1 {
		s.left = time.Until(s.end)
		_ = s.SetDeadline(time.Time{})
	}
	s.mu.Unlock()
	f()
	s.mu.Lock()
	if s.pauses--; s.pauses == 0 {
		s.end = time.Now().Add(s.left)
		_ = s.SetDeadline(s.end)
	}
	s.mu.Unlock()
}

// connect makes the ssh connection of an endpoint over transport, which it closes on failure.
func (p *Pool) connect(ctx context.Context, ep *endpoint, transport net.Conn, again bool) (*ssh.Client, *stream, error) {
	s := &stream{Conn: transport, began: time.Now()}
	stop := context.AfterFunc(ctx, func() { _ = transport.Close() })
	defer stop()
	fail := func(stage Stage, err error, hint string) (*ssh.Client, *stream, error) {
		_ = transport.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, nil, &ConnectError{Place: ep.place(), Stage: stage, Timeout: timeout(err), Err: err, Hint: hint}
	}
	keys, err := readHostKeys(ep)
	if err != nil {
		return fail(StageHostKey, err, "")
	}
	in := &login{ep: ep, vault: &p.vault, again: again, paused: s.paused, ctx: func() context.Context { return ctx }}
	defer in.close()
	conf := &ssh.ClientConfig{
		User: ep.user, Auth: in.methods(), AuthCallback: in.resume, HostKeyCallback: keys.check,
		HostKeyAlgorithms: keys.algorithms(), ClientVersion: "SSH-2.0-recon",
	}
	if err := s.within(p.timing.connect); err != nil {
		return fail(StageConnect, err, "")
	}
	conn, channels, requests, err := ssh.NewClientConn(s, ep.checked, conf)
	if err != nil {
		stage, hint, err := explain(err, keys, in)
		return fail(stage, err, hint)
	}
	if err := s.SetDeadline(time.Time{}); err != nil {
		return fail(StageHandshake, err, "")
	}
	return ssh.NewClient(conn, channels, requests), s, nil
}

// explain says how far a handshake came and why it ended.
func explain(err error, keys *hostKeys, in *login) (stage Stage, hint string, why error) {
	var algorithms *ssh.AlgorithmNegotiationError
	switch {
	case keys.refused != nil:
		return StageHostKey, "", keys.refused
	case errors.As(err, &algorithms) && algorithms.What == "host key" && len(keys.algorithms()) > 0:
		return StageHostKey, "", keys.mismatch(algorithms)
	case timeout(err):
		return StageHandshake, "the port is open, but what listens there does not finish the ssh handshake" + in.why(), errSilent
	case in.denied(err):
		return StageLogin, in.hint(err), fmt.Errorf("the host lets %s in with none of what was offered%s", in.ep.user, in.why())
	}
	return StageHandshake, "", errors.New(strings.TrimPrefix(err.Error(), "ssh: handshake failed: "))
}

// denied says whether the server let the user in with nothing that was offered, which also settles that the password was
// wrong; a connection that broke during the login settles nothing.
func (l *login) denied(err error) bool {
	text := err.Error()
	if l.twice || strings.Contains(text, "unable to authenticate") || strings.Contains(text, "oo many authentication failures") {
		l.refused()
		return true
	}
	return l.gaveUp
}

// hint says what can be done about a refused login.
func (l *login) hint(err error) string {
	switch {
	case len(l.keys) == 0 && l.password == "":
		return "no key was found; check `keys` and `agent` in the cluster file, and ssh-add -l"
	case strings.Contains(err.Error(), "too many") || strings.Contains(err.Error(), "Too many"):
		return "the agent holds too many keys for this host; name the right one under `keys` with IdentitiesOnly in ssh_config"
	}
	return fmt.Sprintf("%d keys were offered; try ssh -v %s@%s", len(l.keys), l.ep.user, l.ep.host)
}
