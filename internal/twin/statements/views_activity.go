package statements

import (
	"slices"

	"recon/internal/twin/pgwire"
)

func activityViews() []view {
	return []view{
		{
			name: "pg_stat_activity", about: "what sessions and background processes do",
			columns: "datid oid, datname name, pid int4, leader_pid int4, usesysid oid, usename name, application_name text, client_addr inet, " +
				"client_hostname text, client_port int4, backend_start timestamptz, xact_start timestamptz, query_start timestamptz, " +
				"state_change timestamptz, wait_event_type text, wait_event text, state text, backend_xid xid, backend_xmin xid, query_id int8, " +
				"query text, backend_type text",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, a := range q.Activity {
					row := []any{
						unless(q.databaseOID(a.Database)), null(a.Database), a.PID, nil, unless(q.role(a.User).OID), null(a.User), a.Application, a.Address, nil, unless(a.Port),
						a.Started, a.XactStart, a.QueryStart, a.ChangeAt, null(a.WaitType), null(a.WaitEvent), null(a.State), nil, nil, nil, a.Query, null(a.Kind),
					}
					if !q.monitor() && a.User != q.s.User {
						clear(row[7:20])
						row[20] = "<insufficient privilege>"
						row[21] = nil
					}
					out = append(out, row)
				}
				return out, nil
			},
		},
		{
			name: "pg_locks", about: "advisory locks, and what else is locked",
			columns: "locktype text, database oid, relation oid, classid oid, objid oid, objsubid int2, pid int4, mode text, granted bool",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, l := range slices.Concat(q.Locks, q.db.advisory()) {
					row := []any{l.Type, unless(q.databaseOID(l.Database)), null(l.Relation), nil, nil, nil, unless(l.PID), l.Mode, l.Granted}
					if l.Type == "advisory" {
						row[3], row[4], row[5] = l.ClassID, l.ObjectID, 1
					}
					out = append(out, row)
				}
				return out, nil
			},
		},
		{
			name: "pg_stat_database", about: "connections of each database",
			columns: "datid oid, datname name, numbackends int4",
			rows: func(q *query) ([][]any, error) {
				out := [][]any{{uint32(0), nil, 0}} // shared objects
				for _, d := range q.Databases {
					n := 0
					for _, a := range q.Activity {
						if a.Database == d.Name && (a.Kind == "client backend" || a.Kind == "") {
							n++
						}
					}
					out = append(out, []any{d.OID, d.Name, n})
				}
				return out, nil
			},
		},
		{
			name: "pg_prepared_xacts", about: "prepared transactions",
			columns: "transaction xid, gid text, prepared timestamptz, owner name, database name",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, p := range q.Prepared {
					out = append(out, []any{p.Transaction, p.GID, p.At, p.Owner, p.Database})
				}
				return out, nil
			},
		},
	}
}

func (q *query) databaseOID(name string) uint32 {
	for _, d := range q.Databases {
		if d.Name == name {
			return d.OID
		}
	}
	return 0
}

// ActivityOf are the rows of pg_stat_activity of a server's sessions.
func ActivityOf(sessions []*pgwire.Session) []Activity {
	var out []Activity
	for _, s := range sessions {
		a := s.Activity()
		address, port := addressOf(s.Remote)
		out = append(out, Activity{
			PID: s.ID, Database: s.Database, User: s.User, Application: a.Application, Address: address, Port: port, Kind: "client backend",
			Started: s.Started, XactStart: a.XactStart, QueryStart: a.QueryStart, ChangeAt: a.StateChange, WaitType: a.WaitType, WaitEvent: a.WaitEvent,
			State: a.State, Query: a.Query,
		})
	}
	return out
}
