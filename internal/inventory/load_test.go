package inventory

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parseAs(t *testing.T, name, src string) *Cluster {
	t.Helper()
	c, err := Parse(name, []byte(src))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	return c
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.AllowUnexported(Secret{}, vaultPassword{})); d != "" {
		t.Errorf("%s (-want +got)\n%s", what, d)
	}
}

// TestDefaults reads as little as a file can say.
func TestDefaults(t *testing.T) {
	t.Setenv("HOME", "/home/anna")
	c := parseAs(t, "/etc/recon/c.yaml", small+"services: {etcd: {}, patroni: {scope: s}, postgres: {data_dir: /var/lib/postgresql/17/main}, redis: {}, "+
		"sentinel: {master: m}, haproxy: {}, keepalived: {}, pgbouncer: {}, web: {}, netbox: {}}\n")
	ssh := SSH{
		Agent: true, KnownHosts: []string{"/home/anna/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"}, Config: "/home/anna/.ssh/config",
		Become: Become{Method: BecomeSudo, User: "root"},
	}
	on := On{[]string{"n1"}}
	plain := func(port int, unit, config string) Service {
		return Service{On: on, Port: port, Unit: unit, Config: config}
	}
	redis, keepalived := plain(6379, "redis-server", "/etc/redis/redis.conf"), plain(0, "keepalived", "/etc/keepalived/keepalived.conf")
	equal(t, "the cluster", c, &Cluster{
		Name: "c", Environment: Production, File: "/etc/recon/c.yaml", Hash: c.Hash, Dial: DialSSH, Interval: 2 * time.Second,
		Console: Console{Host: Node{Name: "console"}},
		Nodes:   []Node{{Name: "n1", Address: "10.0.0.1", SSH: ssh}},
		Etcd:    &Etcd{On: on, ClientPort: 2379, PeerPort: 2380, Unit: "etcd", DataDir: "/var/lib/etcd", Scheme: "http"},
		Patroni: &Patroni{
			On: on, RESTPort: 8008, Unit: "patroni", Config: "/etc/patroni/patroni.yml", Scope: "s", Namespace: "/service/", Scheme: "http",
		},
		Postgres: &Postgres{
			On: on, Port: 5432, DataDir: "/var/lib/postgresql/17/main", BinDir: "/usr/lib/postgresql/17/bin",
			User: "postgres", Database: "postgres", SSLMode: "prefer",
		},
		Redis:    &redis,
		Sentinel: &Sentinel{Service: plain(26379, "redis-sentinel", "/etc/redis/sentinel.conf"), Master: "m"},
		HAProxy: &HAProxy{
			Service: plain(7000, "haproxy", "/etc/haproxy/haproxy.cfg"), Socket: "/run/haproxy/admin.sock",
			Backends: EntryNames{"pg_bkwrite", "pg_bkread", "be_redis_master", "pgbouncer_nodes"}, Ports: EntryPorts{5432, 5433, 6379, 6432},
		},
		Keepalived: &keepalived,
		PgBouncer:  &PgBouncer{Service: plain(6432, "pgbouncer", "/etc/pgbouncer/pgbouncer.ini"), Database: "netbox"},
		Web:        &Web{Service: plain(443, "nginx", "/etc/nginx/nginx.conf"), HTTPS: true},
		NetBox:     &NetBox{Service: plain(8001, "netbox", "/opt/netbox/netbox/netbox/configuration.py"), WorkerUnit: "netbox-rq", Bind: "127.0.0.1"},
		Entry:      Entry{User: "postgres", Database: "netbox"},
	})
	if len(c.Hash) != 64 {
		t.Errorf("the hash is %q", c.Hash)
	}
}

