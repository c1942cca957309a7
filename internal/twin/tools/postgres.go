package tools

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// postgresVersion is that of the simulated server.
const postgresVersion = "17.6 (Debian 17.6-0+deb13u1)"

func (k *kit) databases() map[string]shell.Command {
	all := map[string]shell.Command{"pg_isready": k.pgIsReady, "pg_lsclusters": pgListClusters, "psql": k.psql}
	// These are not on the PATH.
	for name, run := range map[string]shell.Command{
		"pg_controldata": k.pgControlData, "pg_waldump": k.pgWALDump, "pg_ctl": k.pgControl, "postgres": k.postgres, "pg_isready": k.pgIsReady, "psql": k.psql,
	} {
		all[world.PGBin+"/"+name] = run
	}
	return all
}

// dataDirectory opens a data directory as the call's user, for the tools that read its files. what is the file that the
// tool opens first; ok is false when it could not, and that is said.
func dataDirectory(c *shell.Call, dir string) bool {
	file := strings.TrimSuffix(dir, "/") + "/global/pg_control"
	if _, err := c.ReadFile(file); err != nil {
		c.Fail(1, "error: could not open file \"%s\" for reading: %s", file, shell.Reason(err))
		return false
	}
	if c.Path(strings.TrimSuffix(dir, "/")) != world.PGData {
		c.Fail(1, "error: what a copy of a data directory holds is not simulated")
		return false
	}
	return true
}

// directoryOf is the directory of -D, of an argument, or of PGDATA.
func directoryOf(c *shell.Call, given options, rest []string) string {
	switch {
	case given.has("D"):
		return given.value("D")
	case len(rest) > 0:
		return rest[0]
	}
	return c.Env("PGDATA")
}

func (k *kit) postgres(_ context.Context, c *shell.Call) int {
	if len(c.Args) == 2 && (c.Args[1] == "--version" || c.Args[1] == "-V") {
		fmt.Fprintln(c.Stdout, "postgres (PostgreSQL) "+postgresVersion)
		return 0
	}
	return c.Fail(1, "running a server by hand is not simulated; pg_ctl start does it")
}

func pgListClusters(_ context.Context, c *shell.Call) int {
	if len(c.Args) > 1 {
		return c.Fail(2, "unknown option: %s", strings.TrimLeft(c.Args[1], "-"))
	}
	// Debian's tools know no cluster: Patroni's directory is its own.
	fmt.Fprintln(c.Stdout, "Ver Cluster Port Status Owner Data directory Log file")
	return 0
}

// pgControl is pg_ctl, past Patroni.
func (k *kit) pgControl(ctx context.Context, c *shell.Call) int {
	given, rest, err := grammar{short: "D:m:wWt:sl:o:V", long: []string{"pgdata=D:", "mode=m:", "wait=w", "no-wait=W", "timeout=t:", "silent=s", "log=l:", "version=V"}}.parse(c.Args[1:])
	switch {
	case err != nil:
		return c.Fail(1, "%s\nTry \"pg_ctl --help\" for more information.", err)
	case given.has("V"):
		fmt.Fprintln(c.Stdout, "pg_ctl (PostgreSQL) "+postgresVersion)
		return 0
	case len(rest) != 1:
		return c.Fail(1, "no operation specified\nTry \"pg_ctl --help\" for more information.")
	case given.has("o") || given.has("l"):
		return c.Fail(1, "the options -o and -l are not simulated")
	case c.User == "root":
		fmt.Fprintln(c.Stderr, "pg_ctl: cannot be run as root\nPlease log in (using, e.g., \"su\") as the (unprivileged) user that will own the server process.")
		return 1
	}
	dir := directoryOf(c, given, nil)
	if dir == "" {
		return c.Fail(1, "no database directory specified and environment variable PGDATA unset\nTry \"pg_ctl --help\" for more information.")
	}
	switch _, err := c.ReadFile(strings.TrimSuffix(dir, "/") + "/PG_VERSION"); {
	case errors.Is(err, syscall.EACCES):
		return c.Fail(4, "could not access directory \"%s\": Permission denied", dir)
	case err != nil:
		return c.Fail(4, "directory \"%s\" is not a database cluster directory", dir)
	case c.Path(strings.TrimSuffix(dir, "/")) != world.PGData:
		return c.Fail(1, "a server of another directory is not simulated")
	}
	p := &pgControlCall{kit: k, call: c, given: given}
	switch rest[0] {
	case "status":
		return p.status()
	case "start":
		return p.start(ctx)
	case "stop":
		return p.stop(ctx)
	case "restart":
		if code := p.stop(ctx); code != 0 {
			return code
		}
		return p.start(ctx)
	case "reload":
		return p.reload()
	case "promote":
		return p.promote()
	}
	return c.Fail(1, "unrecognized operation mode \"%s\"\nTry \"pg_ctl --help\" for more information.", rest[0])
}

type pgControlCall struct {
	kit   *kit
	call  *shell.Call
	given options
}

func (p *pgControlCall) say(text string) {
	if !p.given.has("s") {
		fmt.Fprintln(p.call.Stdout, text)
	}
}

func (p *pgControlCall) status() int {
	code := 0
	p.kit.look(p.call, func(h *world.Host) {
		if !h.Postgres.Running {
			fmt.Fprintln(p.call.Stdout, "pg_ctl: no server running")
			code = 3
			return
		}
		args := postgresArgs(h)
		for i := range args[1:] {
			args[i+1] = `"` + args[i+1] + `"`
		}
		fmt.Fprintf(p.call.Stdout, "pg_ctl: server is running (PID: %d)\n%s\n", h.Postgres.PID, strings.Join(args, " "))
	})
	return code
}

