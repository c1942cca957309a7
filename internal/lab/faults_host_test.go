//go:build lab && linux

package lab

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
)

// witness is a native tool's word for a fault: a command on a host, and what it prints while the fault is there and at no
// other time. $1 and $2 are the address and the name of the first host that the fault was made on.
type witness struct {
	fault, at, command, says string
}

// Where a witness stands.
const (
	there    = "the host of the fault"
	console  = "the console"
	onLeader = "the leader"
	beside   = "a node that the fault was not made on"
)

// prelude is what the commands have at hand.
const prelude = `
redis() { REDISCLI_AUTH=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/redis/redis.conf) timeout 3 redis-cli -h 127.0.0.1 "$@" 2>&1; }
sentinel() { REDISCLI_AUTH=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/redis/sentinel.conf) timeout 3 redis-cli -h 127.0.0.1 -p 26379 SENTINEL "$@" 2>&1; }
watched() {
  for ip in 172.16.113.201 172.16.113.202 172.16.113.203; do
    master=$(REDISCLI_AUTH=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/redis/sentinel.conf) timeout 3 redis-cli -h "$ip" -p 26379 SENTINEL GET-MASTER-ADDR-BY-NAME myredisetcd 2>/dev/null | head -n 1)
    [ -z "$master" ] || redis -h "$master" ROLE | head -n 1
  done
}
sql() { runuser -u postgres -- psql -XAtc "$1" 2>&1; }
pool() { runuser -u postgres -- timeout 5 psql -XAt -h /var/run/postgresql -p 6432 -U pgbouncer -c "$1" pgbouncer 2>&1; }
client() { PGPASSWORD=$(sed -n 's/^.*"PASSWORD": "\(.*\)",$/\1/p' /opt/netbox/netbox/netbox/configuration.py | head -n 1) PGCONNECT_TIMEOUT=3 timeout 5 psql -XAt -h "$(hostname -I | cut -d ' ' -f 1)" -p 6432 -U netbox -d netbox -c 'SELECT 1' 2>&1; }
stat() { echo 'show stat' | socat - /run/haproxy/admin.sock | cut -d , -f 1,2,18; }
http() { curl -sk --max-time 5 -w ' %{http_code}' "$@"; }
certificate() { timeout 5 openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null | openssl x509 -noout "$@"; }
`

