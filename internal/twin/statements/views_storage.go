package statements

import (
	"fmt"

	"recon/internal/twin/pgwire"
)

// segment is how large a WAL file is, in bytes.
const segment = 16 << 20

// walFile is the name of the file with a place of the write-ahead log.
func walFile(timeline int, at pgwire.LSN) string {
	n := uint64(at) / segment
	return fmt.Sprintf("%08X%08X%08X", timeline, n/256, n%256)
}

func storageViews() []view {
	return []view{
		{
			name: "pg_database", about: "databases",
			columns: "oid oid, datname name, datistemplate bool, datallowconn bool, datconnlimit int4",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, d := range q.Databases {
					out = append(out, []any{d.OID, d.Name, d.Template, d.AllowConnections, -1})
				}
				return out, nil
			},
		},
		{
			name: "pg_ls_waldir", about: "files in pg_wal",
			columns: "name text, size int8, modification timestamptz",
			rows: func(q *query) ([][]any, error) {
				if !q.monitor() {
					return nil, denied("for function pg_ls_waldir")
				}
				var out [][]any
				last := q.LSN
				if q.Received > last {
					last = q.Received
				}
				for i := range max(1, int(q.WALBytes/segment)) {
					back := pgwire.LSN(i) * segment
					if back > last {
						break
					}
					out = append(out, []any{walFile(q.Timeline, last-back), int64(segment), q.Now})
				}
				return out, nil
			},
		},
		{
			name: "pg_ls_archive_statusdir", about: "which WAL files wait to be archived",
			columns: "name text, size int8, modification timestamptz",
			rows: func(q *query) ([][]any, error) {
				if !q.monitor() {
					return nil, denied("for function pg_ls_archive_statusdir")
				}
				var out [][]any
				for i := range q.ArchiveWaiting {
					back := pgwire.LSN(i+1) * segment
					out = append(out, []any{walFile(q.Timeline, max(q.LSN, back)-back) + ".ready", int64(0), q.Now})
				}
				return out, nil
			},
		},
		{
			name: "recon_canary", about: "the row of the write canary",
			columns: "id int4, at timestamptz, writer text",
			rows: func(q *query) ([][]any, error) {
				c, err := q.canary()
				if err != nil || c.At.IsZero() {
					return nil, err
				}
				return [][]any{{1, c.At, c.Writer}}, nil
			},
		},
	}
}
