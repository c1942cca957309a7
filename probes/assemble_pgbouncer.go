package probes

import (
	"strconv"

	"recon/internal/inventory"
)

func assemblePgBouncer(c *inventory.Cluster, r raw, m moment) PgBouncer {
	out := PgBouncer{Members: []PgBouncerMember{}}
	if c.PgBouncer == nil {
		out.Unseen = "the cluster file names no PgBouncer"
		return out
	}
	nodes := running(c, c.PgBouncer.On)
	out.Answered, out.Unseen = census("PgBouncer", names(nodes), r.pgbouncer, m)
	for _, n := range nodes {
		out.Members = append(out.Members, pgbouncerMember(c, n, r.pgbouncer[n.Name], m))
	}
	return out
}

func pgbouncerMember(c *inventory.Cluster, n inventory.Node, a answer[pgbouncerFacts], m moment) PgBouncerMember {
	f := a.fact
	out := PgBouncerMember{Node: n.Name, Seen: a.seen(m), Unread: map[string]string{}}
	if a.err != "" || a.began.IsZero() {
		return out
	}
	for field, why := range f.unread {
		out.Unread[field] = why
	}
	out.Version, out.State, out.Databases, out.Pools, out.Works, out.WorksError = f.version, f.state, f.databases, f.pools, f.works, f.worksErr
	out.Paused = []string{}
	for _, d := range f.databases {
		if d.Paused || d.Disabled {
			out.Paused = append(out.Paused, d.Name)
		}
	}
	if out.State == "" {
		// Versions that do not tell it: all databases are paused when the instance is.
		out.State = "active"
		if len(f.databases) > 0 && len(out.Paused) == len(f.databases) {
			out.State = "paused"
		}
	}
	for _, p := range f.pools {
		out.Active += p.Active
		out.Waiting += p.Waiting
		out.MaxWait = max(out.MaxWait, p.MaxWait)
	}
	out.PoolMode = f.mode(c.Entry.Database)
	out.size(f, c.Entry.Database)
	return out
}

// size takes the sizes of NetBox's pool, of the database where it has its own, else of the instance.
func (p *PgBouncerMember) size(f pgbouncerFacts, database string) {
	for field, s := range map[string]struct {
		key string
		to  *int
	}{
		"pool_size": {"default_pool_size", &p.PoolSize}, "reserve_size": {"reserve_pool_size", &p.ReserveSize},
		"max_prepared_statements": {"max_prepared_statements", &p.Prepared},
	} {
		n, err := strconv.Atoi(f.settings[s.key])
		if err != nil {
			p.Unread[field] = either(p.Unread[field], "this version does not tell "+s.key)
			continue
		}
		*s.to = n
	}
	for _, d := range f.databases {
		if d.Name == database && d.PoolSize > 0 {
			p.PoolSize = d.PoolSize
			delete(p.Unread, "pool_size")
		}
	}
}
