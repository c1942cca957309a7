//lint:file-ignore ST1005 these are the words of the real programs

package world

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sentinel's times and numbers, as the role writes them.
const (
	DownAfter       = 5 * time.Second
	FailoverTimeout = time.Minute
	Quorum          = 2
)

// Sentinel is one Sentinel's view.
type Sentinel struct {
	Running bool
	PID     int
	ID      string
	Started time.Time
	// Name is what it calls the master, Watched the host that it holds for it; both are empty when it watches none.
	Name, Watched      string
	Quorum             int
	DownAfter, Timeout time.Duration
	ParallelSyncs      int
	// AuthPass is Redis's password as it knows it, Password its own.
	AuthPass, Password string
	// Epoch is the last election that it knows of, ConfigEpoch the one that made the present master.
	Epoch, ConfigEpoch int64
	// Replicas are the hosts that it knows to follow the master. Others are the other Sentinels' hosts. Ghosts are the
	// addresses (IP:port) of Sentinels that never answer.
	Replicas, Others, Ghosts []string
	// SDown and ODown are about the master: silent for this one, and for a quorum.
	SDown, ODown bool
	// Failing is the phase of a failover that this Sentinel leads, empty when it leads none; Promoted whom it chose.
	Failing, Promoted string
	// Tilt is until when it decides nothing, because its clock jumped.
	Tilt time.Time
	// VotedFor and VotedEpoch are its last vote: a Sentinel's host.
	VotedFor   string
	VotedEpoch int64

	// heard is when a Redis, or a Sentinel ("sentinel NAME"), answered last; down are those that are held for down.
	heard map[string]time.Time
	down  map[string]bool
	// attempt is when the last failover began, its own or one that it voted for; phase is when Failing began.
	attempt, phase time.Time
	sent           map[string]bool // replicas that were told of the new master
	// wrong is since when a replica is something else than it should be.
	wrong  map[string]time.Time
	offset time.Duration // of the host's clock
	// saved is what its file was to tell last.
	saved  knowledge
	learnt time.Time
}

func (s *Sentinel) log(h *Host, level, format string, args ...any) {
	h.redisLog(SentinelUnit, s.PID, 'X', level, format, args...)
}

// monitored is the master in the words of an event: its name and address.
func (s *Sentinel) monitored(w *World) string {
	m := w.Host(s.Watched)
	if m == nil {
		return s.Name
	}
	return fmt.Sprintf("%s %s %d", s.Name, m.IP, RedisPort)
}

// masterEvent logs an event about the master, replicaEvent one about a replica.
func (s *Sentinel) masterEvent(h *Host, level, event string) {
	s.log(h, level, "%s master %s", event, s.monitored(h.world))
}

func (s *Sentinel) replicaEvent(h *Host, level, event, replica string) {
	o := h.world.Host(replica)
	s.log(h, level, "%s slave %s:%d %s %d @ %s", event, o.IP, RedisPort, o.IP, RedisPort, s.monitored(h.world))
}

func (s *Sentinel) start(h *Host) error {
	w, pid := h.world, 0
	if u := h.Unit(SentinelUnit); u != nil {
		pid = u.PID
	}
	refuse := func(format string, args ...any) error {
		return errors.New(redisLine(h, pid, 'X', warning, fmt.Sprintf(format, args...)))
	}
	conf := h.text(SentinelFile)
	switch {
	case h.Files != nil && conf == "":
		return refuse("Fatal error, can't open config file '%s': No such file or directory", SentinelFile)
	case !h.ownsConfig():
		return refuse("Sentinel config file %s is not writable: Permission denied. Exiting...", SentinelFile)
	}
	*s = Sentinel{
		Running: true, PID: pid, Started: w.now, Quorum: Quorum, DownAfter: 30 * time.Second, Timeout: 3 * time.Minute, ParallelSyncs: 1,
		heard: map[string]time.Time{}, down: map[string]bool{}, sent: map[string]bool{}, wrong: map[string]time.Time{}, offset: h.Offset,
	}
	s.read(w, conf)
	if s.ID == "" {
		s.ID = runID("sentinel "+h.Name, w.Plan.Began)
	}
	s.log(h, notice, "Running mode=sentinel, port=%d.", SentinelPort)
	s.save(h)
	s.log(h, notice, "Sentinel ID is %s", s.ID)
	if s.Watched != "" {
		s.log(h, warning, "+monitor master %s quorum %d", s.monitored(w), s.Quorum)
		s.refresh(h)
	}
	return nil
}

