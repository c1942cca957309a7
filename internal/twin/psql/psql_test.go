package psql_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"go.uber.org/goleak"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/psql"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a backend with a few answers.
type stage struct{}

func (stage) Login(_ context.Context, s *pgwire.Session, _ map[string]string) (pgwire.Auth, error) {
	switch s.User {
	case "secret":
		return pgwire.Auth{Method: pgwire.SCRAM, Password: "the password"}, nil
	case "stranger":
		return pgwire.Auth{}, &pgwire.Error{Code: "28000", Message: `role "stranger" is not permitted to log in`}
	}
	return pgwire.Auth{}, nil
}

func (stage) Started(s *pgwire.Session) (map[string]string, error) {
	if s.Database == "nowhere" {
		return nil, &pgwire.Error{Code: "3D000", Message: `database "nowhere" does not exist`}
	}
	return map[string]string{"server_version": "15.18", "server_encoding": "UTF8", "client_encoding": "UTF8", "standard_conforming_strings": "on", "is_superuser": "on"}, nil
}

func (stage) Ended(*pgwire.Session) {}

func (stage) Describe(context.Context, *pgwire.Session, string) ([]uint32, []pgwire.Column, error) {
	return nil, nil, errors.New("psql does not ask")
}

func (stage) Query(_ context.Context, s *pgwire.Session, sql string, _ []pgwire.Param) (pgwire.Result, error) {
	mixed := pgwire.Result{
		Columns: []pgwire.Column{
			{Name: "n", OID: pgtype.Int4OID},
			{Name: "name", OID: pgtype.TextOID},
			{Name: "a longer heading", OID: pgtype.BoolOID},
			{Name: "é漢字", OID: pgtype.TextOID},
			{Name: "body", OID: pgtype.TextOID},
			{Name: "size", OID: pgtype.NumericOID},
			{Name: "last", OID: pgtype.TextOID},
		},
		Rows: [][]any{
			{1, "one", true, "ü", "first line\nsecond", 2.5, "x"},
			{1000, "a long text", nil, nil, "tab\there", nil, "several\nlines\nhere"},
			{-3, "", false, "漢", "\x01\x7f\r", 10000000, nil},
		},
	}
	switch sql {
	case "SELECT mixed":
		return mixed, nil
	case "SELECT one":
		mixed.Rows = mixed.Rows[:1]
		return mixed, nil
	case "SELECT none":
		mixed.Rows = nil
		return mixed, nil
	case "SELECT narrow":
		return pgwire.Result{Columns: []pgwire.Column{{Name: "a", OID: pgtype.TextOID}}, Rows: [][]any{{"1"}, {"22"}}}, nil
	case "SELECT wide":
		return pgwire.Result{Columns: []pgwire.Column{{Name: "a very long heading of a column", OID: pgtype.Int8OID}}, Rows: [][]any{{1}, {int64(22)}}}, nil
	case "SELECT tall":
		return pgwire.Result{Columns: []pgwire.Column{{Name: "tall\nheading", OID: pgtype.TextOID}, {Name: "b", OID: pgtype.TextOID}}, Rows: [][]any{{"1", "x\ny\nz"}, {"2", ""}}}, nil
	case "SELECT nothing":
		return pgwire.Result{Columns: []pgwire.Column{}, Rows: [][]any{{}}}, nil
	case "SET this":
		return pgwire.Result{Tag: "SET"}, nil
	case "NOTE this":
		return pgwire.Result{Tag: "NOTE", Notices: []pgwire.Error{{Severity: "NOTICE", Code: "00000", Message: "by the way", Hint: "look"}, {Severity: "WARNING", Code: "01000", Message: "careful"}}}, nil
	case "FAIL":
		return pgwire.Result{}, &pgwire.Error{Code: "22012", Message: "division by zero", Detail: "it was zero", Hint: "do not"}
	case "DIE":
		return pgwire.Result{}, &pgwire.Error{Severity: "FATAL", Code: "57P01", Message: "terminating connection due to administrator command"}
	}
	return pgwire.Result{Tag: "DONE"}, nil
}

// start serves the stage and gives its address.
func start(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &pgwire.Server{Backend: stage{}}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// run runs a psql against the stage; what it prints, and its status at the end.
func run(t testing.TB, address, stdin string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	host, port, _ := net.SplitHostPort(address)
	c := &psql.Command{
		Dial: func(ctx context.Context, network, to string) (net.Conn, error) {
			if network == "unix" {
				return nil, syscall.ENOENT
			}
			return (&net.Dialer{}).DialContext(ctx, network, to)
		},
		Getenv: func(name string) string {
			return map[string]string{"PGHOST": host, "PGPORT": port, "PGUSER": "someone", "PGDATABASE": "netbox"}[name]
		},
		ReadFile: os.ReadFile, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &out,
	}
	code := c.Run(t.Context(), args)
	return ended(out.String(), code, port)
}

// ended makes what was printed the same in each run.
func ended(out string, code int, port string) string {
	out = debianPath.ReplaceAllString(out, "psql: ") // its wrapper calls it by its path
	return strings.ReplaceAll(out, port, "PORT") + "status " + string(rune('0'+code)) + "\n"
}

var debianPath = regexp.MustCompile(`/usr/lib/postgresql/\d+/bin/psql: `)

// cases are calls, with what goes into standard input after a line with <<.
func cases(t testing.TB) (names []string, args [][]string, stdin []string) {
	t.Helper()
	b, err := os.ReadFile("testdata/calls.txt")
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n\n") {
		lines := strings.SplitN(part, "\n", 2)
		var words []string
		for _, w := range strings.Split(lines[0], " | ") {
			words = append(words, strings.ReplaceAll(w, `\n`, "\n"))
		}
		names, args = append(names, strings.TrimSpace(lines[0])), append(args, words)
		in := ""
		if len(lines) == 2 {
			in = lines[1] + "\n"
		}
		stdin = append(stdin, in)
	}
	return names, args, stdin
}

const recorded = "testdata/psql15.txt"

func TestPrintsAsTheRealOne(t *testing.T) {
	b, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(b), "\x1e\n")
	names, args, stdin := cases(t)
	if len(want) != len(names)+1 || len(names) < 30 {
		t.Fatalf("%d calls, %d recorded", len(names), len(want)-1)
	}
	address := start(t)
	for i := range names {
		if got := run(t, address, stdin[i], args[i]...); got != want[i] {
			t.Errorf("psql %s\n%s\nthe real one:\n%s", names[i], show(got), show(want[i]))
		}
	}
}

// show makes ends of lines visible.
func show(s string) string { return strings.ReplaceAll(s, "\n", "$\n") }

// The answers of PgBouncer's console, as psql -A wrote them down on a real cluster.
func TestPrintsUnaligned(t *testing.T) {
	files, err := filepath.Glob("../../../probes/testdata/pgbouncer/1.24.1-*/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r pgwire.Result
		for i, line := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
			if i == 0 {
				for _, name := range strings.Split(line, "|") {
					r.Columns = append(r.Columns, pgwire.Column{Name: name, OID: pgtype.TextOID})
				}
				continue
			}
			var row []any
			for _, v := range strings.Split(line, "|") {
				row = append(row, v)
			}
			r.Rows = append(r.Rows, row)
		}
		table, err := psql.OfResult(r)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := psql.Print(&out, table, psql.Options{Unaligned: true, NoFooter: true}); err != nil || out.String() != string(b) {
			t.Errorf("%s: %v\n%s", file, err, out.String())
		}
	}
}
