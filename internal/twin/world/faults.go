package world

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"recon/internal/fault"
)

// breaker makes a fault, with the lock held, and says what it did. It acts as an accident or a person would: through
// units, files and the verbs of the parts.
type breaker func(args []string) (said string, err error)

// Break makes a fault. What needs time (a failover that must come first) goes on while the clock moves; Settled says when
// all is done. The error names the mistake: an unknown host, or no host to choose.
func (w *World) Break(call fault.Call) (said string, err error) {
	w.Change(func() {
		all := map[string]breaker{}
		for _, some := range []map[string]breaker{
			w.databaseFaults(), w.storeFaults(), w.postgresFaults(), w.hostFaults(), w.hostStates(), w.entryFaults(), w.stateFaults(), w.spoiltFaults(),
		} {
			maps.Copy(all, some)
		}
		b, ok := all[call.Fault.Name]
		if !ok {
			err = fmt.Errorf("the training cluster cannot make the fault %s", call.Fault.Name)
			return
		}
		for _, a := range call.Args {
			if h := w.Host(a); h == nil || h.Name == Console {
				err = fmt.Errorf("there is no node %q; the nodes are %s", a, strings.Join(names(w.Nodes()), ", "))
				return
			}
		}
		said, err = b(call.Args)
	})
	return said, err
}

// Settled says whether every fault has done all that it does.
func (w *World) Settled() (done bool) {
	w.Look(func() { done = len(w.after) == 0 })
	return done
}

// later lets f be tried at every tick until it says that it is done.
func (w *World) later(f func() bool) { w.after = append(w.after, f) }

func (w *World) tickLater() {
	done := func(f func() bool) bool { return f() }
	w.after, w.endless = slices.DeleteFunc(w.after, done), slices.DeleteFunc(w.endless, done)
}

func names(hosts []*Host) []string {
	var out []string
	for _, h := range hosts {
		out = append(out, h.Name)
	}
	return out
}

var errNoHost = errors.New("no host is as this fault wants it; name one, or mend the cluster first")

// chosen is the host that an argument names, or the one that is chosen without.
func (w *World) chosen(args []string, usual *Host) (*Host, error) {
	if len(args) > 0 {
		return w.Host(args[0]), nil
	}
	if usual == nil {
		return nil, errNoHost
	}
	return usual, nil
}

// syncStandby and asyncReplica are members by the store's view.
func (w *World) syncStandby() *Host {
	for _, name := range w.SyncStandbys() {
		return w.Host(name)
	}
	return nil
}

func (w *World) asyncReplica() *Host {
	var found *Host
	for _, h := range w.Nodes() {
		if h.Name != w.holder() && !slices.Contains(w.SyncStandbys(), h.Name) {
			found = h
		}
	}
	return found
}

func (w *World) replicas() []*Host {
	var out []*Host
	for _, h := range w.Nodes() {
		if h.Name != w.holder() {
			out = append(out, h)
		}
	}
	return out
}

func (w *World) lastNode() *Host {
	all := w.Nodes()
	return all[len(all)-1]
}

// edit changes a file of a host by replacing a text, which must be there.
func (h *Host) edit(path, old, fresh string) error {
	if h.Files == nil {
		return fmt.Errorf("%s has no files", h.Name)
	}
	b, err := h.Files.ReadFile(path)
	if err != nil {
		return err
	}
	if !strings.Contains(string(b), old) {
		return fmt.Errorf("%s on %s does not say %q", path, h.Name, old)
	}
	return h.Files.WriteFile(path, []byte(strings.Replace(string(b), old, fresh, 1)), 0, "")
}
