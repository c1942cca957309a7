package servers

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"recon/internal/twin/world"
)

// statRows are the columns of `show stat` of HAProxy 3.0.11, and a row each of a frontend with HTTP, one without, a server
// and a backend on which nothing has happened: which columns are empty and which are 0 differs between them.
//
//go:embed haproxy_stat.csv
var statRows string

// The version that the training cluster runs.
const (
	haproxyVersion  = "3.0.11-1+deb13u5"
	haproxyReleased = "2026/11/18"
)

// statTable is a table of statistics while it is written.
type statTable struct {
	columns []string
	rows    map[string][]string
	out     strings.Builder
}

func newStatTable() *statTable {
	lines := strings.Split(strings.TrimSpace(statRows), "\n")
	t := &statTable{columns: strings.Split(lines[0], ","), rows: map[string][]string{}}
	for i, name := range []string{"http", "tcp", "server", "backend"} {
		t.rows[name] = strings.Split(lines[i+1], ",")
	}
	t.out.WriteString(lines[0] + "\n")
	return t
}

// row writes a row of a kind, in which some cells differ.
func (t *statTable) row(kind string, cells map[string]any) {
	row := slices.Clone(t.rows[kind])
	for i, name := range t.columns {
		if v, ok := cells[strings.TrimPrefix(name, "# ")]; ok {
			row[i] = fmt.Sprint(v)
		}
	}
	t.out.WriteString(strings.Join(row, ",") + "\n")
}

// ShowStat is `show stat`. The caller holds the world's lock.
func ShowStat(w *world.World, h *world.Host) string {
	t := newStatTable()
	// The order of the file, which is that of the numbers.
	type proxy struct {
		id    int
		write func()
	}
	var all []proxy
	for _, f := range h.HAProxy.Fronts {
		all = append(all, proxy{f.ID, func() { t.front(h, f) }})
	}
	for _, b := range h.HAProxy.Backends {
		all = append(all, proxy{b.ID, func() { t.backend(w, b) }})
	}
	slices.SortFunc(all, func(a, b proxy) int { return a.id - b.id })
	for _, p := range all {
		p.write()
	}
	return t.out.String()
}

func (t *statTable) front(h *world.Host, f *world.Front) {
	if f.Backend == "" {
		t.row("http", map[string]any{
			"pxname": f.Name, "svname": "FRONTEND", "status": "OPEN", "iid": f.ID, "scur": 1, "smax": 1, "stot": f.Total, "hrsp_2xx": f.Total, "req_tot": f.Total,
			"conn_tot": f.Total, "intercepted": f.Total, "h1sess": f.Total, "h1req": f.Total, "h1_total_connections": f.Total, "h1_total_streams": f.Total,
		})
		return
	}
	total, current, last := 0, 0, 0
	if b := h.HAProxy.Backend(f.Backend); b != nil {
		total, current = sessions(b)
		last = b.Failed
	}
	t.row("tcp", map[string]any{
		"pxname": f.Name, "svname": "FRONTEND", "status": "OPEN", "iid": f.ID, "scur": current, "smax": max(current, min(total, 1)), "stot": total + last,
		"conn_tot": total + last, "sess_other": total + last,
	})
}

func sessions(b *world.Backend) (total, current int) {
	for _, s := range b.Servers {
		total, current = total+s.Total, current+s.Current
	}
	return total, current
}

