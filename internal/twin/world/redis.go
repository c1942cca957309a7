//lint:file-ignore ST1005 these are the words of the real programs

package world

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The units, files and ports of Redis and Sentinel.
const (
	RedisUnit    = "redis-server"
	RedisFile    = "/etc/redis/redis.conf"
	RedisDir     = "/var/lib/redis"
	RedisPort    = 6379
	SentinelUnit = "redis-sentinel"
	SentinelFile = "/etc/redis/sentinel.conf"
	SentinelPort = 26379
	MasterName   = "myredisetcd"
)

// Redis is one server. Its data is what NetBox keeps there: registered workers and queued jobs.
type Redis struct {
	Running bool
	PID     int
	RunID   string
	Started time.Time
	// Master is true for a master; else Upstream is the host that it replicates from.
	Master   bool
	Upstream string
	// Linked says that replication is in step; LinkSince since when it is as it is; LinkError why it is not. Heard is when
	// the upstream was heard last, zero when it never was.
	Linked    bool
	LinkSince time.Time
	LinkError string
	Heard     time.Time
	Offset    int64
	// ReplID is the history that its data belongs to; PriorID the one before its promotion, which ended at PriorEnd.
	ReplID, PriorID string
	PriorEnd        int64
	// Attached are the replicas that follow it, by host.
	Attached map[string]*Attached
	// Bind are the addresses that it listens on; Priority 0 is never promoted. Both are read from redis.conf at its start
	// and can be set while it runs, as the passwords can. Settings are all the others.
	Bind                 []string
	Priority             int
	Password, MasterAuth string
	Settings             map[string]string
	Users                map[string]*RedisUser
	Data                 RedisData
	// Saved is when its data was last written as a whole.
	Saved time.Time
	// SaveFails says that its last snapshot could not be written.
	SaveFails bool
	// FullSyncs and PartialSyncs count those that it gave to replicas.
	FullSyncs, PartialSyncs int

	// retry is when a lost link is tried again; upstreamRun is the process that it follows.
	retry       time.Time
	upstreamRun string
	hashes      map[string]string
}

// Attached is a replica as its master sees it: since when, when it was heard last, and up to where it has the data.
type Attached struct {
	Since, Heard time.Time
	Offset       int64
}

// RedisData is what the workers and NetBox keep in Redis.
type RedisData struct {
	// Workers are the registered rq workers by name; Jobs the ids that wait in the queue default.
	Workers map[string]Worker
	Jobs    []string
	// Queues says that a worker registered once: the names of its queues stay, and so does what NetBox keeps.
	Queues bool
	// Words are plain strings that somebody set, by database and key: "0 key".
	Words map[string]string
}

// Worker is a registration.
type Worker struct {
	Host             string
	Birth, Heartbeat time.Time
	PID              int
	// Until is how long a job that it works on keeps its registration, heartbeat or not.
	Until time.Time
}

func (d RedisData) clone() RedisData {
	return RedisData{Workers: maps.Clone(d.Workers), Jobs: slices.Clone(d.Jobs), Queues: d.Queues, Words: maps.Clone(d.Words)}
}

func emptyData() RedisData {
	return RedisData{Workers: map[string]Worker{}, Words: map[string]string{}}
}

// log is a line of a Redis's or a Sentinel's own log: process, what it is (Master, Slave, X for a Sentinel, C before its
// start), time, level.
func (h *Host) redisLog(unit string, pid int, is byte, level, format string, args ...any) {
	h.Log(unit, 6, "%s", redisLine(h, pid, is, level, fmt.Sprintf(format, args...)))
}

func redisLine(h *Host, pid int, is byte, level, text string) string {
	return fmt.Sprintf("%d:%c %s %s %s", pid, is, h.Clock().UTC().Format("02 Jan 2006 15:04:05.000"), level, text)
}

func (r *Redis) log(h *Host, level, format string, args ...any) {
	is := byte('S')
	if r.Master {
		is = 'M'
	}
	h.redisLog(RedisUnit, r.PID, is, level, format, args...)
}

// Redis's levels of log lines.
const (
	notice  = "*"
	warning = "#"
)

