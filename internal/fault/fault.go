// Package fault names the ways to break a training cluster: what runbooks and drills ask for, what the embedded training
// cluster and the lab inject. It breaks nothing itself; it keeps the names, their arguments, what they do, which documented
// scenarios come of them and what a watcher sees in one place, so that a book cannot ask for a fault that nobody knows.
//
// A fault is written as in a shell: its name, then its arguments if it takes any ("stop-node netbox-node-2"). All arguments
// are hosts, and all may be left out. Start with Parse; All is the whole catalogue.
package fault

import (
	"fmt"
	"strings"
)

// Fault is one way to break a cluster.
type Fault struct {
	Name string `json:"name"`
	// System is what breaks, in the words of a book's `systems`; "network" and "hosts" for what lies below them.
	System string `json:"system"`
	// Args name its arguments, each of which may be left out; nil when it takes none.
	Args []string `json:"arguments,omitempty"`
	// Summary says what it does, and what is chosen when an argument is left out.
	Summary string `json:"summary"`
	// Scenarios are the ids of the documented scenarios that it makes; nil when the catalogue has none of its own.
	Scenarios []string `json:"scenarios,omitempty"`
	// Seen is what a watcher of the cluster sees of it, in a sentence.
	Seen string `json:"seen"`
}

// Usage is the fault as it is written: "stop-node [NODE]".
func (f Fault) Usage() string {
	usage := f.Name
	for _, a := range f.Args {
		usage += " [" + strings.ToUpper(a) + "]"
	}
	return usage
}

// All are the known faults, system by system.
func All() []Fault {
	var all []Fault
	for _, some := range [][]Fault{patroni(), postgres(), etcd(), redis(), entry(), pgbouncer(), netbox(), hosts(), network()} {
		all = append(all, some...)
	}
	return all
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
	// Args are as many as were given, from the first.
	Args []string
}

// String is the call as it is written.
func (c Call) String() string { return strings.Join(append([]string{c.Fault.Name}, c.Args...), " ") }

// Parse reads a fault as books write it: its name, and perhaps its arguments. The error says which faults there are, or how
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
	if len(words)-1 > len(f.Args) {
		return Call{}, fmt.Errorf("too many words for the fault %s; write `%s`", f.Name, f.Usage())
	}
	return Call{Fault: f, Args: words[1:]}, nil
}
