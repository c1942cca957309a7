package psql

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"recon/internal/twin/pgwire"
)

// input reads statements and backslash commands line by line.
func (r *run) input(ctx context.Context, in io.Reader, name string) int {
	if in == nil {
		return exitFine
	}
	if !r.Prompt {
		r.file = name
		defer func() { r.file = "" }()
	} else if !r.quiet {
		fmt.Fprintf(r.Stdout, "psql (%s (Debian %s-0+deb13u1))\nType \"help\" for help.\n\n", r.version(), r.version())
	}
	code, text := exitFine, ""
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	r.line = 0
	for r.prompt(text); lines.Scan(); r.prompt(text) {
		r.line++
		l := lines.Text()
		var err error
		switch trimmed := strings.TrimSpace(l); {
		case text == "" && strings.HasPrefix(trimmed, `\`):
			err = r.meta(ctx, trimmed)
		case text == "" && r.Prompt && (trimmed == "quit" || trimmed == "exit"):
			r.quit = true
		default:
			text += l + "\n"
			if whole := r.interpolate(text); complete(whole) {
				err = r.statements(ctx, whole)
				text = ""
			}
		}
		switch {
		case r.quit:
			return code
		case err != nil && r.conn.IsClosed():
			return exitNoLogin
		case err != nil && r.stops():
			return exitScript
		}
	}
	if err := r.statements(ctx, r.interpolate(text)); err != nil && r.stops() {
		return exitScript
	}
	if r.Prompt {
		fmt.Fprintln(r.Stdout, `\q`)
	}
	return code
}

func (r *run) prompt(begun string) {
	if !r.Prompt {
		return
	}
	sign, end := "=", ">"
	if begun != "" {
		sign = "-"
	}
	if r.conn.ParameterStatus("is_superuser") == "on" {
		end = "#"
	}
	if r.conn.TxStatus() == 'T' {
		sign += "*"
	} else if r.conn.TxStatus() == 'E' {
		sign += "!"
	}
	fmt.Fprintf(r.Stdout, "%s%s%s ", r.database, sign, end)
}

// uses are the places of a text where a variable may stand, and those where what looks like one is something else.
var uses = regexp.MustCompile(`(?s)'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|::|:'(\w+)'|:"(\w+)"|:(\w+)`)

// interpolate puts the values of variables in: as they are, as literals, or as names. One that was never set stays as it is written.
func (r *run) interpolate(text string) string {
	return uses.ReplaceAllStringFunc(text, func(found string) string {
		m := uses.FindStringSubmatch(found)
		value, known := r.variables[m[1]+m[2]+m[3]]
		switch {
		case !known:
		case m[1] != "":
			return "'" + strings.ReplaceAll(value, "'", "''") + "'"
		case m[2] != "":
			return `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
		case m[3] != "":
			return value
		}
		return found
	})
}

// complete says that a text ends with a semicolon that ends a statement.
func complete(text string) bool {
	tokens, err := pgwire.Tokens(text)
	return err == nil && len(tokens) > 0 && tokens[len(tokens)-1].Is(";")
}

// statements sends each statement of a text by itself, as psql does with what it reads.
func (r *run) statements(ctx context.Context, text string) error {
	parts, err := pgwire.Split(text)
	if err != nil {
		parts = []string{strings.TrimSpace(text)} // the server says what is wrong with it
	}
	var failed error
	for _, p := range parts {
		if err := r.statement(ctx, p); err != nil {
			if failed = err; r.stops() || r.conn.IsClosed() {
				break
			}
		}
	}
	return failed
}

// meta runs a backslash command.
func (r *run) meta(ctx context.Context, command string) error {
	word, arg, _ := strings.Cut(command, " ")
	arg = strings.TrimSpace(arg)
	switch word {
	case `\q`, `\quit`:
		r.quit = true
	case `\x`:
		r.options.Expanded = !r.options.Expanded
		r.tell("Expanded display is %s.\n", map[bool]string{true: "on", false: "off"}[r.options.Expanded])
	case `\t`:
		r.options.TuplesOnly = !r.options.TuplesOnly
		r.tell("Tuples only is %s.\n", map[bool]string{true: "on", false: "off"}[r.options.TuplesOnly])
	case `\a`:
		r.options.Unaligned = !r.options.Unaligned
		r.tell("Output format is %s.\n", map[bool]string{true: "unaligned", false: "aligned"}[r.options.Unaligned])
	case `\echo`:
		fmt.Fprintln(r.Stdout, arg)
	case `\set`:
		key, value, _ := strings.Cut(arg, " ")
		r.variables[key] = strings.TrimSpace(value)
	case `\pset`:
		key, value, ok := strings.Cut(arg, " ")
		if ok {
			key += "=" + strings.Trim(strings.TrimSpace(value), "'")
		}
		r.pset(key)
	case `\l`, `\l+`:
		return r.statement(ctx, listDatabases)
	case `\conninfo`:
		if strings.HasPrefix(r.host, "/") {
			fmt.Fprintf(r.Stdout, "You are connected to database %q as user %q via socket in %q at port %q.\n", r.database, r.user, r.host, r.port)
		} else {
			fmt.Fprintf(r.Stdout, "You are connected to database %q as user %q on host %q at port %q.\n", r.database, r.user, r.host, r.port)
		}
	case `\timing`, `\pager`:
	default:
		where := r.place()
		if r.file != "" {
			where += "error: "
		}
		fmt.Fprintf(r.Stderr, "%sinvalid command %s\n", where, word)
		if r.Prompt {
			fmt.Fprintln(r.Stderr, "Try \\? for help.")
		}
		return fmt.Errorf("invalid command %s", word)
	}
	return nil
}

// tell says what a command has changed, unless -q.
func (r *run) tell(format string, args ...any) {
	if !r.quiet {
		fmt.Fprintf(r.Stdout, format, args...)
	}
}
