//go:build lab

package foreign

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recon/probes"
)

// The cluster of this file runs on three bare hosts of the lab as Debian 13's packages come: their own unit names, ports and
// folders, Valkey in place of Redis, no password on it, no HAProxy, no PgBouncer, no NetBox. The hosts are called otherwise
// in the cluster file than they call themselves, and the members otherwise again. dial is ssh.
const debian13Node = `set -eu
i=$1 name=$2 address=172.16.113.20$1 word=$3
for unit in etcd patroni valkey-server valkey-sentinel; do systemctl unmask --quiet $unit; done
cat >/etc/default/etcd <<E
ETCD_NAME=$name
ETCD_DATA_DIR=/var/lib/etcd/default
ETCD_LISTEN_CLIENT_URLS=http://$address:2379
ETCD_ADVERTISE_CLIENT_URLS=http://$address:2379
ETCD_LISTEN_PEER_URLS=http://$address:2380
ETCD_INITIAL_ADVERTISE_PEER_URLS=http://$address:2380
ETCD_INITIAL_CLUSTER=alpha=http://172.16.113.201:2380,beta=http://172.16.113.202:2380,gamma=http://172.16.113.203:2380
E
systemctl start --no-block etcd
install -d -o postgres -g postgres -m 700 /srv/pg17
cat >/etc/patroni/config.yml <<E
scope: main
namespace: /db/
name: $name
restapi: {listen: "$address:8008", connect_address: "$address:8008"}
etcd3: {hosts: ["172.16.113.201:2379", "172.16.113.202:2379", "172.16.113.203:2379"]}
bootstrap:
  dcs: {ttl: 20, loop_wait: 5, retry_timeout: 5, postgresql: {use_pg_rewind: true}}
  initdb: [{encoding: UTF8}, {locale: C.UTF-8}, data-checksums, {auth-local: peer}, {auth-host: scram-sha-256}]
postgresql:
  listen: "$address:5433"
  connect_address: "$address:5433"
  data_dir: /srv/pg17
  bin_dir: /usr/lib/postgresql/17/bin
  authentication:
    superuser: {username: postgres, password: $word}
    replication: {username: standby, password: $word}
  parameters: {shared_buffers: 16MB}
  pg_hba: ["local all all peer", "host all all 172.16.113.0/24 scram-sha-256", "host replication standby 172.16.113.0/24 scram-sha-256"]
E
chmod 644 /etc/patroni/config.yml
systemctl start --no-block patroni
{
 echo "bind 127.0.0.1 $address"; echo "port 6379"; echo "protected-mode no"; echo "dir /var/lib/valkey"; echo "appendonly yes"
 [ $i = 3 ] || echo "replicaof 172.16.113.203 6379"
} >/etc/valkey/valkey.conf
printf 'bind %s\nport 26379\nprotected-mode no\ndir /var/lib/valkey\nsentinel monitor cachemaster 172.16.113.203 6379 2\n' $address >/etc/valkey/sentinel.conf
chown valkey:valkey /etc/valkey/valkey.conf /etc/valkey/sentinel.conf
systemctl start valkey-server valkey-sentinel
`

const debian13File = `format: 1
cluster: as-debian-comes
environment: training
ssh: {user: anna, keys: [~/.ssh/id_ed25519], known_hosts: [~/.ssh/known_hosts]}
nodes:
  - {name: pg1, address: 172.16.113.201}
  - {name: pg2, address: 172.16.113.202}
  - {name: pg3, address: 172.16.113.203}
services:
  etcd: {data_dir: /var/lib/etcd/default}
  patroni: {config: /etc/patroni/config.yml, scope: main, namespace: /db/}
  postgres: {port: 5433, data_dir: /srv/pg17, bin_dir: /usr/lib/postgresql/17/bin, user: postgres, password: "env:FOREIGN"}
  redis: {unit: valkey-server, config: /etc/valkey/valkey.conf}
  sentinel: {unit: valkey-sentinel, config: /etc/valkey/sentinel.conf, master: cachemaster}
`

// lab runs the program's lab commands.
type lab struct {
	t           *testing.T
	binary, dir string
}

func bareLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, binary: filepath.Join(t.TempDir(), "recon"), dir: os.Getenv("RECON_LAB")}
	if l.dir == "" {
		l.dir = "/var/lib/recon-lab"
	}
	build := exec.Command("go", "build", "-o", l.binary, "recon")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, _, err := l.run("", "down"); err != nil {
			t.Errorf("lab down: %v\n%s", err, out)
		}
	})
	if out, _, err := l.run("", "up", "--bare"); err != nil {
		t.Fatalf("lab up --bare: %v\n%s", err, out)
	}
	return l
}

