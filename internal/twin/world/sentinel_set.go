//lint:file-ignore ST1005 these are the words of the real programs

package world

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// SetSentinel is SENTINEL SET of one option. The error is Redis's.
func (w *World) SetSentinel(h *Host, option, value string) error {
	s := h.Sentinel
	invalid := fmt.Errorf("ERR Invalid argument '%s' for SENTINEL SET '%s'", value, option)
	n, err := strconv.Atoi(value)
	switch option {
	case "auth-pass":
		s.AuthPass = value
		s.log(h, warning, "+set master %s auth-pass ******", s.monitored(w))
		s.save(h)
		return nil
	case "auth-user", "notification-script", "client-reconfig-script", "master-reboot-down-after-period":
	case "down-after-milliseconds", "failover-timeout", "parallel-syncs", "quorum":
		if err != nil || n <= 0 {
			return invalid
		}
	default:
		return fmt.Errorf("ERR Unknown option or number of arguments for SENTINEL SET '%s'", option)
	}
	switch option {
	case "down-after-milliseconds":
		s.DownAfter = time.Duration(n) * time.Millisecond
	case "failover-timeout":
		s.Timeout = time.Duration(n) * time.Millisecond
	case "parallel-syncs":
		s.ParallelSyncs = n
	case "quorum":
		s.Quorum = n
	}
	s.log(h, warning, "+set master %s %s %s", s.monitored(w), option, value)
	s.save(h)
	return nil
}

// MonitorRedis is SENTINEL MONITOR name ip port quorum. The error is Redis's.
func (w *World) MonitorRedis(h *Host, args []string) error {
	s := h.Sentinel
	quorum, err := strconv.Atoi(args[3])
	if err != nil {
		return errors.New("ERR Invalid quorum")
	}
	if quorum <= 0 {
		return errors.New("ERR Quorum must be 1 or greater.")
	}
	if s.Watched != "" {
		return errors.New("ERR Duplicated master name")
	}
	name := w.hostOf(args[1])
	if name == "" || w.Host(name).Redis == nil || args[2] != strconv.Itoa(RedisPort) {
		return errors.New("ERR Invalid IP address or hostname specified")
	}
	s.Name, s.Watched, s.Quorum, s.ConfigEpoch, s.AuthPass = args[0], name, quorum, 0, ""
	s.DownAfter, s.Timeout, s.ParallelSyncs = 30*time.Second, 3*time.Minute, 1
	s.Replicas, s.Others, s.Ghosts = nil, nil, nil
	s.refresh(h)
	s.log(h, warning, "+monitor master %s quorum %d", s.monitored(w), s.Quorum)
	s.save(h)
	return nil
}

// ForgetRedis is SENTINEL REMOVE: it watches nothing any more.
func (w *World) ForgetRedis(h *Host) {
	s := h.Sentinel
	s.masterEvent(h, warning, "-monitor")
	s.Name, s.Watched, s.Replicas, s.Others, s.Ghosts, s.Failing, s.Promoted = "", "", nil, nil, nil, "", ""
	s.SDown, s.ODown = false, false
	clear(s.down)
	clear(s.wrong)
	s.save(h)
}