func witnesses() []witness {
	return []witness{
		{fault.KillLeader, there, `systemctl is-active patroni`, `^(failed|inactive)$`},
		{fault.DivergeOldLeader, there, `systemctl is-enabled patroni`, `^masked`},
		{fault.StopSyncStandby, console, `http "http://$1:8008/health"`, `(^| )000$`},
		{fault.StopReplicas, onLeader, `sql "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"`, `^[1-9]`},
		{fault.PatroniPaused, onLeader, `http "http://$(hostname):8008/patroni"`, `"pause": true`},
		{fault.PendingRestart, onLeader, `sql "SELECT pending_restart FROM pg_settings WHERE name = 'max_locks_per_transaction'"; http "http://$(hostname):8008/patroni"`, `"pending_restart": true`},
		{fault.WrongHBA, console, `http "http://$1:8008/health"`, `"state": "unknown".* 503$`},
		{fault.ScheduledSwitch, onLeader, `http "http://$(hostname):8008/cluster"`, `"scheduled_switchover"`},
		{fault.NoFailoverLeft, console, `http "http://$1:8008/patroni"`, `"nofailover": true`},
		{fault.PatroniNotEnabled, there, `systemctl is-enabled patroni`, `^disabled`},
		{fault.SecondPrimary, there, `sql "SELECT pg_is_in_recovery()"`, `^f$`},
		{fault.ReplicaLag, there, `sql "SELECT pg_get_wal_replay_pause_state()"`, `^paused$`},
		{fault.DeadSlot, onLeader, `sql "SELECT slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > 120e6 FROM pg_replication_slots"`, `old_consumer\|f\|t`},
		{fault.EtcdMember, console, `etcdctl --endpoints="http://$1:22379" --command-timeout=2s endpoint health 2>&1`, `unhealthy`},
		{fault.EtcdQuorum, onLeader, `etcdctl --endpoints="http://$(hostname):22379" --command-timeout=2s get --consistency=l none 2>&1`, `(deadline exceeded|no leader|timed out)`},
		{fault.EtcdNoSpace, beside, `etcdctl --endpoints="http://$(hostname):22379" alarm list; etcdctl --endpoints="http://$1:22379" put /lab/probe x 2>&1`, `(?s)NOSPACE.*database space exceeded`},
		{fault.EtcdStalls, there, `for i in $(seq 70); do ps -o stat= -C etcd; sleep 0.1; done | sort | uniq -c`, `\bT`},
		{fault.KillRedisMaster, console, `redis-cli -h "$1" PING 2>&1`, `refused`},
		{fault.RedisTwoMasters, there, `stat`, `be_redis_master,netbox-node-\d,UP\n(be_redis_master,netbox-node-\d,DOWN\n)?be_redis_master,netbox-node-\d,UP`},
		{fault.RedisWrongPass, there, `redis INFO replication; journalctl -u redis-server -n 20 --no-pager`, `(?s)master_link_status:down.*WRONGPASS`},
		{fault.RedisLocalhost, console, `redis-cli -h "$1" PING 2>&1; redis-cli -h "$1" -p 26379 PING 2>&1`, `(?s)refused.*NOAUTH`},
		{fault.RedisReadonlyDir, there, `systemctl is-active redis-server; journalctl -u redis-server -n 40 --no-pager`, `(?s)^failed.*Read-only file system`},
		{fault.RedisNoCandidate, there, `redis CONFIG GET replica-priority`, `\b0\b`},
		{fault.SentinelQuorum, beside, `sentinel CKQUORUM myredisetcd`, `NOQUORUM`},
		{fault.SentinelGhost, there, `sentinel MASTER myredisetcd`, `num-other-sentinels\n3`},
		{fault.SentinelUnsaved, there, `sentinel FLUSHCONFIG`, `ERR`},
		{fault.HAProxyDead, console, `http "http://$1:7000/alive"`, `(^| )000$`},
		{fault.HAProxyMaint, there, `stat`, `pg_bkwrite,netbox-node-\d,MAINT`},
		{fault.HAProxyNoBind, there, `systemctl is-active haproxy; journalctl -u haproxy -n 40 --no-pager`, `(?s)^failed.*cannot bind socket`},
		{fault.HAProxyWrongCheck, there, `stat`, `(?s)pg_bkwrite,BACKEND,DOWN`},
		{fault.VRRPBlocked, there, `ip -4 -o addr show dev eth0`, `(?s)172\.16\.113\.20[45]/32.*172\.16\.113\.20[45]/32`},
		{fault.VRRPWrongPass, there, `ip -4 -o addr show dev eth0`, `(?s)172\.16\.113\.20[45]/32.*172\.16\.113\.20[45]/32`},
		{fault.VIPNowhere, console, `timeout 2 bash -c '</dev/tcp/172.16.113.204/6432' 2>&1 || echo "closed $?"`, `closed`},
		{fault.VIPStuck, console, `timeout 3 bash -c '</dev/tcp/172.16.113.204/5432' 2>&1 || echo closed`, `(?s)refused.*closed`},
		{fault.PgBouncerPaused, there, `pool "SHOW DATABASES"`, `(?m)^netbox\|.*\|1\|0$`},
		{fault.PgBouncerPass, there, `client`, `(?i)(password authentication failed|SASL authentication failed)`},
		{fault.PgBouncerDatabase, there, `client`, `no such database`},
		{fault.PoolExhausted, there, `pool "SHOW POOLS"`, `(?m)^netbox\|netbox\|\d+\|[1-9]`},
		{fault.NetBoxDead, console, `http -o /dev/null https://172.16.113.205/login/`, `(^| )502$`},
		{fault.WorkerDead, there, `systemctl is-active netbox-rq; redis -n 0 LLEN rq:queue:default`, `^(inactive|failed)\n[1-9]`},
		{fault.CertExpiring, there, `certificate -checkend 600000; certificate -checkend 400000`, `(?s)will expire.*will not expire`},
		{fault.CertExpired, there, `certificate -checkend 0`, `will expire`},
		{fault.CertMismatch, there, `certificate -checkhost netbox.lab.example`, `does NOT match`},
		{fault.PowerOffLeader, console, `timeout 2 bash -c '</dev/tcp/'"$1"'/22' 2>&1 || echo closed`, `closed`},
		{fault.PowerOffAll, there, `[ "$(ps -o etimes= -p 1)" -ge 15 ] || echo young`, `^young$`},
		{fault.StopNode, console, `timeout 2 bash -c '</dev/tcp/'"$1"'/22' 2>&1 || echo closed`, `closed`},
		{fault.FillDisk, there, `df --output=pcent /var/lib/postgresql/17/patroni`, `(9[5-9]|100)%`},
		{fault.UnitFailed, there, `systemctl --failed --plain --no-legend`, `nightly-backup`},
		{fault.RebootPending, there, `cat /run/reboot-required 2>&1`, `restart required`},
		{fault.Partition, console, `timeout 2 bash -c '</dev/tcp/'"$1"'/22' 2>&1 || echo closed`, `^closed`},
		{fault.PartitionPair, there, `timeout 2 bash -c '</dev/tcp/'"$3"'/8008' 2>&1 || echo closed`, `^closed`},
		{fault.CutConsole, console, `timeout 2 bash -c '</dev/tcp/172.16.113.203/8008' 2>&1 || echo closed`, `^closed`},
		{fault.LeaderMoves, onLeader, `http "http://$(hostname):8008/history" | grep -o 'no recovery target' | wc -l`, `^([3-9]|\d\d)`},
		{fault.PatroniBadConfig, there, `systemctl is-active patroni`, `^(failed|activating|inactive)$`},
		{fault.PatroniOtherScope, there, `grep '^scope:' /etc/patroni/patroni.yml`, `2$`},
		{fault.PatroniStranger, onLeader, `http "http://$(hostname):8008/cluster"`, `netbox-node-9`},
		{fault.PatroniTiming, onLeader, `http "http://$(hostname):8008/config"`, `"ttl": 20\b`},
		{fault.NoWatchdog, console, `http "http://$1:8008/patroni"`, `"watchdog_failed": true`},
		{fault.NotStrict, onLeader, `http "http://$(hostname):8008/config"`, `"synchronous_mode_strict": false`},
		{fault.FailsafeMode, onLeader, `http "http://$(hostname):8008/config"`, `"failsafe_mode": true`},
		{fault.InitializeGone, there, `etcdctl --endpoints="http://$1:22379" get --prefix --keys-only /service/ | grep -c /initialize`, `^0$`},
		{fault.PostgresReadOnly, there, `sql "SHOW default_transaction_read_only"`, `^on$`},
		{fault.ArchivingFails, onLeader, `sql "SELECT failed_count > 0 FROM pg_stat_archiver"; sql "SHOW archive_mode"`, `(?s)t.*on`},
		{fault.ConnectionsUsed, there, `sql "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reports'"`, `^[6-9]\d$`},
		{fault.OldTransaction, there, `sql "SELECT state FROM pg_stat_activity WHERE application_name = 'reports'"`, `idle in transaction`},
		{fault.SubscriptionStopped, there, `sql "SELECT count(*) FROM pg_subscription WHERE NOT subenabled"`, `^1$`},
		{fault.EtcdCorrupt, beside, `etcdctl --endpoints="http://$(hostname):22379" alarm list 2>&1`, `CORRUPT`},
		{fault.EtcdUnstarted, beside, `etcdctl --endpoints="http://$(hostname):22379" member list`, `unstarted`},
		{fault.EtcdSlow, there, `for i in $(seq 40); do ps -o stat= -C etcd; sleep 0.1; done | sort | uniq -c`, `\bT`},
		{fault.RedisAOFOff, there, `redis CONFIG GET appendonly`, `\bno\b`},
		{fault.RedisMemory, there, `redis CONFIG GET maxmemory`, `[1-9]\d{5}`},
		{fault.RedisUnsaved, there, `redis INFO persistence`, `rdb_last_bgsave_status:err`},
		{fault.RedisOtherPass, there, `REDISCLI_AUTH=not-the-password redis-cli PING 2>&1`, `PONG`},
		{fault.RedisChained, there, `sentinel MASTER myredisetcd`, `refused`},
		{fault.RedisMoved, there, `watched`, `(?m)^slave`},
		{fault.RedisEmptied, there, `ls -d /var/lib/redis-before 2>&1`, `^/var/lib/redis-before$`},
		{fault.SentinelForgets, there, `sentinel MASTERS`, `^$`},
		{fault.SentinelOther, there, `watched`, `slave`},
		{fault.HAProxyCrashes, there, `systemctl is-active lab-haproxy-crashes`, `^active$`},
		{fault.HAProxyWrongWriter, there, `grep -c 'OPTIONS /primary' /etc/haproxy/haproxy.cfg`, `^0$`},
		{fault.HAProxyWrongRedis, there, `grep -c 'expect string role:master' /etc/haproxy/haproxy.cfg`, `^0$`},
		{fault.HAProxyPoolMaint, there, `stat`, `pgbouncer_nodes,netbox-node-\d,MAINT`},
		{fault.VRRPOtherID, there, `grep virtual_router_id /etc/keepalived/keepalived.conf`, `\b51\b`},
		{fault.PgBouncerDead, there, `systemctl is-active pgbouncer`, `^(failed|inactive)$`},
		{fault.PgBouncerBadConfig, there, `systemctl is-active pgbouncer`, `^(failed|activating|inactive)$`},
		{fault.PgBouncerUnprepared, there, `pool "SHOW CONFIG"`, `(?m)^max_prepared_statements\|0\|`},
		{fault.PgBouncerWrongPort, there, `pool "SHOW DATABASES"`, `(?m)^netbox\|[^|]*\|5434\|`},
		{fault.JobsWait, onLeader, `redis -n 0 LLEN rq:queue:default`, `^[56]\d$`},
		{fault.WorkerStale, there, `redis -n 0 SMEMBERS rq:workers`, `lab-stale`},
		{fault.NetBoxOldVersion, there, `grep -c '4\.4\.2' /opt/netbox/netbox/standin.py`, `^[1-9]`},
		{fault.WebDead, there, `systemctl is-active nginx`, `^(failed|inactive)$`},
		{fault.CertOtherKey, there, `[ "$(openssl x509 -in /etc/nginx/certs/netbox.pem -noout -pubkey)" = "$(openssl pkey -in /etc/nginx/certs/netbox.key -pubout)" ] || echo differ`, `^differ$`},
		{fault.CertNotReloaded, there, `[ "$(openssl x509 -in /etc/nginx/certs/netbox.pem -noout -fingerprint)" = "$(certificate -fingerprint)" ] || echo differ`, `^differ$`},
		{fault.DiskFilling, there, `df --output=pcent /var/lib/postgresql/17/patroni`, `(89|90|91)%`},
		{fault.DiskReadOnly, there, `awk '$2 == "/var/lib/etcd-patroni" { print $4 }' /proc/mounts`, `^ro\b`},
		{fault.SSHDown, console, `timeout 2 bash -c '</dev/tcp/'"$1"'/22' 2>&1 || echo closed`, `(?s)refused.*closed`},
	}
}

