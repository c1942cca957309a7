package probes

import (
	"slices"

	"recon/internal/inventory"
)

// assembleKeepalived makes the section of what the hosts tell: Keepalived itself answers no questions.
func assembleKeepalived(c *inventory.Cluster, r raw, m moment, nodes []Node) Keepalived {
	out := Keepalived{Members: []KeepalivedMember{}}
	if c.Keepalived == nil {
		out.Unseen = "the cluster file names no Keepalived"
		return out
	}
	_, out.Unseen = census("host with Keepalived", names(running(c, c.Keepalived.On)), r.hosts, m)
	for _, n := range nodes {
		if !runs(c, c.Keepalived.On, n.Name) {
			continue
		}
		member := KeepalivedMember{Node: n.Name, Seen: n.Seen, Holds: []string{}, Unread: map[string]string{}}
		state, known := n.Units[c.Keepalived.Unit]
		if member.Active = state == "active"; !known {
			member.Unread["active"] = "the host does not tell its units"
		}
		for _, v := range c.VIPs {
			if slices.Contains(n.Addresses, v.Address) {
				member.Holds = append(member.Holds, v.Name)
			}
		}
		if n.Addresses == nil {
			member.Unread["holds"] = "the host does not tell its addresses"
		}
		switch config := r.hosts[n.Name].fact.keepalived; {
		case config == nil:
			member.Unread["instances"] = "the host does not tell Keepalived's configuration"
		case config.why != "":
			member.Unread["instances"] = config.why
		default:
			member.Instances = slices.Clone(config.instances)
		}
		out.Members = append(out.Members, member)
	}
	return out
}
