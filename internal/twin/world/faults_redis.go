package world

import (
	"fmt"
	"slices"
	"strings"
)

func (w *World) redisMaster() *Host {
	for _, h := range w.Nodes() {
		if h.Redis.Running && h.Redis.Master {
			return h
		}
	}
	return nil
}

func (w *World) redisReplica() *Host {
	var found *Host
	for _, h := range w.Nodes() {
		if h.Redis.Running && !h.Redis.Master {
			found = h
		}
	}
	return found
}

func (w *World) killRedisMaster(args []string) (string, error) {
	h, err := w.chosen(args, w.redisMaster())
	if err != nil {
		return "", err
	}
	h.Kill(RedisUnit, true)
	return fmt.Sprintf("killed the Redis master on %s; its unit stays stopped", h.Name), nil
}

func (w *World) secondMaster(args []string) (string, error) {
	h, err := w.chosen(args, w.redisReplica())
	if err != nil {
		return "", err
	}
	for _, o := range w.Nodes() {
		if err := o.Stop(SentinelUnit); err != nil {
			return "", err
		}
	}
	w.ReplicaOf(h, "")
	return fmt.Sprintf("stopped the Sentinels and made Redis on %s a second master", h.Name), nil
}

func (w *World) wrongMasterAuth(args []string) (string, error) {
	h, err := w.chosen(args, w.redisReplica())
	if err != nil {
		return "", err
	}
	if err := w.SetRedis(h, "masterauth", "not-the-password"); err != nil {
		return "", err
	}
	// The open link has its password behind it.
	w.DropLink(h)
	return fmt.Sprintf("gave the replica on %s a wrong password for its master", h.Name), nil
}

func (w *World) listenLocally(args []string) (string, error) {
	h, err := w.chosen(args, w.redisReplica())
	if err != nil {
		return "", err
	}
	if err := w.SetRedis(h, "bind", "127.0.0.1"); err != nil {
		return "", err
	}
	return fmt.Sprintf("Redis on %s listens on 127.0.0.1 only", h.Name), nil
}

func (w *World) sealDataDir(args []string) (string, error) {
	h, err := w.chosen(args, w.redisReplica())
	if err != nil {
		return "", err
	}
	if err := h.Files.MkdirAll("/etc/systemd/system/redis-server.service.d", 0o755, "root:root"); err != nil {
		return "", err
	}
	drop := "[Service]\nReadWritePaths=\nReadWritePaths=-/var/run/redis -/etc/redis\nReadOnlyPaths=/var/lib/redis\n"
	if err := h.Files.WriteFile(readOnlyDir, []byte(drop), 0o644, "root:root"); err != nil {
		return "", err
	}
	_ = h.Restart(RedisUnit) // it cannot start: that is the fault
	return fmt.Sprintf("made /var/lib/redis read-only to Redis on %s; it does not start", h.Name), nil
}

func (w *World) noCandidate([]string) (string, error) {
	var hosts []*Host
	for _, h := range w.Nodes() {
		if !h.Redis.Master {
			if err := w.SetRedis(h, "replica-priority", "0"); err != nil {
				return "", err
			}
			hosts = append(hosts, h)
		}
	}
	return "left replica-priority 0 on " + strings.Join(names(hosts), " and "), nil
}

func (w *World) killSentinels([]string) (string, error) {
	victims := w.Nodes()[1:]
	for _, h := range victims {
		h.Kill(SentinelUnit, true)
	}
	return fmt.Sprintf("killed the Sentinels on %s; their units stay stopped", strings.Join(names(victims), " and ")), nil
}

func (w *World) leaveGhost([]string) (string, error) {
	first := w.Plan.Nodes[0].IP
	ghost := first + ":26380"
	for _, h := range w.Nodes() {
		s := h.Sentinel
		if !s.Running || slices.Contains(s.Ghosts, ghost) {
			continue
		}
		s.Ghosts = append(s.Ghosts, ghost)
		s.heard["sentinel "+ghost] = w.now
		s.log(h, notice, "+sentinel sentinel %s %s 26380 @ %s", w.GhostID(ghost), first, s.monitored(w))
		s.save(h)
	}
	return "a fourth Sentinel introduced itself and ended", nil
}

// chowner is a file system that knows owners.
type chowner interface {
	Chown(path, owner string) error
}

func (w *World) sealConfig(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	c, ok := h.Files.(chowner)
	if !ok {
		return "", fmt.Errorf("%s knows no owners", h.Name)
	}
	for _, path := range []string{"/etc/redis", RedisFile, SentinelFile} {
		if err := c.Chown(path, "root:redis"); err != nil {
			return "", err
		}
	}
	_ = h.Sentinel.Flush(h) // it fails, and says so in the journal
	return "took /etc/redis and its files from Redis's user on " + h.Name, nil
}
