package probes

// scalarsSQL asks everything that is one value, in one row:
// version, in recovery, read-only by default, timeline, may read all statistics, SyncRep waits, oldest transaction, receiver.
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
  coalesce((SELECT status FROM pg_stat_wal_receiver LIMIT 1), '')
FROM (SELECT pg_is_in_recovery() AS recovery) r`

// listsSQL asks for the statistics views as one JSON object. It needs PostgreSQL 13.
const listsSQL = `
SELECT json_build_object(
  'followers', (SELECT coalesce(json_agg(json_build_object(
      'name', coalesce(application_name, ''), 'address', coalesce(host(client_addr), ''), 'state', coalesce(state, ''),
      'sync_state', coalesce(sync_state, ''), 'replay_lag_bytes', pg_wal_lsn_diff(sent_lsn, replay_lsn)::bigint) ORDER BY application_name), '[]')
    FROM pg_stat_replication),
  'slots', (SELECT coalesce(json_agg(json_build_object(
      'name', slot_name, 'kind', slot_type, 'active', active, 'wal_status', coalesce(wal_status, ''),
      'retained_bytes', pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
        ELSE pg_current_wal_lsn() END, restart_lsn)::bigint) ORDER BY slot_name), '[]')
    FROM pg_replication_slots),
  'copies', (SELECT coalesce(json_agg(json_build_object(
      'name', coalesce(a.application_name, ''), 'address', coalesce(host(a.client_addr), ''),
      'streamed', coalesce(p.backup_streamed, 0), 'total', p.backup_total) ORDER BY p.pid), '[]')
    FROM pg_stat_progress_basebackup p LEFT JOIN pg_stat_activity a ON a.pid = p.pid)
)::text`
