package statements_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/internal/twin/pgwire"
	"recon/internal/twin/statements"
	"recon/probes"
	"recon/probes/probestest"
)

// cluster is three servers that the probes look at; node 3 is the primary and has the db address.
type cluster struct {
	inv   *inventory.Cluster
	hosts *probestest.Hosts

	mu     sync.Mutex
	change func(node string, f *statements.Facts)
	row    statements.Canary
	synced chan struct{} // a commit waits for it; nil is no wait
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	stack := probestest.StackInventory()
	c := &cluster{hosts: &probestest.Hosts{}, inv: &inventory.Cluster{
		Name: stack.Name, Environment: stack.Environment, Dial: stack.Dial, Interval: stack.Interval, Nodes: stack.Nodes, Postgres: stack.Postgres,
		HAProxy: stack.HAProxy, VIPs: stack.VIPs, Entry: stack.Entry,
	}}
	c.hosts.Holders(func(address string) (string, bool) {
		for _, n := range c.inv.Nodes {
			if n.Address == address || n.Name == probestest.Node3 && address == c.inv.VIPs[0].Address {
				return n.Name, true
			}
		}
		return "", false
	})
	for _, n := range c.inv.Nodes {
		var s *server
		s = start(t, &statements.Database{
			Facts: func(*pgwire.Session) statements.Facts {
				f := c.facts(n)
				f.Activity = append(f.Activity, statements.ActivityOf(s.wire.Sessions())...)
				return f
			},
			Orders: statements.Orders{
				Write: func(database string, row statements.Canary) error {
					c.mu.Lock()
					defer c.mu.Unlock()
					c.row = row
					return nil
				},
				Synced: func(ctx context.Context, _ *pgwire.Session) error {
					c.mu.Lock()
					synced := c.synced
					c.mu.Unlock()
					if synced == nil {
						return nil
					}
					select {
					case <-synced:
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				},
			},
		})
		c.hosts.Serve(n.Name, "5432", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.port})
	}
	return c
}

func (c *cluster) facts(n inventory.Node) statements.Facts {
	f := healthy()
	if n.Name != probestest.Node3 {
		f = standby(f)
	}
	f.Address = mustAddr(n.Address)
	f.Roles = append(f.Roles, statements.Role{OID: 16400, Name: "recon", Login: true, Superuser: true})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.change != nil {
		c.change(n.Name, &f)
	}
	return f
}