func (p *pgControlCall) start(ctx context.Context) int {
	var err error
	p.kit.change(p.call, func(h *world.Host) { err = h.StartPostgres() })
	if err != nil {
		p.say("pg_ctl: another server might be running; trying to start server anyway")
		p.say("waiting for server to start.... stopped waiting")
		return p.call.Fail(1, "could not start server\nExamine the log output.")
	}
	if p.given.has("W") {
		p.say("server starting")
		return 0
	}
	if !p.until(ctx, func(h *world.Host) bool { return h.Postgres.Accepts(p.kit.world.Time()) }) {
		return p.call.Fail(1, "server did not start in time")
	}
	p.say("waiting for server to start.... done\nserver started")
	return 0
}

func (p *pgControlCall) stop(ctx context.Context) int {
	mode := either(p.given.value("m"), "fast")
	if !strings.Contains(" smart fast immediate s f i ", " "+mode+" ") {
		return p.call.Fail(1, "unrecognized shutdown mode \"%s\"\nTry \"pg_ctl --help\" for more information.", mode)
	}
	var err error
	p.kit.change(p.call, func(h *world.Host) { err = h.StopPostgres(mode[0] == 'i') })
	if err != nil {
		return p.call.Fail(1, "PID file \"%s/postmaster.pid\" does not exist\nIs server running?", world.PGData)
	}
	p.say("waiting for server to shut down.... done\nserver stopped")
	return 0
}

func (p *pgControlCall) reload() int {
	running := false
	p.kit.look(p.call, func(h *world.Host) { running = h.Postgres.Running })
	if !running {
		return p.call.Fail(1, "PID file \"%s/postmaster.pid\" does not exist\nIs server running?", world.PGData)
	}
	p.kit.change(p.call, func(h *world.Host) { h.Postgres.Reread(h) })
	p.say("server signaled")
	return 0
}

func (p *pgControlCall) promote() int {
	var err error
	p.kit.change(p.call, func(h *world.Host) { err = h.PromotePostgres() })
	switch {
	case errors.Is(err, world.ErrNotRunning):
		return p.call.Fail(1, "PID file \"%s/postmaster.pid\" does not exist\nIs server running?", world.PGData)
	case err != nil:
		return p.call.Fail(1, "cannot promote server; server is not in standby mode")
	}
	p.say("waiting for server to promote.... done\nserver promoted")
	return 0
}

// until waits for a minute of the host's time.
func (p *pgControlCall) until(ctx context.Context, done func(h *world.Host) bool) bool {
	for range 240 {
		ok := false
		p.kit.look(p.call, func(h *world.Host) { ok = done(h) })
		if ok {
			return true
		}
		if sleep(ctx, p.call, world.Step) != nil {
			return false
		}
	}
	return false
}

var pgIsReadyOptions = grammar{short: "h:p:d:U:t:qV", long: []string{"host=h:", "port=p:", "dbname=d:", "username=U:", "timeout=t:", "quiet=q", "version=V"}}

// pgIsReady begins to log in and looks at how the server answers.
func (k *kit) pgIsReady(ctx context.Context, c *shell.Call) int {
	given, rest, err := pgIsReadyOptions.parse(c.Args[1:])
	if err != nil || len(rest) > 0 {
		c.Fail(3, "error: %v", err)
		fmt.Fprintln(c.Stderr, "pg_isready: hint: Try \"pg_isready --help\" for more information.")
		return 3
	}
	if given.has("V") {
		fmt.Fprintln(c.Stdout, "pg_isready (PostgreSQL) "+postgresVersion)
		return 0
	}
	host := either(either(given.value("h"), c.Env("PGHOST")), "/var/run/postgresql")
	port := either(either(given.value("p"), c.Env("PGPORT")), "5432")
	limit := 3 * world.Step * 4
	if given.has("t") {
		if limit, err = timeSpan(given.value("t")); err != nil {
			return c.Fail(3, "error: invalid timeout")
		}
	}
	limited, done := within(ctx, c, limit)
	defer done()
	word, code := "no response", 2
	switch err := k.knock(limited, c, host, port); {
	case err == nil:
		word, code = "accepting connections", 0
	default:
		var said *pgconn.PgError
		if errors.As(err, &said) {
			word, code = "accepting connections", 0
			if said.Code == "57P03" {
				word, code = "rejecting connections", 1
			}
		}
	}
	if !given.has("q") {
		fmt.Fprintf(c.Stdout, "%s:%s - %s\n", host, port, word)
	}
	return code
}

// knock logs in as nobody in particular. What the server says of that is a *pgconn.PgError.
func (k *kit) knock(ctx context.Context, c *shell.Call, host, port string) error {
	conf, err := pgconn.ParseConfig("host=x port=1 user=x dbname=postgres password=x passfile=/dev/null target_session_attrs=any sslmode=disable")
	if err != nil {
		return err
	}
	conf.User, conf.Fallbacks, conf.RuntimeParams = "postgres", nil, map[string]string{"application_name": "pg_isready"}
	conf.LookupFunc = func(_ context.Context, name string) ([]string, error) { return []string{name}, nil }
	conf.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		if strings.HasPrefix(host, "/") {
			return k.dial(ctx, c, host+"/.s.PGSQL."+port)
		}
		return k.dial(ctx, c, net.JoinHostPort(either(k.resolve(c, host), host), port))
	}
	conn, err := pgconn.ConnectConfig(ctx, conf)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
