package tools_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"recon/internal/twin/tools"
	"recon/internal/twin/world"
)

func TestUnitsAreShownAsSystemdShowsThem(t *testing.T) {
	l := newLab(t)
	l.says(node1, "anna", "systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -p NRestarts -- patroni.service nosuch.service",
		"NRestarts=0\nId=patroni.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\nNRestarts=0\nId=nosuch.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n", 0)
	l.matches(node1, "anna", "systemctl show -p MainPID --value patroni", `[1-9][0-9]*\n`, 0)
	l.says(node1, "anna", "systemctl is-active patroni nosuch", "active\ninactive\n", 0)
	l.says(node1, "anna", "systemctl is-active nosuch", "inactive\n", 4)
	l.says(node1, "anna", "systemctl is-enabled patroni sshd nosuch", "enabled\nalias\nnot-found\n", 0)
	l.says(node1, "anna", "systemctl list-units --failed --plain --no-legend --no-pager", "", 0)
	l.matches(node1, "anna", "systemctl status etcd-patroni", `● etcd-patroni\.service - etcd, the store of Patroni's leader lock\n     Loaded: loaded \(\S+; enabled; preset: enabled\)\n     Active: active \(running\) since .*CGroup: /system\.slice/etcd-patroni\.service\n             └─.*`, 0)
	l.says(node1, "anna", "systemctl status nosuch", "Unit nosuch.service could not be found.\n", 4)
	l.says(node1, "anna", "systemctl --foo", "systemctl: unrecognized option '--foo'\n", 1)
	l.says(node1, "anna", "systemctl foo", "Unknown command verb 'foo'.\n", 1)
	l.says(node1, "anna", "systemctl start", "Too few arguments.\n", 1)
}

func TestOnlyRootChangesUnits(t *testing.T) {
	l := newLab(t)
	denied := "Failed to start patroni.service: Access denied\nSee system logs and 'systemctl status patroni.service' for details.\n"
	l.says(node1, "anna", "systemctl start patroni", denied, 4)
	l.says(node1, "anna", "systemctl kill patroni", "Failed to kill unit patroni.service: Access denied\n", 1)
	l.says(node1, "anna", "systemctl daemon-reload", "Reload daemon failed: Access denied\n", 1)
	l.says(node1, "anna", "systemctl reboot", "Call to Reboot failed: Access denied\n", 1)
	l.says(node1, "anna", "systemd-run true", "Failed to start transient service unit: Access denied\n", 1)
	l.says(node1, "anna", "systemctl mask foo", "Unit foo.service does not exist, proceeding anyway.\nFailed to mask unit: Access denied\n", 1)
	l.says(node1, "anna", "ip addr add 172.16.113.9/32 dev eth0", "RTNETLINK answers: Operation not permitted\n", 2)
	if !l.running(node1, world.PatroniUnit) {
		t.Error("somebody stopped Patroni")
	}
}

func (l *lab) running(host, unit string) (yes bool) {
	l.World.Look(func() { yes = l.World.Host(host).Running(unit) })
	return yes
}

func TestUnitsAreStoppedMaskedAndStarted(t *testing.T) {
	l := newLab(t)
	l.says(node3, "root", "systemctl stop etcd-patroni", "", 0)
	l.says(node3, "root", "systemctl is-active etcd-patroni", "inactive\n", 3)
	l.says(node3, "root", "systemctl start etcd-patroni", "", 0)
	if !l.running(node3, world.EtcdUnit) {
		t.Error("etcd does not run")
	}
	l.says(node3, "root", "systemctl start nosuch", "Failed to start nosuch.service: Unit nosuch.service not found.\n", 5)
	l.says(node3, "root", "systemctl mask patroni", "Created symlink '/etc/systemd/system/patroni.service' → '/dev/null'.\n", 0)
	l.says(node3, "root", "systemctl is-enabled patroni", "masked\n", 1)
	l.says(node3, "root", "systemctl start patroni", "Failed to start patroni.service: Unit patroni.service is masked.\n", 1)
	l.says(node3, "root", "systemctl unmask patroni", "Removed '/etc/systemd/system/patroni.service'.\n", 0)
	l.says(node3, "root", "systemctl disable patroni && systemctl is-enabled patroni", "Removed '/etc/systemd/system/multi-user.target.wants/patroni.service'.\ndisabled\n", 1)
}

