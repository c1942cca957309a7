package actions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/inventory"
	"recon/internal/remote"
)

// placeholder is a value's name in a statement: $MEMBER becomes $1 with the value as parameter.
var placeholder = regexp.MustCompile(`\$[A-Za-z_][A-Za-z0-9_]*`)

// sqlShot is one statement for the database of a node. Values are parameters of the extended protocol, never text.
func (h *Hands) sqlShot(cmd Command, node inventory.Node) (Shot, error) {
	pg := h.cluster.Postgres
	if pg == nil {
		return Shot{}, errors.New("the cluster file has no postgres service")
	}
	text, args, err := parameters(cmd)
	if err != nil {
		return Shot{}, err
	}
	wire := text
	for i, a := range args {
		wire += fmt.Sprintf("\n-- $%d = %s", i+1, quote(a))
	}
	return Shot{
		Target: node.Name, Address: net.JoinHostPort(node.Address, strconv.Itoa(pg.Port)),
		Who: pg.User + " in " + either(cmd.Database, either(pg.Database, "postgres")), wire: wire,
	}, nil
}

func parameters(cmd Command) (text string, args []string, err error) {
	byName := map[string]string{}
	for _, v := range cmd.Values {
		byName[v.Name] = v.Value
	}
	at := map[string]int{}
	text = placeholder.ReplaceAllStringFunc(strings.TrimSpace(cmd.Script), func(m string) string {
		v, ok := byName[m[1:]]
		if !ok {
			err = fmt.Errorf("the statement asks for %s, which has no value", m)
			return m
		}
		if at[m] == 0 {
			args = append(args, v)
			at[m] = len(args)
		}
		return "$" + strconv.Itoa(at[m])
	})
	return text, args, err
}

func (h *Hands) sendSQL(ctx context.Context, cmd Command, s Shot, w io.Writer) (o Outcome) {
	o = Outcome{Kind: remote.NotStarted, Began: time.Now()}
	defer func() { o.Duration = time.Since(o.Began) }()
	ctx, cancel := context.WithTimeout(ctx, cmd.Timeout)
	defer cancel()
	conn, err := h.connect(ctx, cmd, s)
	if err != nil {
		o.Reason = "connecting: " + err.Error()
		return o
	}
	defer func() {
		// The statement's outcome is known by now; a goodbye that fails changes nothing.
		bye, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer stop()
		_ = conn.Close(bye)
	}()
	text, args, err := parameters(cmd)
	if err != nil {
		o.Reason = err.Error()
		return o
	}
	o.Kind = remote.Unknown
	params := make([]any, len(args))
	for i, a := range args {
		params[i] = a
	}
	rows, err := conn.Query(ctx, text, params...)
	if err == nil {
		err = printRows(w, rows)
	}
	o.Kind, o.Reason = sqlOutcome(err)
	return o
}

// sqlOutcome tells what became of a statement. An ERROR is the server's word that it was rolled back, whatever the code. A FATAL
// tears the connection down, which may happen while a commit that is already on disk waits for its standby: nobody knows.
func sqlOutcome(err error) (kind remote.ExitKind, reason string) {
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return remote.OK, ""
	case !errors.As(err, &refused):
		return remote.Unknown, err.Error()
	}
	reason = refused.Message + " (SQLSTATE " + refused.Code + ")"
	if either(refused.SeverityUnlocalized, refused.Severity) == "ERROR" {
		return remote.Failed, reason
	}
	return remote.Unknown, reason
}

func (h *Hands) connect(ctx context.Context, cmd Command, s Shot) (*pgx.Conn, error) {
	pg := h.cluster.Postgres
	ssl := either(pg.SSLMode, "prefer")
	conf, err := pgx.ParseConfig("sslmode=" + ssl)
	if err != nil {
		return nil, fmt.Errorf("sslmode %q: %w", ssl, err)
	}
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	conf.Host, conf.User, conf.Database = host, pg.User, either(cmd.Database, either(pg.Database, "postgres"))
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	conf.Port = uint16(n)
	for _, f := range conf.Fallbacks {
		f.Host, f.Port = conf.Host, conf.Port
	}
	if !pg.Password.IsZero() {
		if conf.Password, err = h.secret(ctx, pg.Password); err != nil {
			return nil, fmt.Errorf("the database password: %w", err)
		}
	}
	conf.RuntimeParams["application_name"] = "recon"
	// The host in the address is resolved by whoever dials: here, or the node at the other end of the tunnel.
	conf.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	conf.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return h.net.Dial(ctx, s.Target, network, addr)
	}
	return pgx.ConnectConfig(ctx, conf)
}

func printRows(w io.Writer, rows pgx.Rows) error {
	defer rows.Close()
	var names []string
	for _, f := range rows.FieldDescriptions() {
		names = append(names, f.Name)
	}
	if len(names) > 0 {
		fmt.Fprintln(w, strings.Join(names, "\t"))
	}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		cells := make([]string, len(values))
		for i, v := range values {
			if v != nil {
				cells[i] = fmt.Sprint(v)
			}
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	fmt.Fprintln(w, rows.CommandTag())
	return nil
}
