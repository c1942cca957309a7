package probes

import (
	"maps"

	"recon/internal/inventory"
)

func assemblePgBouncer(c *inventory.Cluster, r raw, m moment) PgBouncer {
	out := PgBouncer{Members: []PgBouncerMember{}}
	if c.PgBouncer == nil {
		out.Unseen = "the cluster file names no PgBouncer"
		return out
	}
	nodes := running(c, c.PgBouncer.On)
	for _, n := range nodes {
		a := r.pgbouncer[n.Name]
		f := a.fact
		out.Members = append(out.Members, PgBouncerMember{
			Node: n.Name, Seen: a.seen(m), Version: f.version, State: f.state, Databases: f.databases, Pools: f.pools, Paused: f.paused,
			Active: f.active, Waiting: f.waiting, MaxWait: f.maxWait, Works: f.works, WorksError: f.worksError, PoolMode: f.mode,
			PoolSize: f.size, ReserveSize: f.reserve, Prepared: f.prepared, Unread: maps.Clone(f.unread),
		})
	}
	out.Answered, out.Unseen = census("PgBouncer", names(nodes), r.pgbouncer, m)
	return out
}
