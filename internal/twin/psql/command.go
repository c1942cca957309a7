package psql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Command is psql on one host.
type Command struct {
	// Dial connects to "tcp" addresses, and to "unix" sockets by their path.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Getenv is the environment; nil has none. User is who runs it, Home their folder.
	Getenv     func(string) string
	User, Home string
	// ReadFile reads files of the host, for -f and passwords; nil has none.
	ReadFile func(name string) ([]byte, error)
	Stdin    io.Reader
	// Stdout and Stderr get what the program prints.
	Stdout, Stderr io.Writer
	// Prompt says that somebody types: the program greets and asks for each statement.
	Prompt bool
	// Version is such as 17.6; empty is that.
	Version string
}

// The exit statuses of psql.
const (
	exitFine    = 0
	exitFailed  = 1
	exitNoLogin = 2
	exitScript  = 3 // a statement failed and ON_ERROR_STOP was set
)

// run is one start of the program.
type run struct {
	*Command
	arguments
	conn *pgconn.PgConn
	// file is what is read, for the places of errors; empty for -c.
	file string
	line int
	quit bool
}

// Run runs the program until it is over, or ctx ends, and returns its exit status.
func (c *Command) Run(ctx context.Context, args []string) int {
	r := &run{Command: c}
	if c.Getenv == nil {
		with := *c
		with.Getenv = func(string) string { return "" }
		r.Command = &with
	}
	if done, code := r.parse(args); done {
		return code
	}
	if err := r.connect(ctx); err != nil {
		fmt.Fprintf(r.Stderr, "psql: error: %s\n", err)
		return exitNoLogin
	}
	defer r.goodbye()
	if r.list {
		return r.code(r.statement(ctx, listDatabases))
	}
	if len(r.actions) == 0 {
		return r.input(ctx, r.Stdin, "")
	}
	code := exitFine
	for _, a := range r.actions {
		switch {
		case a.file != "" && a.file != "-":
			code = r.script(ctx, a.file)
		case a.file == "-":
			code = r.input(ctx, r.Stdin, "<stdin>")
		case strings.HasPrefix(strings.TrimSpace(a.command), `\`):
			code = r.code(r.meta(ctx, strings.TrimSpace(a.command)))
		default:
			code = r.code(r.statement(ctx, a.command))
		}
		if code != exitFine && (r.stops() || r.conn.IsClosed()) || r.quit {
			break
		}
	}
	return code
}

// goodbye ends the connection. A server that hangs does not hold up the end.
func (r *run) goodbye() {
	if r.conn.IsClosed() {
		_ = r.conn.Conn().Close()
		<-r.conn.CleanupDone()
		return
	}
	_ = r.conn.Conn().SetDeadline(time.Now().Add(time.Second))
	r.conn.Frontend().Send(&pgproto3.Terminate{})
	_ = r.conn.Frontend().Flush() // the server notices the end without it
	_ = r.conn.Conn().Close()
}

// code is the exit status after a statement of -c.
func (r *run) code(err error) int {
	switch {
	case err == nil:
		return exitFine
	case r.conn.IsClosed():
		return exitNoLogin
	}
	return exitFailed
}

// stops says that an error ends the program.
func (r *run) stops() bool {
	v := strings.ToLower(r.variables["ON_ERROR_STOP"])
	return v != "" && v != "0" && v != "off" && v != "false"
}

func (r *run) script(ctx context.Context, name string) int {
	if r.ReadFile == nil {
		fmt.Fprintf(r.Stderr, "psql: error: %s: No such file or directory\n", name)
		return exitFailed
	}
	b, err := r.ReadFile(name)
	if err != nil {
		fmt.Fprintf(r.Stderr, "psql: error: %s: No such file or directory\n", name)
		return exitFailed
	}
	return r.input(ctx, strings.NewReader(string(b)), name)
}

// statement sends a text and prints what comes back.
func (r *run) statement(ctx context.Context, text string) error {
	if r.echo {
		fmt.Fprintln(r.Stdout, text)
	}
	results := r.conn.Exec(ctx, text)
	var failed error
	for results.NextResult() {
		reader := results.ResultReader()
		columns := slices.Clone(reader.FieldDescriptions()) // Read gives them with a first row alone
		one := reader.Read()
		if one.Err != nil {
			failed = one.Err
			continue
		}
		one.FieldDescriptions = columns
		r.print(one)
	}
	if err := results.Close(); err != nil {
		failed = err
	}
	if failed != nil {
		r.complain(failed)
	}
	return failed
}

func (r *run) print(one *pgconn.Result) {
	tag := one.CommandTag.String()
	if len(one.FieldDescriptions) > 0 || strings.HasPrefix(tag, "SELECT") {
		_ = Print(r.Stdout, ofWire(one), r.options) // a reader that has gone away ends the program elsewhere
		return
	}
	if !r.quiet && tag != "" {
		fmt.Fprintln(r.Stdout, tag)
	}
}

// place is where a statement stands in a file.
func (r *run) place() string {
	if r.file == "" {
		return ""
	}
	return fmt.Sprintf("psql:%s:%d: ", r.file, r.line)
}

// complain prints an error as psql does.
func (r *run) complain(err error) {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		r.say(said.Severity, said.Message, said.Detail, said.Hint)
		if said.Severity != "FATAL" && said.Severity != "PANIC" {
			return
		}
	}
	if r.conn.IsClosed() {
		fmt.Fprintf(r.Stderr, "%sserver closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\n", r.place())
		lost := "connection to server was lost"
		if r.file != "" {
			lost = r.place() + "error: " + lost
		}
		fmt.Fprintln(r.Stderr, lost)
		return
	}
	if said == nil {
		fmt.Fprintf(r.Stderr, "%s%v\n", r.place(), err)
	}
}

func (r *run) say(severity, message, detail, hint string) {
	fmt.Fprintf(r.Stderr, "%s%s:  %s\n", r.place(), severity, message)
	if detail != "" {
		fmt.Fprintf(r.Stderr, "DETAIL:  %s\n", detail)
	}
	if hint != "" {
		fmt.Fprintf(r.Stderr, "HINT:  %s\n", hint)
	}
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// listDatabases is -l and \l, with the columns that the training cluster has.
const listDatabases = `SELECT datname AS "Name", 'postgres' AS "Owner", 'UTF8' AS "Encoding", 'C.UTF-8' AS "Collate", 'C.UTF-8' AS "Ctype" FROM pg_database ORDER BY 1`
