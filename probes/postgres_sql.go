package probes

import "strings"

// scalarsSQL asks everything that is one value, in one row:
// version, in recovery, read-only by default, timeline, may read all statistics, SyncRep waits, oldest transaction, receiver,
// replay paused, connections, connections allowed.
//
// The timeline of a primary is in the name of the segment that it writes; that of a standby is what it receives, and when
// it receives nothing, that of its last checkpoint (which lags behind: a standby's checkpoints are its primary's).
// reset_val is the server's own default, because our session sets default_transaction_read_only itself.
const scalarsSQL = `
SELECT current_setting('server_version_num')::int,
  r.recovery,
  (SELECT reset_val = 'on' FROM pg_settings WHERE name = 'default_transaction_read_only'),
  CASE WHEN r.recovery
    THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver LIMIT 1), (SELECT timeline_id FROM pg_control_checkpoint()))
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
  END,
  pg_has_role('pg_read_all_stats', 'USAGE'),
  (SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'SyncRep'),
  (SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::float8 FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL),
  coalesce((SELECT status FROM pg_stat_wal_receiver LIMIT 1), ''),
  CASE WHEN r.recovery THEN pg_is_wal_replay_paused() ELSE false END,
  (SELECT coalesce(sum(numbackends), 0)::int FROM pg_stat_database),
  current_setting('max_connections')::int
FROM (SELECT pg_is_in_recovery() AS recovery) r`

// listsSQL asks for the statistics views as one JSON object. It needs PostgreSQL 13; since when nobody has used a slot is
// told from 17 on.
func listsSQL(version int) string {
	inactive := "NULL"
	if version >= 170000 {
		inactive = "extract(epoch FROM clock_timestamp() - inactive_since)::float8"
	}
	return strings.Replace(listsTemplate, "@inactive", inactive, 1)
}

const listsTemplate = `
SELECT json_build_object(
  'followers', (SELECT coalesce(json_agg(json_build_object(
      'name', coalesce(application_name, ''), 'address', coalesce(host(client_addr), ''), 'state', coalesce(state, ''),
      'sync_state', coalesce(sync_state, ''), 'replay_lag_bytes', pg_wal_lsn_diff(sent_lsn, replay_lsn)::bigint) ORDER BY application_name), '[]')
    FROM pg_stat_replication),
  'slots', (SELECT coalesce(json_agg(json_build_object(
      'name', slot_name, 'kind', slot_type, 'active', active, 'wal_status', coalesce(wal_status, ''),
      'safe_wal_size', safe_wal_size, 'inactive_for', @inactive,
      'retained_bytes', pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
        ELSE pg_current_wal_lsn() END, restart_lsn)::bigint) ORDER BY slot_name), '[]')
    FROM pg_replication_slots),
  'copies', (SELECT coalesce(json_agg(json_build_object(
      'name', coalesce(a.application_name, ''), 'address', coalesce(host(a.client_addr), ''),
      'streamed', coalesce(p.backup_streamed, 0), 'total', p.backup_total) ORDER BY p.pid), '[]')
    FROM pg_stat_progress_basebackup p LEFT JOIN pg_stat_activity a ON a.pid = p.pid),
  'archiver', (SELECT json_build_object('archived', archived_count, 'failed', failed_count,
      'last_archived', extract(epoch FROM clock_timestamp() - last_archived_time)::float8,
      'last_failed', extract(epoch FROM clock_timestamp() - last_failed_time)::float8,
      'last_failed_wal', coalesce(last_failed_wal, ''),
      'failing', last_failed_time IS NOT NULL AND (last_archived_time IS NULL OR last_failed_time > last_archived_time))
    FROM pg_stat_archiver WHERE current_setting('archive_mode') <> 'off'),
  'subscriptions', (SELECT coalesce(json_agg(json_build_object('name', s.subname, 'enabled', s.subenabled,
      'running', EXISTS (SELECT FROM pg_stat_subscription w WHERE w.subname = s.subname AND w.pid IS NOT NULL)) ORDER BY s.subname), '[]')
    FROM pg_subscription s)
)::text`

// rightsSQL asks whether the user may read the lines of pg_hba.conf and of the configuration files with their errors. Who
// may not must not try: each attempt is a line in the server's log.
const rightsSQL = `
SELECT has_table_privilege('pg_hba_file_rules', 'SELECT') AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE'),
  has_table_privilege('pg_file_settings', 'SELECT') AND has_function_privilege('pg_show_all_file_settings()', 'EXECUTE')`

// The questions that cost more, asked once a minute: sizes by who may read statistics, errors in files by superusers.
const (
	sizesSQL = `
SELECT (SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint FROM pg_database WHERE datallowconn),
  (SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_waldir()),
  (SELECT count(*)::int FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')`
	hbaErrorsSQL  = `SELECT count(*)::int FROM pg_hba_file_rules WHERE error IS NOT NULL`
	fileErrorsSQL = `SELECT count(*)::int FROM pg_file_settings WHERE error IS NOT NULL`
)
