package stack

import (
	"fmt"

	"recon/probes"
)

// memoryFull is the share of its memory limit from which on a Redis is worth a mark: at the limit it refuses writes, and a
// copy for a background save needs room as well.
const memoryFull = 0.9

// redisLag is from how many bytes on a replica's lag is told: less is what the master has just written.
const redisLag = 64 << 10

func (s Sight) redis(node string) Cell {
	m, found := one(s.State.Redis.Members, func(m probes.RedisMember) bool { return m.Node == node })
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	told := func(field string) bool { return m.Blind(field) == "" }
	master := m.Role == "master"
	switch {
	case !told("role"):
		return c.untold("role")
	case told("loading") && m.Loading:
		return c.warn("loading", "")
	case master && len(s.State.Redis.Masters) > 1:
		return c.bad(fmt.Sprintf("one of %d masters", len(s.State.Redis.Masters)), "")
	case master && s.watchedElsewhere(node):
		return c.bad("master, unwatched", "")
	case told("aof_write_ok") && m.AOF && !m.AOFWriteOK:
		return c.bad("AOF write fails", m.Role)
	case !master && told("link_up") && !m.LinkUp && m.Syncing:
		return c.warn("syncing", "")
	case !master && told("link_up") && !m.LinkUp:
		return c.bad("link down", Short(m.LinkDown+s.Late))
	case !master && s.masterKnown() && (m.MasterNode == nil || *m.MasterNode != s.State.Redis.Master.Node):
		return c.warn("follows another", m.MasterAddress)
	case told("save_ok") && !m.SaveOK:
		return c.warn("save fails", m.Role)
	case told("aof_rewrite_ok") && m.AOF && !m.AOFRewriteOK:
		return c.warn("rewrite fails", m.Role)
	case told("memory") && told("memory_limit") && m.MemoryLimit > 0 && float64(m.Memory) >= memoryFull*float64(m.MemoryLimit):
		c = c.warn(fmt.Sprintf("memory %.0f%%", 100*float64(m.Memory)/float64(m.MemoryLimit)), m.Role)
		c.Kind = "memory"
		return c
	case master && told("replicas_online") && m.Online == 0 && len(s.State.Redis.Members) > 1:
		return c.warn("master, no replica", "")
	case master:
		c = c.as(GlyphLeader, Good, "master", "")
		if told("replicas_online") && len(s.State.Redis.Members) > 1 {
			c.Number = Plural(m.Online, "replica")
		}
		return c
	}
	c = c.good("replica", "")
	if behind, known := s.behind(node); known && behind >= redisLag {
		c.Number = "lag " + lagged(behind)
	}
	return c
}

// watchedElsewhere says whether the Sentinels name another node as master.
func (s Sight) watchedElsewhere(node string) bool {
	return s.fresh() && s.State.Sentinel.Blind("master") == "" && s.State.Sentinel.Master != nil && *s.State.Sentinel.Master != node
}

// behind is how many bytes a replica has not acknowledged yet, as its master counts them.
func (s Sight) behind(node string) (bytes int64, known bool) {
	if !s.masterKnown() {
		return 0, false
	}
	m := s.State.Redis.Master
	if m.Blind("replicas") != "" || m.Blind("offset") != "" {
		return 0, false
	}
	for _, r := range m.Replicas {
		if r.Node != nil && *r.Node == node {
			return max(m.Offset-r.Offset, 0), true
		}
	}
	return 0, false
}
