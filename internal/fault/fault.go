// Package fault names the ways to break a training cluster: what runbooks and drills ask for, what the embedded training
// cluster and the lab inject. It breaks nothing itself; it keeps the names, their parameters and their meaning in one place,
// so that a book cannot ask for a fault that nobody knows.
//
// A fault is written as a shell would: its name, then its arguments ("stop-node netbox-node-2"). Start with Parse.
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
	// Params are the names of its arguments, all required, in their order.
	Params []string
	// Summary says what it does and what is seen then, in one sentence.
	Summary string
}

// Usage is the fault as it is written, with its parameters in capitals: "stop-node NODE".
func (f Fault) Usage() string {
	words := []string{f.Name}
	for _, p := range f.Params {
		words = append(words, strings.ToUpper(p))
	}
	return strings.Join(words, " ")
}

// All are the known faults.
func All() []Fault {
	return []Fault{
		{KillLeader, nil, "Patroni and PostgreSQL of the leader are killed with -9 and stay down; another member leads after about ttl."},
		{PowerOffLeader, nil, "The leader's host loses its power; nothing on it answers, and another member leads after about ttl."},
		{StopNode, []string{"node"}, "All services of one node are stopped in order; the host stays up."},
		{DivergeOldLeader, nil, "The leader is cut off, commits rows that nobody else has, and is stopped and masked; another member leads meanwhile."},
		{EtcdQuorum, nil, "etcd is killed on two of three nodes; the primary becomes read-only when the lock cannot be renewed."},
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

// Call is a fault with its arguments.
type Call struct {
	Fault Fault
	Args  []string
}

// Parse reads a fault as books write it: the name and its arguments, between spaces.
func Parse(text string) (Call, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Call{}, fmt.Errorf("a fault has no name; the faults are %s", strings.Join(Names(), ", "))
	}
	f, ok := Find(words[0])
	if !ok {
		return Call{}, fmt.Errorf("there is no fault %q; the faults are %s", words[0], strings.Join(Names(), ", "))
	}
	if len(words)-1 != len(f.Params) {
		return Call{}, fmt.Errorf("the fault %s takes %d arguments and got %d; write `%s`", f.Name, len(f.Params), len(words)-1, f.Usage())
	}
	return Call{Fault: f, Args: words[1:]}, nil
}