// The lines of a unit say who wrote them and when, as on a host.
func TestJournal(t *testing.T) {
	l := newLab(t)
	l.Advance(30 * time.Second)
	line := `2026-11-26T18:55:\d\d\+00:00 netbox-node-1 patroni\[\d+\]: 2026-11-26 18:55:\d\d,\d\d\d INFO: no action\. I am \(netbox-node-1\), the leader with the lock\n`
	l.matches(node1, "anna", "journalctl -u patroni --since -1h --no-pager -o short-iso -n 1 -g 'no action'", line, 0)
	l.says(node1, "root", "systemctl restart haproxy", "", 0)
	l.matches(node1, "anna", "journalctl -u haproxy -n 1 --no-pager", `Nov 26 18:55:\d\d netbox-node-1 systemd\[1\]: Started haproxy\.service - HAProxy Load Balancer\.\n`, 0)
	l.says(node1, "anna", "journalctl -u nosuch --no-pager", "-- No entries --\n", 0)
	l.says(node1, "anna", "journalctl -u nosuch -q", "", 0)
	l.says(node1, "anna", "journalctl -u patroni -g nosuchword", "-- No entries --\n", 1)
	l.says(node1, "anna", "journalctl --since -1xx", "Failed to parse timestamp: -1xx\n", 1)
	l.says(node1, "anna", "journalctl -p foo", "Unknown log level foo\n", 1)
	l.says(node1, "anna", "journalctl -o foo", "Unknown output format 'foo'.\n", 1)
	l.says(node1, "anna", "journalctl --nosuch", "journalctl: unrecognized option '--nosuch'\n", 1)
	l.says(node1, "netbox", "journalctl -u patroni -n 1 2>&1", "Hint: You are currently not seeing messages from other users and the system.\n"+
		"      Users in groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.\n-- No entries --\n", 0)
}

// A transient unit outlives who started it, keeps its output in a file, and says how it ended.
func TestTransientUnits(t *testing.T) {
	l := newLab(t)
	run := "systemd-run --quiet --unit=recon-x --service-type=exec --property=RuntimeMaxSec=%s --property=StandardOutput=append:/run/x.out --property=StandardError=append:/run/x.out /bin/sh -c "
	l.says(node1, "root", strings.Replace(run, "%s", "60", 1)+"'echo hi; exit 3'", "", 0)
	l.await("the unit failed", func() bool {
		u := l.World.Host(node1).Unit("recon-x")
		return u != nil && u.State == world.Failed
	})
	l.says(node1, "root", "cat /run/x.out; systemctl show -p Result -p ExecMainStatus --value recon-x", "hi\nexit-code\n3\n", 0)
	l.says(node1, "root", "systemctl reset-failed recon-x; systemctl is-active recon-x", "inactive\n", 4)

	l.says(node1, "root", strings.Replace(run, "%s", "1", 1)+"'while :; do sleep 1; done'", "", 0)
	l.await("the limit ended it", func() bool {
		u := l.World.Host(node1).Unit("recon-x")
		return u != nil && u.Result == "timeout"
	})
	l.says(node1, "root", "systemctl show -p Result --value recon-x; systemctl reset-failed", "timeout\n", 0)

	l.says(node1, "root", strings.Replace(run, "%s", "60", 1)+"'true'", "", 0)
	l.await("a good end leaves nothing", func() bool { return l.World.Host(node1).Unit("recon-x") == nil })
	l.says(node1, "root", "systemd-run -p Foo=1 true", "Unknown assignment: Foo=1\n", 1)
}

