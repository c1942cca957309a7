package stack

import (
	"fmt"

	"recon/probes"
)

// workerGone is after how many seconds without a heartbeat an rq worker is taken for dead: rq renews a registration at
// least every 405 s (its default worker_ttl of 420 s less 15).
const workerGone = 420

func (s Sight) netbox(node string) Cell {
	m, found := one(s.NetBox.Members, func(m probes.NetBoxMember) bool { return m.Node == node })
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	workers := ""
	if m.Blind("workers") == "" {
		workers = Plural(m.Workers, "worker")
	}
	switch trouble := s.worker(node); {
	case m.Blind("code") != "":
		return c.untold("page")
	case m.Code >= 400:
		return c.bad(fmt.Sprintf("answers %d", m.Code), "")
	case m.Code != 200:
		return c.warn(fmt.Sprintf("answers %d", m.Code), "")
	case trouble != "":
		return c.warn(trouble, "")
	case workers != "" && m.Workers == 0:
		return c.warn("no workers", m.Version)
	case s.Cross.Blind("versions_agree") == "" && s.Cross.VersionsAgree != nil && !*s.Cross.VersionsAgree && m.Version != "":
		return c.warn(m.Version+" differs", "")
	}
	if m.Blind("version") != "" || m.Version == "" {
		return c.good("answers", workers)
	}
	return c.good(m.Version, workers)
}

// worker is what is wrong with the workers of a node, or "".
func (s Sight) worker(node string) string {
	n, found := one(s.State.Nodes, func(n probes.Node) bool { return n.Name == node })
	if found && n.Blind("services") == "" {
		if state := n.Services["worker"]; state != "" && state != "active" {
			return "worker " + state
		}
	}
	if s.NetBox.Blind("workers") != "" {
		return ""
	}
	here, alive := 0, 0
	for _, w := range s.NetBox.Workers {
		if w.Host != node && (!found || w.Host != n.Hostname) {
			continue
		}
		here++
		if w.Heartbeat <= workerGone {
			alive++
		}
	}
	if here > 0 && alive == 0 {
		return "workers silent"
	}
	return ""
}
