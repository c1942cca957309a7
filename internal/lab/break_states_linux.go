package lab

import (
	"context"
	"fmt"
	"time"

	"recon/internal/fault"
)

// prefix gives a script the folder of the cluster in the store, and the way to it.
const prefix = `prefix=$(sed -n 's/^namespace: *//p' /etc/patroni/patroni.yml)$(sed -n 's/^scope: *//p' /etc/patroni/patroni.yml); export ETCDCTL_ENDPOINTS=http://$1:22379; `

// stateRecipes are faults that need no more than a command: of a running program, of the store, of a unit.
func stateRecipes() map[string]recipe {
	last, leader, replica := oneNode(theLast), oneNode(theLeader), oneNode(aReplica)
	return map[string]recipe{
		fault.PatroniTiming:  configures("set ttl to 20: less than loop_wait and two retries", `{"ttl": 20}`, `{"ttl": 30}`),
		fault.NotStrict:      configures("took synchronous_mode_strict out of the configuration", `{"synchronous_mode_strict": false}`, `{"synchronous_mode_strict": true}`),
		fault.FailsafeMode:   configures("set failsafe_mode in the configuration", `{"failsafe_mode": true}`, `{"failsafe_mode": null}`),
		fault.InitializeGone: {forgetCluster, rememberCluster},
		fault.PatroniStranger: scripted(last, "left the key of netbox-node-9 in etcd", prefix+
			`etcdctl put "$prefix/members/netbox-node-9" '{"conn_url":"postgres://172.16.113.209:5432/postgres","api_url":"http://172.16.113.209:8008/patroni","state":"running","role":"replica","version":"4.0.7"}'`,
			prefix+`etcdctl del "$prefix/members/netbox-node-9"`),
		fault.EtcdCorrupt: scripted(last, "raised the alarm CORRUPT for etcd",
			`id=$(curl -sf --max-time 5 -d '{}' "http://$1:22379/v3/maintenance/status" | sed 's/.*"member_id":"\([0-9]*\)".*/\1/')
curl -sf --max-time 5 -d "{\"action\":\"ACTIVATE\",\"memberID\":\"$id\",\"alarm\":\"CORRUPT\"}" "http://$1:22379/v3/maintenance/alarm"`,
			`ETCDCTL_ENDPOINTS=http://$1:22379 etcdctl alarm disarm`),
		fault.EtcdUnstarted: scripted(last, "added a member to etcd whose host does not run, by the one", `ETCDCTL_ENDPOINTS=http://$1:22379 etcdctl member add netbox-node-9 --peer-urls=http://172.16.113.209:22380`,
			`export ETCDCTL_ENDPOINTS=http://$1:22379
etcdctl member list | sed -n 's/^\([0-9a-f]*\), .*172\.16\.113\.209.*/\1/p' | while read -r id; do etcdctl member remove "$id"; done`),
		fault.EtcdSlow: scripted(last, "etcd is slow", `systemd-run --quiet --collect --unit=lab-etcd-slow --property=ExecStopPost='-systemctl kill --signal=CONT etcd-patroni' \
  bash -c 'while :; do systemctl kill --signal=STOP etcd-patroni; sleep 1.6; systemctl kill --signal=CONT etcd-patroni; sleep 0.2; done'`,
			`systemctl stop lab-etcd-slow 2>/dev/null || :; systemctl kill --signal=CONT etcd-patroni 2>/dev/null || :`),
		fault.DiskReadOnly: scripted(last, "the file system of etcd's data is read-only", `mount --bind /var/lib/etcd-patroni /var/lib/etcd-patroni
mount -o remount,bind,ro /var/lib/etcd-patroni
systemctl restart --no-block etcd-patroni`, `! mountpoint --quiet /var/lib/etcd-patroni || umount /var/lib/etcd-patroni
systemctl is-active --quiet etcd-patroni || { systemctl reset-failed --quiet etcd-patroni || :; systemctl start etcd-patroni; }`),

		fault.PgBouncerDead: {killsLast("pgbouncer"), starts("pgbouncer")},
		fault.WebDead:       {killsLast("nginx"), starts("nginx")},
		fault.HAProxyCrashes: scripted(oneNode(theHolder), "HAProxy crashes again and again",
			`systemd-run --quiet --collect --unit=lab-haproxy-crashes bash -c 'while :; do systemctl kill --kill-whom=all --signal=KILL haproxy; systemctl stop haproxy; sleep 8; systemctl reset-failed --quiet haproxy; systemctl start haproxy; sleep 20; done'`,
			`systemctl stop lab-haproxy-crashes 2>/dev/null || :; systemctl is-active --quiet haproxy || { systemctl reset-failed --quiet haproxy || :; systemctl start haproxy; }`),
		fault.HAProxyPoolMaint: {maintainPools, endMaintenance},

		fault.RedisAOFOff:  redisSetting(replica, "switched the append-only file off", []string{"appendonly", "no"}, []string{"appendonly", "yes"}),
		fault.RedisMemory:  {leaveLittleMemory, redisSetting(replica, "", nil, []string{"maxmemory", "0"}).undo},
		fault.RedisUnsaved: {failSave, saveAgain},
		fault.RedisChained: {chainRedis, unchainRedis},
		fault.RedisMoved:   {moveRedis, unmoveRedis},
		fault.RedisEmptied: scripted(oneNode(func(ctx context.Context, s *scene) (string, error) { return s.redisMaster(ctx) }), "Redis started again without its data",
			`systemctl kill --kill-whom=all --signal=KILL redis-server; systemctl stop redis-server
mkdir -p /var/lib/redis-before; mv /var/lib/redis/* /var/lib/redis-before/
systemctl reset-failed --quiet redis-server || :; systemctl start redis-server`, `rm -rf /var/lib/redis-before`),
		fault.SentinelForgets: {func(ctx context.Context, s *scene) error { return watchOther(ctx, s, false) }, watchMaster},
		fault.SentinelOther:   {func(ctx context.Context, s *scene) error { return watchOther(ctx, s, true) }, watchMaster},

		fault.JobsWait: {leaveJobs, starts("netbox-rq")},
		fault.WorkerStale: {func(ctx context.Context, s *scene) error {
			return onRedisMaster(ctx, s, "left the registration of a worker that no host runs", `
redis-cli -h 127.0.0.1 -e -n 0 HSET rq:worker:lab-stale hostname netbox-node-9 state busy birth 2026-01-01T00:00:00.000000Z last_heartbeat 2026-01-01T00:00:00.000000Z queues default pid 4711
redis-cli -h 127.0.0.1 -e -n 0 SADD rq:workers rq:worker:lab-stale`)
		}, func(ctx context.Context, s *scene) error {
			return onRedisMaster(ctx, s, "", `redis-cli -h 127.0.0.1 -e -n 0 DEL rq:worker:lab-stale; redis-cli -h 127.0.0.1 -e -n 0 SREM rq:workers rq:worker:lab-stale`)
		}},

		fault.LeaderMoves:      {moveLeader, noUndo},
		fault.PostgresReadOnly: sqlOn(leader, "set default_transaction_read_only", "ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()", "ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()"),
		fault.SubscriptionStopped: sqlOn(leader, "left the disabled subscription old_feed", `\connect netbox
CREATE SUBSCRIPTION old_feed CONNECTION 'host=172.16.113.209 dbname=netbox' PUBLICATION feed WITH (connect = false, enabled = false, slot_name = NONE)`, "\\connect netbox\nDROP SUBSCRIPTION IF EXISTS old_feed"),
		fault.ArchivingFails:  {failArchiving, endArchiving},
		fault.ConnectionsUsed: scripted(leader, "a report holds 92 connections", holdSessions("lab-report", "92", "SELECT 1", "autocommit=True"), `systemctl stop lab-report 2>/dev/null || :`),
		fault.OldTransaction:  scripted(leader, "left a transaction open", holdSessions("lab-transaction", "1", "SELECT txid_current()", "autocommit=False"), `systemctl stop lab-transaction 2>/dev/null || :`),
		fault.DiskFilling:     {fillTo(10), freeDisk},
	}
}

