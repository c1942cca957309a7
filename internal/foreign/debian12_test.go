//go:build lab

package foreign

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/probes"
)

// The cluster of this file runs Debian 12's packages on three addresses of loopback: Patroni 3.0, PostgreSQL 15, etcd 3.4,
// Redis 7.0, HAProxy 2.6, PgBouncer 1.18. It has no synchronous mode, no floating addresses, no NetBox, and names and ports of
// its own. There is no systemd and no ssh: dial is direct.
const (
	restPassword     = "rest-Word-1"
	databasePassword = "data-Word-2"
	redisPassword    = "redis-Word-3"
	sentinelPassword = "sentinel-Word-4"
	statsPassword    = "stats-Word-5"
	poolPassword     = "pool-Word-6"
)

func address(i int) string { return fmt.Sprintf("127.0.12.%d", 11+i) }

type debian12 struct {
	*place
	members              []string
	patroni, etcd, redis []*process
}

// startDebian12 starts a cluster of so many nodes. The second is the first Redis master, where there is one.
func startDebian12(t *testing.T, nodes int) *debian12 {
	t.Helper()
	for _, program := range []string{"/usr/bin/etcd", "/usr/bin/patroni", "/usr/bin/redis-server", "/usr/sbin/haproxy", "/usr/sbin/pgbouncer"} {
		if _, err := os.Stat(program); err != nil {
			t.Fatalf("%v; .ci/run installs the packages", err)
		}
	}
	d := &debian12{place: newPlace(t), members: []string{"db-a", "db-b", "db-c", "db-d", "db-e"}[:nodes]}
	d.startEtcd()
	d.startPatroni()
	d.startRedis()
	d.startEntry()
	return d
}

func (d *debian12) startEtcd() {
	var peers []string
	for i, m := range d.members {
		peers = append(peers, fmt.Sprintf("%s=http://%s:12380", m, address(i)))
	}
	for i, m := range d.members {
		a := address(i)
		d.etcd = append(d.etcd, d.start("/usr/bin/etcd", "--name", m, "--data-dir", d.folder("etcd-"+m),
			"--listen-client-urls", "http://"+a+":12379", "--advertise-client-urls", "http://"+a+":12379",
			"--listen-peer-urls", "http://"+a+":12380", "--initial-advertise-peer-urls", "http://"+a+":12380",
			"--initial-cluster", strings.Join(peers, ","), "--initial-cluster-token", d.dir, "--logger", "zap"))
	}
	for i := range d.members {
		listens(d.t, address(i), 12379)
	}
}

func (d *debian12) startPatroni() {
	var store []string
	for i := range d.members {
		store = append(store, fmt.Sprintf("%q", address(i)+":12379"))
	}
	for i, m := range d.members {
		a := address(i)
		conf := d.file("patroni-"+m+".yml", fmt.Sprintf(`
scope: main
namespace: /db/
name: %[1]s
restapi: {listen: "%[2]s:8009", connect_address: "%[2]s:8009", authentication: {username: admin, password: %[3]s}}
etcd3: {hosts: [%[4]s]}
bootstrap:
  dcs: {ttl: 20, loop_wait: 3, retry_timeout: 5, postgresql: {use_pg_rewind: true, parameters: {max_connections: 60, shared_buffers: 16MB}}}
  initdb: [{encoding: UTF8}, {locale: C}, data-checksums, {auth: scram-sha-256}]
  users: {watcher: {password: %[5]s, options: [login]}}
postgresql:
  listen: "%[2]s:15432"
  connect_address: "%[2]s:15432"
  data_dir: %[6]s/pg-%[1]s
  bin_dir: /usr/lib/postgresql/15/bin
  pgpass: %[6]s/pgpass-%[1]s
  authentication:
    superuser: {username: root_db, password: %[5]s}
    replication: {username: copier, password: %[5]s}
  parameters: {unix_socket_directories: %[6]s/pg-%[1]s-socket, cluster_name: "%[1]s"}
  pg_hba: ["host all all 127.0.0.0/8 scram-sha-256", "host replication copier 127.0.0.0/8 scram-sha-256"]
`, m, a, restPassword, strings.Join(store, ", "), databasePassword, d.dir))
		data := d.folder("pg-" + m)
		d.folder("pg-" + m + "-socket")
		x := d.start("/usr/bin/patroni", conf)
		stop := x.stop
		x.stop = func() {
			stop()
			d.killPostgres(data)
		}
		d.t.Cleanup(x.stop)
		d.patroni = append(d.patroni, x)
	}
}