// refresh takes everybody for alive: a silence begins now.
func (s *Sentinel) refresh(h *Host) {
	s.SDown, s.ODown = false, false
	clear(s.down)
	for _, o := range h.world.Nodes() {
		s.heard[o.Name], s.heard["sentinel "+o.Name] = h.world.now, h.world.now
	}
	for _, g := range s.Ghosts {
		s.heard["sentinel "+g] = h.world.now
	}
}

func (s *Sentinel) stop(h *Host) {
	h.Log(SentinelUnit, 6, "%d:signal-handler (%d) Received SIGTERM scheduling shutdown...", s.PID, h.Clock().Unix())
	s.log(h, notice, "User requested shutdown...")
	s.log(h, warning, "Sentinel is now ready to exit, bye bye...")
	s.crash(h)
}

func (s *Sentinel) reload(*Host) error { return nil }
func (s *Sentinel) crash(*Host)        { s.Running = false }

// read takes what its file says.
func (s *Sentinel) read(w *World, conf string) {
	for line := range strings.Lines(conf) {
		f := redisFields(line)
		if len(f) == 2 && f[0] == "requirepass" {
			s.Password = f[1]
		}
		if len(f) < 3 || f[0] != "sentinel" {
			continue
		}
		arg := func(i int) string {
			if i < len(f) {
				return f[i]
			}
			return ""
		}
		number, _ := strconv.Atoi(arg(3)) // 0 where it is no number
		switch f[1] {
		case "myid":
			s.ID = f[2]
		case "current-epoch":
			s.Epoch, _ = strconv.ParseInt(f[2], 10, 64) // likewise
		case "config-epoch":
			s.ConfigEpoch = int64(number)
		case "monitor":
			s.Name, s.Watched = f[2], w.hostOf(arg(3))
			s.Quorum, _ = strconv.Atoi(arg(5)) // likewise
		case "auth-pass":
			s.AuthPass = arg(3)
		case "down-after-milliseconds":
			s.DownAfter = time.Duration(number) * time.Millisecond
		case "failover-timeout":
			s.Timeout = time.Duration(number) * time.Millisecond
		case "parallel-syncs":
			s.ParallelSyncs = number
		case "known-replica", "known-slave":
			if name := w.hostOf(arg(3)); name != "" && !slices.Contains(s.Replicas, name) {
				s.Replicas = append(s.Replicas, name)
			}
		case "known-sentinel":
			name := w.hostOf(arg(3))
			switch {
			case name == "" || arg(4) != strconv.Itoa(SentinelPort):
				s.Ghosts = append(s.Ghosts, net.JoinHostPort(arg(3), arg(4)))
			case !slices.Contains(s.Others, name):
				s.Others = append(s.Others, name)
			}
		}
	}
}

// Unsaved says why a Sentinel cannot write its file, empty when it can.
func (h *Host) Unsaved() string {
	if h.ownsConfig() {
		return ""
	}
	return "Permission denied"
}

// GhostID is the identity of a Sentinel that never answers.
func (w *World) GhostID(address string) string { return runID(address, w.Plan.Began) }

// save writes what it knows into its file, when that has changed. A file that it cannot write keeps what it had.
func (s *Sentinel) save(h *Host) {
	if known := s.known(); h.Files != nil && known != s.saved {
		s.saved = known
		if err := s.Flush(h); err == nil {
			s.log(h, notice, "Sentinel new configuration saved on disk")
		}
	}
}