// scripted is a fault that is a shell script on the chosen hosts, and so is its end. $1 is the host's address.
func scripted(where func(context.Context, *scene) ([]host, error), said, inject, undo string) recipe {
	return recipe{
		func(ctx context.Context, s *scene) error {
			hosts, err := where(ctx, s)
			if err != nil {
				return err
			}
			err = s.each(hosts, func(g guest) error { _, err := g.sh(ctx, inject, g.address); return err })
			s.tell(said)
			return err
		},
		func(ctx context.Context, s *scene) error {
			return s.each(s.where(), func(g guest) error { _, err := g.sh(ctx, undo, g.address); return err })
		},
	}
}

// configures is a fault in what the cluster keeps in the store.
func configures(said, patch, undo string) recipe {
	return recipe{
		func(ctx context.Context, s *scene) error {
			if err := s.mark(); err != nil {
				return err
			}
			s.say("%s", said)
			return s.configure(ctx, patch)
		},
		func(ctx context.Context, s *scene) error { return s.configure(ctx, undo) },
	}
}

// sqlOn is a fault that is SQL on the chosen host; it is undone on the leader, whoever that is by then.
func sqlOn(where func(context.Context, *scene) ([]host, error), said, inject, undo string) recipe {
	return recipe{
		func(ctx context.Context, s *scene) error {
			hosts, err := where(ctx, s)
			if err != nil {
				return err
			}
			s.tell(said)
			_, err = (guest{s.Lab, hosts[0]}).psql(ctx, inject)
			return err
		},
		func(ctx context.Context, s *scene) error {
			g, err := s.leaderGuest(ctx)
			if err != nil {
				return err
			}
			_, err = g.psql(ctx, "SET default_transaction_read_only = off;\n"+undo)
			return err
		},
	}
}

