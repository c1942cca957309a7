package probes

import (
	"context"
	"slices"
	"strings"
	"time"

	"recon/internal/inventory"
)

// Fresh asks the targets again whose answers make the named sections of State (all when none is named; a dotted path
// counts by its first word) and waits until each has finished a probe that was begun after the call. In the State that it
// returns, every answer to an older question is unseen, in all sections. When ctx ends first, the error is ctx's and the
// State is as far as it got: what has not answered yet is unseen, never old.
//
// A target that hangs takes its deadline, and up to a second more when a probe was under way: give ctx 6 s. Run must be
// running, or begin to.
func (w *Watch) Fresh(ctx context.Context, reads []string) (*State, error) {
	return w.since(ctx, w.now(), reads)
}

// since is Fresh with a moment from which on answers count.
func (w *Watch) since(ctx context.Context, notBefore time.Time, reads []string) (*State, error) {
	m := moment{notBefore: notBefore}
	var concerned []*target
	for _, t := range w.targets {
		if len(reads) == 0 || slices.ContainsFunc(reads, func(path string) bool { return concerns(path, t.section) }) {
			concerned = append(concerned, t)
		}
	}
	w.mu.Lock()
	m.now = w.now()
	late := slices.DeleteFunc(slices.Clone(concerned), func(t *target) bool { return !t.pending(m) })
	w.mu.Unlock()
	for _, t := range late {
		t.again(m.notBefore)
	}
	for {
		w.mu.Lock()
		m.now = w.now()
		waiting := slices.ContainsFunc(concerned, func(t *target) bool { return t.pending(m) })
		changed := w.changed
		if !waiting || ctx.Err() != nil {
			defer w.mu.Unlock()
			s := w.view(m.notBefore)
			switch {
			case w.moves == nil:
			case len(reads) == 0:
				w.show(s)
			default:
				w.show(w.view(time.Time{}))
			}
			if waiting {
				return s, ctx.Err()
			}
			return s, nil
		}
		w.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// concerns says whether a path of an expression depends on what the targets of a section answer. What is not known to
// depend on less depends on everything.
func concerns(path, section string) bool {
	head, _, _ := strings.Cut(path, ".")
	switch head {
	case "cluster":
		return false
	case "nodes", "etcd", "postgres", "redis", "sentinel", "haproxy", "pgbouncer", "service":
		return section == head
	case "web":
		return section == "web" || section == "nodes" // the certificate files are read over ssh
	case "vips", "keepalived":
		return section == "nodes"
	case "netbox":
		// The queues and workers are read in Redis, and NetBox through the web address is one of the users' paths.
		return section == "netbox" || section == "redis" || section == "service"
	case "reach":
		return section == "nodes" || section == "reach"
	case "cross":
		return section != "service" && section != "reach" && section != "pgbouncer" && section != "web"
	case "hands_off":
		return section == "patroni" || section == "etcd" || section == "postgres" || section == "sentinel" || section == "redis"
	case "patroni":
		// The leader lock is read in etcd, and the bytes of a running copy in the databases.
		return section == "patroni" || section == "etcd" || section == "postgres"
	}
	return true
}

// Once asks every target once and returns what came back until ctx ends.
func Once(ctx context.Context, c *inventory.Cluster, hosts Hosts, opt Options) (*State, error) {
	w, err := New(c, hosts, opt)
	if err != nil {
		return nil, err
	}
	// The probes end by being stopped, not by ctx: its end is no answer of a target.
	begin := w.now()
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(running) // it ends because it is stopped
	}()
	s, err := w.since(ctx, begin, nil)
	stop()
	<-done
	return s, err
}