// await waits in real time for what happens outside of the driven clock.
func (l *lab) await(what string, cond func() bool) {
	l.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		ok := false
		l.World.Look(func() { ok = cond() })
		if ok {
			return
		}
		if time.Now().After(end) {
			l.t.Fatal(what)
		}
		select {
		case <-l.t.Context().Done():
			l.t.Fatal(what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestStoreTools(t *testing.T) {
	l := newLab(t)
	all := "--endpoints=172.16.113.201:22379,172.16.113.202:22379,172.16.113.203:22379 "
	l.matches(node1, "anna", "etcdctl "+all+"endpoint status", `(172\.16\.113\.20\d:22379, [0-9a-f]{16}, 3\.5\.16, \d+ kB, (true|false), false, \d+, \d+, \d+, \n){3}`, 0)
	l.matches(node1, "anna", "etcdctl "+all+"endpoint health", `(\S+ is healthy: successfully committed proposal: took = \S+\n){3}`, 0)
	l.says(node1, "anna", "etcdctl "+all+"get --print-value-only /service/pgcluster/pgclusternetbox/leader", "netbox-node-1\n", 0)
	l.says(node1, "anna", "etcdctl "+all+"put /x 1; etcdctl "+all+"get /x; etcdctl "+all+"del /x", "OK\n/x\n1\n1\n", 0)
	l.matches(node1, "anna", "etcdctl --endpoints=127.0.0.1:1 --command-timeout=200ms endpoint status", `\{"level":"warn".*connection refused.*\}\nFailed to get the status of endpoint 127\.0\.0\.1:1 \(context deadline exceeded\)\n`, 1)
	l.matches(node1, "anna", "ETCDCTL_ENDPOINTS=127.0.0.1:22379 etcdctl --endpoints=127.0.0.1:22379 member list", `\{"level":"fatal".*"environment-variable":"ETCDCTL_ENDPOINTS"\}\n`, 1)
	l.says(node1, "anna", "etcdctl get", "Error: get command needs one argument as key and an optional argument as range_end\n", 128)
	l.says(node1, "anna", "etcdctl watch /x", "Error: the command \"watch\" is not simulated\n", 1)
}

func TestPatronictl(t *testing.T) {
	l := newLab(t)
	p := "patronictl -c /etc/patroni/patroni.yml "
	healthy := "+ Cluster: pgclusternetbox (7711276203485323398) -----------+----+-----------+\n" +
		"| Member        | Host           | Role         | State     | TL | Lag in MB |\n" +
		"+---------------+----------------+--------------+-----------+----+-----------+\n" +
		"| netbox-node-1 | 172.16.113.201 | Leader       | running   |  2 |           |\n" +
		"| netbox-node-2 | 172.16.113.202 | Sync Standby | streaming |  2 |         0 |\n" +
		"| netbox-node-3 | 172.16.113.203 | Replica      | streaming |  2 |         0 |\n" +
		"+---------------+----------------+--------------+-----------+----+-----------+\n"
	l.says(node2, "postgres", p+"list", healthy, 0)
	l.says(node2, "netbox", p+"list", "Error: Provided config file /etc/patroni/patroni.yml not existing or no read rights. Check the -c/--config-file parameter\n", 1)
	l.says(node2, "root", p+"pause", "Success: cluster management is paused\n", 0)
	l.says(node2, "root", p+"list", healthy+" Maintenance mode: on\n", 0)
	l.says(node2, "root", p+"pause", "Error: Cluster is already paused\n", 1)
	l.says(node2, "root", p+"resume", "Success: cluster management is resumed\n", 0)
	l.matches(node2, "root", p+"switchover --force --candidate netbox-node-2", `Current cluster topology\n.*Successfully switched over to "netbox-node-2"\n.*netbox-node-2 \| \S+ \| Leader .*`, 0)
	l.says(node2, "root", p+"nosuch", "Usage: patronictl [OPTIONS] COMMAND [ARGS]...\nTry 'patronictl --help' for help.\n\nError: No such command 'nosuch'.\n", 2)
	l.says(node2, "root", p+"remove x", "Error: patronictl remove is not simulated\n", 1)
}

func TestWebTools(t *testing.T) {
	l := newLab(t)
	url := "http://172.16.113.201:8008"
	l.matches(node1, "anna", "curl -sk -m 5 -o /dev/null -w '%{http_code} %{remote_ip} %{time_total}\\n' "+url+"/primary", `200 172\.16\.113\.201 \d\.\d{6}\n`, 0)
	l.says(node1, "anna", "curl -s -f "+url+"/replica", "", 22)
	l.says(node1, "anna", "curl -sS http://127.0.0.1:1/", "curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Could not connect to server\n", 7)
	l.says(node1, "anna", "curl -s http://nosuch.example/", "", 6)
	l.says(node1, "anna", "curl -s https://172.16.113.201:8008/health", "", 35)
	l.says(node1, "anna", "curl -s https://172.16.113.201/", "", 60)
	l.says(node1, "anna", "curl --foo x", "curl: option --foo: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n", 2)
	l.says(node1, "anna", "printf 'url = "+url+"/liveness\\nsilent\\n' | curl --config - -o /dev/null -w '%{http_code}'", "200", 0)
	l.says(node1, "anna", "openssl x509 -in /etc/nginx/certs/netbox.pem -noout -subject -enddate -ext subjectAltName",
		"subject=CN=netbox.lab.example\nnotAfter=Nov 26 18:55:00 2027 GMT\nX509v3 Subject Alternative Name: \n    DNS:netbox.lab.example\n", 0)
	l.matches(node1, "root", "a=$(openssl x509 -in /etc/nginx/certs/netbox.pem -noout -pubkey); b=$(openssl pkey -in /etc/nginx/certs/netbox.key -passin pass: -pubout); [ \"$a\" = \"$b\" ] && echo same", "same\n", 0)
	l.says(node1, "anna", "openssl pkey -in /etc/nginx/certs/netbox.key -pubout", "Could not open file or uri for loading private key of key from /etc/nginx/certs/netbox.key: Permission denied\n", 1)
	l.says(node1, "anna", "openssl verify /etc/nginx/certs/netbox.pem", "CN=netbox.lab.example\nerror 18 at 0 depth lookup: self-signed certificate\nerror /etc/nginx/certs/netbox.pem: verification failed\n", 2)
	l.matches(node1, "anna", "echo | openssl s_client -connect 172.16.113.201:443 2>/dev/null | openssl x509 -noout -subject", "subject=CN=netbox.lab.example\n", 0)
	l.matches(node1, "root", "echo 'show info' | socat -T 5 - UNIX-CONNECT:/run/haproxy/admin.sock", `Name: HAProxy\n.*`, 0)
	l.matches(node1, "root", "socat - UNIX-CONNECT:/nosuch", `.* socat\[\d+\] E connect\(, AF=1 "/nosuch", \d+\): No such file or directory\n`, 1)
}

func TestConfigurationsAreChecked(t *testing.T) {
	l := newLab(t)
	l.says(node1, "root", "haproxy -c -f /etc/haproxy/haproxy.cfg && keepalived -t -f /etc/keepalived/keepalived.conf && echo fine", "fine\n", 0)
	l.says(node1, "root", "nginx -t", "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n", 0)
	l.matches(node1, "root", "sed 's/^backend pg_bkwrite/backend other/' /etc/haproxy/haproxy.cfg >/tmp/h; haproxy -c -f /tmp/h", `.*unable to find required default_backend: 'pg_bkwrite'\.\n`, 1)
	l.matches(node1, "root", "{ cat /etc/haproxy/haproxy.cfg; echo '    foo bar'; } >/tmp/h; haproxy -c -f /tmp/h", `.*unknown keyword 'foo' in 'backend' section\n.*`, 1)
	l.matches(node1, "root", "{ cat /etc/keepalived/keepalived.conf; echo 'vrrp_instanc X {'; } >/tmp/k; keepalived -t -f /tmp/k", `.*Unknown keyword 'vrrp_instanc'\n.*Missing '}'\n`, 1)
}

func TestRedisCLI(t *testing.T) {
	l := newLab(t)
	login := `export REDISCLI_AUTH=$(sed -n 's/^requirepass *//p' /etc/redis/redis.conf | tr -d '"'); `
	l.says(node1, "anna", "redis-cli ping", "NOAUTH Authentication required.\n\n", 0)
	l.says(node1, "root", login+"redis-cli ping; redis-cli get nosuch; redis-cli llen nosuch; redis-cli --no-raw get nosuch; redis-cli --no-raw llen nosuch", "PONG\n\n0\n(nil)\n(integer) 0\n", 0)
	l.matches(node1, "root", login+"redis-cli role", `master\n\d+\n172\.16\.113\.202\n6379\n\d+\n172\.16\.113\.203\n6379\n\d+\n`, 0)
	l.says(node1, "root", login+"printf 'ping\\nnosuch\\n' | redis-cli", "PONG\nERR unknown command 'nosuch', with args beginning with: \n\n", 0)
	l.says(node1, "anna", "redis-cli -p 1 ping", "Could not connect to Redis at 127.0.0.1:1: Connection refused\n", 1)
	l.says(node1, "anna", "redis-cli --nosuch", "Unrecognized option or bad number of args for: '--nosuch'\n", 1)
}

func TestDatabaseTools(t *testing.T) {
	l := newLab(t)
	b, d := world.PGBin+"/", world.PGData
	l.matches(node1, "postgres", b+"pg_controldata "+d+" | grep -E 'system identifier|cluster state|TimeLineID'",
		`Database system identifier:           7711276203485323398\nDatabase cluster state:               in production\nLatest checkpoint's TimeLineID:       2\n.*`, 0)
	l.matches(node2, "postgres", b+"pg_controldata "+d+" | grep 'cluster state'", `Database cluster state:               in archive recovery\n`, 0)
	l.says(node1, "anna", b+"pg_controldata "+d, "pg_controldata: error: could not open file \""+d+"/global/pg_control\" for reading: Permission denied\n", 1)
	l.says(node1, "postgres", b+"pg_controldata /nosuch", "pg_controldata: error: could not open file \"/nosuch/global/pg_control\" for reading: No such file or directory\n", 1)
	l.says(node1, "postgres", "pg_isready; pg_isready -h 172.16.113.202; pg_isready -p 1", "/var/run/postgresql:5432 - accepting connections\n172.16.113.202:5432 - accepting connections\n/var/run/postgresql:1 - no response\n", 2)
	l.says(node1, "root", b+"pg_ctl status -D "+d, "pg_ctl: cannot be run as root\nPlease log in (using, e.g., \"su\") as the (unprivileged) user that will own the server process.\n", 1)
	l.matches(node1, "postgres", b+"pg_ctl status -D "+d, `pg_ctl: server is running \(PID: \d+\)\n.*`, 0)
	l.says(node1, "postgres", b+"pg_waldump -p "+d+"/pg_wal -t 7 -s 0/5000000 -r Transaction", "pg_waldump: error: could not find file \"000000070000000000000005\": No such file or directory\n", 1)
}

// An old leader's own commits are found in its log, after the place where the others went on.
func TestDivergedCommitsAreInTheLog(t *testing.T) {
	l := newLab(t)
	if _, err := l.Break("diverge-old-leader"); err != nil {
		t.Fatal(err)
	}
	if !l.Await(2*time.Minute, func() bool {
		leader := l.World.Leader()
		return leader != nil && leader.Name != node1 && l.World.Host(node1).Postgres.Local > 0
	}) {
		t.Fatal("nobody leads on")
	}
	fork, local := "", 0
	l.World.Look(func() {
		for _, f := range l.World.Leader().Postgres.History {
			if f.Timeline == l.World.Host(node1).Postgres.Timeline {
				fork = f.At.String()
			}
		}
		local = l.World.Host(node1).Postgres.Local
	})
	out, code := l.run(node1, "postgres", world.PGBin+"/pg_waldump -p "+world.PGData+"/pg_wal -t 2 -s "+fork+" -r Transaction")
	if n := strings.Count(out, "desc: COMMIT"); n != local || code != 1 || !strings.Contains(out, "invalid record length") {
		t.Errorf("%d commits, want %d; status %d\n%s", n, local, code, out)
	}
}

func TestNetworkTools(t *testing.T) {
	l := newLab(t)
	l.matches(node1, "anna", "ip -o addr show", `1: lo    inet 127\.0\.0\.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n.*2: eth0    inet 172\.16\.113\.201/24 scope global eth0\\.*`, 0)
	l.matches(node1, "anna", "ip -br link", `lo +UNKNOWN +00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> \neth0 +UP .*`, 0)
	l.matches(node1, "anna", "ip -4 neigh show to 172.16.113.202", `172\.16\.113\.202 dev eth0 lladdr \S+ REACHABLE \n`, 0)
	l.World.Change(func() { l.World.Cut(node1, node2) })
	l.says(node1, "anna", "ip -4 neigh show to 172.16.113.202", "172.16.113.202 dev eth0 FAILED \n", 0)
	if out, _ := l.run(node1, "anna", "ss -Htn state syn-sent"); !strings.Contains(out, "172.16.113.202:22380") {
		t.Errorf("no connection is being tried:\n%s", out)
	}
	l.says(node1, "anna", `ss -Hltn "( sport = :8008 )"`, "LISTEN 0      5      172.16.113.201:8008 0.0.0.0:*\n", 0)
	l.says(node1, "anna", "ip foo", "Object \"foo\" is unknown, try \"ip help\".\n", 1)
	l.says(node1, "root", "nft list ruleset", "", 0)
}

func TestProcessesAreThoseOfTheUnits(t *testing.T) {
	l := newLab(t)
	l.matches(node1, "anna", "pgrep -x -a etcd", `\d+ /usr/bin/etcd --config-file /etc/etcd-patroni/etcd\.yml\n`, 0)
	l.matches(node1, "anna", "pgrep -a -o -u postgres postgres", `\d+ /usr/lib/postgresql/17/bin/postgres -D .*`, 0)
	l.says(node1, "anna", "pgrep -x nosuch", "", 1)
	l.matches(node1, "anna", "ps -eo pid,pcpu,stat,comm --sort=-pcpu | sed -n 1,2p", `    PID %CPU STAT COMMAND\n +\d+  1\.6 Ssl  etcd\n`, 0)
	l.says(node3, "root", "pkill -KILL -x haproxy; systemctl is-active haproxy", "activating\n", 3)
	l.says(node1, "anna", "ps -eo foo 2>&1 | sed -n 1p", "error: unknown user-defined format specifier \"foo\"\n", 0)
}

// What is not simulated is refused, by every tool.
func TestUnknownOptionsAreRefused(t *testing.T) {
	l := newLab(t)
	for _, name := range tools.Names() {
		out, code := l.run(node1, "root", name+" --this-is-no-option")
		if code == 0 || strings.TrimSpace(out) == "" || regexp.MustCompile(`command not found|Segmentation`).MatchString(out) {
			t.Errorf("%s --this-is-no-option ended with %d and said %q", name, code, out)
		}
	}
}
