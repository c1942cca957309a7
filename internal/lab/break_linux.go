package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Break injects a fault and returns when it is there. It says on w what it did.
func (l *Lab) Break(ctx context.Context, name string, args []string, w io.Writer) error {
	if err := checkFault(name, args); err != nil {
		return err
	}
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.hasCluster(); err != nil {
		return err
	}
	p := l.progress(w)
	switch name {
	case "kill-leader":
		return l.killLeader(ctx, p)
	case "stop-node":
		return l.stopNode(ctx, args, p)
	case "power-off-leader":
		return l.powerOffLeader(ctx, p)
	case "diverge-old-leader":
		return l.divergeOldLeader(ctx, p)
	case "etcd-quorum":
		return l.killQuorum(ctx, p)
	}
	return checkFault(name, args)
}

// hasCluster is nil when there is something to break or to mend.
func (l *Lab) hasCluster() error {
	r, found := l.readRecord()
	switch {
	case !found:
		return &Error{What: "the lab is down", Hint: "`recon lab up` starts it"}
	case r.Phase != "up":
		return &Error{What: "the lab's start did not finish", Hint: "`recon lab up` starts it anew"}
	case r.Bare:
		return &Error{What: "the hosts are bare: there is no cluster", Hint: "`recon lab down`, then `recon lab up`"}
	}
	return nil
}

// leaderGuest is the guest of the member that answers as primary.
func (l *Lab) leaderGuest(ctx context.Context) (guest, error) {
	name, err := l.leader(ctx)
	if err != nil {
		return guest{}, err
	}
	return l.guest(name)
}

// killPatroni kills all processes of the unit at once: Patroni, PostgreSQL and its children, chosen by their cgroup.
func (g guest) killPatroni(ctx context.Context) error {
	if _, err := g.run(ctx, "systemctl", "kill", "--kill-whom=all", "--signal=KILL", "patroni"); err != nil {
		return err
	}
	return g.lab.await(ctx, 20*time.Second, "the end of Patroni and PostgreSQL on "+g.name, func(ctx context.Context) error {
		state, err := g.run(ctx, "systemctl", "show", "--property=ActiveState", "--value", "patroni")
		if err != nil {
			return err
		}
		left, err := g.run(ctx, "sh", "-c", "pgrep --count --uid postgres || test $? = 1")
		if err != nil {
			return err
		}
		if state, left = strings.TrimSpace(state), strings.TrimSpace(left); state == "active" || left != "0" {
			return fmt.Errorf("the unit is %s and %s processes of PostgreSQL's user are left", state, left)
		}
		return nil
	})
}

func (l *Lab) killLeader(ctx context.Context, p *progress) error {
	g, err := l.leaderGuest(ctx)
	if err != nil {
		return err
	}
	if err := g.killPatroni(ctx); err != nil {
		return err
	}
	p.say("killed Patroni and PostgreSQL on the leader %s; `systemctl start patroni` there starts them again", g.name)
	return nil
}

func (l *Lab) stopNode(ctx context.Context, args []string, p *progress) error {
	name := ""
	if len(args) > 0 {
		name = args[0]
	} else {
		v, err := l.cluster(ctx)
		if err != nil {
			return err
		}
		for _, m := range v.Members {
			if m.Role == "replica" {
				name = m.Name
			}
		}
		if name == "" {
			return &Error{What: "no asynchronous replica is there", Hint: "name the host: recon lab break stop-node netbox-node-3"}
		}
	}
	g, err := l.guest(name)
	if err != nil {
		return err
	}
	if _, _, up := g.pids(); !up {
		return &Error{What: name + " is down already", Hint: "`recon lab status` shows the hosts"}
	}
	if err := g.halt(ctx); err != nil {
		return err
	}
	p.say("halted %s cleanly", name)
	return nil
}

func (l *Lab) powerOffLeader(ctx context.Context, p *progress) error {
	g, err := l.leaderGuest(ctx)
	if err != nil {
		return err
	}
	// The cable goes first: the kernel would say goodbye to every peer of the dying processes.
	if err := g.off(ctx); err != nil {
		return err
	}
	p.say("took the power from the leader %s: nothing there answers", g.name)
	return nil
}

// divergeOldLeader makes the one situation in which a rejoin loses data: commits that only the old leader holds.
func (l *Lab) divergeOldLeader(ctx context.Context, p *progress) error {
	old, err := l.leaderGuest(ctx)
	if err != nil {
		return err
	}
	// Masked first: nothing may start Patroni there until an operator decides, for its rewind would drop the commits.
	if _, err := old.run(ctx, "systemctl", "mask", "patroni"); err != nil {
		return err
	}
	if err := old.killPatroni(ctx); err != nil {
		return err
	}
	p.say("killed Patroni and PostgreSQL on the leader %s and masked the unit; waiting for the failover", old.name)
	next := ""
	err = l.await(ctx, 90*time.Second, "a new leader", func(ctx context.Context) error {
		next, err = l.leader(ctx)
		return err
	})
	if err != nil {
		return err
	}
	p.say("%s leads now", next)
	if _, err := old.feed(ctx, divergeScript, "runuser", "-u", "postgres", "--", "bash", "-es"); err != nil {
		return err
	}
	if _, err := old.run(ctx, "systemctl", "reset-failed", "patroni"); err != nil {
		return err
	}
	p.say("%s committed 5000 rows (table diverged in netbox) on the old timeline and stopped cleanly; patroni is masked there", old.name)
	return nil
}

// divergeScript starts the old leader alone, reachable only through a socket of its own and without a standby to wait for.
const divergeScript = `
bin=/usr/lib/postgresql/17/bin data=/var/lib/postgresql/17/patroni
socket=$(mktemp -d)
trap 'rm -rf "$socket"' EXIT
"$bin/pg_ctl" start -D "$data" -w -t 60 -s -l /dev/null -o \
 "-c listen_addresses='' -c unix_socket_directories=$socket -c synchronous_standby_names='' -c primary_conninfo=''"
psql -qX -v ON_ERROR_STOP=1 -h "$socket" -d netbox <<'SQL' || failed=1
CREATE TABLE diverged (id int PRIMARY KEY, note text, at timestamptz DEFAULT now());
INSERT INTO diverged (id, note) SELECT n, 'only on the old leader' FROM generate_series(1, 5000) n;
SQL
"$bin/pg_ctl" stop -D "$data" -m fast -w -t 60 -s
exit ${failed:-0}
`

func (l *Lab) killQuorum(ctx context.Context, p *progress) error {
	keep, err := l.leader(ctx)
	if err != nil {
		return err
	}
	var victims []host
	for _, h := range nodes() {
		if h.name != keep {
			victims = append(victims, h)
		}
	}
	err = l.each(victims, func(g guest) error {
		// Killed as by a crash, then stopped before the unit's own restart (5 s later) brings it back.
		_, err := g.run(ctx, "sh", "-ec", "systemctl kill --signal=KILL etcd-patroni; systemctl stop etcd-patroni; systemctl reset-failed etcd-patroni || true")
		return err
	})
	if err != nil {
		return err
	}
	err = l.await(ctx, 20*time.Second, "the loss of quorum", func(ctx context.Context) error {
		g, err := l.guest(keep)
		if err != nil {
			return err
		}
		if _, err := g.run(ctx, "etcdctl", "--endpoints=http://"+g.address+":22379", "--command-timeout=1s", "endpoint", "health"); err == nil {
			return errors.New("the last member still serves reads")
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.say("killed etcd on %s and %s, their units stay stopped; the member of the leader %s is alone", victims[0].name, victims[1].name, keep)
	return nil
}
