package probestest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"recon/internal/inventory"
	"recon/probes"
)

// The ports in Cluster.Inventory.
const (
	EtcdPort     = 22379
	PatroniPort  = 8008
	PostgresPort = 5432
	PeerPort     = 22380
)

// Cluster is a running pretended cluster.
type Cluster struct {
	Inventory *inventory.Cluster
	Hosts     *Hosts

	mu    sync.Mutex
	world World
}

// Inventory is the cluster file that fits HealthyWorld, with probes every 50 ms.
func Inventory() *inventory.Cluster {
	c := &inventory.Cluster{
		Name: "netbox-test", Environment: inventory.Training, Dial: inventory.DialDirect, Interval: 50 * time.Millisecond,
		Etcd:       &inventory.Etcd{ClientPort: EtcdPort, PeerPort: PeerPort, Unit: "etcd-patroni", DataDir: "/var/lib/etcd-patroni", Scheme: "http"},
		Patroni:    &inventory.Patroni{RESTPort: PatroniPort, Unit: "patroni", Config: "/etc/patroni/patroni.yml", Scope: "pgclusternetbox", Namespace: "/service/pgcluster/", Scheme: "http"},
		Postgres:   &inventory.Postgres{Port: PostgresPort, DataDir: "/var/lib/postgresql/17/patroni", User: "recon", Database: "postgres", SSLMode: "disable"},
		Keepalived: &inventory.Service{Unit: "keepalived"},
		VIPs: []inventory.VIP{
			{Name: "db", Address: "172.16.113.204", Interface: "eth0"}, {Name: "web", Address: "172.16.113.205", Interface: "eth0"},
		},
	}
	all := inventory.On{Nodes: []string{Node1, Node2, Node3}}
	c.Etcd.On, c.Patroni.On, c.Postgres.On, c.Keepalived.On = all, all, all, all
	for i, name := range all.Nodes {
		c.Nodes = append(c.Nodes, inventory.Node{Name: name, Address: fmt.Sprintf("172.16.113.20%d", i+1)})
	}
	return c
}

// New starts a healthy cluster, which ends with the test.
func New(tb testing.TB) *Cluster {
	tb.Helper()
	c := &Cluster{Inventory: Inventory(), Hosts: &Hosts{}, world: HealthyWorld()}
	c.Hosts.Scripts(c.runScript)
	c.Hosts.Holders(c.holder)
	for _, n := range c.Inventory.Nodes {
		c.startPatroni(tb, n)
		c.startEtcd(tb, n)
		c.startPostgres(tb, n)
		c.startBare(tb, n.Name, strconv.Itoa(PeerPort))
		c.startBare(tb, n.Name, "22")
	}
	return c
}

// Change changes what is true, for all answers from now on.
func (c *Cluster) Change(f func(w *World)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.world)
	for name, m := range c.world.Machines {
		c.Hosts.Set(name, strconv.Itoa(EtcdPort), m.Etcd)
		c.Hosts.Set(name, strconv.Itoa(PatroniPort), m.Patroni)
		c.Hosts.Set(name, strconv.Itoa(PostgresPort), m.Postgres)
		c.Hosts.Set(name, "22", m.SSH)
		c.Hosts.Hide(name, m.CutOff)
		dead := Refused
		if m.SSH == Off && m.Etcd == Off && m.Patroni == Off && m.Postgres == Off {
			dead = Off
		}
		c.Hosts.Floor(name, dead)
	}
}

// holder is the node that has an address: its own, or a floating one.
func (c *Cluster) holder(address string) (node string, ok bool) {
	c.look(func(w *World) {
		for _, n := range c.Inventory.Nodes {
			if n.Address == address || slices.Contains(w.Machines[n.Name].VIPs, address) {
				node, ok = n.Name, true
				return
			}
		}
	})
	return node, ok
}

// look calls f while nothing changes.
func (c *Cluster) look(f func(w *World)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.world)
}

// mode is how a service of a machine behaves now; a server asks it too, so that connections that were made before a
// change feel it.
func (c *Cluster) mode(get func(m *Machine) Mode, node string) (m Mode) {
	c.look(func(w *World) {
		if m = get(w.Machines[node]); w.Machines[node].CutOff {
			m = Off // only the console speaks more than a greeting to what runs there
		}
	})
	return m
}

