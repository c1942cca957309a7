package lab

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// progress tells the operator what goes on, with the seconds since the start.
type progress struct {
	w     io.Writer
	dir   string
	start time.Time
}

func (l *Lab) progress(w io.Writer) *progress {
	return &progress{w: discard(w), dir: l.path("log"), start: time.Now()}
}

func (p *progress) say(format string, args ...any) {
	fmt.Fprintf(p.w, "%5.1fs  %s\n", time.Since(p.start).Seconds(), fmt.Sprintf(format, args...))
}

// log opens a fresh log file for what is too long for the screen.
func (p *progress) log(name string) (*os.File, error) {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, &Error{What: "log folder", Err: err}
	}
	f, err := os.OpenFile(filepath.Join(p.dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, &Error{What: "log", Err: err}
	}
	return f, nil
}
