package tools

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// proc is a process of a host as ps shows it.
type proc struct {
	shell.Process
	unit string
	// rss is in kB, cpu in percent, spent its processor time.
	rss   int
	cpu   float64
	spent time.Duration
	state string
}

// line is the whole command line.
func (p proc) line() string { return strings.Join(p.Args, " ") }

func (p proc) comm() string {
	if p.Comm != "" {
		return p.Comm
	}
	if len(p.Args) == 0 {
		return ""
	}
	name := strings.TrimPrefix(p.Args[0], "-")
	name = name[strings.LastIndexByte(name, '/')+1:]
	return name[:min(len(name), 15)]
}

// Processes are the daemons of a host, for shell.Host's own list of what it did not start. It takes the world's lock.
func Processes(w *world.World, host string) []shell.Process {
	var out []shell.Process
	w.Look(func() {
		for _, p := range daemons(w, w.Host(host)) {
			out = append(out, p.Process)
		}
	})
	return out
}

// Kill signals a daemon of a host, for shell.Host.Kill. It takes the world's lock.
func Kill(w *world.World, host string, pid int, sig syscall.Signal, user string) error {
	var err error
	w.Change(func() {
		h := w.Host(host)
		all := daemons(w, h)
		i := slices.IndexFunc(all, func(p proc) bool { return p.PID == pid })
		switch {
		case i < 0:
			err = syscall.ESRCH
		case user != "root" && user != all[i].User:
			err = syscall.EPERM
		default:
			err = deliver(h, all[i], sig)
		}
	})
	return err
}

// deliver is what a signal to one process does. One that is not simulated is EINVAL, as for a signal that does not exist.
func deliver(h *world.Host, p proc, sig syscall.Signal) error {
	u := h.Unit(p.unit)
	switch {
	case sig == 0 || p.PID == 1:
		return nil
	case u == nil:
		return syscall.ESRCH
	case u.Name == world.PatroniUnit && p.PID != u.PID:
		return toPostgres(h, p, sig)
	case p.PID != u.PID:
		return nil // a worker that its master starts again
	case u.Name == world.PatroniUnit && sig == syscall.SIGKILL:
		h.KillAgent()
		return nil
	case !toUnit(h, u, sig):
		return syscall.EINVAL
	}
	return nil
}

// toPostgres is a signal to PostgreSQL: its first process decides, a backend of a client ends alone.
func toPostgres(h *world.Host, p proc, sig syscall.Signal) error {
	db := h.Postgres
	if p.PID != db.PID {
		for i, b := range db.Sessions {
			if b.PID == p.PID && (sig == syscall.SIGTERM || sig == syscall.SIGINT) {
				db.Sessions = slices.Delete(db.Sessions, i, i+1)
				return nil
			}
		}
		if sig == syscall.SIGKILL {
			return h.StopPostgres(true) // all backends end with one that was killed
		}
		return nil
	}
	switch sig {
	case syscall.SIGHUP:
		return nil
	case syscall.SIGTERM, syscall.SIGINT:
		return h.StopPostgres(false)
	case syscall.SIGKILL, syscall.SIGQUIT:
		return h.StopPostgres(true)
	}
	return syscall.EINVAL
}

// daemons are the processes that the world runs on a host, by PID. The lock is held.
func daemons(w *world.World, h *world.Host) []proc {
	if h == nil || !h.Up() {
		return nil
	}
	boot := h.Booted.Add(h.Offset)
	make := func(pid, ppid int, user, comm string, rss int, args ...string) proc {
		return proc{Process: shell.Process{PID: pid, PPID: ppid, User: user, Comm: comm, Args: args, Started: boot}, rss: rss, state: "Ss"}
	}
	out := []proc{
		make(1, 0, "root", "systemd", 13924, "/usr/lib/systemd/systemd"),
		make(19, 1, "root", "systemd-journal", 11680, "/usr/lib/systemd/systemd-journald"),
		make(41, 1, "messagebus", "dbus-daemon", 4912, strings.Fields("/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only")...),
		make(62, 1, "root", "systemd-logind", 9344, "/usr/lib/systemd/systemd-logind"),
	}
	for _, u := range h.Units {
		if u.State != world.Active || u.PID == 0 || u.File == transientFile {
			continue
		}
		out = append(out, unitProcesses(h, u)...)
	}
	if h.Postgres != nil && h.Postgres.Running {
		out = append(out, postgresProcesses(w, h)...)
	}
	slices.SortFunc(out, func(a, b proc) int { return a.PID - b.PID })
	return out
}