// changes sets what differs from a healthy server; earlier sessions may still be ending.
func (c *cluster) changes(f func(node string, f *statements.Facts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change = f
}

func (c *cluster) look(t *testing.T) *probes.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	s, err := probes.Once(ctx, c.inv, c.hosts, probes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The probes themselves look at the servers, and miss nothing.
func TestTheProbesSeeAll(t *testing.T) {
	c := startCluster(t)
	s := c.look(t)
	if len(s.Postgres.Members) != 3 || !slices.Equal(s.Postgres.Primaries, []string{probestest.Node3}) || s.Postgres.Unseen != "" {
		t.Fatalf("%+v", s.Postgres)
	}
	for _, m := range s.Postgres.Members {
		primary := m.Node == probestest.Node3
		if !m.Reachable || len(m.Unread) > 0 || m.Version != 170006 || m.InRecovery == primary || m.ReadOnly || *m.Timeline != 8 || *m.Waiting != 0 || m.ReplayPaused {
			t.Errorf("%+v", m)
		}
		if m.Connections < 2 || m.MaxConnections != 200 || m.Oldest == nil || *m.Oldest < 590 || *m.Oldest > 700 || m.Archiver == nil || m.Archiver.Archived != 41 || m.Archiver.Failing {
			t.Errorf("%+v, %+v", m, m.Archiver)
		}
		if *m.Size != 419<<20 || *m.WALBytes < 96<<20 || *m.ArchiveWaiting != 2 || *m.HBAErrors != 0 || *m.FileErrors != 0 {
			t.Errorf("size %d, WAL %d, waiting %d, errors %d, %d", *m.Size, *m.WALBytes, *m.ArchiveWaiting, *m.HBAErrors, *m.FileErrors)
		}
		if !primary {
			if m.Receiver != "streaming" || len(m.Followers) != 0 || len(m.Slots) != 0 {
				t.Errorf("%+v", m)
			}
			continue
		}
		if len(m.Followers) != 2 || m.Followers[0].Name != "netbox-node-1" || m.Followers[0].Address != "172.16.113.201" || m.Followers[0].SyncState != "sync" || *m.Followers[1].Lag != 0x30 {
			t.Errorf("%+v", m.Followers)
		}
		if len(m.Slots) != 2 || !m.Slots[0].Active || *m.Slots[0].Safe != 34_477_178_880 || *m.Slots[1].Retained != 0x24030 || *m.Slots[1].Inactive < 60 {
			t.Errorf("%+v", m.Slots)
		}
	}
	for what, try := range map[string]probes.Try{"reads": s.Service.Reads, "writes": s.Service.Writes} {
		if !try.Reachable || try.Node == nil || *try.Node != probestest.Node3 || try.Note != "" {
			t.Errorf("%s: %+v", what, try)
		}
	}
	if c.row.At.IsZero() || !strings.HasPrefix(c.row.Writer, "recon") {
		t.Errorf("the canary's row: %+v", c.row)
	}
}

// What is wrong with a server shows.
func TestTheProbesSeeFaults(t *testing.T) {
	c := startCluster(t)
	total := int64(1 << 30)
	c.changes(func(node string, f *statements.Facts) {
		f.Settings = statements.Configure(f.Settings, "default_transaction_read_only", "on", "configuration file", "/x/postgresql.auto.conf", 3)
		f.Archiver.LastFailed, f.Archiver.FailedAt, f.Archiver.Failed = "000000080000000000000006", f.Now.Add(-time.Second), 7
		f.Subscriptions = []statements.Subscription{{OID: 1, Name: "s", Enabled: true}, {OID: 2, Name: "w", Enabled: true, WorkerPID: 12}}
		f.HBA = append(f.HBA, statements.HBARule{Line: 9, Error: "invalid authentication method \"nonsense\""})
		f.FileSettings = []statements.FileSetting{{File: "/x", Line: 1, Name: "work_mem", Setting: "many", Error: "setting could not be applied"}}
		f.Copies = []statements.Copy{{PID: 1440, Streamed: 5, Total: &total}}
		f.Activity = append(f.Activity, statements.Activity{PID: 1440, Application: "pg_basebackup", Address: mustAddr("172.16.113.202"), User: "replicator", Kind: "walsender"},
			statements.Activity{PID: 77, Database: "netbox", User: "netbox", Kind: "client backend", State: "active", WaitType: "IPC", WaitEvent: "SyncRep", XactStart: f.Now.Add(-time.Minute), Query: "COMMIT"})
		f.ReplayPaused = f.InRecovery
	})
	s := c.look(t)
	for _, m := range s.Postgres.Members {
		if !m.ReadOnly || !m.Archiver.Failing || m.Archiver.FailedWAL == "" || len(m.Subscriptions) != 2 || m.Subscriptions[0].Running || !m.Subscriptions[1].Running || *m.HBAErrors != 1 || *m.FileErrors != 1 {
			t.Errorf("%+v, %+v", m, m.Archiver)
		}
		if len(m.Copies) != 1 || m.Copies[0].Name != "pg_basebackup" || m.Copies[0].Address != "172.16.113.202" || *m.Copies[0].Total != total || m.Copies[0].Streamed != 5 || *m.Waiting != 1 || m.ReplayPaused != m.InRecovery {
			t.Errorf("%+v", m)
		}
	}
	if w := s.Service.Writes; w.Reachable || !strings.Contains(w.Error, "read-only (default_transaction_read_only)") {
		t.Errorf("%+v", w)
	}

	c.changes(func(node string, f *statements.Facts) {
		f.Roles[len(f.Roles)-1].Superuser = false
		f.Databases[2].Canary = nil
	})
	s = c.look(t)
	if m := s.Postgres.Members[2]; m.Blind("followers") == "" || m.Blind("size") == "" || m.Blind("hba_errors") == "" || m.Blind("slots") != "" || m.Blind("timeline") != "" {
		t.Errorf("without rights: %v", m.Unread)
	}
	if w := s.Service.Writes; w.Reachable || !strings.Contains(w.Error, "has no table recon_canary") {
		t.Errorf("%+v", w)
	}
}

// Without a standby one write waits, and those that come after it say so.
func TestWritesWait(t *testing.T) {
	c := startCluster(t)
	c.synced = make(chan struct{})
	if w := c.look(t).Service.Writes; w.Reachable || !strings.Contains(w.Error, "COMMIT on netbox-node-3 did not come back within 2 s: it waits for a synchronous standby") {
		t.Errorf("%+v", w)
	}
	if w := c.look(t).Service.Writes; w.Reachable || !strings.Contains(w.Error, "an earlier write still waits for a synchronous standby, for ") {
		t.Errorf("the next: %+v", w)
	}
	close(c.synced)
	if w := c.look(t).Service.Writes; !w.Reachable {
		t.Errorf("after it: %+v", w)
	}
}
