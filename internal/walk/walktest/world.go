// Package walktest is a cluster for tests of walks and of their faces: a State that the test sets, and hands that send
// nothing and remember what they were given.
package walktest

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"recon/actions"
	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/probes"
)

// Book is a small book with a read, a change with a proof and a rollback, and a step that destroys. Its input is member.
const Book = `---
format: 1
id: test-book
title: A book for tests
kind: recovery
severity: 2
systems: [patroni]
when: 'etcd.quorum'
because: 'a test'
inputs:
  member:
    ask: Which member?
---

# A book for tests

## Look first

` + "```" + `sh on=node(inputs.member) risk=read timeout=5s
echo "$MEMBER"
` + "```" + `

## Start it

` + "```" + `check
etcd.quorum                                  # the lock can be trusted
` + "```" + `

` + "```" + `sh on=node(inputs.member) risk=change timeout=5s
systemctl start patroni
` + "```" + `

` + "```" + `check within=10s
member(inputs.member).state == "streaming"   # it follows
` + "```" + `

` + "```" + `sh rollback on=node(inputs.member) risk=change timeout=5s
systemctl stop patroni
` + "```" + `

## Throw the old copy away

` + "```" + `check
etcd.quorum
` + "```" + `

` + "```" + `sh on=node(inputs.member) risk=destroy timeout=5s
mv "$PGDATA" "$PGDATA.old"
` + "```" + `

` + "```" + `check within=10s
node(inputs.member).units["patroni"] == "active"
` + "```" + `
`

// World is a cluster that tests set, with hands that record what they were given.
type World struct {
	t  *testing.T
	mu sync.Mutex
	s  *probes.State
	// Sent are the scripts that reached a host; Outcome and Output are what the next run ends with.
	Sent    []string
	Outcome remote.ExitKind
	Output  string
	// FailAt is a target at which commands fail.
	FailAt string
	// OnRun is called when a command would go out.
	OnRun func(p *actions.Plan)
}

// New is a healthy cluster of n1 (a stopped replica), n2 (the leader) and n3.
func New(t *testing.T) *World {
	yes, tl := true, 5
	seen := probes.Seen{Reachable: true, Began: time.Now(), Source: "test"}
	member := func(name, role, state string) probes.Member {
		return probes.Member{Name: name, Node: name, Seen: seen, Role: role, State: state, Timeline: &tl}
	}
	leader := member("n2", "leader", "running")
	s := &probes.State{
		At: time.Now(), Seq: 1,
		Etcd: probes.Etcd{Quorum: &yes, Answered: 3},
		Patroni: probes.Patroni{
			Members: []probes.Member{member("n1", "replica", "stopped"), leader, member("n3", "sync_standby", "streaming")},
			Leader:  &leader, Answered: 3,
		},
	}
	for _, n := range []string{"n1", "n2", "n3"} {
		s.Nodes = append(s.Nodes, probes.Node{Name: n, Seen: seen, Units: map[string]string{"patroni": "inactive"}})
		s.Etcd.Members = append(s.Etcd.Members, probes.EtcdMember{Name: n, Seen: seen, LeaderID: "1"})
	}
	return &World{t: t, s: s, Outcome: remote.OK}
}

// State is the newest view.
func (w *World) State() *probes.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.s
}

// Fresh is the newest view too: here everything is always fresh.
func (w *World) Fresh(context.Context, []string) (*probes.State, error) { return w.State(), nil }

// Set replaces the State by a changed copy; a State itself is never changed.
func (w *World) Set(change func(*probes.State)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := *w.s
	next.Seq++
	next.Patroni.Members = append([]probes.Member(nil), next.Patroni.Members...)
	next.Nodes = append([]probes.Node(nil), next.Nodes...)
	change(&next)
	w.s = &next
}

// Plan fixes bytes as the real hands do.
func (w *World) Plan(cmd actions.Command) (*actions.Plan, error) {
	return actions.New(Cluster(), wires{}, nil, nil).Plan(cmd)
}

// Run records what would go out, and ends as the test wants it.
func (w *World) Run(_ context.Context, p *actions.Plan, sink func(string) io.Writer) []actions.Outcome {
	if w.OnRun != nil {
		w.OnRun(p)
	}
	var out []actions.Outcome
	for _, shot := range p.Shots {
		w.mu.Lock()
		w.Sent = append(w.Sent, p.Command.Script)
		w.mu.Unlock()
		if _, err := io.WriteString(sink(shot.Target), w.Output); err != nil {
			w.t.Error(err)
		}
		o := actions.Outcome{Target: shot.Target, Kind: w.Outcome, Began: time.Now()}
		if shot.Target == w.FailAt {
			o.Kind, o.Code = remote.Failed, 1
		}
		if o.Kind != remote.OK {
			o.Reason = "the test said so"
		}
		out = append(out, o)
	}
	return out
}

// wires turns a command line into bytes and never sends any.
type wires struct{ actions.Network }

func (wires) Wire(_, cmd string, _ bool) (string, string, error) { return cmd, "root (sudo)", nil }

// Cluster is its cluster file.
func Cluster() *inventory.Cluster {
	return &inventory.Cluster{
		Name: "test", Environment: inventory.Training, Hash: strings.Repeat("0", 64),
		Nodes:    []inventory.Node{{Name: "n1", Address: "192.0.2.1"}, {Name: "n2", Address: "192.0.2.2"}, {Name: "n3", Address: "192.0.2.3"}},
		Etcd:     &inventory.Etcd{Unit: "etcd", ClientPort: 2379, DataDir: "/var/lib/etcd"},
		Patroni:  &inventory.Patroni{Unit: "patroni", RESTPort: 8008},
		Postgres: &inventory.Postgres{Port: 5432, DataDir: "/var/lib/postgresql/17/main", BinDir: "/usr/lib/postgresql/17/bin"},
	}
}
