package world

import (
	"fmt"
	"strconv"
	"strings"
)

// AgentState is what a Patroni says of its PostgreSQL: state and role, as in GET /patroni.
func (w *World) AgentState(h *Host) (state, role string) {
	a, p := h.Patroni, h.Postgres
	role = "replica"
	switch {
	case p.Primary && !a.Demoted:
		role = "primary"
	case a.Demoted:
		role = "demoted"
	}
	switch {
	case a.Doing == "copy":
		return "creating replica", "uninitialized"
	case a.Doing == "rewind":
		return "running pg_rewind", role
	case !p.Exists:
		return "stopped", "uninitialized"
	case p.Stopping:
		return "stopping", role
	case a.StartFailed && !p.Running:
		return "start failed", role
	case !p.Running:
		return "stopped", role
	case p.Starting(w.now):
		return "starting", role
	case p.RejectsAgent:
		return "unknown", role
	}
	if role == "demoted" {
		role = "replica"
	}
	return "running", role
}

// PatroniStatus is the HTTP status with which a host's Patroni answers a path; 0 when nothing listens there. It does not
// look at the network.
func (w *World) PatroniStatus(h *Host, path string) int {
	a, p := h.Patroni, h.Postgres
	if a == nil || !h.Up() || !a.Running {
		return 0
	}
	path, query, _ := strings.Cut(path, "?")
	state, _ := w.AgentState(h)
	running := state == "running"
	leads := running && p.Primary && w.proves(h)
	replica := running && !p.Primary
	lagOK := true
	if limit, ok := lagLimit(query); ok && replica {
		lagOK = w.lag(h) <= limit
	}
	_, standbys := w.seenSync(h)
	in := func(name string) bool {
		for _, s := range standbys {
			if s == name {
				return true
			}
		}
		return false
	}
	answer := map[bool]int{true: 200, false: 503}
	switch strings.Trim(path, "/") {
	case "", "primary", "master", "leader", "read-write":
		return answer[leads]
	case "replica":
		return answer[replica && !a.Tags["noloadbalance"] && lagOK]
	case "read-only":
		return answer[leads || replica && !a.Tags["noloadbalance"] && lagOK]
	case "synchronous", "sync":
		return answer[replica && in(h.Name)]
	case "asynchronous", "async":
		return answer[replica && !in(h.Name) && lagOK]
	case "read-only-sync":
		return answer[leads || replica && in(h.Name)]
	case "health":
		return answer[running]
	case "liveness":
		return answer[a.failing.IsZero() || w.now.Sub(a.Seen) < 2*w.Config().ttl()]
	case "readiness":
		return answer[leads || running && p.Streaming]
	case "patroni", "cluster", "history", "config", "metrics":
		return 200
	}
	return 503
}

// proves says whether a primary's agent may say that it leads: it holds the lock, or is in a pause, or in failsafe mode.
func (w *World) proves(h *Host) bool {
	a := h.Patroni
	return a.Holds && (w.holder() == h.Name || a.Failsafe || !w.serves(h))
}

func (w *World) seenSync(h *Host) (string, []string) { return w.syncKey() }

// lag is how many bytes a replica is behind the leader's last word.
func (w *World) lag(h *Host) int64 {
	if leader := w.Host(w.holder()); leader != nil && leader.Postgres != nil && leader.Postgres.WAL > h.Postgres.Replayed {
		return int64(leader.Postgres.WAL - h.Postgres.Replayed)
	}
	return 0
}

func lagLimit(query string) (int64, bool) {
	for part := range strings.SplitSeq(query, "&") {
		v, ok := strings.CutPrefix(part, "lag=")
		if !ok {
			continue
		}
		factor := int64(1)
		for _, unit := range []struct {
			suffix string
			bytes  int64
		}{{"kB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}} {
			if rest, ok := strings.CutSuffix(v, unit.suffix); ok {
				v, factor = rest, unit.bytes
				break
			}
		}
		n, err := strconv.ParseInt(v, 10, 64)
		return n * factor, err == nil
	}
	return 0, false
}

// tags are the tags of a patroni.yml: a block or a flow mapping.
func tags(conf string) map[string]bool {
	out := map[string]bool{}
	inside := false
	for line := range strings.Lines(conf) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), " #")
		if rest, ok := strings.CutPrefix(line, "tags:"); ok {
			inside = true
			for pair := range strings.SplitSeq(strings.Trim(strings.TrimSpace(rest), "{}"), ",") {
				if k, v, ok := strings.Cut(pair, ":"); ok {
					out[strings.TrimSpace(k)] = strings.TrimSpace(v) == "true"
				}
			}
			continue
		}
		if inside = inside && strings.HasPrefix(line, " "); inside {
			if k, v, ok := strings.Cut(line, ":"); ok {
				out[strings.TrimSpace(k)] = strings.TrimSpace(v) == "true"
			}
		}
	}
	return out
}

// needsWatchdog says whether a patroni.yml requires one.
func needsWatchdog(conf string) bool { return strings.Contains(conf, "\nwatchdog: {mode: required") }

// hbaLines are the rules below `pg_hba:` of a patroni.yml.
func hbaLines(conf string) []string {
	var out []string
	inside := false
	for line := range strings.Lines(conf) {
		line = strings.TrimRight(line, "\n")
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "pg_hba:":
			inside, out = true, nil
		case inside && strings.HasPrefix(trimmed, "- "):
			rule, _, _ := strings.Cut(trimmed[2:], " #")
			out = append(out, rule)
		case inside && trimmed != "":
			inside = false
		}
	}
	return out
}

// writeHistory writes the history file of the current timeline into pg_wal.
func (h *Host) writeHistory() {
	p := h.Postgres
	if len(p.History) == 0 {
		return
	}
	var b strings.Builder
	for _, f := range p.History {
		fmt.Fprintf(&b, "%d\t%s\t%s\n", f.Timeline, f.At, f.Reason)
	}
	h.write(fmt.Sprintf("%s/pg_wal/%08X.history", PGData, p.Timeline), b.String())
}

// writeData writes the files of a data directory that books and operators look at.
func (h *Host) writeData() {
	if h.Files == nil {
		return
	}
	for _, dir := range []string{"", "/base/5", "/global", "/pg_wal/archive_status", "/pg_tblspc", "/pg_replslot"} {
		_ = h.Files.MkdirAll(PGData+dir, 0o700, "postgres:postgres") // in memory it cannot fail but for a full disk
	}
	h.write(PGData+"/PG_VERSION", "17\n")
	h.write(PGData+"/global/pg_control", h.Postgres.SystemID)
	h.Files.SetSize(PGData+"/global/pg_control", 8192)
	h.write(PGData+"/base/5/2619", "")
	h.Files.SetSize(PGData+"/base/5/2619", 32<<20)
	h.write(PGData+"/patroni.dynamic.json", "{}")
	if lines := hbaLines(h.text(PatroniFile)); len(lines) > 0 {
		h.write(PGData+"/pg_hba.conf", strings.Join(lines, "\n")+"\n")
	}
}
