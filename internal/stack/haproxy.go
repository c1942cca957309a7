package stack

import (
	"fmt"
	"strings"

	"recon/probes"
)

func (s Sight) haproxy(node string) Cell {
	m, found := one(s.HAProxy.Members, func(m probes.HAProxyMember) bool { return m.Node == node })
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	down := func(b *probes.HAProxyBackend) bool { return b != nil && (!b.Up || len(b.UpNodes) == 0) }
	queued := 0
	for _, b := range m.Backends {
		queued += b.Queued
	}
	switch {
	case m.Blind("write") != "" || m.Blind("backends") != "":
		return c.untold("backends")
	case m.Write == nil:
		return c.warn("no write backend", "")
	case down(m.Write):
		return c.bad("write down", "")
	case len(m.Write.UpNodes) > 1:
		return c.bad(fmt.Sprintf("writes to %d nodes", len(m.Write.UpNodes)), "")
	case s.leaderKnown() && !s.leads(m.Write.UpNodes[0]):
		return c.bad("write not leader", m.Write.UpNodes[0])
	case down(m.Redis):
		return c.bad("redis down", "")
	case m.Redis != nil && len(m.Redis.UpNodes) > 1:
		return c.bad(fmt.Sprintf("redis to %d nodes", len(m.Redis.UpNodes)), "")
	case m.Redis != nil && s.masterKnown() && s.Redis.Master.Node != m.Redis.UpNodes[0]:
		return c.bad("redis not master", m.Redis.UpNodes[0])
	case down(m.PgBouncer):
		return c.bad("pgbouncer down", "")
	case down(m.Read):
		return c.warn("read down", "")
	case m.Blind("maintenance") == "" && len(m.Maintenance) > 0:
		return c.warn(fmt.Sprintf("%d in maintenance", len(m.Maintenance)), "")
	case queued > 0:
		c = c.warn(fmt.Sprintf("%d queued", queued), "")
		c.Kind = "clients queue"
		return c
	}
	var words, brief []string
	for _, b := range []struct {
		name string
		*probes.HAProxyBackend
	}{{"write", m.Write}, {"read", m.Read}} {
		if b.HAProxyBackend != nil {
			words = append(words, fmt.Sprintf("%s %d", b.name, len(b.UpNodes)))
			brief = append(brief, fmt.Sprintf("%s %d", b.name[:1], len(b.UpNodes)))
		}
	}
	c = c.good(strings.Join(words, " "), "")
	c.Brief = strings.Join(brief, " ")
	return c
}

func (s Sight) leaderKnown() bool {
	return s.fresh() && s.Patroni.Blind("leader") == "" && s.Patroni.Leader != nil
}

func (s Sight) masterKnown() bool {
	return s.fresh() && s.State.Redis.Blind("master") == "" && s.State.Redis.Master != nil
}
