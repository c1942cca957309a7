package pgwire_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"recon/internal/twin/pgwire"
)

func connect(t *testing.T, settings string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
}

func TestEveryMode(t *testing.T) {
	_, settings := serve(t, &bench{})
	conn := connect(t, settings)
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			for range 2 { // the second time from the cache
				var (
					b         bool
					i2        int16
					i4        int32
					i8, w     int64
					oid, xid  uint32
					f8        float64
					num       pgtype.Numeric
					text, nam string
					at        time.Time
					age       pgtype.Interval
					addr      netip.Addr
					lsn       string
					list      []string
					nothing   *string
					js        map[string]int
				)
				err := conn.QueryRow(t.Context(), "SELECT all", mode).
					Scan(&b, &i2, &i4, &i8, &oid, &f8, &num, &text, &nam, &at, &age, &addr, &lsn, &list, &nothing, &js, &xid, &w)
				if err != nil {
					t.Fatal(err)
				}
				n, _ := num.Float64Value()
				if !b || i2 != 2 || i4 != 4 || i8 != 1<<40 || oid != 16384 || f8 != 2.5 || n.Float64 != 12.75 || text != "text" || nam != "postgres" ||
					!at.Equal(noon) || age.Days != 1 || age.Microseconds != 7_201_500_000 || addr.String() != "172.16.113.201" || lsn != "0/6024030" ||
					!slices.Equal(list, []string{"a b", "c"}) || nothing != nil || js["a"] != 1 || xid != 742 || w != 77 {
					t.Error(b, i2, i4, i8, oid, f8, n, text, nam, at, age, addr, lsn, list, nothing, js, xid, w)
				}
			}
			if tag, err := conn.Exec(t.Context(), "INSERT something", mode); err != nil || tag.RowsAffected() != 1 {
				t.Errorf("%v, %v", tag, err)
			}
			if mode == pgx.QueryExecModeSimpleProtocol {
				return // parameters are text in the statement
			}
			var n *int64
			var text string
			if err := conn.QueryRow(t.Context(), "SELECT $1, $2", mode, int64(5), "five").Scan(&n, &text); err != nil || *n != 5 || text != "five" {
				t.Errorf("parameters: %v, %q, %v", n, text, err)
			}
			if err := conn.QueryRow(t.Context(), "SELECT $1, $2", mode, nil, "nothing").Scan(&n, &text); err != nil || n != nil || text != "nothing" {
				t.Errorf("NULL: %v, %q, %v", n, text, err)
			}
			rows, err := conn.Query(t.Context(), "BROKEN", mode)
			if err == nil {
				rows.Close()
				err = rows.Err()
			}
			if e := as[*pgconn.PgError](err); e == nil || e.Code != "42601" || e.Hint != "look at the list" || e.Detail != "in detail" || e.Severity != "ERROR" {
				t.Errorf("%+v", err)
			}
			if err := conn.Ping(t.Context()); err != nil {
				t.Errorf("after an error: %v", err)
			}
		})
	}
}

