package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/benhoyt/goawk/interp"
	"github.com/benhoyt/goawk/lexer"
	"github.com/benhoyt/goawk/parser"
)

// awkCommand is awk by github.com/benhoyt/goawk. It reads the host's files as operands; getline from a file, print to one,
// system() and pipes inside a program are refused with an error.
func awkCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("+F:v:f:W:", "field-separator:=F", "assign:=v", "file:=f")
	if !ok {
		return 2
	}
	if a.has('W') {
		return c.unsupported("-W is not known to a training host")
	}
	rest := a.rest
	var source []string
	vars := []string{}
	for _, f := range a.flags {
		switch f.letter {
		case 'f':
			b, err := c.ReadFile(f.value)
			if err != nil {
				return c.Fail(2, "cannot open %s (%s)", f.value, Reason(err))
			}
			source = append(source, string(b))
		case 'F':
			sep := f.value
			if sep == "t" {
				sep = "\t"
			}
			vars = append(vars, "FS", unescapeAwk(sep))
		case 'v':
			name, value, ok := strings.Cut(f.value, "=")
			if !ok {
				return c.usage("improper assignment: -v %s", f.value)
			}
			vars = append(vars, name, unescapeAwk(value))
		}
	}
	if source == nil {
		if len(rest) == 0 {
			return c.usage("usage: awk [-F fs][-v var=value] 'prog' [file ...]")
		}
		source, rest = rest[:1], rest[1:]
	}
	files := &awkFiles{c: c}
	args := files.operands(rest)
	text := strings.Join(source, "\n")
	config := &parser.ParserConfig{Funcs: map[string]any{"current_file_of_host": files.current}}
	prog, err := parser.ParseProgram([]byte(text), config)
	if err == nil && len(files.names) > 0 && strings.Contains(text, "FILENAME") && len(prog.Actions) > 0 {
		// The library reads the host's files as one standard input, so FILENAME has to be told.
		prog, err = parser.ParseProgram([]byte("{ FILENAME = current_file_of_host() } "+text), config)
	}
	if err != nil {
		return c.Fail(2, "%s", err)
	}
	if len(prog.Actions) == 0 && len(prog.End) == 0 {
		args = nil
	}
	machine, err := interp.New(prog)
	if err != nil {
		return c.Fail(2, "%s", err)
	}
	out := c.buffered()
	environ := []string{}
	for _, kv := range c.env {
		n, v, _ := strings.Cut(kv, "=")
		environ = append(environ, n, v)
	}
	status, err := machine.ExecuteContext(ctx, &interp.Config{
		Stdin: files, Output: out, Error: c.Stderr, Argv0: "awk", Args: args, Vars: vars, Funcs: config.Funcs, Environ: environ,
		NoExec: true, NoFileReads: true, NoFileWrites: true, Chars: true,
	})
	flushed := out.Flush()
	switch {
	case files.failed:
		return 2
	case err != nil:
		if flushed != nil || ctx.Err() != nil {
			return 2
		}
		words := err.Error()
		for _, w := range []string{"NoExec", "NoFileReads", "NoFileWrites"} {
			if strings.Contains(words, w) {
				words = "commands and files inside an awk program are not known to a training host"
			}
		}
		return c.Fail(2, "%s", words)
	}
	return status
}

func unescapeAwk(v string) string {
	if u, err := lexer.Unescape(v); err == nil {
		return u
	}
	return v
}

// awkFiles gives the library the files of the host as standard input that ends after each of them.
type awkFiles struct {
	c      *Call
	names  []string
	at     int // how many were opened
	r      io.Reader
	failed bool
}

// operands are the arguments for the library: a dash for each file.
func (f *awkFiles) operands(rest []string) []string {
	var args []string
	for _, w := range rest {
		if name, _, ok := strings.Cut(w, "="); ok && name != "" && !strings.ContainsAny(name, "/.") {
			args = append(args, w)
			continue
		}
		f.names = append(f.names, w)
		args = append(args, "-")
	}
	return args
}

func (f *awkFiles) current() string {
	if f.at == 0 {
		return ""
	}
	return f.names[f.at-1]
}

func (f *awkFiles) Read(p []byte) (int, error) {
	if len(f.names) == 0 {
		return f.c.Stdin.Read(p)
	}
	if f.r == nil {
		if f.at == len(f.names) {
			return 0, io.EOF
		}
		name := f.names[f.at]
		f.at++
		r, err := f.c.open(name)
		if err == nil {
			if i, e := f.c.Stat(name); name != "-" && e == nil && i.Dir {
				err = errors.New("is a directory")
			}
		}
		if err != nil {
			f.failed = true
			fmt.Fprintf(f.c.Stderr, "awk: cannot open \"%s\" (%s)\n", name, Reason(err))
			return 0, io.EOF
		}
		f.r = r
	}
	n, err := f.r.Read(p)
	if err == io.EOF {
		f.r = nil
	}
	return n, err
}
