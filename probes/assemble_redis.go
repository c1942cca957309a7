package probes

import (
	"net"
	"slices"
	"strings"

	"recon/internal/inventory"
)

func assembleRedis(c *inventory.Cluster, r raw, m moment) Redis {
	out := Redis{Members: []RedisMember{}}
	if c.Redis == nil {
		out.Unseen = "the cluster file names no Redis"
		return out
	}
	nodes := running(c, c.Redis.On)
	out.Answered, out.Unseen = census("Redis", names(nodes), r.redis, m)
	out.Masters = []string{}
	for _, n := range nodes {
		a := r.redis[n.Name]
		member := redisMember(c, n, a, m)
		out.Members = append(out.Members, member)
		switch {
		case a.fresh(m) && member.Role == "master":
			out.Masters = append(out.Masters, n.Name)
		case a.fresh(m) && member.Role == "":
			out.Unseen = either(out.Unseen, n.Name+" does not tell its role")
		case !a.fresh(m) && !a.pending(m) && !a.refused:
			// A server that is silent may be a master all the same; one whose port refuses is none.
			out.Unseen = either(out.Unseen, n.Name+": "+member.Blind("role"))
		}
	}
	if out.Answered == 0 && allRefused(nodes, r.redis, m) {
		out.Unseen = "" // nobody is master: a fact
	}
	if len(out.Masters) == 1 {
		i := slices.IndexFunc(out.Members, func(x RedisMember) bool { return x.Node == out.Masters[0] })
		out.Master = &out.Members[i]
	}
	return out
}

// allRefused says that every target's host answered that nothing listens there.
func allRefused[T any](nodes []inventory.Node, all map[string]answer[T], m moment) bool {
	return !slices.ContainsFunc(nodes, func(n inventory.Node) bool {
		a := all[n.Name]
		return a.pending(m) || !a.refused || m.now.Sub(a.began) > StaleAfter
	})
}

func redisMember(c *inventory.Cluster, n inventory.Node, a answer[redisFacts], m moment) RedisMember {
	f, i := a.fact, a.fact.info
	out := RedisMember{Node: n.Name, Seen: a.seen(m), Unread: map[string]string{}}
	if a.err != "" || a.began.IsZero() {
		return out
	}
	out.Server, out.Version, out.Role, out.Loading, out.Uptime, out.Clients = i.server, i.version, i.role, i.loading, i.uptime, i.clients
	out.Memory, out.MemoryLimit, out.Keys = i.memory, i.memoryLimit, i.keys
	out.AOF, out.AOFWriteOK, out.AOFRewriteOK, out.SaveOK = i.aof, i.aofWriteOK, i.rewriteOK, i.saveOK
	out.Offset, out.ReplicationID, out.Priority = i.offset, i.replicationID, i.priority
	out.MasterAddress, out.MasterNode, out.LinkUp, out.LinkDown, out.Syncing = i.master, nodeAt(c, i.master), i.linkUp, i.linkDown, i.syncing
	out.Replicas = []RedisReplica{}
	for _, x := range i.replicas {
		out.Replicas = append(out.Replicas, RedisReplica{Node: nodeAt(c, x.address), Address: x.address, State: x.state, Offset: x.offset, Lag: x.lag})
		if x.state == "online" {
			out.Online++
		}
	}
	for _, field := range i.missing {
		out.Unread[field] = "its answer to INFO does not tell it"
	}
	out.Dir, out.Bind = told(f.dir), told(f.bind)
	for field, v := range map[string]*string{"dir": f.dir, "bind": f.bind} {
		if v == nil {
			out.Unread[field] = either(f.unread, "the server does not tell it")
		}
	}
	if i.role == "" {
		for _, field := range []string{"role", "replicas", "replicas_online", "master_address", "master_node", "link_up", "link_down", "syncing"} {
			out.Unread[field] = either(f.unread, "its answer to INFO does not tell it")
		}
	}
	return out
}

func told(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// nodeAt is the name of the node with the host of an address host:port, or nil.
func nodeAt(c *inventory.Cluster, address string) *string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil
	}
	for _, n := range c.Nodes {
		if strings.EqualFold(n.Address, host) || strings.EqualFold(n.Name, host) || slices.Contains(n.Aliases, host) {
			return &n.Name
		}
	}
	return nil
}
