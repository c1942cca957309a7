package shell_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"recon/internal/twin/shell"
)

// systems are the commands of the books that others give a host.
var systems = []string{
	"chronyc", "curl", "etcdctl", "haproxy", "ip", "journalctl", "keepalived", "netstat", "openssl", "patroni", "patronictl", "pg_controldata",
	"pg_waldump", "pgrep", "postgres", "ps", "psql", "python3", "redis-cli", "socat", "ss", "ssh-add", "systemctl", "timedatectl", "nginx", "nft",
}

// own are the commands that the shell runs itself.
var own = []string{":", "cd", "exit", "export", "local", "read", "set", "shift", "trap", "umask", "wait", "eval", "return", "exec", "unset", "break", "continue"}

type book struct{ name, script string }

// scripts are the sh fences of the runbooks.
func scripts(t *testing.T) []book {
	t.Helper()
	files, err := filepath.Glob("../../../runbooks/*.md")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d books, %v", len(files), err)
	}
	unproven := regexp.MustCompile(`(?m)^test:.*[{ ]not:`)
	fence := regexp.MustCompile("(?ms)^```sh[^\n]*\n(.*?)^```$")
	var out []book
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if front, _, _ := strings.Cut(string(b), "\n---\n"); unproven.MatchString(front) {
			continue // it is not walked on a training cluster, and says why
		}
		for i, m := range fence.FindAllStringSubmatch(string(b), -1) {
			out = append(out, book{fmt.Sprintf("%s %d", strings.TrimSuffix(filepath.Base(f), ".md"), i+1), m[1]})
		}
	}
	return out
}

func TestEveryCommandOfTheBooksIsKnown(t *testing.T) {
	known := slices.Concat(shell.Commands(), systems, own)
	for _, b := range scripts(t) {
		file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(b.script), b.name)
		if err != nil {
			t.Errorf("%s: %v", b.name, err)
			continue
		}
		functions := map[string]bool{}
		syntax.Walk(file, func(n syntax.Node) bool {
			if f, ok := n.(*syntax.FuncDecl); ok {
				functions[f.Name.Value] = true
			}
			return true
		})
		syntax.Walk(file, func(n syntax.Node) bool {
			call, ok := n.(*syntax.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			name := call.Args[0].Lit()
			if name != "" && !functions[name] && !slices.Contains(known, name) {
				t.Errorf("%s: nobody knows %s", b.name, name)
			}
			return true
		})
	}
}

// values are the variables that the books get.
var values = map[string]string{
	"LOSER":             "netbox-node-3",
	"ETCDCTL_ENDPOINTS": "http://172.16.113.201:2379,http://172.16.113.202:2379", "SLOT": "old_consumer",
	"PGDATA": "/var/lib/postgresql/17/main", "PATRONI_UNIT": "patroni", "PGBIN": "/usr/lib/postgresql/17/bin", "PATRONI_CONFIG": "/etc/patroni/config.yml",
	"SENTINEL_CONFIG": "/etc/redis/sentinel.conf", "REDIS_CONFIG": "/etc/redis/redis.conf", "ETCD_UNIT": "etcd", "WEB_CERTIFICATE": "/etc/ssl/netbox.crt",
	"SENTINEL_UNIT": "redis-sentinel", "PGPORT": "5432", "PGBOUNCER_CONFIG": "/etc/pgbouncer/pgbouncer.ini", "ETCD_DATA": "/var/lib/etcd", "REDIS_UNIT": "redis-server",
	"NETBOX_WORKER_UNIT": "netbox-rq", "KEEPALIVED_UNIT": "keepalived", "STAMP": "20251103T120000", "PGBOUNCER_UNIT": "pgbouncer",
	"KEEPALIVED_CONFIG": "/etc/keepalived/keepalived.conf", "HAPROXY_CONFIG": "/etc/haproxy/haproxy.cfg", "WEB_UNIT": "nginx", "NETBOX_UNIT": "netbox",
	"PATRONI_NAMESPACE": "/service/", "HAPROXY_SOCKET": "/run/haproxy/admin.sock", "HAPROXY_WRITE": "pg_write", "HAPROXY_UNIT": "haproxy", "PATRONI_SCOPE": "pg",
	"NETBOX_CONFIG": "/opt/netbox/netbox/netbox/configuration.py", "VIP_DB": "10.0.0.100", "HAPROXY_REDIS": "redis", "HAPROXY_READ": "pg_read", "WRITE_PORT": "5000",
	"PGBOUNCER_PORT": "6432", "PGBOUNCER_DATABASE": "netbox", "PATRONI_PORT": "8008", "NETBOX_URL": "https://netbox.example", "FORKS": "1 0/3000000", "SERVER": "pg_write/pg1",
	"SENTINEL_PORT": "26379", "SENTINEL_MASTER": "myredis", "REDIS_PORT": "6379", "NETBOX_PORT": "8001", "LEADER": "pg1", "HAPROXY_PORT": "7000", "ETCD_PEER_PORT": "2380",
	"ETCD_CLIENT_PORT": "2379", "CANDIDATE": "pg2",
}