func (d *debian12) startRedis() {
	for i, m := range d.members {
		conf := fmt.Sprintf("bind %s\nport 16379\ndir %s\nrequirepass %s\nmasterauth %s\nappendonly no\nsave 60 1\nreplica-announce-ip %s\n",
			address(i), d.folder("redis-"+m), redisPassword, redisPassword, address(i))
		if i != d.master() {
			conf += "replicaof " + address(d.master()) + " 16379\n"
		}
		d.redis = append(d.redis, d.start("/usr/bin/redis-server", d.file("redis-"+m+".conf", conf)))
		listens(d.t, address(i), 16379)
	}
	for i, m := range d.members {
		d.start("/usr/bin/redis-server", d.file("sentinel-"+m+".conf", fmt.Sprintf(
			"bind %s\nport 17379\ndir %s\nrequirepass %s\nsentinel sentinel-pass %s\nsentinel monitor queue %s 16379 %d\nsentinel auth-pass queue %s\n"+
				"sentinel down-after-milliseconds queue 3000\nsentinel failover-timeout queue 20000\nsentinel announce-ip %s\n",
			address(i), d.folder("sentinel-"+m), sentinelPassword, sentinelPassword, address(d.master()), len(d.members)/2+1, redisPassword, address(i))), "--sentinel")
		listens(d.t, address(i), 17379)
	}
}

// master is the first Redis master.
func (d *debian12) master() int { return min(1, len(d.members)-1) }

func (d *debian12) startEntry() {
	for i, m := range d.members {
		var writes, caches string
		for j := range d.members {
			writes += fmt.Sprintf("  server pg%d %s:15432 check port 8009\n", j, address(j))
			caches += fmt.Sprintf("  server cache%d %s:16379 check\n", j, address(j))
		}
		d.start("/usr/sbin/haproxy", "-db", "-f", d.file("haproxy-"+m+".cfg", fmt.Sprintf(`
global
  maxconn 200
defaults
  mode tcp
  timeout connect 2s
  timeout client 30m
  timeout server 30m
  timeout check 2s
frontend db
  bind %[1]s:25432
  default_backend postgres_rw
backend postgres_rw
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 500ms fall 2 rise 1
%[2]sbackend cache
  option tcp-check
  tcp-check send AUTH\ %[3]s\r\n
  tcp-check expect string +OK
  tcp-check send INFO\ replication\r\n
  tcp-check expect string role:master
  default-server inter 500ms fall 2 rise 1
%[4]slisten numbers
  mode http
  bind %[1]s:8404
  stats enable
  stats uri /stats
  stats auth viewer:%[5]s
`, address(i), writes, redisPassword, caches, statsPassword)))
		d.start("/usr/sbin/pgbouncer", d.file("pgbouncer-"+m+".ini", fmt.Sprintf(`
[databases]
app = host=%[1]s port=25432 dbname=postgres
[pgbouncer]
listen_addr = %[1]s
listen_port = 16432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %[2]s
admin_users = boss
pool_mode = session
default_pool_size = 7
`, address(i), d.file("users-"+m+".txt", fmt.Sprintf("%q %q\n%q %q\n", "boss", poolPassword, "root_db", databasePassword)))))
	}
}