// unitProcesses are a unit's main process and its workers.
func unitProcesses(h *world.Host, u *world.Unit) []proc {
	known := programs[u.Name]
	since := u.Since.Add(h.Offset)
	user := either(u.User, "root")
	args := strings.Fields(either(known.exec, "/usr/sbin/"+u.Name))
	exe := args[0]
	switch known.comm {
	case "patroni", "gunicorn":
		args = slices.Concat([]string{"/usr/bin/python3"}, args)
		exe = "/usr/bin/python3.13"
	case "redis-server":
		args = []string{"/usr/bin/redis-server", h.IP + ":6379"}
	case "redis-sentinel":
		args = []string{"/usr/bin/redis-sentinel", h.IP + ":26379", "[sentinel]"}
	case "sshd":
		args = strings.Fields("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups")
	case "nginx":
		args = append([]string{"nginx:", "master", "process"}, args...)
	}
	one := func(pid, ppid int, user, state string, rss int, args ...string) proc {
		return proc{
			Process: shell.Process{PID: pid, PPID: ppid, User: user, Args: args, Exe: exe, Comm: either(known.comm, u.Name), Started: since},
			unit:    u.Name, rss: rss, state: state,
		}
	}
	out := []proc{one(u.PID, 1, user, "Ssl", max(known.rss, 4000), args...)}
	switch u.Name {
	case world.EtcdUnit:
		out[0].cpu = 1.6
	case world.PatroniUnit, "redis-server", "redis-sentinel":
		out[0].cpu = 0.4
	case "haproxy":
		out = append(out, one(u.PID+1, u.PID, "haproxy", "Sl", 11816, args...))
	case "keepalived":
		out = append(out, one(u.PID+1, u.PID, "root", "S", 3912, args...))
	case "nginx":
		out = append(out, one(u.PID+1, u.PID, "www-data", "S", 8392, "nginx: worker process"), one(u.PID+2, u.PID, "www-data", "S", 8388, "nginx: worker process"))
	case "netbox":
		out = append(out, one(u.PID+1, u.PID, user, "Sl", 36168, args...), one(u.PID+2, u.PID, user, "Sl", 36064, args...))
	}
	return out
}

// postgresArgs is the command line with which Patroni starts PostgreSQL.
func postgresArgs(h *world.Host) []string {
	set := func(name, usual string) string {
		if v := h.Postgres.Settings[name]; v != "" {
			return v
		}
		return usual
	}
	return []string{
		world.PGBin + "/postgres", "-D", world.PGData, "--config-file=" + world.PGData + "/postgresql.conf", "--listen_addresses=" + h.IP, fmt.Sprintf("--port=%d", world.PostgresPort),
		"--cluster_name=" + world.Scope, "--wal_level=" + set("wal_level", "replica"), "--hot_standby=on", "--max_connections=" + set("max_connections", "100"),
		"--max_wal_senders=" + set("max_wal_senders", "10"), "--max_prepared_transactions=" + set("max_prepared_transactions", "0"),
		"--max_locks_per_transaction=" + set("max_locks_per_transaction", "64"), "--track_commit_timestamp=off",
		"--max_replication_slots=" + set("max_replication_slots", "10"), "--max_worker_processes=" + set("max_worker_processes", "8"), "--wal_log_hints=on",
	}
}

// senders is where the processes that no unit has begin: PostgreSQL's walsenders.
const senders = 12000

func postgresProcesses(w *world.World, h *world.Host) []proc {
	p := h.Postgres
	since := p.Started.Add(h.Offset)
	one := func(pid, ppid, rss int, args ...string) proc {
		return proc{
			Process: shell.Process{PID: pid, PPID: ppid, User: "postgres", Args: args, Exe: world.PGBin + "/postgres", Comm: "postgres", Started: since},
			unit:    world.PatroniUnit, rss: rss, state: "Ss",
		}
	}
	main := one(p.PID, 1, 24120, postgresArgs(h)...)
	main.state = "S"
	if u := h.Unit(world.PatroniUnit); u != nil && u.State == world.Active {
		main.PPID = 1
	}
	out := []proc{main}
	child := func(what string) {
		out = append(out, one(p.PID+len(out), p.PID, 9444, "postgres: "+world.Scope+": "+what))
	}
	child("checkpointer ")
	child("background writer ")
	if p.Primary {
		child("walwriter ")
		child("autovacuum launcher ")
		child("logical replication launcher ")
	} else {
		child("startup recovering " + walFile(p.Timeline, p.Replayed))
		if p.Streaming {
			child("walreceiver streaming " + p.WAL.String())
		}
	}
	pid := senders
	for i, o := range w.Standbys(h) {
		pid++
		out = append(out, one(pid, p.PID, 12464, fmt.Sprintf("postgres: %s: walsender replicator %s(%d) streaming %s", world.Scope, o.IP, 37980+i, o.Postgres.WAL)))
	}
	for _, s := range p.Sessions {
		out = append(out, one(s.PID, p.PID, 16840, fmt.Sprintf("postgres: %s: %s %s %s %s", world.Scope, s.User, s.Database, either(s.Client, "[local]"), s.State)))
	}
	return out
}

// walFile is the name of the file that holds a position.
func walFile(timeline int, at world.LSN) string {
	segment := uint64(at) / world.Segment
	return fmt.Sprintf("%08X%08X%08X", timeline, segment/0x100, segment%0x100)
}

// processes are those of the call's host: daemons and what the shell runs.
func (k *kit) processes(c *shell.Call) []proc {
	own, clock := c.Host.Processes(), now(c)
	var out []proc
	k.look(c, func(h *world.Host) { out = daemons(k.world, h) })
	for _, p := range own {
		if slices.ContainsFunc(out, func(d proc) bool { return d.PID == p.PID }) {
			continue // the shell lists daemons too
		}
		out = append(out, proc{Process: p, rss: 3500, state: "S"})
	}
	slices.SortFunc(out, func(a, b proc) int { return a.PID - b.PID })
	for i := range out {
		p := &out[i]
		p.spent = time.Duration(float64(max(clock.Sub(p.Started), 0)) * p.cpu / 100)
	}
	return out
}

// ofUnit are those of a unit.
func ofUnit(all []proc, u *world.Unit) []proc {
	return slices.DeleteFunc(slices.Clone(all), func(p proc) bool { return p.unit != u.Name && p.PID != u.PID })
}
