package probestest

import (
	"maps"
	"slices"

	"recon/probes"
)

// The three machines of every cluster here.
const (
	Node1 = "netbox-node-1"
	Node2 = "netbox-node-2"
	Node3 = "netbox-node-3"
)

// World is what is true of a pretended cluster. The services answer from it.
type World struct {
	Scope, Namespace, SystemID string
	// LockHolder is the value of the leader key; empty when there is no key.
	LockHolder   string
	SyncStandbys []string
	Paused       bool
	Scheduled    *probes.Scheduled
	History      []probes.Switch
	// EtcdLeader is the machine that leads etcd, empty when there is no quorum: then everything that needs one hangs.
	EtcdLeader string
	Term       uint64
	Alarms     []string // machines on which NOSPACE is raised
	Machines   map[string]*Machine
	// EtcdUser and EtcdPassword, when not empty, are asked for by everything but Status.
	EtcdUser, EtcdPassword string
	// Keys, when not nil, stands in for what etcd would hold.
	Keys map[string]string
}

// Machine is one host with what runs there.
type Machine struct {
	// SSH, Etcd, Patroni and Postgres are how the ports behave. SSH knows Up, Refused and Off.
	SSH, Etcd, Patroni, Postgres Mode
	// CutOff is a host that the other nodes reach and the console does not.
	CutOff bool
	// Role and State are PostgreSQL's, as Patroni reports them; Replication is streaming, in archive recovery or empty.
	Role, State, Replication string
	Timeline                 int
	Location                 int64
	Tags                     map[string]any
	Pending                  bool
	VIPs                     []string
	Units                    map[string]string
	Waiting                  int
	Copies                   []probes.CopyStream
	ReplayPaused             bool
	Archiver                 *probes.Archiver // nil: archive_mode is off
	// Answers replaces single answers of Patroni's REST API, by path.
	Answers map[string]Answer
	// Lists replaces what PostgreSQL answers to the question for its statistics.
	Lists string
	// Unprivileged is a database user without pg_monitor.
	Unprivileged bool
}

// Answer is one HTTP answer.
type Answer struct {
	Status int
	Type   string
	Body   string
	Header map[string]string
}

// HealthyWorld is a cluster in which node 3 leads on timeline 8, node 1 is the synchronous standby, and node 3 holds both
// addresses.
func HealthyWorld() World {
	w := World{
		Scope: "pgclusternetbox", Namespace: "/service/pgcluster/", SystemID: "7711276203485323398",
		LockHolder: Node3, SyncStandbys: []string{Node1}, EtcdLeader: Node3, Term: 15,
		History: []probes.Switch{
			{Timeline: 6, LSN: 100784456, Reason: "no recovery target specified", At: "2026-11-23T08:45:17.158786+00:00", Leader: Node2},
			{Timeline: 7, LSN: 100791800, Reason: "no recovery target specified", At: "2026-11-23T08:45:56.274785+00:00", Leader: Node3},
		},
		Machines: map[string]*Machine{},
	}
	for _, name := range []string{Node1, Node2, Node3} {
		w.Machines[name] = &Machine{
			Role: "replica", State: "running", Replication: "streaming", Timeline: 8, Location: 100810800,
			Units: map[string]string{"etcd-patroni": "active", "patroni": "active", "keepalived": "active"},
		}
	}
	leader := w.Machines[Node3]
	leader.Role, leader.Replication, leader.VIPs = "primary", "", []string{"172.16.113.204", "172.16.113.205"}
	return w
}

// Promote makes a machine the proven leader on the next timeline; the old one becomes a replica that follows.
func (w *World) Promote(name string) {
	old := w.LockHolder
	timeline := w.Machines[name].Timeline
	w.History = append(w.History, probes.Switch{Timeline: timeline, LSN: w.Machines[name].Location, Reason: "no recovery target specified", Leader: name})
	for n, m := range w.Machines {
		m.Role, m.Replication, m.Timeline = "replica", "streaming", timeline+1
		if n == name {
			m.Role, m.Replication = "primary", ""
		}
	}
	w.LockHolder = name
	w.SyncStandbys = slices.DeleteFunc(slices.Sorted(maps.Keys(w.Machines)), func(n string) bool { return n == name || n != old })
}

// PowerOff takes a machine off the net: nothing of it answers, not even a refusal.
func (w *World) PowerOff(name string) {
	m := w.Machines[name]
	m.SSH, m.Etcd, m.Patroni, m.Postgres = Off, Off, Off, Off
}