// faultLab is a lab that is up: one of the test's own, or with RECON_LAB_LIVE=1 the one below $RECON_LAB_DIR that runs, which
// is left running.
func faultLab(t *testing.T) *Lab {
	t.Helper()
	if os.Getenv("RECON_LAB_LIVE") == "" {
		l := testLab(t)
		if err := l.Up(t.Context(), options(t)); err != nil {
			t.Fatal(err)
		}
		return l
	}
	l, err := Open(os.Getenv("RECON_LAB_DIR"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Mend(t.Context(), "", t.Output()); err != nil {
		t.Fatal(err)
	}
	return l
}

// see is what the witness prints now.
func (l *Lab) see(t *testing.T, w witness, hosts []string) string {
	t.Helper()
	if len(hosts) == 0 {
		hosts = []string{nodes()[0].name}
	}
	name, err := hosts[0], error(nil)
	switch w.at {
	case console:
		name = consoleName
	case onLeader:
		name, err = l.leader(t.Context())
	case beside:
		name, err = oneOf(hosts...)
	}
	if err != nil {
		t.Fatal(err)
	}
	g, err := l.guest(name)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"bash", "-c", prelude + w.command, "bash"}
	first, err := find(hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	second, err := find(hosts[len(hosts)-1])
	if err != nil {
		t.Fatal(err)
	}
	out, err := g.run(t.Context(), append(args, first.address, first.name, second.address)...)
	if out == "" && err != nil {
		out = err.Error()
	}
	return strings.TrimSpace(out)
}

// together are faults that do not touch each other's facts: they are made one after the other, seen all at once, and mended
// together, which is also what Mend has to stand.
func together() [][]string {
	return [][]string{
		{
			fault.PatroniPaused, fault.PendingRestart, fault.ReplicaLag, fault.DeadSlot, fault.NoFailoverLeft, fault.PatroniNotEnabled, fault.RedisWrongPass,
			fault.RedisNoCandidate, fault.SentinelUnsaved, fault.PgBouncerPass, fault.CertExpiring, fault.UnitFailed, fault.RebootPending,
			fault.WorkerDead,
		},
		{
			fault.ScheduledSwitch, fault.WrongHBA, fault.EtcdNoSpace, fault.RedisTwoMasters, fault.HAProxyMaint, fault.VRRPBlocked,
			fault.PgBouncerDatabase, fault.CertExpired, fault.SSHDown,
		},
		{
			fault.EtcdMember, fault.SentinelGhost, fault.HAProxyDead, fault.VRRPWrongPass, fault.PgBouncerPaused, fault.CertMismatch,
			fault.CutConsole,
		},
		{fault.EtcdStalls, fault.RedisLocalhost, fault.HAProxyNoBind, fault.NetBoxDead, fault.PoolExhausted, fault.FillDisk},
		{fault.KillRedisMaster, fault.SecondPrimary, fault.HAProxyWrongCheck},
		{fault.StopReplicas, fault.RedisReadonlyDir, fault.VIPNowhere},
		{fault.StopSyncStandby, fault.SentinelQuorum, fault.VIPStuck},
		{fault.PartitionPair},
		{fault.Partition},
		{fault.StopNode},
		{fault.EtcdQuorum},
		{fault.KillLeader},
		{fault.PowerOffLeader},
		{fault.PowerOffAll},
		{fault.DivergeOldLeader},
		{
			fault.PatroniTiming, fault.NotStrict, fault.FailsafeMode, fault.PatroniStranger, fault.PatroniOtherScope, fault.NoWatchdog, fault.OldTransaction,
			fault.SubscriptionStopped, fault.EtcdUnstarted, fault.RedisAOFOff, fault.SentinelForgets, fault.HAProxyPoolMaint, fault.VRRPOtherID, fault.PgBouncerUnprepared,
			fault.WorkerStale, fault.NetBoxOldVersion, fault.CertOtherKey,
		},
		{
			fault.PostgresReadOnly, fault.EtcdSlow, fault.RedisMemory, fault.SentinelOther, fault.HAProxyWrongWriter, fault.PgBouncerWrongPort,
			fault.JobsWait, fault.CertNotReloaded, fault.DiskFilling,
		},
		{fault.ConnectionsUsed, fault.RedisUnsaved, fault.HAProxyWrongRedis, fault.PgBouncerBadConfig, fault.WebDead, fault.PatroniBadConfig, fault.DiskReadOnly},
		{fault.ArchivingFails, fault.RedisOtherPass, fault.HAProxyCrashes, fault.PgBouncerDead},
		{fault.InitializeGone},
		{fault.RedisChained},
		{fault.SentinelQuorum, fault.RedisMoved},
		{fault.RedisEmptied},
		{fault.LeaderMoves},
		{fault.EtcdCorrupt},
	}
}

// seeWithin asks the witness until it says what is wanted, for 20 s at most: a health check has its own time to fall and to rise, and
// on a busy machine a tool may be too slow once.
func (l *Lab) seeWithin(t *testing.T, w witness, hosts []string, wanted bool) (out string, is bool) {
	t.Helper()
	says := regexp.MustCompile(w.says)
	for end := time.Now().Add(20 * time.Second); ; {
		out = l.see(t, w, hosts)
		if is = says.MatchString(out); is == wanted || time.Now().After(end) {
			return out, is
		}
		if pause(t.Context(), 500*time.Millisecond) != nil {
			return out, is
		}
	}
}

// Every fault once: it is made, the native tool sees it, it is mended, and the tool sees it no more.
func TestEveryFaultIsMadeSeenAndMended(t *testing.T) {
	l := faultLab(t)
	ctx := t.Context()
	by := map[string]witness{}
	for _, w := range witnesses() {
		by[w.fault] = w
	}
	left := slices.DeleteFunc(fault.Names(), func(name string) bool { return Refusals()[name] != "" })
	start := time.Now()
	for _, group := range together() {
		t.Run(strings.Join(group, "+"), func(t *testing.T) {
			hosts := map[string][]string{}
			// Whatever goes wrong here is not left to the next group.
			defer func() {
				if t.Failed() {
					l.Mend(context.Background(), "", t.Output())
				}
			}()
			for _, name := range group {
				left = slices.DeleteFunc(left, func(n string) bool { return n == name })
				began := time.Now()
				if err := l.Break(ctx, name, nil, t.Output()); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				t.Logf("%s: made in %.1f s", name, time.Since(began).Seconds())
			}
			s, err := l.Status(ctx)
			if err != nil || len(s.Faults) != len(group) {
				t.Errorf("the status shows %v, %v", s.Faults, err)
			}
			for _, f := range s.Faults {
				hosts[f.Name] = f.Hosts
			}
			for _, name := range group {
				w := by[name]
				if out, is := l.seeWithin(t, w, hosts[name], true); !is {
					t.Errorf("%s is not there: %s at %s says\n%s", name, w.command, w.at, out)
				}
			}
			began := time.Now()
			if err := l.Mend(ctx, "", t.Output()); err != nil {
				t.Fatal(err)
			}
			t.Logf("mended in %.1f s", time.Since(began).Seconds())
			for _, name := range group {
				w := by[name]
				if name == fault.LeaderMoves || name == fault.PowerOffAll {
					continue // the history of timelines stays, and so does the hour of the boot
				}
				if out, is := l.seeWithin(t, w, hosts[name], false); is {
					t.Errorf("%s is still there: %s at %s says\n%s", name, w.command, w.at, out)
				}
			}
			if s, err := l.Status(ctx); err != nil || len(s.Faults) > 0 {
				t.Errorf("after the mend the status shows %v, %v", s.Faults, err)
			}
		})
	}
	if len(left) > 0 {
		t.Errorf("never made: %v", left)
	}
	t.Logf("%d faults in %s", len(fault.Names()), time.Since(start).Round(time.Second))
}

// One of two is mended by its name: the other stays, and again changes nothing.
func TestMendByName(t *testing.T) {
	l := faultLab(t)
	ctx := t.Context()
	for _, name := range []string{fault.RebootPending, fault.UnitFailed} {
		if err := l.Break(ctx, name, nil, t.Output()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		var out strings.Builder
		if err := l.Mend(ctx, fault.UnitFailed, &out); err != nil {
			t.Fatal(err)
		}
		s, err := l.Status(ctx)
		if err != nil || len(s.Faults) != 1 || s.Faults[0].Name != fault.RebootPending || !strings.Contains(out.String(), "remain: reboot-pending") {
			t.Errorf("%v, %v, said %q", s.Faults, err, out.String())
		}
	}
	if err := l.Mend(ctx, "unit-fail", nil); err == nil || !strings.Contains(fmt.Sprint(err), "no fault") {
		t.Errorf("an unknown fault: %v", err)
	}
}