func (c *Cluster) listen(tb testing.TB, node string, port int) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c.Hosts.Serve(node, strconv.Itoa(port), l.Addr())
	return l
}

func (c *Cluster) startPatroni(tb testing.TB, n inventory.Node) {
	tb.Helper()
	l := c.listen(tb, n.Name, PatroniPort)
	srv := &http.Server{Handler: &patroni{cluster: c, node: n}, ReadHeaderTimeout: 5 * time.Second}
	srv.SetKeepAlivesEnabled(false) // Patroni closes after each answer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // it ends by Close
	}()
	tb.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
}

// startBare is a port that takes connections and hangs up.
func (c *Cluster) startBare(tb testing.TB, node, port string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c.Hosts.Serve(node, port, l.Addr())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close() // that is all it does
		}
	}()
	tb.Cleanup(func() {
		_ = l.Close()
		<-done
	})
}

func (c *Cluster) startEtcd(tb testing.TB, n inventory.Node) {
	tb.Helper()
	l := c.listen(tb, n.Name, EtcdPort)
	srv := grpc.NewServer(grpc.UnaryInterceptor(c.etcdMode(n.Name)))
	registerEtcd(srv, c, n)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // it ends by Stop
	}()
	tb.Cleanup(func() {
		srv.Stop()
		<-done
	})
}

// runScript answers the probe's script of a host from the world; a script that it does not know is an error.
func (c *Cluster) runScript(ctx context.Context, node, script string) ([]byte, error) {
	switch c.mode(func(m *Machine) Mode { return m.SSH }, node) {
	case Off, Mute:
		<-ctx.Done()
		return nil, ctx.Err()
	case Refused, Garbage:
		return nil, &probes.SSHError{Words: "ssh to " + node + ": refused, nothing listens there", Refused: true}
	}
	if !strings.Contains(script, "--recon-start") {
		return nil, errors.New("the pretended hosts know only the probe's own script")
	}
	var b strings.Builder
	c.look(func(w *World) { hostOutput(&b, w.Machines[node], node, c.Inventory, script) })
	return []byte(b.String()), nil
}

// hostOutput is what the script would print on a Debian 13 host.
func hostOutput(b *strings.Builder, m *Machine, node string, inv *inventory.Cluster, script string) {
	clock := func() string { now := time.Now(); return fmt.Sprintf("%d.%09d", now.Unix(), now.Nanosecond()) }
	part := func(name, body string) { fmt.Fprintf(b, "--recon-%s\n%s\n", name, body) }
	n, _ := inv.Node(node)
	part("start", clock())
	part("hostname", node)
	part("load", "0.42 0.40 0.38 1/312 4471")
	part("cpus", "2")
	part("memory", "MemAvailable:    8123456 kB")
	part("uptime", "4521.33 8840.10")
	addresses := "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n" +
		"2: eth0    inet " + n.Address + "/24 brd 172.16.113.255 scope global eth0\\       valid_lft forever preferred_lft forever"
	for _, vip := range m.VIPs {
		addresses += "\n2: eth0    inet " + vip + "/24 scope global secondary eth0\\       valid_lft forever preferred_lft forever"
	}
	part("addresses", addresses)
	var blocks []string
	for word := range strings.FieldsSeq(script) {
		unit, ok := strings.CutSuffix(strings.Trim(word, "'"), ".service")
		if !ok || strings.Contains(unit, "*") {
			continue
		}
		state, load, file := m.Units[unit], "loaded", "enabled"
		if state == "" {
			state, load, file = "inactive", "not-found", ""
		}
		blocks = append(blocks, "Id="+unit+".service\nLoadState="+load+"\nActiveState="+state+"\nUnitFileState="+file)
	}
	if len(blocks) > 0 {
		part("units", strings.Join(blocks, "\n\n"))
	}
	part("synced", "NTPSynchronized=yes")
	part("disk", "/\n/dev/vda1  41152736 16461092 22569516      43% /")
	part("end", clock())
}
