package lab

import (
	"context"
	"io"
)

// Break x
func (l *Lab) Break(ctx context.Context, name string, args []string, w io.Writer) error { return nil }

// Mend x
func (l *Lab) Mend(ctx context.Context, w io.Writer) error { return nil }
