// Package fault names the ways to break a training cluster: what runbooks and drills ask for, what the embedded training
// cluster and the lab inject. It breaks nothing itself; it keeps the names, their parameters and their meaning in one place,
// so that a book cannot ask for a fault that nobody knows.
//
// A fault is written as in a shell: its name, then its argument if it takes one ("stop-node netbox-node-2"). Start with Parse.
package fault

import (
	"fmt"
	"strings"
)

// The names of the faults.
const (
	KillLeader       = "kill-leader"
	PowerOffLeader   = "power-off-leader"
	StopNode         = "stop-node"
	DivergeOldLeader = "diverge-old-leader"
	EtcdQuorum       = "etcd-quorum"
)

// Fault is one way to break a cluster.
type Fault struct {
	Name string
	// Arg names its one argument, which may be left out; empty when it takes none.
	Arg string
	// Summary says what it does, and what is chosen when the argument is left out.
	Summary string
}

// Usage is the fault as it is written: "stop-node [NODE]".
func (f Fault) Usage() string {
	if f.Arg == "" {
		return f.Name
	}
	return f.Name + " [" + strings.ToUpper(f.Arg) + "]"
}

// All are the known faults.
func All() []Fault {
	return []Fault{
		{Name: KillLeader, Summary: "kill Patroni and PostgreSQL on the leader; its unit stays down until it is started"},
		{Name: StopNode, Arg: "node", Summary: "halt a host cleanly; the asynchronous replica unless named"},
		{Name: PowerOffLeader, Summary: "take the power from the leader's host: nothing there answers any more"},
		{Name: DivergeOldLeader, Summary: "fail over, leaving the old leader with commits that the new timeline lacks; Patroni is masked there"},
		{Name: EtcdQuorum, Summary: "kill two of the three etcd members; their units stay stopped"},
	}
}

// Find is the fault of that name.
func Find(name string) (Fault, bool) {
	for _, f := range All() {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

// Names are the names of all faults.
func Names() []string {
	var names []string
	for _, f := range All() {
		names = append(names, f.Name)
	}
	return names
}

// Call is a fault with its argument.
type Call struct {
	Fault Fault
	// Arg is empty when it was left out.
	Arg string
}

// Parse reads a fault as books write it: its name, and perhaps its argument. The error says which faults there are, or how
// this one is written.
func Parse(text string) (Call, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Call{}, fmt.Errorf("the fault has no name; the faults are %s", strings.Join(Names(), ", "))
	}
	f, ok := Find(words[0])
	if !ok {
		return Call{}, fmt.Errorf("there is no fault %q; the faults are %s", words[0], strings.Join(Names(), ", "))
	}
	c := Call{Fault: f}
	switch {
	case len(words) == 2 && f.Arg != "":
		c.Arg = words[1]
	case len(words) > 1:
		return Call{}, fmt.Errorf("too many words for the fault %s; write `%s`", f.Name, f.Usage())
	}
	return c, nil
}
