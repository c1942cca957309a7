//go:build !linux

package lab

import (
	"context"
	"io"
	"net"
)

// Lab cannot run here: every method answers ErrUnsupported.
type Lab struct{}

// Open answers ErrUnsupported.
func Open(string) (*Lab, error) { return nil, ErrUnsupported }

// Up answers ErrUnsupported.
func (l *Lab) Up(context.Context, Options) error { return ErrUnsupported }

// Down answers ErrUnsupported.
func (l *Lab) Down(context.Context, bool) error { return ErrUnsupported }

// Status answers ErrUnsupported.
func (l *Lab) Status(context.Context) (Status, error) { return Status{}, ErrUnsupported }

// Exec answers ErrUnsupported.
func (l *Lab) Exec(context.Context, string, []string, Stdio, bool) (int, error) {
	return -1, ErrUnsupported
}

// Break answers ErrUnsupported.
func (l *Lab) Break(context.Context, string, []string, io.Writer) error { return ErrUnsupported }

// Mend answers ErrUnsupported.
func (l *Lab) Mend(context.Context, string, io.Writer) error { return ErrUnsupported }

// ResetHost answers ErrUnsupported.
func (l *Lab) ResetHost(context.Context, string, io.Writer) error { return ErrUnsupported }

// Listen answers ErrUnsupported.
func (l *Lab) Listen(string) (net.Listener, error) { return nil, ErrUnsupported }

// Healthy answers ErrUnsupported.
func (l *Lab) Healthy(context.Context) error { return ErrUnsupported }