// holdSessions is a script that keeps sessions of NetBox's user open, past PgBouncer.
func holdSessions(unit, count, sql, mode string) string {
	return fmt.Sprintf(`systemd-run --quiet --collect --unit=%s -- python3 -c '
import runpy, time, psycopg2
d = runpy.run_path("/opt/netbox/netbox/netbox/configuration.py")["DATABASES"]["default"]
held = []
for _ in range(%s):
    try:
        c = psycopg2.connect(host="'"$1"'", port=5432, dbname=d["NAME"], user=d["USER"], password=d["PASSWORD"], application_name="reports")
    except psycopg2.OperationalError:
        break # others hold the rest
    c.%s
    c.cursor().execute("%s")
    held.append(c)
time.sleep(1 << 20)'
for _ in $(seq 100); do
  [ "$(runuser -u postgres -- psql -XAtc "SELECT count(*) FILTER (WHERE application_name = 'reports') >= %s OR count(*) FILTER (WHERE backend_type = 'client backend') >= 95 FROM pg_stat_activity")" != t ] || exit 0
  sleep 0.3
done
exit 1`, unit, count, mode, sql, count)
}

func killsLast(unit string) func(context.Context, *scene) error {
	return func(ctx context.Context, s *scene) error {
		g, err := s.choose(ctx, lastNode)
		if err != nil {
			return err
		}
		s.say("killed %s on %s; its unit stays stopped", unit, g.name)
		return g.kill(ctx, unit)
	}
}