// TestInheritance: a node has from the ssh section what it does not say itself, wherever that stands in the file.
func TestInheritance(t *testing.T) {
	t.Setenv("HOME", "/home/anna")
	c := parseAs(t, "/srv/c.yaml", `
format: 1
cluster: c
console: ssh
console_host: {address: Bastion.example.com, ssh: {port: 2200}}
nodes:
  - name: n1
    address: 10.0.0.1
  - name: n2
    address: "2001:DB8:0::2"
    ssh: {user: root, jump: [], keys: [keys/n2], config: none, known_hosts: [known], agent: false, become: {method: none}, password: prompt}
  - name: n3
    address: 10.0.0.3
    ssh: {become: {password: prompt}}
ssh:
  user: deploy
  jump: [anna@bastion:22, "root@[2001:db8::9]:2222"]
  keys: [~/.ssh/a, /k/b]
  become: {method: su, user: ops, password: env:SU}
runbooks: [books, ~/books]
`)
	base := SSH{
		User: "deploy", Jump: []string{"anna@bastion:22", "root@[2001:db8::9]:2222"}, Keys: []string{"/home/anna/.ssh/a", "/k/b"}, Agent: true,
		KnownHosts: []string{"/home/anna/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"}, Config: "/home/anna/.ssh/config",
		Become: Become{Method: BecomeSu, User: "ops", Password: Secret{ref: "env:SU"}},
	}
	third, console := base, base
	third.Become.Password = Secret{ref: "prompt", what: "nodes.n3.ssh.become.password"}
	console.Port = 2200
	equal(t, "nodes", c.Nodes, []Node{
		{Name: "n1", Address: "10.0.0.1", SSH: base},
		{Name: "n2", Address: "2001:db8::2", SSH: SSH{
			User: "root", Jump: []string{}, Keys: []string{"/srv/keys/n2"}, KnownHosts: []string{"/srv/known"},
			Password: Secret{ref: "prompt", what: "nodes.n2.ssh.password"},
			Become:   Become{Method: BecomeNone, User: "ops", Password: Secret{ref: "env:SU"}},
		}},
		{Name: "n3", Address: "10.0.0.3", SSH: third},
	})
	equal(t, "console", c.Console, Console{Remote: true, Host: Node{Name: "console", Address: "bastion.example.com", SSH: console}})
	equal(t, "runbooks", c.Runbooks, []string{"/srv/books", "/home/anna/books"})
	equal(t, "secrets", c.Secrets(), []Secret{
		{ref: "env:SU"},
		{ref: "prompt", what: "nodes.n2.ssh.password"},
		{ref: "prompt", what: "nodes.n3.ssh.become.password"},
	})
	c.Nodes[0].SSH.Keys[0] = "changed"
	if c.Nodes[2].SSH.Keys[0] == "changed" {
		t.Error("two nodes share a list")
	}
}

func TestEnvironment(t *testing.T) {
	for written, want := range map[string]struct {
		environment Environment
		warning     string
	}{
		"":                           {Production, ""},
		"environment: production\n":  {Production, ""},
		"environment: staging\n":     {Staging, ""},
		"environment: training\n":    {Training, ""},
		"environment: trainning\n":   {Production, `f.yaml:4:14: the environment "trainning" is not known and counts as production, did you mean training?`},
		"environment: Training\n":    {Production, `f.yaml:4:14: the environment "Training" is not known and counts as production, did you mean training?`},
		"environment: playground1\n": {Production, `f.yaml:4:14: the environment "playground1" is not known and counts as production, write production, staging or training`},
	} {
		c := parseAs(t, "f.yaml", small+written)
		got := ""
		for _, w := range c.Warnings {
			got += w.Error()
		}
		if c.Environment != want.environment || got != want.warning {
			t.Errorf("%q: %s with %q, want %s with %q", written, c.Environment, got, want.environment, want.warning)
		}
	}
	if (&Cluster{}).Environment == Training {
		t.Error("the zero environment is training")
	}
}

func TestNormalised(t *testing.T) {
	for written, want := range map[string]string{"service": "/service/", "/service": "/service/", "service/": "/service/", "/a/b/": "/a/b/", "/": "/"} {
		c := parseAs(t, "f.yaml", small+"services: {patroni: {scope: s, namespace: "+written+"}}\n")
		if c.Patroni.Namespace != want {
			t.Errorf("namespace %s becomes %s, want %s", written, c.Patroni.Namespace, want)
		}
	}
	c := parseAs(t, "f.yaml", small+`
services:
  etcd: {unit: etcd@1.service, data_dir: /data/etcd/, tls: {ca: ca.pem}}
  patroni: {scope: s, scheme: https}
  postgres: {data_dir: /var/lib/pgsql/16/data}
  web: {https: false}
  netbox: {url: "https://netbox.example.com/"}
`)
	equal(t, "values", []string{c.Etcd.Unit, c.Etcd.DataDir, c.Etcd.Scheme, c.Patroni.Scheme, c.Postgres.BinDir, c.NetBox.URL}, []string{
		"etcd@1", "/data/etcd", "https", "https", "/usr/pgsql-16/bin", "https://netbox.example.com",
	})
	if c.Web.Port != 80 {
		t.Errorf("the port of http is %d", c.Web.Port)
	}
	c = parseAs(t, "f.yaml", "format: 1\ncluster: c\nnodes: [{name: b, address: b1.example}, {name: a, address: a1.example}]\nservices: {redis: {nodes: [a, b]}, etcd: {nodes: [a]}}\n")
	equal(t, "the order of nodes", [][]string{c.Redis.Nodes, c.Etcd.Nodes}, [][]string{{"b", "a"}, {"a"}})
}

