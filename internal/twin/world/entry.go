package world

import "time"

// entryUnits makes the units of everything above the databases known on a host.
func (w *World) entryUnits(h *Host) {
	first := w.Plan.Nodes[0].Name
	h.Redis = &Redis{Data: emptyData()}
	if h.Name != first {
		h.Redis.Upstream = first
	}
	h.Sentinel, h.HAProxy, h.Keepalived, h.Bouncer, h.NetBox = &Sentinel{}, &HAProxy{}, &Keepalived{}, &Bouncer{}, &NetBox{}
	const soon = 100 * time.Millisecond
	for _, u := range []*Unit{
		{Name: RedisUnit, Description: "Advanced key-value store", User: "redis", RestartAfter: soon, part: h.Redis},
		{Name: SentinelUnit, Description: "Advanced key-value store", User: "redis", RestartAfter: soon, part: h.Sentinel},
		{Name: HAProxyUnit, Description: "HAProxy Load Balancer", User: "root", RestartAfter: soon, part: h.HAProxy},
		{Name: KeepalivedUnit, Description: "Keepalive Daemon (LVS and VRRP)", User: "root", part: h.Keepalived},
		{Name: BouncerUnit, Description: "connection pooler for PostgreSQL", User: "postgres", part: h.Bouncer},
		{Name: WebUnit, Description: "A high performance web server and a reverse proxy server", User: "root", part: proxy{h.NetBox}},
		{Name: NetBoxUnit, Description: "NetBox", User: "netbox", RestartAfter: 5 * time.Second, part: app{h.NetBox}},
		{Name: WorkerUnit, Description: "NetBox's worker", User: "netbox", RestartAfter: 5 * time.Second, part: worker{h.NetBox}},
	} {
		u.State, u.File = Inactive, Enabled
		h.AddUnit(u)
	}
}

// missingEntry says what is missing above the databases.
func (w *World) missingEntry() string {
	masters := 0
	for _, h := range w.Nodes() {
		r := h.Redis
		switch {
		case r.Master:
			masters++
		case !r.Linked:
			return "Redis on " + h.Name + " is not in step"
		}
		if usable, _ := w.Usable(h); usable != len(w.Nodes()) || len(h.Sentinel.Ghosts) > 0 {
			return "the Sentinel on " + h.Name + " misses others"
		}
		for _, b := range h.HAProxy.Backends {
			up := 0
			for _, s := range b.Servers {
				if s.Maint || s.Drain {
					return b.Name + "/" + s.Name + " on " + h.Name + " is " + s.State()
				}
				if s.Up {
					up++
				}
			}
			want := map[string]int{"pg_bkread": len(w.Nodes()) - 1, "pgbouncer_nodes": len(w.Nodes())}
			if n, ok := want[b.Name]; ok && up != n || !ok && up != 1 {
				return b.Name + " on " + h.Name + " has the wrong servers"
			}
		}
		for _, p := range h.Bouncer.Databases {
			if p.Paused {
				return "PgBouncer on " + h.Name + " is paused"
			}
		}
		if w.Page(h) != 200 {
			return "NetBox on " + h.Name + " does not answer"
		}
	}
	if masters != 1 {
		return "Redis does not have one master"
	}
	for _, vip := range []string{w.Plan.DBVIP, w.Plan.WebVIP} {
		n := 0
		for _, h := range w.Nodes() {
			if h.Has(vip) {
				n++
			}
		}
		if n != 1 {
			return vip + " is not on exactly one node"
		}
	}
	return ""
}
