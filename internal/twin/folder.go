package twin

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"recon/internal/inventory"
	"recon/internal/twin/hostfiles"
	"recon/internal/twin/sshd"
	"recon/internal/twin/world"
)

// operator is the account on every host.
const operator = "anna"

// passwords are fresh ones for a cluster. VRRP takes eight characters.
func passwords() (map[string]string, error) {
	out := map[string]string{}
	for _, name := range hostfiles.Secrets() {
		b := make([]byte, 15)
		if _, err := rand.Read(b); err != nil {
			return nil, err
		}
		out[name] = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
	}
	out["vrrp"] = out["vrrp"][:8]
	return out, nil
}

// writeFolder writes what a console needs: keys, ssh_config, secrets and the cluster file, and reads the latter.
func (t *Twin) writeFolder(plan world.Plan) error {
	dir := t.opt.Dir
	var hosts []sshd.Named
	for _, m := range t.machines {
		ip := ""
		t.World.Look(func() { ip = t.World.Host(m.name).IP })
		hosts = append(hosts, sshd.Named{Names: []string{m.name, ip}, User: operator, Port: m.ssh.Port(), HostKey: m.key.PublicKey()})
	}
	if err := sshd.Files(dir, hosts); err != nil {
		return fmt.Errorf("the ssh files of the training cluster: %w", err)
	}
	secrets := filepath.Join(dir, "secrets")
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		return err
	}
	for name, value := range plan.Secret {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(value+"\n"), 0o600); err != nil {
			return err
		}
	}
	if err := os.WriteFile(t.File(), []byte(t.clusterFile(plan)), 0o600); err != nil {
		return err
	}
	var err error
	t.Cluster, err = inventory.Load(t.File())
	return err
}

// clusterFile is the cluster file: an ordinary one, whose hosts happen to be behind ports of 127.0.0.1.
func (t *Twin) clusterFile(plan world.Plan) string {
	var b strings.Builder
	secret := func(name string) string { return fmt.Sprintf("%q", "file:"+filepath.Join(t.opt.Dir, "secrets", name)) }
	var names []string
	fmt.Fprintf(&b, "format: 1\ncluster: %s\nenvironment: training\ndial: ssh\ninterval: 1s\n", t.opt.Name)
	fmt.Fprintf(&b, "ssh:\n  user: %s\n  agent: false\n  config: %q\n  keys: [%q]\n  known_hosts: [%q]\n  become: {method: sudo}\n", operator,
		filepath.Join(t.opt.Dir, "ssh_config"), filepath.Join(t.opt.Dir, "id_ed25519"), filepath.Join(t.opt.Dir, "known_hosts"))
	fmt.Fprintf(&b, "console: ssh\nconsole_host: {address: %s}\nnodes:\n", plan.Console.IP)
	for _, n := range plan.Nodes {
		fmt.Fprintf(&b, "  - {name: %s, address: %s}\n", n.Name, n.IP)
		names = append(names, n.Name)
	}
	all := strings.Join(names, ", ")
	fmt.Fprintf(&b, `services:
  etcd: {nodes: [%s], client_port: 22379, peer_port: 22380, unit: etcd-patroni, data_dir: /var/lib/etcd-patroni}
  patroni: {rest_port: 8008, unit: patroni, config: /etc/patroni/patroni.yml, scope: pgclusternetbox, namespace: /service/pgcluster/, user: patroni, password: %s}
  postgres: {port: 5432, data_dir: /var/lib/postgresql/17/patroni, bin_dir: /usr/lib/postgresql/17/bin, user: recon, password: %s, database: postgres}
  redis: {port: 6379, unit: redis-server, config: /etc/redis/redis.conf, password: %s}
  sentinel: {port: 26379, unit: redis-sentinel, config: /etc/redis/sentinel.conf, master: myredisetcd, password: %s}
  haproxy: {port: 7000, unit: haproxy, config: /etc/haproxy/haproxy.cfg, socket: /run/haproxy/admin.sock, user: stats, password: %s, backends: {write: pg_bkwrite, read: pg_bkread, redis: be_redis_master, pgbouncer: pgbouncer_nodes}, ports: {write: 5432, read: 5433, redis: 6379, pgbouncer: 6432}}
  keepalived: {unit: keepalived, config: /etc/keepalived/keepalived.conf}
  pgbouncer: {port: 6432, unit: pgbouncer, config: /etc/pgbouncer/pgbouncer.ini, user: pgbouncer_admin, password: %s, database: netbox}
  web: {port: 443, unit: nginx, config: /etc/nginx/nginx.conf, certificate: /etc/nginx/certs/netbox.pem}
  netbox: {port: 8001, bind: 127.0.0.1, unit: netbox, worker_unit: netbox-rq, config: /opt/netbox/netbox/netbox/configuration.py, url: "https://%s/", token: %s}
vips:
  db: {address: %s, interface: eth0}
  web: {address: %s, interface: eth0}
entry: {user: recon, password: %s, database: netbox, canary: true}
`, all, secret("patroni"), secret("postgres"), secret("redis"), secret("sentinel"), secret("haproxy"), secret("pgbouncer"), world.ServerName,
		secret("netbox-token"), plan.DBVIP, plan.WebVIP, secret("postgres"))
	return b.String()
}