func maintainPools(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.holder)
	if err != nil {
		return err
	}
	for _, h := range nodes() {
		if out, err := g.haproxy(ctx, "set server pgbouncer_nodes/"+h.name+" state maint"); err != nil || out != "" {
			return &Error{What: "HAProxy on " + g.name + ": " + out, Err: err}
		}
	}
	s.say("left all PgBouncers in maintenance in HAProxy on %s", g.name)
	return g.backend(ctx, "pgbouncer_nodes", nodes()[0].name, "MAINT")
}

// forgetCluster takes the key away by which members know their cluster. A leader writes it again in its next loop, so there is
// none: the replicas die before it.
func forgetCluster(ctx context.Context, s *scene) error {
	leader, err := s.leaderGuest(ctx)
	if err != nil {
		return err
	}
	replicas, err := s.replicas(ctx)
	if err != nil {
		return err
	}
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	if err := s.each(replicas, func(g guest) error { return g.kill(ctx, "patroni") }); err != nil {
		return err
	}
	if err := leader.kill(ctx, "patroni"); err != nil {
		return err
	}
	s.say("killed Patroni and PostgreSQL on every node, and deleted the key initialize from etcd")
	_, err = leader.sh(ctx, prefix+`etcdctl del "$prefix/initialize"`, leader.address)
	return err
}

func rememberCluster(ctx context.Context, s *scene) error {
	g := guest{s.Lab, nodes()[0]}
	_, err := g.sh(ctx, prefix+`[ -n "$(etcdctl get --print-value-only "$prefix/initialize")" ] ||
  etcdctl put "$prefix/initialize" "$(/usr/lib/postgresql/17/bin/pg_controldata /var/lib/postgresql/17/patroni | sed -n 's/^Database system identifier: *//p')"`, g.address)
	if err != nil {
		return err
	}
	return starts("patroni")(ctx, s)
}

// moveLeader switches over three times, each when the cluster is healthy again.
func moveLeader(ctx context.Context, s *scene) error {
	if err := s.mark(); err != nil {
		return err
	}
	for range 3 {
		leader, err := s.leaderGuest(ctx)
		if err != nil {
			return err
		}
		to, err := s.member(ctx, "sync_standby")
		if err != nil {
			return err
		}
		if err := leader.rest(ctx, "POST", "/switchover", fmt.Sprintf(`{"leader": %q, "candidate": %q}`, leader.name, to), "200"); err != nil {
			return err
		}
		if err := s.waitHealthy(ctx, 90*time.Second); err != nil {
			return err
		}
		s.say("%s leads now", to)
	}
	return nil
}

func failArchiving(ctx context.Context, s *scene) error {
	if err := s.mark(); err != nil {
		return err
	}
	if err := s.configure(ctx, `{"postgresql": {"parameters": {"archive_mode": "on", "archive_command": "/bin/false"}}}`); err != nil {
		return err
	}
	if err := s.restartPending(ctx); err != nil {
		return err
	}
	leader, err := s.leaderGuest(ctx)
	if err != nil {
		return err
	}
	s.say("archiving on %s fails", leader.name)
	_, err = leader.psql(ctx, "SELECT pg_switch_wal()")
	return err
}

func endArchiving(ctx context.Context, s *scene) error {
	if err := s.configure(ctx, `{"postgresql": {"parameters": {"archive_mode": null, "archive_command": null}}}`); err != nil {
		return err
	}
	return s.restartPending(ctx)
}

// restartPending restarts every PostgreSQL that waits for it.
func (s *scene) restartPending(ctx context.Context) error {
	if err := pause(ctx, 3*time.Second); err != nil {
		return err
	}
	for _, h := range nodes() {
		g := guest{s.Lab, h}
		if m, err := g.patroni(ctx); err != nil || !m.Pending {
			continue
		}
		if err := g.rest(ctx, "POST", "/restart", `{"restart_pending": true}`, "200"); err != nil {
			return err
		}
	}
	return s.awaitMembers(ctx, 40*time.Second, nodes(), "members that wait for nothing", func(m memberState) bool { return !m.Pending })
}