func (t *statTable) backend(w *world.World, b *world.Backend) {
	ago := func(at time.Time) any {
		if at.IsZero() {
			return -1
		}
		return int(w.Time().Sub(at) / time.Second)
	}
	var last time.Time
	for i, s := range b.Servers {
		if s.Last.After(last) {
			last = s.Last
		}
		down := s.Downtime
		if !s.Up || s.Maint {
			down += w.Time().Sub(s.Since)
		}
		cells := map[string]any{
			"pxname": b.Name, "svname": s.Name, "scur": s.Current, "smax": max(s.Current, min(s.Total, 1)), "stot": s.Total, "status": s.Shown(), "weight": 1, "act": 1,
			"chkfail": s.Failed, "chkdown": s.Downs, "lastchg": ago(s.Since), "downtime": int(down / time.Second), "iid": b.ID, "sid": i + 1, "lbtot": s.Total,
			"lastsess": ago(s.Last), "addr": fmt.Sprintf("%s:%d", w.Host(s.Host).IP, s.Port), "connect": s.Total, "need_conn_est": 1, "uweight": 1,
			"check_rise": s.Rise, "check_fall": s.Fall, "check_health": s.Health,
		}
		if s.Maint || !s.Checks() {
			for _, name := range []string{"check_duration", "check_code", "check_rise", "check_fall", "check_health"} {
				cells[name] = ""
			}
		} else {
			cells["check_status"], cells["check_desc"], cells["last_chk"] = checkStatus(s), s.CheckText(), s.Text
			cells["check_duration"], cells["check_code"] = s.Took.Milliseconds(), ""
			if s.Code != 0 {
				cells["check_code"] = s.Code
			}
			switch {
			case s.Status == "INI":
				cells["check_duration"] = ""
			case s.Status == "L7OK" && s.Code == 0:
				cells["check_code"] = 0
			case s.Code == 200:
				cells["last_chk"] = ""
			}
			if s.Checking {
				cells["last_chk"] = ""
			}
		}
		t.row("server", cells)
	}
	total, current := sessions(b)
	status, down := "UP", b.Downtime
	active := b.Active()
	if active == 0 {
		status, down = "DOWN", down+w.Time().Sub(b.Since)
	}
	t.row("backend", map[string]any{
		"pxname": b.Name, "svname": "BACKEND", "scur": current, "smax": max(current, min(total, 1)), "stot": total + b.Failed, "econ": b.Failed, "status": status, "weight": active,
		"act": active, "uweight": active, "chkdown": b.Downs, "lastchg": ago(b.Since), "downtime": int(down / time.Second), "iid": b.ID, "sid": 0, "lbtot": total,
		"lastsess": ago(last), "algo": b.Balance, "connect": total,
	})
}

// checkStatus has a star while a check runs.
func checkStatus(s *world.Server) string {
	if s.Checking {
		return "* " + s.Status
	}
	return s.Status
}

// showInfo is `show info`.
func showInfo(w *world.World, h *world.Host) string {
	p := h.HAProxy
	up := w.Time().Sub(p.Started)
	connections, current := 0, 0
	for _, b := range p.Backends {
		total, now := sessions(b)
		connections, current = connections+total+b.Failed, current+now
	}
	seconds := int(up / time.Second)
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("Name: HAProxy\nVersion: %s\nRelease_date: %s\nNbthread: 2\nNbproc: 1\nProcess_num: 1\nPid: %d", haproxyVersion, haproxyReleased, p.PID)
	say("Uptime: %dd %dh%02dm%02ds\nUptime_sec: %d", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60, seconds)
	say("Memmax_MB: 0\nPoolAlloc_MB: 0\nPoolUsed_MB: 0\nPoolFailed: 0\nUlimit-n: 10067\nMaxsock: 10067\nMaxconn: 5000\nHard_maxconn: 5000")
	say("CurrConns: %d\nCumConns: %d\nCumReq: %d", current, connections, connections)
	for _, name := range []string{"MaxSslConns", "CurrSslConns", "CumSslConns", "Maxpipes", "PipesUsed", "PipesFree", "ConnRate", "ConnRateLimit"} {
		say("%s: 0", name)
	}
	say("MaxConnRate: 1\nSessRate: 0\nSessRateLimit: 0\nMaxSessRate: 1\nSslRate: 0\nSslRateLimit: 0\nMaxSslRate: 0\nSslFrontendKeyRate: 0\nSslFrontendMaxKeyRate: 0")
	say("SslFrontendSessionReuse_pct: 0\nSslBackendKeyRate: 0\nSslBackendMaxKeyRate: 0\nSslCacheLookups: 0\nSslCacheMisses: 0\nCompressBpsIn: 0\nCompressBpsOut: 0\nCompressBpsRateLim: 0")
	say("Tasks: 34\nRun_queue: 1\nIdle_pct: 100\nnode: %s\nStopping: 0\nJobs: %d\nUnstoppable Jobs: 1\nListeners: %d", h.Name, len(p.Fronts)+6, len(p.Fronts)+2)
	say("ActivePeers: 0\nConnectedPeers: 0\nDroppedLogs: 0\nBusyPolling: 0\nFailedResolutions: 0\nTotalBytesOut: 0\nTotalSplicedBytesOut: 0\nBytesOutRate: 0\nDebugCommandsIssued: 0\nCumRecvLogs: 0")
	say("Build info: %s\nMemmax_bytes: 0\nPoolAlloc_bytes: 325904\nPoolUsed_bytes: 325904\nStart_time_sec: %d\nTainted: 0\nTotalWarnings: 0\nMaxconnReached: 0", haproxyVersion, byClock(w, h, p.Started).Unix())
	say("BootTime_ms: 230\nNiced_tasks: 0\nCurrStreams: %d\nCumStreams: %d\nBlockedTrafficWarnings: 0", current, connections)
	return b.String()
}
