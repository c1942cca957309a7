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

func dialError(err error) error {
	var d *remote.DialError
	switch {
	case err == nil || !errors.As(err, &d):
		return err
	case d.NoSSH:
		return errors.New(d.Host + " is not reached over ssh: " + d.Err.Error())
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
