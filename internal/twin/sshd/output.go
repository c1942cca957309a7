package sshd

import (
	"io"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// output are the two streams of a session to its client.
type output struct {
	ch             ssh.Channel
	stdout, stderr *stream
}

// stream is one of them: one write at a time, none after the end.
type stream struct {
	to io.Writer

	mu    sync.Mutex
	ended bool
	// terminal turns newlines into CR LF, where there is no CR; last is the byte before.
	terminal bool
	last     byte
}

func newOutput(ch ssh.Channel, terminal bool) *output {
	o := &output{ch: ch, stdout: &stream{to: ch, terminal: terminal}}
	o.stderr = o.stdout
	if !terminal {
		o.stderr = &stream{to: ch.Stderr()}
	}
	return o
}

// end says to the client that nothing more comes.
func (o *output) end() {
	o.stdout.end()
	o.stderr.end()
	_ = o.ch.CloseWrite() // the client may be gone
}

func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return 0, syscall.EPIPE
	}
	if len(p) == 0 {
		return 0, nil
	}
	text := p
	if s.terminal {
		text = s.carriage(p)
	}
	n, err := s.to.Write(text)
	if err != nil {
		// The library calls a channel that the client closed io.EOF, which no writer expects.
		return min(n, len(p)), syscall.EPIPE
	}
	return len(p), nil
}

// carriage is what a terminal's driver does to newlines (ONLCR), for whoever has not done it.
func (s *stream) carriage(p []byte) []byte {
	out := make([]byte, 0, len(p)+8)
	for _, b := range p {
		if b == '\n' && s.last != '\r' {
			out = append(out, '\r')
		}
		out = append(out, b)
		s.last = b
	}
	return out
}