func (r *Redis) start(h *Host) error {
	w, pid := h.world, 0
	if u := h.Unit(RedisUnit); u != nil {
		pid = u.PID
	}
	h.redisLog(RedisUnit, pid, 'C', notice, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
	h.redisLog(RedisUnit, pid, 'C', notice, "Redis version=8.0.2, bits=64, commit=00000000, modified=0, pid=%d, just started", pid)
	h.redisLog(RedisUnit, pid, 'C', notice, "Configuration loaded")
	next := &Redis{
		Running: true, PID: pid, Started: w.now, RunID: runID(h.Name, w.now), Data: r.Data, LinkSince: w.now, Offset: r.Offset, Attached: map[string]*Attached{}, Saved: w.now,
		ReplID: r.ReplID, PriorID: r.PriorID, PriorEnd: r.PriorEnd, retry: w.now.Add(syncPause),
	}
	if why := next.read(h, h.text(RedisFile)); why != "" {
		return errors.New(why)
	}
	if h.sealed(next.Settings["dir"]) {
		return errors.New(redisLine(h, pid, 'M', warning, "Can't open or create append-only dir appendonlydir: Read-only file system"))
	}
	next.load(h)
	*r = *next
	r.log(h, notice, "monotonic clock: POSIX clock_gettime")
	r.log(h, notice, "Running mode=standalone, port=6379.")
	r.log(h, notice, "Server initialized")
	r.log(h, notice, "Reading RDB base file on AOF loading...")
	r.log(h, notice, "DB loaded from append only file: 0.001 seconds")
	r.log(h, notice, "Opening AOF incr file appendonly.aof.1.incr.aof on server start")
	r.log(h, notice, "Ready to accept connections tcp")
	return nil
}

// load keeps the data that is on the disk. A server whose folder was emptied or moved begins with nothing.
func (r *Redis) load(h *Host) {
	folder := r.Settings["dir"] + "/appendonlydir"
	if r.Data.Workers == nil || h.Files != nil && !h.Files.Exists(folder) {
		r.Data, r.Offset, r.ReplID, r.PriorID, r.PriorEnd = emptyData(), 0, "", "", 0
	}
	if h.Files != nil {
		_ = h.Files.MkdirAll(folder, 0o750, "redis:redis")                                                    // a full disk is another fault
		_ = h.Files.WriteFile(folder+"/appendonly.aof.1.base.rdb", []byte("REDIS0012"), 0o640, "redis:redis") // likewise
	}
	if r.ReplID == "" {
		r.ReplID = runID("history "+h.Name, h.world.now)
	}
}

// readOnlyDir is the drop-in of Redis's unit that seals its folder.
const readOnlyDir = "/etc/systemd/system/redis-server.service.d/hardening.conf"

// sealed says whether the sandbox of Redis's unit keeps it from writing into a folder.
func (h *Host) sealed(dir string) bool {
	sealed := false
	for _, name := range []string{"hardening", "override"} {
		for line := range strings.Lines(h.text("/etc/systemd/system/redis-server.service.d/" + name + ".conf")) {
			word, paths, _ := strings.Cut(strings.TrimSpace(line), "=")
			names := slices.ContainsFunc(strings.Fields(paths), func(p string) bool { return strings.TrimLeft(p, "-+") == dir })
			switch {
			case word == "ReadOnlyPaths" && names:
				sealed = true
			case word == "ReadOnlyPaths" && paths == "", word == "ReadWritePaths" && names:
				sealed = false
			}
		}
	}
	return sealed
}

func (r *Redis) stop(h *Host) {
	h.Log(RedisUnit, 6, "%d:signal-handler (%d) Received SIGTERM scheduling shutdown...", r.PID, h.Clock().Unix())
	r.log(h, notice, "User requested shutdown...")
	r.log(h, notice, "Calling fsync() on the AOF file.")
	r.log(h, notice, "Saving the final RDB snapshot before exiting.")
	r.log(h, notice, "DB saved on disk")
	r.log(h, notice, "Removing the pid file.")
	r.log(h, warning, "Redis is now ready to exit, bye bye...")
	r.crash(h)
}

func (r *Redis) reload(*Host) error { return nil }
func (r *Redis) crash(*Host)        { r.Running, r.Linked, r.Attached = false, false, map[string]*Attached{} }

func runID(name string, at time.Time) string {
	sum := sha256.Sum256([]byte(name + at.String()))
	return hex.EncodeToString(sum[:20])
}

// hostOf is the host with an address, or its name if it is one; empty when there is none.
func (w *World) hostOf(address string) string {
	for _, h := range w.Hosts {
		if h.IP == address || h.Name == address {
			return h.Name
		}
	}
	return ""
}

// RedisAnswers says whether a Redis takes a new connection from a host.
func (w *World) RedisAnswers(from string, h *Host) bool {
	r := h.Redis
	return r != nil && r.Running && w.Reaches(from, h.Name) && r.binds(from == h.Name, h.IP)
}

// binds says whether it listens where somebody connects: at the node's address, or at home.
func (r *Redis) binds(local bool, ip string) bool {
	for _, b := range r.Bind {
		switch b = strings.TrimPrefix(b, "-"); {
		case b == ip, b == "0.0.0.0", b == "*", local && (b == "127.0.0.1" || b == "::1"):
			return true
		}
	}
	return len(r.Bind) == 0
}

// RedisWrites says why a Redis takes no writes, empty when it does: a replica, or a master that too few replicas follow.
func (w *World) RedisWrites(h *Host) string {
	r := h.Redis
	if !r.Master {
		return "READONLY You can't write against a read only replica."
	}
	need, _ := strconv.Atoi(r.Settings["min-replicas-to-write"]) // 0 where it is no number
	if need > 0 && r.Good(w.now) < need {
		return "NOREPLICAS Not enough good replicas to write."
	}
	return ""
}

// Good counts the replicas that were heard within min-replicas-max-lag.
func (r *Redis) Good(now time.Time) int {
	most, err := strconv.Atoi(r.Settings["min-replicas-max-lag"])
	if err != nil {
		most = 10
	}
	n := 0
	for _, a := range r.Attached {
		if now.Sub(a.Heard) <= time.Duration(most)*time.Second {
			n++
		}
	}
	return n
}

// RedisReplicas are the hosts whose Redis follows a host's, in order.
func (w *World) RedisReplicas(h *Host) []*Host {
	var out []*Host
	for _, o := range w.Nodes() {
		if h.Redis.Attached[o.Name] != nil {
			out = append(out, o)
		}
	}
	return out
}
