package probes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"

	"recon/internal/remote"
)

// Through makes Hosts of the connections that steps use too.
func Through(p *remote.Pool) Hosts { return pool{p} }

type pool struct{ *remote.Pool }

// Dial tells "nothing listens there" from "the node was not reached": a refused ssh port says nothing of the service
// behind it.
func (p pool) Dial(ctx context.Context, node, network, address string) (net.Conn, error) {
	conn, err := p.Pool.Dial(ctx, node, network, address)
	return conn, dialError(err)
}

// From tells a node that cannot try from an address that does not answer.
func (p pool) From(ctx context.Context, node, network, address string) (net.Conn, error) {
	conn, err := p.Pool.From(ctx, node, network, address)
	return conn, fromError(err)
}

func fromError(err error) error {
	var d *remote.DialError
	if errors.As(err, &d) && (d.NoSSH || d.Forbidden) {
		return &BlindError{Node: d.Host, Why: dialWords(d)}
	}
	return dialError(err)
}

func dialWords(d *remote.DialError) string {
	if d.NoSSH {
		return d.Host + " is not reached over ssh: " + d.Err.Error()
	}
	return "the sshd of " + d.Host + " does not let it try: allow it with AllowTcpForwarding and PermitOpen"
}

func dialError(err error) error {
	var d *remote.DialError
	switch {
	case err == nil || !errors.As(err, &d):
		return err
	case d.NoSSH:
		return errors.New(dialWords(d))
	case d.Refused:
		return &RefusedError{Address: d.Addr, Err: err}
	}
	return err
}

// outputLimit is how much output of a script is kept, in bytes.
const outputLimit = 1 << 20

func (p pool) Output(ctx context.Context, node, script string) ([]byte, error) {
	wire, _, err := p.Wire(node, script, false)
	if err != nil {
		return nil, fmt.Errorf("prepare the script for %s: %w", node, err)
	}
	out := &capped{limit: outputLimit}
	e := p.Run(ctx, node, remote.Command{Line: wire, Stdout: out, Patient: true})
	switch {
	case e.Kind == remote.OK:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case e.Kind == remote.Failed:
		return nil, fmt.Errorf("the script on %s ended with status %d", node, e.Code)
	}
	if c := e.Connect; c != nil {
		return nil, &SSHError{
			Words: c.Error(), Refused: c.Refused && c.Stage == remote.StageConnect, Answered: c.Stage == remote.StageHostKey || c.Stage == remote.StageLogin,
		}
	}
	return nil, errors.New(either(e.Reason, "the script was not run: "+string(e.Kind)))
}

// capped keeps the beginning of what is written to it and takes the rest in silence.
type capped struct {
	bytes.Buffer
	limit int
}

func (c *capped) Write(b []byte) (int, error) {
	if room := c.limit - c.Len(); room > 0 {
		_, _ = c.Buffer.Write(b[:min(room, len(b))]) // a Buffer does not fail
	}
	return len(b), nil
}