// clusterFile is all that recon is told.
func (d *debian12) clusterFile() *inventory.Cluster {
	d.t.Helper()
	for name, value := range map[string]string{
		"FOREIGN_REST": restPassword, "FOREIGN_DB": databasePassword, "FOREIGN_REDIS": redisPassword, "FOREIGN_SENTINEL": sentinelPassword,
		"FOREIGN_STATS": statsPassword, "FOREIGN_POOL": poolPassword,
	} {
		d.t.Setenv(name, value)
	}
	nodes := ""
	for i, m := range d.members {
		nodes += fmt.Sprintf("  - {name: %s, address: %s, aliases: [pg%d, cache%d]}\n", m, address(i), i, i)
	}
	c, err := inventory.Load(d.file("inventory.yaml", fmt.Sprintf(`format: 1
cluster: foreign
environment: training
dial: direct
ssh: {user: nobody, config: none, agent: false, known_hosts: [%s/none], keys: [%s/none]}
nodes:
%sservices:
  etcd: {client_port: 12379, peer_port: 12380, unit: etcd, data_dir: %s/etcd-db-a}
  patroni: {rest_port: 8009, unit: patroni@main, scope: main, namespace: /db/, user: admin, password: "env:FOREIGN_REST"}
  postgres: {port: 15432, data_dir: %s/pg-db-a, bin_dir: /usr/lib/postgresql/15/bin, user: root_db, password: "env:FOREIGN_DB"}
  redis: {port: 16379, unit: redis, password: "env:FOREIGN_REDIS"}
  sentinel: {port: 17379, unit: sentinel, master: queue, password: "env:FOREIGN_SENTINEL"}
  haproxy: {port: 8404, user: viewer, password: "env:FOREIGN_STATS", backends: {write: postgres_rw, redis: cache}, ports: {write: 25432}}
  pgbouncer: {port: 16432, database: app, user: boss, password: "env:FOREIGN_POOL"}
`, d.dir, d.dir, nodes, d.dir, d.dir)))
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func look(t *testing.T, c *inventory.Cluster) *probes.State {
	t.Helper()
	pool := remote.New(c, remote.Options{})
	defer func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	s, err := probes.Once(ctx, c, probes.Through(pool), probes.Options{
		Secret: func(ctx context.Context, ref inventory.Secret) (string, error) { return ref.Resolve(ctx, nil) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDebian12 reads the cluster while it is healthy, and after its leader and its Redis master were killed.
func TestDebian12(t *testing.T) {
	d := startDebian12(t, 3)
	c := d.clusterFile()
	var s *probes.State
	defer func() {
		if t.Failed() && s != nil {
			text, _ := json.MarshalIndent(s, "", " ") // a State is plain data
			t.Logf("the last State: %s", text)
		}
	}()
	until(t, 90*time.Second, "healthy cluster", func() error {
		s = look(t, c)
		return d.sick(s)
	})
	leader := s.Patroni.Leader
	for what, got := range map[string]string{
		"Patroni": leader.Version, "etcd": s.Etcd.Members[0].Version, "Redis": s.Redis.Members[0].Version, "Sentinel": s.Sentinel.Members[0].Version,
		"PgBouncer": s.PgBouncer.Members[0].Version,
	} {
		want := map[string]string{"Patroni": "3.", "etcd": "3.4.", "Redis": "7.0.", "Sentinel": "7.0.", "PgBouncer": "1.18"}[what]
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s says version %q, want %s", what, got, want)
		}
	}
	if p := s.PgBouncer.Members[0]; p.PoolMode != "session" || p.PoolSize != 7 {
		t.Errorf("PgBouncer: mode %q, size %d, unread %v", p.PoolMode, p.PoolSize, p.Unread)
	}
	if leader.Server/10000 != 15 || s.Patroni.Config == nil || s.Patroni.Config.TTL != 20 || s.Patroni.Config.Sync {
		t.Errorf("leader %+v, config %+v", leader, s.Patroni.Config)
	}
	// What the cluster does not have is not seen, and says so.
	if s.NetBox.Blind("version") == "" || s.Service.Login.Tried || s.Keepalived.Unseen == "" || len(s.VIPs) != 0 {
		t.Errorf("netbox %+v, login %+v, keepalived %+v, vips %v", s.NetBox, s.Service.Login, s.Keepalived, s.VIPs)
	}
	for _, n := range s.Nodes {
		if n.Reachable || n.Error == "" {
			t.Errorf("%s has no sshd: %+v", n.Name, n.Seen)
		}
	}

	for i, m := range d.members {
		if m == leader.Name {
			d.patroni[i].stop()
		}
	}
	d.redis[1].stop()
	until(t, 90*time.Second, "recovery", func() error {
		s = look(t, c)
		return unlike(map[string]bool{
			"another leader":       s.Patroni.Blind("leader") == "" && s.Patroni.Leader != nil && s.Patroni.Leader.Name != leader.Name,
			"another Redis master": s.Redis.Master != nil && s.Redis.Master.Node != "db-b" && s.Sentinel.Master != nil && *s.Sentinel.Master == s.Redis.Master.Node,
			"HAProxy follows":      s.HAProxy.Writer != nil && s.Patroni.Leader != nil && *s.HAProxy.Writer == s.Patroni.Leader.Node,
		})
	})
	if m := s.Redis.Members[1]; m.Reachable || !m.Refused {
		t.Errorf("the killed Redis is %+v", m.Seen)
	}
}

// sick is what the State lacks of a healthy cluster, or nil.
func (d *debian12) sick(s *probes.State) error {
	streaming, works := 0, 0
	for _, m := range s.Patroni.Members {
		if m.State == "streaming" {
			streaming++
		}
	}
	for _, m := range s.PgBouncer.Members {
		if m.Works {
			works++
		}
	}
	n, master := len(d.members), d.members[d.master()]
	yes := func(b *bool) bool { return b != nil && *b }
	leads := func(name *string) bool {
		return name != nil && s.Patroni.Leader != nil && *name == s.Patroni.Leader.Name
	}
	return unlike(map[string]bool{
		"a leader":               s.Patroni.Blind("leader") == "" && s.Patroni.Leader != nil,
		"followers":              streaming == n-1,
		"quorum":                 yes(s.Etcd.Quorum) && len(s.Etcd.Members) == n,
		"the Redis master":       s.Redis.Master != nil && s.Redis.Master.Node == master && s.Redis.Master.Online == n-1,
		"Sentinel's word":        s.Sentinel.Master != nil && *s.Sentinel.Master == master && yes(s.Sentinel.Quorum),
		"HAProxy's writer":       s.HAProxy.Blind("writer") == "" && leads(s.HAProxy.Writer),
		"working pools":          works == n,
		"agreement":              len(s.Cross.Disagreements) == 0 && yes(s.Cross.LeaderIsWriter) && yes(s.Cross.MasterIsWatched) && yes(s.Cross.OnePrimary),
		"the lock in the store":  s.Patroni.Blind("lock_holder") == "" && leads(s.Patroni.LockHolder),
		"no synchronous standby": s.Patroni.Blind("sync_standbys") == "" && len(s.Patroni.SyncStandbys) == 0,
	})
}

// TestSizes reads clusters of one node and of five.
func TestSizes(t *testing.T) {
	for _, nodes := range []int{1, 5} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			d := startDebian12(t, nodes)
			c := d.clusterFile()
			until(t, 90*time.Second, "healthy cluster", func() error { return d.sick(look(t, c)) })
		})
	}
}

// unlike is nil when everything holds, and else names what does not.
func unlike(all map[string]bool) error {
	var missing []string
	for what, ok := range all {
		if !ok {
			missing = append(missing, what)
		}
	}
	if missing != nil {
		return fmt.Errorf("missing: %s", strings.Join(missing, ", "))
	}
	return nil
}