const example = "../../inventory.example.yaml"

// TestExample loads the example as it stands, and with every key that is commented out.
func TestExample(t *testing.T) {
	t.Setenv("HOME", "/home/anna")
	c, err := Load(example)
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	if c.Environment != Production || len(c.Nodes) != 3 || c.Etcd.ClientPort != 22379 || len(c.Warnings) > 0 || !filepath.IsAbs(c.File) {
		t.Errorf("the example is read as %+v", c)
	}
	full, seen := everything(t)
	if !full.Console.Remote || full.Etcd.TLS.Cert == "" {
		t.Errorf("the full example is read as %+v", full)
	}
	for _, path := range paths(clusterKeys(&Cluster{}, &SSH{}), "") {
		// The three ssh sections have the same keys, and the first explains them.
		if _, key, ok := strings.Cut(path, ".ssh."); ok {
			path = "ssh." + key
		}
		if !slices.Contains(seen, path) {
			t.Errorf("the key %s is not in the example", path)
		}
	}
}

// everything is the example with the keys that are commented out.
func everything(t *testing.T) (*Cluster, []string) {
	t.Helper()
	src, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^console: local$`).ReplaceAllString(string(src), "")
	text = regexp.MustCompile(`(?m)^#: ?`).ReplaceAllString(text, "")
	c := newCluster("/home/anna")
	r := &reader{file: "full.yaml", dir: "/srv", home: "/home/anna"}
	body, ok := r.tree([]byte(text))
	if ok {
		r.cluster(body, c)
	}
	if len(r.problems) > 0 {
		t.Fatalf("\n%v", r.problems.sorted())
	}
	names := regexp.MustCompile(`^(nodes|vips)\.[^.]+\.`)
	for i := range r.seen {
		r.seen[i] = names.ReplaceAllString(r.seen[i], "$1.")
	}
	return c, r.seen
}

func paths(fields []field, before string) []string {
	var out []string
	for _, f := range fields {
		out = append(out, before+f.name)
		out = append(out, paths(f.keys, before+f.name+".")...)
	}
	return out
}

// TestPathsAreMany keeps TestExample from passing because nothing is walked.
func TestPathsAreMany(t *testing.T) {
	list := paths(clusterKeys(&Cluster{}, &SSH{}), "")
	if len(list) < 120 || !slices.Contains(list, "services.etcd.tls.server_name") || !slices.Contains(list, "nodes.ssh.become.password") {
		t.Errorf("%d keys: %s", len(list), strings.Join(list, " "))
	}
}

func TestNearest(t *testing.T) {
	known := []string{"address", "name", "ssh", "nodes"}
	for written, want := range map[string]string{"adress": "address", "nmae": "name", "shs": "ssh", "node": "nodes", "x": "", "password": "", "": "", strings.Repeat("name", 100): ""} {
		if got := Nearest(written, known); got != want {
			t.Errorf("the nearest to %q is %q, want %q", written, got, want)
		}
	}
}

// FuzzParse: any bytes give a cluster or problems that are complete and in order, and never both.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/broken/*.yaml", example} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("f.yaml", src)
		if (c == nil) == (err == nil) {
			t.Fatalf("%v and %v", c, err)
		}
		if err != nil {
			inOrder(t, err.(Problems))
			return
		}
		if c.Name == "" || len(c.Nodes) == 0 || c.Environment == "" {
			t.Errorf("incomplete: %+v", c)
		}
		for _, n := range c.Nodes {
			if n.Name == "" || n.Address == "" || n.SSH.Become.Method == "" {
				t.Errorf("incomplete: %+v", n)
			}
		}
		for _, r := range c.Roles() {
			if len(r.Nodes) == 0 {
				t.Errorf("%s runs nowhere", r.Name)
			}
		}
		for _, v := range c.Values() {
			if v.Value == "" || v.About == "" || strings.ContainsAny(v.Value, "\x00\n") {
				t.Errorf("a bad value: %+v", v)
			}
		}
	})
}
