package stack

import (
	"fmt"

	"recon/probes"
)

func (s Sight) sentinel(node string) Cell {
	m, found := one(s.State.Sentinel.Members, func(m probes.SentinelMember) bool { return m.Node == node })
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	told := func(field string) bool { return m.Blind(field) == "" }
	all := len(s.State.Sentinel.Members)
	known, up := m.Others+1, m.Others+1-m.OthersDown
	switch {
	case !told("watches"):
		return c.untold("watch")
	case !m.Watches:
		return c.bad("watches another", "")
	case told("odown") && m.ODown:
		return c.bad("master o_down", "")
	case told("quorum_ok") && !m.QuorumOK:
		return c.bad("no quorum", fmt.Sprintf("%d of %d", up, all))
	case s.masterKnown() && (m.MasterNode == nil || *m.MasterNode != s.State.Redis.Master.Node):
		return c.bad("names another", m.MasterAddress)
	case told("failing_over") && m.FailingOver:
		return c.warn("failing over", "")
	case told("sdown") && m.SDown:
		return c.warn("master s_down", "")
	case told("tilt") && m.Tilt:
		return c.warn("tilt", "does nothing")
	case !told("others") || !told("others_down"):
		return c.good("watches", "")
	case known > all:
		return c.warn(fmt.Sprintf("knows %d of %d", known, all), "")
	case up < all:
		return c.warn(fmt.Sprintf("%d of %d", up, all), "")
	}
	return c.good(fmt.Sprintf("%d of %d", up, all), "")
}