// known is everything that its file tells.
func (s *Sentinel) known() knowledge {
	list := func(l []string) string { return strings.Join(l, " ") }
	return knowledge{s.ID, s.Name, s.Watched, s.AuthPass, list(s.Replicas), list(s.Others), list(s.Ghosts), s.Quorum, s.ParallelSyncs, s.DownAfter, s.Timeout, s.Epoch, s.ConfigEpoch, s.VotedEpoch}
}

type knowledge struct {
	id, name, watched, authPass, replicas, others, ghosts string
	quorum, parallel                                      int
	downAfter, timeout                                    time.Duration
	epoch, configEpoch, votedEpoch                        int64
}

// Flush is SENTINEL FLUSHCONFIG: it writes the file in any case. The error is Redis's.
func (s *Sentinel) Flush(h *Host) error {
	if h.Files == nil {
		return nil
	}
	if why := h.Unsaved(); why != "" {
		s.log(h, warning, "WARNING: Sentinel was not able to save the new configuration on disk!!!: %s", why)
		return fmt.Errorf("ERR Failed to save config file: %s", why)
	}
	_ = h.Files.WriteFile(SentinelFile, []byte(s.text(h)), 0, "") // it is theirs
	return nil
}

// text is its file as it would write it.
func (s *Sentinel) text(h *Host) string {
	w := h.world
	lines := map[string]string{
		"myid": "sentinel myid " + s.ID, "current-epoch": fmt.Sprintf("sentinel current-epoch %d", s.Epoch), "monitor": "", "config-epoch": "", "leader-epoch": "", "auth-pass": "",
		"down-after-milliseconds": "", "failover-timeout": "", "parallel-syncs": "",
	}
	if m := w.Host(s.Watched); m != nil {
		lines["monitor"] = fmt.Sprintf("sentinel monitor %s %s %d %d", s.Name, m.IP, RedisPort, s.Quorum)
		lines["config-epoch"] = fmt.Sprintf("sentinel config-epoch %s %d", s.Name, s.ConfigEpoch)
		lines["leader-epoch"] = fmt.Sprintf("sentinel leader-epoch %s %d", s.Name, s.VotedEpoch)
		lines["down-after-milliseconds"] = fmt.Sprintf("sentinel down-after-milliseconds %s %d", s.Name, s.DownAfter.Milliseconds())
		lines["failover-timeout"] = fmt.Sprintf("sentinel failover-timeout %s %d", s.Name, s.Timeout.Milliseconds())
		if s.ParallelSyncs != 1 {
			lines["parallel-syncs"] = fmt.Sprintf("sentinel parallel-syncs %s %d", s.Name, s.ParallelSyncs)
		}
		if s.AuthPass != "" {
			lines["auth-pass"] = fmt.Sprintf("sentinel auth-pass %s %s", s.Name, s.AuthPass)
		}
		for _, r := range s.Replicas {
			lines["known-replica "+w.Host(r).IP] = fmt.Sprintf("sentinel known-replica %s %s %d", s.Name, w.Host(r).IP, RedisPort)
		}
		for _, o := range s.Others {
			lines["known-sentinel "+w.Host(o).IP] = fmt.Sprintf("sentinel known-sentinel %s %s %d %s", s.Name, w.Host(o).IP, SentinelPort, w.Host(o).Sentinel.ID)
		}
		for _, g := range s.Ghosts {
			ip, port, _ := net.SplitHostPort(g)
			lines["known-sentinel "+g] = fmt.Sprintf("sentinel known-sentinel %s %s %s %s", s.Name, ip, port, w.GhostID(g))
		}
	}
	return rewriteLines(h.text(SentinelFile), lines, func(f []string) string {
		if len(f) < 3 || f[0] != "sentinel" {
			return ""
		}
		key := f[1]
		if strings.HasPrefix(key, "known-") && len(f) > 4 {
			key = strings.Replace(key, "slave", "replica", 1) + " " + f[3]
			if strings.HasPrefix(key, "known-sentinel") && f[4] != strconv.Itoa(SentinelPort) {
				key = "known-sentinel " + net.JoinHostPort(f[3], f[4])
			}
			if lines[key] == "" {
				lines[key] = "" // forgotten
			}
		}
		return key
	})
}
