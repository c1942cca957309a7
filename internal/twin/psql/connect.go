package psql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const socketFolder = "/var/run/postgresql"

// connect logs in, with what the command line, the environment and the password file say.
func (r *run) connect(ctx context.Context) error {
	set := func(to *string, names ...string) {
		for _, n := range names {
			if *to == "" {
				*to = r.Getenv(n)
			}
		}
	}
	mode, password := "", ""
	if err := r.conninfo(&mode, &password); err != nil {
		return err
	}
	set(&r.host, "PGHOST")
	set(&r.port, "PGPORT")
	set(&r.user, "PGUSER")
	set(&r.database, "PGDATABASE")
	set(&mode, "PGSSLMODE")
	set(&password, "PGPASSWORD")
	r.host, r.port, r.user = either(r.host, socketFolder), either(r.port, "5432"), either(r.user, either(r.User, "root"))
	r.database, mode = either(r.database, r.user), either(mode, "prefer")
	port, err := strconv.ParseUint(r.port, 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("invalid port number: %q", r.port)
	}
	if password == "" {
		password = r.passwordFile()
	}
	conf, err := pgconn.ParseConfig("host=x port=1 user=x dbname=x password=x passfile=/dev/null target_session_attrs=any sslmode=" + mode)
	if err != nil {
		return fmt.Errorf("invalid sslmode value: %q", mode)
	}
	conf.Host, conf.Port, conf.User, conf.Database, conf.Password = r.host, uint16(port), r.user, r.database, password
	unix := strings.HasPrefix(r.host, "/")
	if unix {
		conf.TLSConfig, conf.Fallbacks = nil, nil
	}
	for _, f := range conf.Fallbacks {
		f.Host, f.Port = conf.Host, conf.Port
	}
	conf.RuntimeParams = map[string]string{"application_name": either(r.Getenv("PGAPPNAME"), "psql"), "client_encoding": "UTF8"}
	conf.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	var dialed error
	var connected atomic.Bool
	conf.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		if connected.Load() {
			return nil, errors.New("a psql that is killed cancels nothing")
		}
		var conn net.Conn
		if unix {
			conn, dialed = r.Dial(ctx, "unix", r.socket())
		} else {
			conn, dialed = r.Dial(ctx, "tcp", net.JoinHostPort(r.host, r.port))
		}
		return conn, dialed
	}
	conf.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		r.say(n.Severity, n.Message, n.Detail, n.Hint)
	}
	conf.ValidateConnect = nil
	if seconds, err := strconv.Atoi(r.Getenv("PGCONNECT_TIMEOUT")); err == nil && seconds > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(max(seconds, 2))*time.Second)
		defer cancel()
	}
	r.conn, err = pgconn.ConnectConfig(ctx, conf)
	connected.Store(true)
	if err != nil {
		return r.refused(ctx, err, dialed, password)
	}
	return nil
}

func (r *run) socket() string { return path.Join(r.host, ".s.PGSQL."+r.port) }

// refused is why there is no connection, in libpq's words.
func (r *run) refused(ctx context.Context, err, dialed error, password string) error {
	where := fmt.Sprintf("connection to server at %q, port %s failed: ", r.host, r.port)
	hint := "\n\tIs the server running on that host and accepting TCP/IP connections?"
	if strings.HasPrefix(r.host, "/") {
		where = fmt.Sprintf("connection to server on socket %q failed: ", r.socket())
		hint = "\n\tIs the server running locally and accepting connections on that socket?"
	}
	var said *pgconn.PgError
	var name *net.DNSError
	switch {
	case errors.As(err, &said):
		text := where + said.Severity + ":  " + said.Message
		if password == "" && said.Code == "28P01" {
			text = where + "fe_sendauth: no password supplied"
		}
		for _, more := range [][2]string{{"DETAIL", said.Detail}, {"HINT", said.Hint}} {
			if more[1] != "" {
				text += "\n" + more[0] + ":  " + more[1]
			}
		}
		return errors.New(text)
	case errors.As(err, &name):
		return fmt.Errorf("could not translate host name %q to address: Name or service not known", r.host)
	case errors.Is(dialed, syscall.ECONNREFUSED):
		return errors.New(where + "Connection refused" + hint)
	case errors.Is(dialed, syscall.ENOENT), errors.Is(dialed, os.ErrNotExist):
		return errors.New(where + "No such file or directory" + hint)
	case errors.Is(dialed, syscall.EHOSTUNREACH):
		return errors.New(where + "No route to host" + hint)
	case errors.Is(dialed, syscall.ETIMEDOUT):
		return errors.New(where + "Connection timed out" + hint)
	case ctx.Err() != nil:
		return errors.New(where + "timeout expired")
	case dialed != nil:
		return errors.New(where + dialed.Error() + hint)
	case strings.Contains(err.Error(), "refused TLS"):
		return errors.New(where + "server does not support SSL, but SSL was required")
	}
	return errors.New(where + "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.")
}

// conninfo reads a database name that is a connection string or an address, such as host=a port=1 and postgresql://u@h/d.
func (r *run) conninfo(mode, password *string) error {
	if !strings.Contains(r.database, "=") && !strings.Contains(r.database, "://") {
		return nil
	}
	settings := map[string]string{}
	if strings.Contains(r.database, "://") {
		u, err := url.Parse(r.database)
		if err != nil || u.Scheme != "postgresql" && u.Scheme != "postgres" {
			return fmt.Errorf("invalid URI: %q", r.database)
		}
		settings = map[string]string{"host": u.Hostname(), "port": u.Port(), "user": u.User.Username(), "dbname": strings.TrimPrefix(u.Path, "/")}
		settings["password"], _ = u.User.Password()
		for key, values := range u.Query() {
			settings[key] = values[0]
		}
	} else {
		for _, word := range strings.Fields(r.database) {
			k, v, ok := strings.Cut(word, "=")
			if !ok {
				return fmt.Errorf("missing \"=\" after %q in connection info string", word)
			}
			settings[k] = strings.Trim(v, "'")
		}
	}
	r.database = settings["dbname"]
	r.host, r.port, r.user = either(settings["host"], r.host), either(settings["port"], r.port), either(settings["user"], r.user)
	*mode, *password = settings["sslmode"], settings["password"]
	return nil
}

// passwordFile is the password that the user's .pgpass has for this server.
func (r *run) passwordFile() string {
	name := either(r.Getenv("PGPASSFILE"), path.Join(either(r.Home, "/root"), ".pgpass"))
	if r.ReadFile == nil {
		return ""
	}
	b, err := r.ReadFile(name)
	if err != nil {
		return ""
	}
	host := r.host
	if strings.HasPrefix(host, "/") {
		host = "localhost"
	}
	for line := range strings.Lines(string(b)) {
		f := fields(strings.TrimRight(line, "\n"))
		if len(f) != 5 {
			continue
		}
		fits := true
		for i, want := range []string{host, r.port, r.database, r.user} {
			fits = fits && (f[i] == "*" || f[i] == want)
		}
		if fits {
			return f[4]
		}
	}
	return ""
}

// fields are divided by colons; a backslash takes the next character as it is.
func fields(line string) []string {
	out := []string{""}
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			out[len(out)-1] += string(line[i])
		case line[i] == ':':
			out = append(out, "")
		default:
			out[len(out)-1] += string(line[i])
		}
	}
	return out
}