// rich is a host with the files that the books look at, and systems' commands that answer something.
func rich(t *testing.T) *shell.Host {
	t.Helper()
	h := host(t)
	h.Users = append(h.Users, shell.User{Name: "pgbouncer", UID: 110, GID: 115}, shell.User{Name: "redis", UID: 109, GID: 116})
	h.Commands = map[string]shell.Command{}
	for _, name := range systems {
		h.Commands[name] = func(_ context.Context, c *shell.Call) int {
			switch {
			case name == "systemctl" && slices.Contains(c.Args, "MainPID"):
				fmt.Fprintln(c.Stdout, 812)
			case name == "pg_controldata":
				fmt.Fprint(c.Stdout, "Latest checkpoint's TimeLineID:       1\nDatabase cluster state:               shut down\n")
			default:
				fmt.Fprintf(c.Stdout, "%s %s\n", name, strings.Join(c.Args[1:], " "))
			}
			return 0
		}
	}
	h.Daemons = func() []shell.Process {
		return []shell.Process{{PID: 812, PPID: 1, User: "pgbouncer", Args: []string{"/usr/sbin/nginx"}, Exe: "/usr/sbin/nginx", Started: noon}}
	}
	for name, text := range map[string]string{
		values["PGDATA"] + "/pg_hba.conf": "local all all trust\n", values["PGDATA"] + "/global/pg_control": "control",
		values["PGDATA"] + "/pg_wal/00000002.history": "1\t0/3000000\tno recovery target specified\n", values["PGDATA"] + "/postmaster.pid": "812\n",
		values["PGDATA"] + "/pg_tblspc/.keep": "", values["PGDATA"] + "/pg_wal/archive_status/1.ready": "", values["PGDATA"] + "/patroni.dynamic.json": "{}",
		values["PATRONI_CONFIG"]:  "scope: pg\nnamespace: /service/\nname: pg1\nrestapi:\n  listen: 0.0.0.0:8008\netcd3:\n  hosts: a\n  username: root\ntags:\n  nofailover: false\nwatchdog:\n  mode: off\n",
		values["SENTINEL_CONFIG"]: "sentinel monitor myredis 10.0.0.11 6379 2\nsentinel auth-pass myredis secret\n",
		values["REDIS_CONFIG"]:    "dir /var/lib/redis\nappendonly yes\nport 6379\n", "/var/lib/redis/dump.rdb": "REDIS",
		values["WEB_CERTIFICATE"]: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", values["ETCD_DATA"] + "/member/snap/db": "db", values["ETCD_DATA"] + "/member/wal/0.wal": "wal",
		values["PGBOUNCER_CONFIG"]:    "[databases]\n* = host=10.0.0.11 password=x\n[pgbouncer]\nauth_file = /etc/pgbouncer/userlist.txt\nunix_socket_dir = /run/postgresql\n",
		"/etc/pgbouncer/userlist.txt": "\"netbox\" \"SCRAM-SHA-256$4096:x\"\n", values["KEEPALIVED_CONFIG"]: "vrrp_script chk {\n weight 2\n}\nvrrp_instance db {\n priority 100\n auth_pass 1234\n}\n",
		values["HAPROXY_CONFIG"]: "global\ndefaults\nbackend pg_write\n server pg1 10.0.0.11:5432 check\n", values["NETBOX_CONFIG"]: "DATABASE = {\n 'HOST': 'x',\n}\nREDIS = {\n}\n",
		"/run/reboot-required": "*** System restart required ***\n", "/var/log/syslog": "x\n", "/etc/etcd/etcd.yml": "name: pg1\n", "/etc/default/etcd": "ETCD_NAME=pg1\n",
	} {
		if err := h.FS.MkdirAll(filepath.Dir(name), 0o755, "root:root"); err != nil {
			t.Fatal(err)
		}
		if err := h.FS.WriteFile(name, []byte(text), 0o644, "root:root"); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"pg_controldata", "pg_waldump", "psql", "postgres"} {
		file := values["PGBIN"] + "/" + name
		if err := h.FS.MkdirAll(filepath.Dir(file), 0o755, "root:root"); err != nil {
			t.Fatal(err)
		}
		if err := h.FS.WriteFile(file, []byte("\x7fELF"), 0o755, "root:root"); err != nil {
			t.Fatal(err)
		}
	}
	shell.StandardProc(h, shell.Facts{})
	return h
}

// Every script runs as recon sends it, and meets no command, option or syntax that this host does not have.
func TestBooksRun(t *testing.T) {
	bad := regexp.MustCompile(`not found|Syntax error|not known to|invalid option|unrecognized option|unexpected operator|Segmentation|Bad substitution|parameter not set|cannot be`)
	allowed := regexp.MustCompile(`no patroni on the PATH`)
	for _, b := range scripts(t) {
		t.Run(b.name, func(t *testing.T) {
			var body strings.Builder
			for _, k := range slices.Sorted(maps.Keys(values)) {
				fmt.Fprintf(&body, "export %s=%s\n", k, quote(values[k]))
			}
			body.WriteString(b.script)
			line := "exec timeout -k 5 20 /bin/sh -eu -c " + quote(body.String())
			got := do(t, rich(t), "deploy", "sudo -n -u root -- /bin/sh -c "+quote(line), "")
			if m := bad.FindString(got.err); m != "" && !allowed.MatchString(got.err) {
				t.Errorf("%q in the messages\nscript: %s\nstdout: %s\nstderr: %s", m, b.script, got.out, got.err)
			}
			if testing.Verbose() {
				t.Logf("status %d\n%s\n%s", got.status, got.out, got.err)
			}
		})
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
