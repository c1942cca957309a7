package statements

import "cmp"

func replicationViews() []view {
	return []view{
		{
			name: "pg_stat_replication", about: "who replicates from this server",
			columns: "pid int4, usesysid oid, usename name, application_name text, client_addr inet, client_hostname text, client_port int4, " +
				"backend_start timestamptz, backend_xmin xid, state text, sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn, replay_lsn pg_lsn, " +
				"write_lag interval, flush_lag interval, replay_lag interval, sync_priority int4, sync_state text, reply_time timestamptz",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, s := range q.Replication {
					row := []any{
						s.PID, unless(q.role(s.User).OID), s.User, s.Application, s.Address, nil, unless(s.Port), s.Started, nil, null(s.State), unless(s.Sent), unless(s.Write),
						unless(s.Flush), unless(s.Reply), s.WriteLag, s.FlushLag, s.ReplayLag, s.SyncPriority, null(s.SyncState), s.ReplyTime,
					}
					if !q.monitor() {
						clear(row[4:])
					}
					out = append(out, row)
				}
				return out, nil
			},
		},
		{
			name: "pg_stat_wal_receiver", about: "what a standby receives",
			columns: "pid int4, status text, receive_start_lsn pg_lsn, receive_start_tli int4, written_lsn pg_lsn, flushed_lsn pg_lsn, received_tli int4, " +
				"last_msg_send_time timestamptz, last_msg_receipt_time timestamptz, latest_end_lsn pg_lsn, latest_end_time timestamptz, " +
				"slot_name text, sender_host text, sender_port int4, conninfo text",
			rows: func(q *query) ([][]any, error) {
				r := q.Receiver
				if r == nil {
					return nil, nil
				}
				row := []any{
					r.PID, r.Status, unless(r.StartLSN), unless(r.StartTimeline), unless(r.Written), unless(r.Flushed), unless(r.Timeline), r.LastSent, r.LastReceived,
					unless(r.LatestEnd), r.LatestEndTime, null(r.Slot), null(r.Host), unless(r.Port), null(r.Conninfo),
				}
				if !q.monitor() {
					clear(row[1:])
				}
				return [][]any{row}, nil
			},
		},
		{
			name: "pg_replication_slots", about: "slots, and what they keep",
			columns: "slot_name name, plugin name, slot_type text, datoid oid, database name, temporary bool, active bool, active_pid int4, xmin xid, " +
				"catalog_xmin xid, restart_lsn pg_lsn, confirmed_flush_lsn pg_lsn, wal_status text, safe_wal_size int8, two_phase bool, " +
				"inactive_since timestamptz 17, conflicting bool 16, invalidation_reason text 17, failover bool 17, synced bool 17",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, s := range q.Slots {
					row := []any{
						s.Name, null(s.Plugin), s.Kind, nil, null(s.Database), s.Temporary, s.Active, unless(s.ActivePID), nil, nil, unless(s.Restart), unless(s.Confirmed),
						null(s.WALStatus), s.SafeBytes, false,
					}
					switch {
					case q.Version >= 170000:
						row = append(row, s.InactiveSince, nil, null(s.InvalidReason), false, false)
					case q.Version >= 160000:
						row = append(row, nil)
					}
					out = append(out, row)
				}
				return out, nil
			},
		},
		{
			name: "pg_stat_progress_basebackup", about: "base backups that are being sent",
			columns: "pid int4, phase text, backup_total int8, backup_streamed int8, tablespaces_total int8, tablespaces_streamed int8",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, c := range q.Copies {
					row := []any{c.PID, "streaming database files", c.Total, c.Streamed, 1, 0}
					if !q.monitor() {
						clear(row[1:])
					}
					out = append(out, row)
				}
				return out, nil
			},
		},
		{
			name: "pg_stat_archiver", about: "how the archiving of WAL goes",
			columns: "archived_count int8, last_archived_wal text, last_archived_time timestamptz, failed_count int8, last_failed_wal text, " +
				"last_failed_time timestamptz, stats_reset timestamptz",
			rows: func(q *query) ([][]any, error) {
				a := q.Archiver
				reset := a.Reset
				if reset.IsZero() {
					reset = q.Started
				}
				return [][]any{{a.Archived, null(a.LastArchived), a.ArchivedAt, a.Failed, null(a.LastFailed), a.FailedAt, reset}}, nil
			},
		},
		{
			name: "pg_subscription", about: "logical subscriptions",
			columns: "oid oid, subname name, subenabled bool, subslotname name, subsynccommit text",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, s := range q.Subscriptions {
					out = append(out, []any{s.OID, s.Name, s.Enabled, null(s.Slot), "off"})
				}
				return out, nil
			},
		},
		{
			name: "pg_stat_subscription", about: "their workers",
			columns: "subid oid, subname name, pid int4, received_lsn pg_lsn, latest_end_lsn pg_lsn, latest_end_time timestamptz",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, s := range q.Subscriptions {
					out = append(out, []any{s.OID, s.Name, unless(s.WorkerPID), unless(s.LatestEnd), unless(s.LatestEnd), s.LatestEndTime})
				}
				return out, nil
			},
		},
		{
			name: "pg_control_checkpoint", about: "the last checkpoint",
			columns: "checkpoint_lsn pg_lsn, redo_lsn pg_lsn, redo_wal_file text, timeline_id int4, prev_timeline_id int4, full_page_writes bool, checkpoint_time timestamptz",
			rows: func(q *query) ([][]any, error) {
				c := q.Checkpoint
				return [][]any{{c.LSN, c.Redo, walFile(c.Timeline, c.Redo), c.Timeline, c.Timeline, true, c.At}}, nil
			},
		},
		{
			name: "pg_control_system", about: "the database system",
			columns: "pg_control_version int4, catalog_version_no int4, system_identifier int8, pg_control_last_modified timestamptz",
			rows: func(q *query) ([][]any, error) {
				return [][]any{{q.Version / 10000 * 100, 202406281, int64(q.SystemID), cmp.Or(q.Checkpoint.At, q.Started)}}, nil
			},
		},
	}
}
