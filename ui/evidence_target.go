package ui

import "recon/probes"

// target is what a cell stands for in State: the value with its fields, and how it was seen (nil for what is derived).
func target(s *probes.State, system, node string) (any, *probes.Seen) {
	switch system {
	case "nodes":
		return found(s.Nodes, node, func(n probes.Node) (string, probes.Seen) { return n.Name, n.Seen })
	case "netbox":
		return found(s.NetBox.Members, node, func(m probes.NetBoxMember) (string, probes.Seen) { return m.Node, m.Seen })
	case "web":
		return found(s.Web.Members, node, func(m probes.WebMember) (string, probes.Seen) { return m.Node, m.Seen })
	case "pgbouncer":
		return found(s.PgBouncer.Members, node, func(m probes.PgBouncerMember) (string, probes.Seen) { return m.Node, m.Seen })
	case "haproxy":
		return found(s.HAProxy.Members, node, func(m probes.HAProxyMember) (string, probes.Seen) { return m.Node, m.Seen })
	case "keepalived":
		return found(s.Keepalived.Members, node, func(m probes.KeepalivedMember) (string, probes.Seen) { return m.Node, m.Seen })
	case "postgres":
		return found(s.Postgres.Members, node, func(d probes.Database) (string, probes.Seen) { return d.Node, d.Seen })
	case "patroni":
		return found(s.Patroni.Members, node, func(m probes.Member) (string, probes.Seen) { return m.Node, m.Seen })
	case "etcd":
		return found(s.Etcd.Members, node, func(m probes.EtcdMember) (string, probes.Seen) { return m.Name, m.Seen })
	case "redis":
		return found(s.Redis.Members, node, func(m probes.RedisMember) (string, probes.Seen) { return m.Node, m.Seen })
	case "sentinel":
		return found(s.Sentinel.Members, node, func(m probes.SentinelMember) (string, probes.Seen) { return m.Node, m.Seen })
	case "service":
		paths := map[string]probes.Try{"reads": s.Service.Reads, "writes": s.Service.Writes, "login": s.Service.Login}
		if p, ok := paths[node]; ok {
			return p, &p.Seen
		}
	case "vips":
		if v, ok := s.VIPs[node]; ok {
			return v, nil
		}
	}
	return nil, nil
}

// found is the member of a node, as target returns it.
func found[T any](all []T, node string, of func(T) (string, probes.Seen)) (any, *probes.Seen) {
	for _, x := range all {
		if name, seen := of(x); name == node {
			return x, &seen
		}
	}
	return nil, nil
}

// agreement are the cross-checks that concern a system.
func agreement(system string) []string {
	return map[string][]string{
		"vips":       {"one_holder", "entry_works"},
		"keepalived": {"one_holder", "entry_works"},
		"netbox":     {"versions_agree"},
		"haproxy":    {"leader_is_writer", "master_is_entry", "entry_works"},
		"postgres":   {"one_primary", "system_ids_agree"},
		"patroni":    {"leader_is_writer", "scopes_agree", "system_ids_agree"},
		"etcd":       {"scopes_agree", "system_ids_agree"},
		"redis":      {"one_master", "master_is_watched", "master_is_entry"},
		"sentinel":   {"master_is_watched"},
		"nodes":      {"clock_spread"},
	}[system]
}

// concerned are the systems of books that concern a row.
func concerned(system, node string) []string {
	switch {
	case system == "nodes":
		return []string{"hosts"}
	case system == "vips":
		return []string{"keepalived"}
	case system == "service" && node == "login":
		return []string{"netbox", "web"}
	case system == "service":
		return []string{"pgbouncer", "haproxy"}
	}
	return []string{system}
}