func TestSimpleStatements(t *testing.T) {
	b := &bench{}
	_, settings := serve(t, b)
	conn := connect(t, settings).PgConn()
	results, err := conn.Exec(t.Context(), "SET a; /* ; */ SELECT 1;; SELECT rows 3 -- ; end\n").ReadAll()
	if err != nil || len(results) != 3 || results[1].CommandTag.String() != "SELECT 1" || len(results[2].Rows) != 3 {
		t.Fatalf("%+v, %v", results, err)
	}
	if want := []string{"SET a", "SELECT 1", "SELECT rows 3"}; !slices.Equal(b.log(), want) {
		t.Errorf("asked %q", b.log())
	}
	if conn.ParameterStatus("application_name") != "a" {
		t.Errorf("the client was not told: %q", conn.ParameterStatus("application_name"))
	}
	// The first error ends the text.
	results, err = conn.Exec(t.Context(), "SELECT 1; FAIL; SELECT 2").ReadAll()
	if e := as[*pgconn.PgError](err); e == nil || e.Code != "22012" || len(results) != 1 || slices.Contains(b.log(), "SELECT 2") {
		t.Errorf("%+v, %v", results, err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT 'no end").ReadAll(); as[*pgconn.PgError](err) == nil {
		t.Errorf("%v", err)
	}
	if results, err := conn.Exec(t.Context(), " ; -- nothing").ReadAll(); err != nil || len(results) > 1 {
		t.Errorf("nothing to do: %+v, %v", results, err)
	}
}

func TestTransactions(t *testing.T) {
	b := &bench{}
	server, settings := serve(t, b)
	conn := connect(t, settings)
	for _, extended := range []bool{false, true} {
		do := func(sql, tag, code string, status byte) {
			t.Helper()
			var got pgconn.CommandTag
			var err error
			if extended {
				got, err = conn.PgConn().ExecParams(t.Context(), sql, nil, nil, nil, nil).Close()
			} else {
				got, err = conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
			}
			e := as[*pgconn.PgError](err)
			if code == "" && err != nil || code != "" && (e == nil || e.Code != code) || got.String() != tag || conn.PgConn().TxStatus() != status {
				t.Errorf("%s: %q, %v, %c", sql, got, err, conn.PgConn().TxStatus())
			}
		}
		do("BEGIN", "BEGIN", "", 'T')
		do("INSERT 1", "INSERT 0 1", "", 'T')
		if a := server.Sessions()[0].Activity(); a.State != "idle in transaction" || a.XactStart.IsZero() || a.Query != "INSERT 1" || a.Extended != extended {
			t.Errorf("%+v", a)
		}
		do("start transaction", "BEGIN", "", 'T')
		do("FAIL", "", "22012", 'E')
		do("INSERT 1", "", "25P02", 'E')
		do("COMMIT", "ROLLBACK", "", 'I')
		do("COMMIT", "COMMIT", "", 'I')
		do("begin", "BEGIN", "", 'T')
		do("savepoint a", "SAVEPOINT", "", 'T')
		do("FAIL", "", "22012", 'E')
		do("rollback to savepoint a", "ROLLBACK", "", 'T')
		do("END", "COMMIT", "", 'I')
		if a := server.Sessions()[0].Activity(); a.State != "idle" || !a.XactStart.IsZero() {
			t.Errorf("%+v", a)
		}
	}
}

func TestPipeline(t *testing.T) {
	_, settings := serve(t, &bench{})
	conn := connect(t, settings)
	batch := &pgx.Batch{}
	batch.Queue("SELECT 1")
	batch.Queue("SELECT $1, $2", int64(7), "seven")
	batch.Queue("SELECT rows 1000")
	results := conn.SendBatch(t.Context(), batch)
	var one int
	var n int64
	var text string
	if err := results.QueryRow().Scan(&one); err != nil || one != 1 {
		t.Error(one, err)
	}
	if err := results.QueryRow().Scan(&n, &text); err != nil || n != 7 {
		t.Error(n, err)
	}
	rows, err := results.Query()
	if err != nil {
		t.Fatal(err)
	}
	if all, err := pgx.CollectRows(rows, pgx.RowTo[int]); err != nil || len(all) != 1000 || all[999] != 999 {
		t.Error(len(all), err)
	}
	if err := results.Close(); err != nil {
		t.Error(err)
	}
	// After an error nothing more runs until the Sync; what comes after it does.
	p := conn.PgConn().StartPipeline(t.Context())
	p.SendQueryParams("FAIL", nil, nil, nil, nil)
	p.SendQueryParams("SELECT 1", nil, nil, nil, nil)
	if err := p.Sync(); err != nil {
		t.Fatal(err)
	}
	p.SendQueryParams("SELECT 1", nil, nil, nil, nil)
	if err := p.Sync(); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for {
		r, err := p.GetResults()
		if e := as[*pgconn.PgError](err); e != nil {
			seen = append(seen, e.Code)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			break
		}
		switch r := r.(type) {
		case *pgconn.ResultReader:
			if rr := r.Read(); rr.Err != nil {
				seen = append(seen, as[*pgconn.PgError](rr.Err).Code)
			} else {
				seen = append(seen, rr.CommandTag.String())
			}
		case *pgconn.PipelineSync:
			seen = append(seen, "sync")
		}
		if len(seen) == 4 {
			break
		}
	}
	if want := "22012 sync SELECT 1 sync"; strings.Join(seen, " ") != want {
		t.Errorf("seen %q", seen)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestStatementsHaveNames(t *testing.T) {
	_, settings := serve(t, &bench{})
	conn := connect(t, settings).PgConn()
	d, err := conn.Prepare(t.Context(), "mine", "SELECT $1, $2", nil)
	if err != nil || !slices.Equal(d.ParamOIDs, []uint32{pgtype.Int8OID, pgtype.TextOID}) || d.Fields[0].Name != "n" {
		t.Fatalf("%+v, %v", d, err)
	}
	code := func(err error) string {
		if e := as[*pgconn.PgError](err); e != nil {
			return e.Code
		}
		return ""
	}
	_, err = conn.Prepare(t.Context(), "mine", "SELECT 1", nil)
	if code(err) != "42P05" {
		t.Errorf("twice: %v", err)
	}
	if r := conn.ExecPrepared(t.Context(), "mine", [][]byte{[]byte("1")}, nil, nil).Read(); code(r.Err) != "08P01" {
		t.Errorf("a parameter too few: %v", r.Err)
	}
	if err := conn.Deallocate(t.Context(), "mine"); err != nil {
		t.Error(err)
	}
	if r := conn.ExecPrepared(t.Context(), "mine", nil, nil, nil).Read(); code(r.Err) != "26000" {
		t.Errorf("gone: %v", r.Err)
	}
	if r := conn.ExecParams(t.Context(), "SELECT 1; SELECT 2", nil, nil, nil, nil).Read(); code(r.Err) != "42601" {
		t.Errorf("two in one: %v", r.Err)
	}
	if r := conn.ExecParams(t.Context(), "", nil, nil, nil, nil).Read(); r.Err != nil {
		t.Errorf("nothing: %v", r.Err)
	}
}

func TestPool(t *testing.T) {
	b := &bench{auth: pgwire.Auth{Method: pgwire.SCRAM, Password: "secret"}}
	server, settings := serve(t, b)
	pool, err := pgxpool.New(t.Context(), settings+"password=secret pool_max_conns=4")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	done := make(chan error)
	for range 8 {
		go func() {
			var one int
			for range 50 {
				if err := pool.QueryRow(t.Context(), "SELECT 1").Scan(&one); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := len(server.Sessions()); n == 0 || n > 4 {
		t.Errorf("%d sessions", n)
	}
	pool.Close()
	eventually(t, "the end of all sessions", func() bool { return len(server.Sessions()) == 0 })
}
