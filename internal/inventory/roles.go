package inventory

import "slices"

// Role is one service of the cluster.
type Role struct {
	// Name is its key in the file: etcd, patroni, postgres, redis, sentinel, haproxy, keepalived, pgbouncer, web, netbox.
	Name string
	// Nodes are the names of the nodes that run it, in the order of the cluster's nodes.
	Nodes []string
	// Units are its systemd services, without .service. PostgreSQL has none: Patroni runs it.
	Units []string
}

// anyService is what all services have, for those who go through all of them.
type anyService struct {
	name      string
	on        *On
	units     []string
	passwords []Secret
}

// each lists the services that the cluster has, from the quorum to the entry.
func (c *Cluster) each() []anyService {
	var out []anyService
	if s := c.Etcd; s != nil {
		out = append(out, anyService{"etcd", &s.On, []string{s.Unit}, []Secret{s.Password}})
	}
	if s := c.Patroni; s != nil {
		out = append(out, anyService{"patroni", &s.On, []string{s.Unit}, []Secret{s.Password}})
	}
	if s := c.Postgres; s != nil {
		out = append(out, anyService{"postgres", &s.On, nil, []Secret{s.Password}})
	}
	if s := c.Redis; s != nil {
		out = append(out, s.as("redis"))
	}
	if s := c.Sentinel; s != nil {
		out = append(out, s.as("sentinel"))
	}
	if s := c.HAProxy; s != nil {
		out = append(out, s.as("haproxy"))
	}
	if s := c.Keepalived; s != nil {
		out = append(out, s.as("keepalived"))
	}
	if s := c.PgBouncer; s != nil {
		out = append(out, s.as("pgbouncer"))
	}
	if s := c.Web; s != nil {
		out = append(out, s.as("web"))
	}
	if s := c.NetBox; s != nil {
		one := s.as("netbox")
		one.units, one.passwords = append(one.units, s.WorkerUnit), append(one.passwords, s.Token)
		out = append(out, one)
	}
	return out
}

func (s *Service) as(name string) anyService {
	return anyService{name, &s.On, []string{s.Unit}, []Secret{s.Password}}
}

// Roles lists the services that the cluster has, from the quorum to the entry.
func (c *Cluster) Roles() []Role {
	var out []Role
	for _, s := range c.each() {
		r := Role{Name: s.name, Nodes: slices.Clone(s.on.Nodes)}
		for _, u := range s.units {
			if u != "" {
				r.Units = append(r.Units, u)
			}
		}
		out = append(out, r)
	}
	return out
}

// Node finds a node by its name.
func (c *Cluster) Node(name string) (Node, bool) {
	i := slices.IndexFunc(c.Nodes, func(n Node) bool { return n.Name == name })
	if i < 0 {
		return Node{}, false
	}
	return c.Nodes[i], true
}

// Units lists the systemd services of everything that runs on a node, without .service, each once.
func (c *Cluster) Units(node string) []string {
	var out []string
	for _, r := range c.Roles() {
		if !slices.Contains(r.Nodes, node) {
			continue
		}
		for _, u := range r.Units {
			if !slices.Contains(out, u) {
				out = append(out, u)
			}
		}
	}
	return out
}

// Secrets lists every reference of the file once: those for ssh, then those of the services.
func (c *Cluster) Secrets() []Secret {
	var out []Secret
	add := func(list ...Secret) {
		for _, s := range list {
			if !s.IsZero() && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	for _, n := range c.Nodes {
		add(n.SSH.Password, n.SSH.Become.Password)
	}
	if c.Console.Remote {
		add(c.Console.Host.SSH.Password, c.Console.Host.SSH.Become.Password)
	}
	for _, s := range c.each() {
		add(s.passwords...)
	}
	add(c.Entry.Password)
	if c.Deployment != nil {
		add(c.Deployment.Vault)
	}
	return out
}

// settle fills in what depends on the whole file.
func (c *Cluster) settle() {
	for _, s := range c.each() {
		var nodes []string
		for _, n := range c.Nodes {
			if len(s.on.Nodes) == 0 || slices.Contains(s.on.Nodes, n.Name) {
				nodes = append(nodes, n.Name)
			}
		}
		s.on.Nodes = nodes
	}
	if c.Etcd != nil && c.Etcd.Scheme == "" {
		c.Etcd.Scheme = "http"
	}
	if c.Patroni != nil && c.Patroni.Scheme == "" {
		c.Patroni.Scheme = "http"
	}
	if e := &c.Entry; c.Postgres != nil {
		if e.User == "" {
			e.User, e.Password = c.Postgres.User, c.Postgres.Password
		}
		if e.Database == "" {
			e.Database = c.Postgres.Database
			if c.PgBouncer != nil {
				e.Database = c.PgBouncer.Database
			}
		}
	}
	if c.Web != nil && c.Web.Port == 0 {
		c.Web.Port = 80
		if c.Web.HTTPS {
			c.Web.Port = 443
		}
	}
}
