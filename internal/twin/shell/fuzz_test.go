package shell_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"recon/internal/twin/shell"
)

// No line makes a host crash or hang.
func FuzzLine(f *testing.F) {
	for _, s := range differential(&testing.T{}) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		h := host(t)
		h.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
		for name, text := range samples(t) {
			_ = h.FS.WriteFile("/tmp/"+name, text, 0o644, "deploy:deploy")
		}
		var out, stderr bytes.Buffer
		h.Run(ctx, shell.Spec{Line: sh(script), User: "deploy", Dir: "/tmp", Stdout: &limited{w: &out}, Stderr: &limited{w: &stderr}})
		h.KillAll()
		if strings.Contains(stderr.String(), "Segmentation fault (") {
			t.Errorf("%q: %s", script, &stderr)
		}
	})
}

// limited takes what fits and hangs up.
type limited struct {
	w *bytes.Buffer
}

func (l *limited) Write(p []byte) (int, error) {
	if l.w.Len() > 1<<20 {
		return 0, context.Canceled
	}
	return l.w.Write(p)
}
