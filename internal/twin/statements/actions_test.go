package statements_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/statements"
)

// Steps send their statements with pgx, prepared and with binary results, and print the values.
func TestStepsReadTheValues(t *testing.T) {
	f := healthy()
	resumed := false
	s := start(t, &statements.Database{Facts: func(*pgwire.Session) statements.Facts { return f }, Orders: statements.Orders{
		PauseReplay: func(pause bool) error { resumed = !pause; return nil },
	}})
	conn, err := pgx.Connect(t.Context(), s.settings("postgres", "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	read := func(sql string) (values [][]any, err error) {
		rows, err := conn.Query(t.Context(), sql)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			v, err := rows.Values()
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		return values, rows.Err()
	}
	books, _ := ofBooks(t)
	views := []asked{}
	for _, k := range statements.List() {
		if k.Kind == "view" && !strings.Contains(k.Statement, "recon_canary") {
			views = append(views, asked{"a look", strings.Replace(k.Statement, "...", "*", 1)})
		}
	}
	for _, a := range slices.Concat(books, views) {
		var refused *pgconn.PgError
		if strings.Contains(a.sql, "CHECKPOINT") || strings.Contains(a.sql, "pg_wal_replay_resume") || strings.Contains(a.sql, "pg_is_wal_replay_paused") {
			_, err := read(a.sql)
			if as(err, &refused); refused == nil {
				t.Errorf("%s: %v", a.sql, err)
			}
			continue
		}
		if _, err := read(a.sql); err != nil {
			t.Errorf("%s: %v\n%s", a.where, err, a.sql)
		}
	}
	f = standby(healthy())
	if _, err := read("SELECT pg_wal_replay_resume()"); err != nil || !resumed {
		t.Error(err)
	}
	if v, err := read("SELECT slot_name, restart_lsn, safe_wal_size, inactive_since FROM pg_replication_slots ORDER BY 1"); err != nil || len(v) != 0 {
		t.Error(v, err)
	}
	f = healthy()
	v, err := read("SELECT slot_name, restart_lsn, safe_wal_size, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint FROM pg_replication_slots ORDER BY 1")
	if err != nil || len(v) != 2 || v[0][0] != "netbox_node_1" || v[0][1] != "0/6024030" || v[0][2] != int64(34_477_178_880) || v[1][3] != int64(0x24030) {
		t.Error(v, err)
	}
}
