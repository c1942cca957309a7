package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// session is one exec request on a connection and what comes of it. Its methods run in the goroutine of Run; the readers
// only pass on output and what sudo or su say.
type session struct {
	c    *connection
	cmd  Command
	talk *talk
	ch   ssh.Channel
	out  *output
	// input is what goes to standard input, which ends when it is closed.
	input    chan []byte
	inputEnd bool

	began time.Time
	// reply is the host's answer to the exec request; status is how the command ended; drained is closed at the end of both
	// outputs, closed at the end of the channel.
	reply           chan error
	status          chan status
	drained, closed chan struct{}

	// got is the status, once it came.
	got *status
	// went is set when the command could run: the exec request, or under sudo and su the console's word, was sent.
	went bool
	// sent, askedAgain and unanswered are about the password: it was sent, it was asked for again, there is none to send.
	sent, askedAgain, unanswered bool
}

// status is an exit-status or exit-signal request, RFC 4254 section 6.10.
type status struct {
	code   int
	signal string
}

var errExecRefused = errors.New("the host does not run commands over ssh")

// start sends the exec request. From here on the outcome is unknown until it is known.
func (c *connection) start(cmd Command, t *talk, ch ssh.Channel, requests <-chan *ssh.Request) *session {
	s := &session{
		c: c, cmd: cmd, talk: t, ch: ch, out: newOutput(cmd), input: make(chan []byte, 8), began: time.Now(),
		reply: make(chan error, 1), status: make(chan status, 8), drained: make(chan struct{}), closed: make(chan struct{}),
	}
	go s.hear(requests)
	var readers sync.WaitGroup
	var outFilter, errFilter func([]byte) []byte
	if t != nil {
		outFilter, errFilter = t.stdout, t.stderr
	}
	readers.Go(func() { s.out.drain(ch, cmd.Stdout, outFilter) })
	readers.Go(func() { s.out.drain(ch.Stderr(), cmd.Stderr, errFilter) })
	go func() { readers.Wait(); close(s.drained) }()
	go s.feed()
	go func() {
		ok, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Line string }{cmd.Line}))
		if err == nil && !ok {
			err = errExecRefused
		}
		s.reply <- err
	}()
	if t == nil {
		s.went = true
		s.send(cmd.Stdin)
		s.endInput()
	}
	return s
}

// wait follows the session to its end.
func (s *session) wait(ctx context.Context) Exit {
	defer func() {
		s.out.close()
		s.endInput()
		if s.got == nil && s.went {
			s.c.mu.Lock()
			s.c.left++
			s.c.mu.Unlock()
		}
		// Closing sends a message, which on a dead line waits for the keepalive.
		go func() { _ = s.ch.Close() }()
	}()
	var limit, become <-chan time.Time
	var heard chan hearing
	if s.talk != nil {
		become, heard = time.After(s.c.timing.become), s.talk.heard
	} else {
		limit = s.limit()
	}
	reply, drained, closed := s.reply, s.drained, s.closed
	idle := time.NewTicker(max(s.c.timing.idle/4, time.Millisecond))
	defer idle.Stop()
	for {
		select {
		case err := <-reply:
			reply = nil
			if errors.Is(err, errExecRefused) {
				s.went = false
				return s.exit(NotStarted, err.Error())
			}
		case st := <-s.status:
			// What was written last may come after the status.
			s.got = &st
			s.out.touch()
		case <-drained:
			drained = nil
		case <-closed:
			closed = nil
		case h := <-heard:
			switch {
			case !s.answer(h):
			case s.went:
				become, limit = nil, s.limit()
			default:
				become = time.After(s.c.timing.become)
			}
		case <-become:
			return s.late()
		case <-limit:
			return s.stop(TimedOut, fmt.Sprintf("stopped after %s", s.cmd.Timeout))
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return s.stop(TimedOut, "stopped at its deadline")
			}
			return s.stop(Cancelled, "cancelled")
		case <-idle.C:
		}
		if s.over(drained == nil, closed == nil) {
			return s.verdict()
		}
	}
}

// limit is when the command has taken too long; never, without a timeout.
func (s *session) limit() <-chan time.Time {
	if s.cmd.Timeout <= 0 {
		return nil
	}
	return time.After(s.cmd.Timeout)
}

// leave gives the place to the next command: when the host has closed the session, because until then it counts there. A
// session that was given up, or whose output a background process holds open, may be counted for long; nobody waits for it.
func (s *session) leave() {
	if s.got == nil {
		<-s.c.sessions
		return
	}
	go func() {
		select {
		case <-s.closed:
		case <-time.After(time.Second):
		}
		<-s.c.sessions
	}()
}

// over says whether all is known that will be: the end of the channel, or a status and the end of the output. A background
// process may hold the output open for ever, so silence after the status ends it as well.
func (s *session) over(drained, closed bool) bool {
	if closed || drained {
		// The status came before the end of the channel.
		select {
		case st := <-s.status:
			s.got = &st
		default:
		}
	}
	return closed && drained || s.got != nil && (drained || s.out.quiet() > s.c.timing.idle)
}

// answer reacts to sudo or su, and reports that something was sent.
func (s *session) answer(h hearing) bool {
	switch {
	case h == there && !s.went:
		s.went = true
		s.send([]byte(goAhead + "\n"))
		s.send(s.cmd.Stdin)
		s.endInput()
		return true
	case h == asked && !s.sent && s.talk.secret != "" && !s.went:
		s.sent = true
		s.send([]byte(s.talk.secret + "\n"))
		return true
	case h == asked && !s.went:
		// Without an answer sudo and su give up.
		s.askedAgain, s.unanswered = s.sent, !s.sent
		s.endInput()
	}
	return false
}

// late is sudo or su taking too long. Nothing can run any more: the preamble never gets the word.
func (s *session) late() Exit {
	limit := s.c.timing.become
	switch {
	case s.askedAgain || s.unanswered:
		why, _ := s.refusal()
		return s.exit(NotStarted, why)
	case s.sent:
		return s.exit(NotStarted, fmt.Sprintf("%s did not answer within %s of the password%s; nothing ran", s.talk.method, limit, quoted(s.talk.words())))
	}
	return s.exit(NotStarted, fmt.Sprintf("%s neither asked for the password nor became %s within %s%s; nothing ran",
		s.talk.method, s.talk.user, limit, quoted(s.talk.words())))
}

// refusal says why the other user was not reached, and whether it was the password.
func (s *session) refusal() (reason string, password bool) {
	t := s.talk
	words := t.words()
	switch {
	case s.sent && (s.askedAgain || wrongPassword(words)):
		return fmt.Sprintf("%s refused the password%s; nothing ran", t.method, quoted(words)), true
	case s.unanswered:
		return fmt.Sprintf("%s asks for a password and the cluster file names none (become.password); nothing ran", t.method), false
	case words == "":
		return fmt.Sprintf("%s did not become %s and said nothing; nothing ran", t.method, t.user), false
	}
	hint := ""
	if strings.Contains(words, "password is required") {
		hint = "; name become.password in the cluster file, or allow it in sudoers without one"
	}
	return fmt.Sprintf("%s did not become %s%s; nothing ran%s", t.method, t.user, quoted(words), hint), false
}
