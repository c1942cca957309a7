package probes

// Target is one thing that is asked by itself, with how it last answered.
type Target struct {
	// System is the section of State. Node is where it runs; of the service's paths it is the path: reads, writes or login;
	// of NetBox as its users reach it, entry.
	System, Node string
	Seen
}

// Targets are all targets of the State, from the hosts to what the users feel, in the order of the cluster file. Keepalived is
// left out, because it is seen on the hosts, and so is what the cluster file does not have tried.
func (s *State) Targets() []Target {
	var out []Target
	add := func(system, node string, seen Seen) { out = append(out, Target{system, node, seen}) }
	for _, x := range s.Nodes {
		add("nodes", x.Name, x.Seen)
	}
	for _, x := range s.Etcd.Members {
		add("etcd", x.Name, x.Seen)
	}
	for _, x := range s.Patroni.Members {
		add("patroni", x.Node, x.Seen)
	}
	for _, x := range s.Postgres.Members {
		add("postgres", x.Node, x.Seen)
	}
	for _, x := range s.Redis.Members {
		add("redis", x.Node, x.Seen)
	}
	for _, x := range s.Sentinel.Members {
		add("sentinel", x.Node, x.Seen)
	}
	for _, x := range s.HAProxy.Members {
		add("haproxy", x.Node, x.Seen)
	}
	for _, x := range s.PgBouncer.Members {
		add("pgbouncer", x.Node, x.Seen)
	}
	for _, x := range s.Web.Members {
		add("web", x.Node, x.Seen)
	}
	for _, x := range s.NetBox.Members {
		add("netbox", x.Node, x.Seen)
	}
	if !s.NetBox.Entry.Began.IsZero() {
		add("netbox", "entry", s.NetBox.Entry.Seen)
	}
	for _, x := range []struct {
		path string
		try  Try
	}{{"reads", s.Service.Reads}, {"writes", s.Service.Writes}, {"login", s.Service.Login}} {
		if x.try.Tried {
			add("service", x.path, x.try.Seen)
		}
	}
	return out
}
