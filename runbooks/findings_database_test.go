package runbooks

import (
	"time"

	"recon/probes"
	"recon/probes/probestest"
)

// demoted takes the lead from everybody: node 3 is gone with all that ran there.
func demoted(s *probes.State) {
	m := &s.Patroni.Members[2]
	*m = probes.Member{Name: node3, Node: node3, Seen: probestest.RefusedBy(m.Seen, 70*time.Second)}
	d := &s.Postgres.Members[2]
	*d = probes.Database{Node: node3, Seen: probestest.RefusedBy(d.Seen, 70*time.Second)}
	s.Patroni.LockHolder, s.Patroni.FormerLeader, s.Patroni.Answered = nil, ptr(node3), 2
	s.Postgres.Primaries, s.Postgres.Waiting = []string{}, nil
	s.Nodes[2].Services["patroni"], s.Nodes[2].Units["patroni"] = "failed", "failed"
}

// databaseFailures are the failures of Patroni and PostgreSQL, one at a time.
func databaseFailures() []recognised {
	return []recognised{
		{
			name: "nobody takes over", book: "patroni-no-leader", because: "nobody leads; lock: none; may lead: netbox-node-1", also: []string{"patroni-leader-crash"},
			broken: demoted,
		},
		{
			name: "all that may lead are gone", book: "patroni-nobody-may-lead", because: "silent are all that may lead: netbox-node-1, netbox-node-3",
			also: []string{"patroni-leader-crash", "patroni-no-leader"},
			broken: func(s *probes.State) {
				demoted(s)
				m, d := &s.Patroni.Members[0], &s.Postgres.Members[0]
				*m = probes.Member{Name: node1, Node: node1, Seen: probestest.RefusedBy(m.Seen, 70*time.Second)}
				*d = probes.Database{Node: node1, Seen: probestest.RefusedBy(d.Seen, 70*time.Second)}
				s.Patroni.Answered = 1
			},
		},
		{
			name: "no synchronous standby", book: "patroni-writes-wait", because: "netbox-node-3 has no synchronous standby; 4 sessions wait",
			broken: func(s *probes.State) {
				s.Patroni.Members[2].Followers, s.Postgres.Waiting = []probes.Follower{}, ptr(4)
			},
		},
		{
			name: "no standby in step, and not strict", book: "patroni-not-in-step", because: "netbox-node-3 leads alone: no standby is in step",
			broken: func(s *probes.State) {
				s.Patroni.Config.Strict, s.Patroni.Members[2].Followers[0].SyncState, s.Patroni.SyncStandbys = false, "async", []string{}
			},
		},
		{
			name: "paused", book: "patroni-paused", because: "Patroni is paused: no failover, no restart; netbox-node-3 leads",
			broken: func(s *probes.State) {
				s.Patroni.Paused = ptr(true)
				for i := range s.Patroni.Members {
					s.Patroni.Members[i].Paused = true
				}
			},
		},
		{
			name: "a replica lags", book: "patroni-replica-behind", because: "netbox-node-2 behind the leader: not streaming, or over 100 MiB",
			broken: func(s *probes.State) { s.Patroni.Members[1].Lag = ptr(int64(1) << 30) },
		},
		{
			name: "a replica does not stream", book: "patroni-replica-behind", because: "netbox-node-2 behind the leader: not streaming, or over 100 MiB",
			broken: func(s *probes.State) { s.Patroni.Members[1].State = "running" },
		},
		{
			name: "replay was paused", book: "postgres-replay-paused", because: "replay is paused on netbox-node-1",
			broken: func(s *probes.State) { s.Postgres.Members[0].ReplayPaused = true },
		},
		{
			name: "an agent is down", book: "patroni-agent-down", because: "Patroni is silent on netbox-node-1; the host answers",
			also: []string{"patroni-cannot-start"},
			broken: func(s *probes.State) {
				m, d := &s.Patroni.Members[0], &s.Postgres.Members[0]
				*m = probes.Member{Name: node1, Node: node1, Seen: probestest.RefusedBy(m.Seen, 25*time.Second), ListedRole: "replica"}
				*d = probes.Database{Node: node1, Seen: probestest.RefusedBy(d.Seen, 25*time.Second)}
				s.Patroni.SyncStandbys, s.Patroni.Members[2].Followers[1].SyncState = []string{node2}, "sync"
				s.Nodes[0].Services["patroni"] = "failed"
			},
		},
		{
			name: "an agent that starts again and again", book: "patroni-cannot-start", because: "the unit of Patroni fails on netbox-node-1",
			also: []string{"patroni-agent-down"},
			broken: func(s *probes.State) {
				m := &s.Patroni.Members[0]
				*m = probes.Member{Name: node1, Node: node1, Seen: probestest.RefusedBy(m.Seen, 50*time.Second), ListedRole: "replica"}
				s.Nodes[0].Services["patroni"] = "activating"
			},
		},
		{
			name: "a primary without its agent", book: "postgres-without-agent", because: "PostgreSQL writes on netbox-node-3, and Patroni is not there",
			also: []string{"patroni-leader-crash", "patroni-no-leader"},
			broken: func(s *probes.State) {
				m := &s.Patroni.Members[2]
				*m = probes.Member{Name: node3, Node: node3, Seen: probestest.RefusedBy(m.Seen, 12*time.Second), ListedRole: "leader"}
			},
		},
		{
			name: "settings wait", book: "patroni-restart-pending", because: "waiting for a restart: netbox-node-1, netbox-node-2",
			broken: func(s *probes.State) { s.Patroni.Members[0].Pending, s.Patroni.Members[1].Pending = true, true },
		},
		{
			name: "times that do not fit", book: "patroni-timing", because: "loop_wait 10 + 2 x retry_timeout 15 > ttl 30",
			broken: func(s *probes.State) { s.Patroni.Config.RetryTimeout = 15 },
		},
		{
			name: "a bad line in pg_hba.conf", book: "postgres-file-errors", because: "lines that PostgreSQL cannot use on netbox-node-2",
			broken: func(s *probes.State) { s.Postgres.Members[1].HBAErrors = ptr(1) },
		},
		{
			name: "PostgreSQL refuses Patroni", book: "patroni-state-unknown", because: "Patroni gets no answer from PostgreSQL on netbox-node-2",
			broken: func(s *probes.State) { s.Patroni.Members[1].State, s.Patroni.Members[1].Lag = "unknown", nil },
		},
		{
			name: "a foreign directory", book: "patroni-system-id", because: "different databases under one name; etcd: 7711276203485323398",
			broken: func(s *probes.State) { s.Patroni.Members[1].SystemID, s.Patroni.SystemID = "7", nil },
		},
		{
			name: "the store was rebuilt empty", book: "patroni-initialize-missing", because: "no key initialize in etcd for scope pgclusternetbox",
			also:   []string{"patroni-leader-crash", "patroni-no-leader"},
			broken: func(s *probes.State) { demoted(s); s.Patroni.Initialize, s.Patroni.SyncStandbys = nil, []string{} },
		},
		{
			name: "a member does not reach etcd", book: "patroni-store-cut-off", because: "netbox-node-2 has not reached etcd for over 30 s; etcd has quorum",
			broken: func(s *probes.State) { s.Patroni.Members[1].DCSAge = ptr(41.0) },
		},
		{
			name: "failsafe", book: "patroni-failsafe-active", because: "failsafe: netbox-node-3 leads without etcd",
			broken: func(s *probes.State) { s.Patroni.Members[2].FailsafeOn = true },
		},
		{
			name: "a host has another scope", book: "patroni-scope-differs",
			because: "different scopes; members say pgclusternetbox, hosts pgclusternetbox, pgclusteretcd, pgclusternetbox",
			broken: func(s *probes.State) {
				s.Nodes[1].PatroniScope = ptr("pgclusteretcd")
			},
		},
		{
			name: "members list different leaders", book: "patroni-members-disagree", because: "the members list different leaders: a (b), c (d)",
			broken: func(s *probes.State) { s.Patroni.Disputed = "the members list different leaders: a (b), c (d)" },
		},
		{
			name: "two primaries", book: "postgres-two-primaries", because: "primaries: netbox-node-1, netbox-node-3; the lock is with netbox-node-3",
			broken: func(s *probes.State) {
				s.Postgres.Primaries, s.Postgres.Members[0].InRecovery = []string{node1, node3}, false
			},
		},
		{
			name: "archiving fails", book: "postgres-archiving-fails", because: "archiving fails on netbox-node-3",
			broken: func(s *probes.State) {
				for i := range s.Postgres.Members {
					s.Postgres.Members[i].Archiver = &probes.Archiver{Archived: 10, Failed: 3, LastArchived: ptr(900.0), LastFailed: ptr(20.0), Failing: true}
				}
			},
		},
		{
			name: "a slot keeps WAL", book: "postgres-slot-keeps-wal", because: "slots on netbox-node-3 keep WAL for nobody, or lost it",
			broken: func(s *probes.State) {
				s.Postgres.Members[2].Slots = []probes.Slot{{Name: "used", Active: true, Retained: ptr(int64(9) << 30), Status: "extended"}, {Name: "old", Retained: ptr(int64(8) << 30), Status: "extended"}}
			},
		},
		{
			name: "a slot was lost", book: "postgres-slot-keeps-wal", because: "slots on netbox-node-3 keep WAL for nobody, or lost it",
			broken: func(s *probes.State) {
				s.Postgres.Members[2].Slots = []probes.Slot{{Name: "old", Status: "lost"}}
			},
		},
		{
			name: "connections are used up", book: "postgres-connections", because: "over 90 % of the connections are used on netbox-node-3",
			broken: func(s *probes.State) { s.Postgres.Members[2].Connections = 190 },
		},
		{
			name: "an old transaction", book: "postgres-old-transaction", because: "a transaction is over 30 min old on netbox-node-3",
			broken: func(s *probes.State) { s.Postgres.Members[2].Oldest = ptr(4000.0) },
		},
		{
			name: "read-only by a setting", book: "postgres-read-only", because: "default_transaction_read_only is on at the primary netbox-node-3",
			broken: func(s *probes.State) { s.Postgres.Members[2].ReadOnly = true },
		},
		{
			name: "a subscription is disabled", book: "postgres-subscription", because: "subscriptions stand still on netbox-node-3",
			broken: func(s *probes.State) {
				for i := range s.Postgres.Members { // the catalogue is copied, and only the primary's counts
					s.Postgres.Members[i].Subscriptions = []probes.Subscription{{Name: "from_old"}}
				}
			},
		},
		{
			name: "the leader changes again and again", book: "patroni-flaps", because: "3 changes of timeline within an hour",
			broken: func(s *probes.State) {
				s.Patroni.History = nil
				for i, age := range []float64{90000, 3000, 1500, 60} {
					s.Patroni.History = append(s.Patroni.History, probes.Switch{Timeline: i + 4, Leader: node3, Age: ptr(age)})
				}
			},
		},
		{
			name: "a switchover is scheduled", book: "patroni-action-scheduled", because: "switchover at 2026-11-24T02:00:00Z; restarts planned on 0 members",
			broken: func(s *probes.State) {
				s.Patroni.Scheduled = &probes.Scheduled{At: "2026-11-24T02:00:00Z", From: node3}
			},
		},
		{
			name: "a restart is scheduled", book: "patroni-action-scheduled", because: "switchover at no time; restarts planned on 1 members",
			broken: func(s *probes.State) { s.Patroni.Members[1].Restart = ptr("2026-11-24T02:00:00Z") },
		},
		{
			name: "a stranger", book: "patroni-stranger", because: "unknown to the cluster file: netbox-node-4",
			broken: func(s *probes.State) { s.Patroni.Strangers = []string{"netbox-node-4"} },
		},
		{
			name: "tags were left", book: "patroni-tags-left", because: "nofailover, nosync or noloadbalance on netbox-node-1",
			broken: func(s *probes.State) {
				s.Patroni.Members[0].Tags, s.Patroni.Members[1].Tags = map[string]string{"nosync": "true"}, map[string]string{"nosync": "false"}
			},
		},
		{
			name: "no watchdog", book: "patroni-watchdog-failed", because: "no watchdog on netbox-node-3",
			broken: func(s *probes.State) { s.Patroni.Members[2].Watchdog = true },
		},
	}
}
