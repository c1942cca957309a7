package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/scrub"
)

// Run runs one command on a node, over the node's shared connection, and returns what is known about its end. At most 8 run
// on a node at a time, the others wait. When ctx ends, Run returns within 4 s: with cancelled only if the command is proven
// to have ended, with unknown otherwise. Nothing is ever run twice.
//
// Under sudo and su the password comes from the cluster file, is sent once and only after the question for it, and the
// command starts only after the other user was reached; see Wire.
func (p *Pool) Run(ctx context.Context, node string, cmd Command) Exit {
	began := time.Now()
	not := func(err error) Exit {
		words := scrub.Line(err.Error())
		switch err {
		case context.Canceled:
			words = "cancelled before anything was sent"
		case context.DeadlineExceeded:
			words = "its deadline came before anything was sent"
		}
		var connect *ConnectError
		errors.As(err, &connect)
		return Exit{Kind: NotStarted, Reason: words, Connect: connect, Began: began, Duration: time.Since(began)}
	}
	if err := context.Cause(ctx); err != nil {
		return not(err)
	}
	l, err := p.link(node)
	if err != nil {
		return not(err)
	}
	if len(cmd.Line) > LineLimit {
		return not(fmt.Errorf("the line has %d bytes, %d is the most", len(cmd.Line), LineLimit))
	}
	ep, err := l.endpoint()
	if err != nil {
		return not(&ConnectError{Place: node, Stage: StageSettings, Err: err})
	}
	t, err := p.prepare(ctx, ep, cmd)
	if err != nil {
		return not(err)
	}
	c, err := l.get(ctx, !cmd.Patient)
	if err != nil {
		return not(err)
	}
	defer c.release()
	select {
	case c.sessions <- struct{}{}:
	case <-c.done:
		return not(c.broken(nil))
	case <-ctx.Done():
		return not(context.Cause(ctx))
	}
	opening, cancel := context.WithTimeout(ctx, p.timing.connect)
	ch, requests, err := c.open(opening, "session", nil)
	cancel()
	if err != nil {
		<-c.sessions
		return not(c.noSession(err))
	}
	s := c.start(cmd, t, ch, requests)
	e := s.wait(ctx)
	s.leave()
	if t != nil && e.Kind == NotStarted {
		if why, wrong := s.refusal(); wrong {
			p.vault.refuse(ep.ssh.Become.Password, t.secret, errors.New(why))
		}
	}
	return e
}

// prepare reads the line and gets the password that it may need, before anything is sent. It returns nil for a line that
// changes no user.
func (p *Pool) prepare(ctx context.Context, ep *endpoint, cmd Command) (*talk, error) {
	b, err := readLine(ep, cmd.Line, cmd.Become)
	if err != nil || b == nil {
		return nil, err
	}
	if !b.password {
		return newTalk(*b, ""), nil
	}
	ref := ep.ssh.Become.Password
	name := fmt.Sprintf("%s password on %s (%s)", b.method, ep.name, ref.Name())
	word, err := p.vault.reference(ctx, ref, name, !cmd.Patient)
	if err != nil {
		return nil, err
	}
	return newTalk(*b, word), nil
}

// noSession is why the host opened no session. Nothing was sent.
func (c *connection) noSession(err error) error {
	var o *ssh.OpenChannelError
	switch {
	case errors.As(err, &o):
		c.retire()
		return fmt.Errorf("%s opened no session: %s; see MaxSessions in its sshd_config", c.ep.place(), o.Message)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s opened no session in time", c.ep.place())
	case errors.Is(err, context.Canceled):
		return err
	}
	return c.broken(err)
}
