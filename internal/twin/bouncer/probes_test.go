package bouncer_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/inventory"
	"recon/internal/twin/bouncer"
	"recon/internal/twin/pgwire"
	"recon/internal/twin/statements"
	"recon/probes"
	"recon/probes/probestest"
)

// door is a PgBouncer in front of one server: the console, and databases whose statements the server answers. A client of
// a database that is paused waits.
type door struct {
	*bouncer.Console
	behind  *statements.Database
	resumed func(ctx context.Context, database string) error
}

const console = "pgbouncer"

func (d *door) Login(_ context.Context, s *pgwire.Session, _ map[string]string) (pgwire.Auth, error) {
	if s.Database != console && s.Database != "netbox" {
		return pgwire.Auth{}, &pgwire.Error{Code: "08P01", Message: "no such database: " + s.Database}
	}
	return pgwire.Auth{}, nil
}

func (d *door) Started(s *pgwire.Session) (map[string]string, error) {
	if s.Database == console {
		return d.Console.Started(s), nil
	}
	return d.behind.Started(s)
}

func (d *door) Query(ctx context.Context, s *pgwire.Session, sql string, params []pgwire.Param) (pgwire.Result, error) {
	if s.Database == console {
		return d.Console.Query(ctx, s, sql, params)
	}
	if err := d.resumed(ctx, s.Database); err != nil {
		return pgwire.Result{}, err
	}
	return d.behind.Query(ctx, s, sql, params)
}

func (d *door) Describe(ctx context.Context, s *pgwire.Session, sql string) ([]uint32, []pgwire.Column, error) {
	if s.Database == console {
		return d.Console.Describe(ctx, s, sql)
	}
	return d.behind.Describe(ctx, s, sql)
}

func (d *door) Ended(s *pgwire.Session) { d.behind.Ended(s) }

// The probe itself looks at the console, and tries a query behind it.
func TestTheProbeSeesAll(t *testing.T) {
	stack := probestest.StackInventory()
	inv := &inventory.Cluster{Name: "t", Dial: stack.Dial, Interval: stack.Interval, Nodes: stack.Nodes[:1], PgBouncer: stack.PgBouncer, Entry: inventory.Entry{User: "recon", Database: "netbox"}}
	inv.PgBouncer.On = inventory.On{Nodes: []string{inv.Nodes[0].Name}}
	var mu sync.Mutex
	paused := false
	facts := func() bouncer.Facts {
		mu.Lock()
		defer mu.Unlock()
		f := captured()
		f.Pools = []bouncer.Pool{{Database: "netbox", User: "netbox", ClientsActive: 3, ClientsWaiting: 2, ServersActive: 1, ServersIdle: 2, MaxWait: 2500 * time.Millisecond, Mode: "transaction"}}
		for i := range f.Config {
			if c := &f.Config[i]; c.Key == "pool_mode" {
				c.Value = "transaction"
			}
		}
		for i := range f.Databases {
			if d := &f.Databases[i]; d.Name == "netbox" {
				d.Paused, d.Connections = paused, 3
			}
		}
		return f
	}
	d := &door{
		Console: &bouncer.Console{Facts: facts}, resumed: func(context.Context, string) error { return nil },
		behind: &statements.Database{Facts: func(*pgwire.Session) statements.Facts {
			return statements.Facts{Now: time.Now(), Version: 170006, Databases: []statements.DatabaseRow{{OID: 1, Name: "netbox"}}, Settings: statements.DefaultSettings(170006)}
		}},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &pgwire.Server{Backend: d, NoticesHangup: true}
	d.Console.Sessions = func() []*pgwire.Session {
		var out []*pgwire.Session
		for _, x := range s.Sessions() {
			if x.Database == console {
				out = append(out, x)
			}
		}
		return out
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	defer func() {
		if err := errors.Join(s.Close(), <-done); err != nil {
			t.Error(err)
		}
	}()
	hosts := &probestest.Hosts{}
	hosts.Serve(inv.Nodes[0].Name, "6432", l.Addr())
	look := func() probes.PgBouncerMember {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		st, err := probes.Once(ctx, inv, hosts, probes.Options{})
		if err != nil || len(st.PgBouncer.Members) != 1 {
			t.Fatalf("%v, %+v", err, st)
		}
		return st.PgBouncer.Members[0]
	}
	m := look()
	if !m.Reachable || len(m.Unread) > 0 || m.Version != "1.24.1" || m.State != "active" || !m.Works || m.WorksError != "" || len(m.Paused) != 0 {
		t.Errorf("%+v", m)
	}
	if len(m.Databases) != 4 || m.Databases[0].Name != "netbox" || m.Databases[0].Connections != 3 || len(m.Pools) != 1 || m.Active != 3 || m.Waiting != 2 || m.MaxWait != 2.5 ||
		m.PoolMode != "transaction" || m.PoolSize != 50 || m.ReserveSize != 20 || m.Prepared != 200 {
		t.Errorf("%+v", m)
	}
	mu.Lock()
	paused = true
	mu.Unlock()
	if m = look(); m.Works || m.WorksError != "paused" || len(m.Paused) != 1 {
		t.Errorf("%+v", m)
	}

	// The console speaks the simple protocol alone.
	conn, err := pgconn.Connect(t.Context(), "sslmode=disable user=recon dbname=pgbouncer host=127.0.0.1 port="+port(l))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if r := conn.ExecParams(t.Context(), "SHOW VERSION", nil, nil, nil, nil).Read(); r.Err == nil || !strings.Contains(r.Err.Error(), "extended query protocol not supported by admin console (SQLSTATE 08P01)") {
		t.Errorf("%v", r.Err)
	}
}

func port(l net.Listener) string {
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}
