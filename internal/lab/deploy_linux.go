package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// deploy makes the snapshot: fresh hosts, Ansible from the console until the cluster is healthy, a clean halt, and the
// hosts' files kept as a layer.
func (l *Lab) deploy(ctx context.Context, snapshot string, roles fs.FS, o Options, p *progress) error {
	if err := l.start(ctx, "", roles, o.Binary, false, p); err != nil {
		return err
	}
	p.say("deploying the cluster with Ansible (minutes, once)")
	log, err := p.log("ansible.log")
	if err != nil {
		return err
	}
	defer log.Close()
	out := io.MultiWriter(log, p.w)
	code, err := l.Exec(ctx, consoleName, []string{"sh", "-c", "cd ~/ansible && exec ansible-playbook site.yml"}, Stdio{Out: out, Err: out}, false)
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d", code)
	}
	if err != nil {
		return &Error{What: "ansible-playbook", Err: err, Hint: "see " + log.Name() + "; the hosts still run until `recon lab down`"}
	}
	if err := l.waitHealthy(ctx, 2*time.Minute); err != nil {
		return err
	}
	p.say("keeping the deployed hosts as a snapshot")
	if err := l.stopCluster(ctx); err != nil {
		return err
	}
	if err := l.each(plan(), func(g guest) error { return g.halt(ctx) }); err != nil {
		return err
	}
	if err := l.keep(snapshot); err != nil {
		return &Error{What: "snapshot", Err: err}
	}
	return l.downBut(ctx, "state.json")
}

// stopCluster stops NetBox first, so that its workers take their registrations back, and Patroni on the replicas before
// the leader, so that the next start finds the leader where it was, on the same timeline.
func (l *Lab) stopCluster(ctx context.Context) error {
	leader, err := l.leader(ctx)
	if err != nil {
		return err
	}
	err = l.each(nodes(), func(g guest) error {
		_, err := g.run(ctx, "systemctl", "stop", "netbox", "netbox-rq")
		return err
	})
	if err != nil {
		return err
	}
	for _, last := range []bool{false, true} {
		err := l.each(nodes(), func(g guest) error {
			if (g.name == leader) != last {
				return nil
			}
			_, err := g.run(ctx, "systemctl", "stop", "patroni")
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keep moves the guests' own files into the cache.
func (l *Lab) keep(snapshot string) error {
	grow := snapshot + ".tmp"
	if err := errors.Join(l.clear(grow), l.clear(snapshot)); err != nil {
		return err
	}
	if err := os.MkdirAll(grow, 0o755); err != nil {
		return err
	}
	for _, h := range plan() {
		tree := guest{l, h}.tree("")
		// A layer's own overlay must be gone before its upper becomes another's lower.
		if err := tree.unmount(); err != nil {
			return err
		}
		// The recon program is copied at every start.
		if err := os.Remove(tree.upper + "/usr/local/bin/recon"); err != nil && !os.IsNotExist(err) {
			return err
		}
		if err := os.Rename(tree.upper, grow+"/"+h.name); err != nil {
			return err
		}
	}
	// The overlays were volatile: what they hold reaches the disk only now.
	unix.Sync()
	return os.Rename(grow, snapshot)
}

// Down ends the lab: afterwards nothing of it runs, is mounted or listens. Image and snapshot stay unless purge. It is
// fine when nothing is there.
func (l *Lab) Down(ctx context.Context, purge bool) error {
	if _, err := os.Stat(l.dir); os.IsNotExist(err) {
		return nil
	}
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.down(ctx); err != nil {
		return err
	}
	if !purge {
		return nil
	}
	return errors.Join(l.clear(l.path("cache")), l.clear(l.path("log")), l.clear(l.dir))
}

func (l *Lab) down(ctx context.Context) error { return l.downBut(ctx, "") }

// downBut ends everything and removes the run folder but for one file. The guests are killed, not halted: their files are
// thrown away.
func (l *Lab) downBut(ctx context.Context, keep string) error {
	fail := func(what string, err error) error {
		return &Error{What: "taking the lab down: " + what, Err: err, Hint: "run `recon lab down` again"}
	}
	if err := l.kill(ctx, ""); err != nil {
		return fail("processes", err)
	}
	l.dropTraces()
	if err := unmountBelow(l.path("run", "hosts")); err != nil {
		return fail("mounts", err)
	}
	if err := l.dropNetwork(); err != nil {
		return fail("network", err)
	}
	entries, err := os.ReadDir(l.path("run"))
	if err != nil && !os.IsNotExist(err) {
		return fail("files", err)
	}
	for _, e := range entries {
		if e.Name() == keep {
			continue
		}
		if err := l.clear(l.path("run", e.Name())); err != nil {
			return fail("files", err)
		}
	}
	if keep == "" {
		os.Remove(l.path("run"))
	}
	return nil
}

// dropTraces removes what nspawn keeps about a guest that did not end by itself. Its lock is named after the root
// folder, so this comes before the unmounting.
func (l *Lab) dropTraces() {
	const dir = "/run/systemd/nspawn/"
	for _, h := range plan() {
		g := guest{l, h}
		machine := l.name + "-" + h.name
		unmountBelow(dir + "propagate/" + machine)
		os.RemoveAll(dir + "propagate/" + machine)
		os.RemoveAll(dir + "unix-export/" + machine)
		os.Remove(dir + "locks/name-" + machine)
		var st unix.Stat_t
		if unix.Stat(g.dir("root"), &st) == nil {
			os.Remove(fmt.Sprintf(dir+"locks/inode-%d:%d", st.Dev, st.Ino))
		}
	}
}
