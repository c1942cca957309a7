package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

func postgresRecipes() map[string]recipe {
	return map[string]recipe{
		fault.DivergeOldLeader: {divergeOldLeader, starts("patroni")},
		fault.SecondPrimary:    {secondPrimary, dropSecondPrimary},
		fault.ReplicaLag:       {lagReplica, resumeReplay},
		fault.DeadSlot:         {leaveSlot, dropSlot},
	}
}

// psql runs SQL as the superuser, over the socket of the guest.
func (g guest) psql(ctx context.Context, sql string) (string, error) {
	out, err := g.feed(ctx, sql, "runuser", "-u", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-")
	return strings.TrimSpace(out), err
}

// writeWAL writes that many MiB of WAL on the leader; no table holds them, and no standby is waited for.
func (g guest) writeWAL(ctx context.Context, mib int) error {
	_, err := g.psql(ctx, fmt.Sprintf(
		"SELECT count(pg_logical_emit_message(false, 'lab', repeat('0123456789abcdef', 65536))) FROM generate_series(1, %d)", mib))
	return err
}

// divergeOldLeader makes the one situation in which a rejoin loses data: commits that only the old leader holds.
func divergeOldLeader(ctx context.Context, s *scene) error {
	old, err := s.choose(ctx, s.leader)
	if err != nil {
		return err
	}
	// Masked first: nothing may start Patroni there until an operator decides, for its rewind would drop the commits.
	if _, err := old.run(ctx, "systemctl", "mask", "patroni"); err != nil {
		return err
	}
	if err := old.killPatroni(ctx); err != nil {
		return err
	}
	s.say("killed Patroni and PostgreSQL on the leader %s and masked the unit; waiting for the failover", old.name)
	next := ""
	err = s.await(ctx, 90*time.Second, "a new leader", func(ctx context.Context) error {
		next, err = s.leader(ctx)
		return err
	})
	if err != nil {
		return err
	}
	s.say("%s leads now", next)
	if _, err := old.feed(ctx, divergeScript, "runuser", "-u", "postgres", "--", "bash", "-es"); err != nil {
		return err
	}
	if _, err := old.run(ctx, "systemctl", "reset-failed", "patroni"); err != nil {
		return err
	}
	s.say("%s committed 5000 rows (table diverged in netbox) on the old timeline and stopped cleanly; patroni is masked there", old.name)
	return nil
}

// divergeScript starts the old leader alone, reachable only through a socket of its own and without a standby to wait for.
const divergeScript = `
bin=/usr/lib/postgresql/17/bin data=/var/lib/postgresql/17/patroni
socket=$(mktemp -d)
trap 'rm -rf "$socket"' EXIT
"$bin/pg_ctl" start -D "$data" -w -t 60 -s -l /dev/null -o \
 "-c listen_addresses='' -c unix_socket_directories=$socket -c synchronous_standby_names='' -c primary_conninfo=''"
psql -qX -v ON_ERROR_STOP=1 -h "$socket" -d netbox <<'SQL' || failed=1
CREATE TABLE diverged (id int PRIMARY KEY, note text, at timestamptz DEFAULT now());
INSERT INTO diverged (id, note) SELECT n, 'only on the old leader' FROM generate_series(1, 5000) n;
SQL
"$bin/pg_ctl" stop -D "$data" -m fast -w -t 60 -s
exit ${failed:-0}
`

// secondPrimary does what somebody does who thinks that Patroni is the problem.
func secondPrimary(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.asyncReplica)
	if err != nil {
		return err
	}
	// Patroni's unit leaves PostgreSQL running when only Patroni dies.
	if _, err := g.sh(ctx, `
systemctl kill --kill-whom=main --signal=KILL patroni
runuser -u postgres -- /usr/lib/postgresql/17/bin/pg_ctl promote -D /var/lib/postgresql/17/patroni -w -t 30 -s`); err != nil {
		return err
	}
	if _, err := g.psql(ctx, "SET synchronous_commit = local; CREATE TABLE second_primary AS SELECT now() AS at"); err != nil {
		return err
	}
	s.say("killed Patroni on the replica %s and promoted its PostgreSQL: it takes writes that the leader never sees", g.name)
	return nil
}

// dropSecondPrimary gives up what the second primary wrote: Patroni rewinds it.
func dropSecondPrimary(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if g.unitStates(ctx)["patroni"] != "active" {
			if _, err := g.sh(ctx, `
data=/var/lib/postgresql/17/patroni
[ ! -e "$data/postmaster.pid" ] || runuser -u postgres -- /usr/lib/postgresql/17/bin/pg_ctl stop -D "$data" -m fast -w -t 60 -s`); err != nil {
				return err
			}
		}
		return g.start(ctx, "patroni")
	})
}

func lagReplica(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.asyncReplica)
	if err != nil {
		return err
	}
	leader, err := s.leaderGuest(ctx)
	if err != nil {
		return err
	}
	if _, err := g.psql(ctx, "SELECT pg_wal_replay_pause()"); err != nil {
		return err
	}
	if err := leader.writeWAL(ctx, 32); err != nil {
		return err
	}
	s.say("paused the replay on %s and wrote 32 MiB of WAL on %s", g.name, leader.name)
	return s.await(ctx, 20*time.Second, "the lag", func(ctx context.Context) error {
		lag, err := g.psql(ctx, "SELECT pg_get_wal_replay_pause_state() = 'paused' AND pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) > 30e6")
		if err == nil && lag != "t" {
			err = fmt.Errorf("%s has no lag yet", g.name)
		}
		return err
	})
}

func resumeReplay(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if g.unitStates(ctx)["patroni"] != "active" {
			return nil // it replays when it starts
		}
		return s.await(ctx, 30*time.Second, "the replay on "+g.name, func(ctx context.Context) error {
			_, err := g.psql(ctx, "SELECT pg_wal_replay_resume() WHERE pg_is_in_recovery()")
			return err
		})
	})
}

// leaveSlot leaves a slot that Patroni is told to keep: it drops all others that it does not know.
func leaveSlot(ctx context.Context, s *scene) error {
	leader, err := s.leaderGuest(ctx)
	if err != nil {
		return err
	}
	if err := s.mark(); err != nil {
		return err
	}
	if err := s.configure(ctx, `{"slots": {"old_consumer": {"type": "physical"}}}`); err != nil {
		return err
	}
	slot := func(ctx context.Context, what, condition string) error {
		return s.await(ctx, 30*time.Second, what, func(ctx context.Context) error {
			out, err := leader.psql(ctx, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'old_consumer' AND "+condition)
			if err == nil && out != "1" {
				err = fmt.Errorf("%s has no such slot yet", leader.name)
			}
			return err
		})
	}
	if err := slot(ctx, "the slot", "restart_lsn IS NOT NULL"); err != nil {
		return err
	}
	if err := leader.writeWAL(ctx, 128); err != nil {
		return err
	}
	s.say("left the slot old_consumer, which nobody reads, and wrote 128 MiB of WAL on %s", leader.name)
	return slot(ctx, "retained WAL", "NOT active AND pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > 120e6")
}

func dropSlot(ctx context.Context, s *scene) error {
	if err := s.configure(ctx, `{"slots": {"old_consumer": null}}`); err != nil {
		return err
	}
	return s.await(ctx, 30*time.Second, "the end of the slot", func(ctx context.Context) error {
		return s.each(nodes(), func(g guest) error {
			if g.unitStates(ctx)["patroni"] != "active" {
				return nil
			}
			_, err := g.psql(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'old_consumer'")
			return err
		})
	})
}