// run returns what a command wrote, to standard output and to standard error.
func (l *lab) run(stdin string, args ...string) (string, string, error) {
	cmd := exec.Command(l.binary, append([]string{"lab", "--dir", l.dir}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	err := cmd.Run()
	return out.String(), diag.String(), err
}

func (l *lab) must(stdin string, args ...string) string {
	l.t.Helper()
	out, diag, err := l.run(stdin, args...)
	if err != nil {
		l.t.Fatalf("lab %s: %v\n%s%s", strings.Join(args, " "), err, out, diag)
	}
	return out
}

func TestAsDebian13Comes(t *testing.T) {
	l := bareLab(t)
	const word = "foreign-Word-7"
	for i, name := range []string{"alpha", "beta", "gamma"} {
		l.must(debian13Node, "exec", fmt.Sprintf("netbox-node-%d", i+1), "--", "sudo", "sh", "-s", "--", fmt.Sprint(i+1), name, word)
	}
	l.must(debian13File, "exec", "console", "--", "sh", "-c", "cat >foreign.yaml")
	onConsole := func(args ...string) []string {
		return append([]string{"exec", "console", "--", "env", "FOREIGN=" + word, "recon", "-i", "foreign.yaml"}, args...)
	}
	var s *probes.State
	until(t, 2*time.Minute, "healthy cluster", func() error {
		out, diag, _ := l.run("", onConsole("status", "--json")...) // its exit code says what is wrong; the State says more
		s = &probes.State{}
		if err := json.Unmarshal([]byte(out), s); err != nil {
			return fmt.Errorf("%w\n%s%s", err, out, diag)
		}
		var streaming, valkey int
		for _, m := range s.Patroni.Members {
			if m.State == "streaming" {
				streaming++
			}
		}
		for _, m := range s.Redis.Members {
			if m.Server == "valkey" && m.Reachable {
				valkey++
			}
		}
		return unlike(map[string]bool{
			"a leader":           s.Patroni.Leader != nil,
			"two followers":      streaming == 2,
			"quorum":             s.Etcd.Quorum != nil && *s.Etcd.Quorum,
			"three Valkeys":      valkey == 3,
			"the master":         s.Redis.Master != nil && s.Redis.Master.Node == "pg3" && s.Redis.Master.Online == 2,
			"Sentinel's word":    s.Sentinel.Master != nil && *s.Sentinel.Master == "pg3" && s.Sentinel.Quorum != nil && *s.Sentinel.Quorum,
			"databases":          len(s.Postgres.Primaries) == 1,
			"hosts":              len(s.Nodes) == 3 && s.Nodes[0].Reachable && s.Nodes[1].Reachable && s.Nodes[2].Reachable,
			"no disagreement":    len(s.Cross.Disagreements) == 0,
			"the masters agree":  s.Cross.MasterIsWatched != nil && *s.Cross.MasterIsWatched,
			"scopes as the file": s.Cross.ScopesAgree != nil && *s.Cross.ScopesAgree,
		})
	})
	for i, m := range s.Patroni.Members {
		if want := []string{"alpha", "beta", "gamma"}[i]; m.Name != want || m.Node != s.Nodes[i].Name {
			t.Errorf("member %q on %q, want %q on %q", m.Name, m.Node, want, s.Nodes[i].Name)
		}
	}
	for _, n := range s.Nodes {
		for service, unit := range map[string]string{"etcd": "etcd", "patroni": "patroni", "redis": "valkey-server", "sentinel": "valkey-sentinel"} {
			if n.Units[unit] != "active" || n.Services[service] != "active" {
				t.Errorf("%s: unit %s is %q, service %s is %q", n.Name, unit, n.Units[unit], service, n.Services[service])
			}
		}
		if n.PatroniScope == nil || *n.PatroniScope != "main" || n.PatroniNamespace == nil || *n.PatroniNamespace != "/db/" {
			t.Errorf("%s: scope %v, namespace %v in its configuration", n.Name, n.PatroniScope, n.PatroniNamespace)
		}
	}
	// The doctor finds nothing to mend on a healthy cluster, whoever deployed it.
	out, diag, err := l.run("", onConsole("doctor")...)
	if err != nil {
		t.Errorf("doctor: %v\n%s%s", err, out, diag)
	}
	// Another scope in the cluster file is noticed, and no leader key is claimed to be missing.
	wrong := strings.Replace(debian13File, "scope: main", "scope: other", 1)
	l.must(wrong, "exec", "console", "--", "sh", "-c", "cat >foreign.yaml")
	out, _, _ = l.run("", onConsole("status", "--json")...) // it exits with what it found
	s = &probes.State{}
	if err := json.Unmarshal([]byte(out), s); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if s.Cross.ScopesAgree == nil || *s.Cross.ScopesAgree || len(s.Cross.Disagreements) == 0 {
		t.Errorf("another scope in the cluster file: %+v", s.Cross)
	}
	if s.Patroni.Leader == nil {
		t.Errorf("the leader proves that it leads, whatever the cluster file calls the cluster")
	}
}
