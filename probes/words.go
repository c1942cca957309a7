package probes

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"recon/internal/gate"
	"recon/internal/inventory"
)

// Words are the names that expressions may use, with their types: the sections of State under their json names.
func Words() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range reflect.TypeFor[State]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.Tag.Get("gate") != "-" && name != "" && name != "-" {
			out[name] = f.Type
		}
	}
	return out
}

// Vars are the values of Words in one State. They are parts of the State and must not be changed.
func Vars(s *State) map[string]any {
	return map[string]any{
		"cluster": s.Cluster, "nodes": s.Nodes, "etcd": s.Etcd, "patroni": s.Patroni, "postgres": s.Postgres, "vips": s.VIPs,
		"redis": s.Redis, "sentinel": s.Sentinel, "haproxy": s.HAProxy, "keepalived": s.Keepalived, "pgbouncer": s.PgBouncer,
		"web": s.Web, "netbox": s.NetBox, "service": s.Service, "reach": s.Reach, "cross": s.Cross, "hands_off": s.HandsOff,
		"deployment": s.Deployment,
	}
}

// NodeByName finds a host by its name, or by that of the Patroni member that runs there.
func NodeByName(s *State, name string) (Node, bool) {
	if i := slices.IndexFunc(s.Nodes, func(n Node) bool { return n.Name == name }); i >= 0 {
		return s.Nodes[i], true
	}
	if i := slices.IndexFunc(s.Patroni.Members, func(m Member) bool { return m.Name == name }); i >= 0 {
		node := s.Patroni.Members[i].Node
		if i := slices.IndexFunc(s.Nodes, func(n Node) bool { return n.Name == node }); i >= 0 {
			return s.Nodes[i], true
		}
	}
	return Node{}, false
}

// MemberByName finds a Patroni member by its name, or by that of its node.
func MemberByName(s *State, name string) (Member, bool) {
	for _, by := range []func(Member) string{func(m Member) string { return m.Name }, func(m Member) string { return m.Node }} {
		if i := slices.IndexFunc(s.Patroni.Members, func(m Member) bool { return by(m) == name }); i >= 0 {
			return s.Patroni.Members[i], true
		}
	}
	return Member{}, false
}

// Role are the hosts that run a service, in the cluster file's order; false when the cluster file has no such service.
func Role(s *State, c *inventory.Cluster, service string) ([]Node, bool) {
	if c == nil {
		return nil, false
	}
	roles := c.Roles()
	i := slices.IndexFunc(roles, func(r inventory.Role) bool { return r.Name == service })
	if i < 0 {
		return nil, false
	}
	out := []Node{}
	for _, n := range s.Nodes {
		if runs(c, inventory.On{Nodes: roles[i].Nodes}, n.Name) {
			out = append(out, n)
		}
	}
	return out, true
}

// Others are all hosts but one, which is named by itself or by its Patroni member; false when nothing is called so.
func Others(s *State, name string) ([]Node, bool) {
	this, ok := NodeByName(s, name)
	if !ok {
		return nil, false
	}
	out := []Node{}
	for _, n := range s.Nodes {
		if n.Name != this.Name {
			out = append(out, n)
		}
	}
	return out, true
}

// Scope is what expressions on State may name: Words, and functions that find a host, a member, a database or the hosts
// of a service. Without a cluster file, which lint does not need, role never yields anything.
func Scope(c *inventory.Cluster) gate.Scope {
	return gate.Scope{Vars: Words(), Funcs: map[string]gate.Func{
		"node":        lookup("the host with this name, or the one of the member with this name", "nodes", NodeByName),
		"member":      lookup("the Patroni member with this name, or the one on the node with this name", "patroni.members", MemberByName),
		"database":    lookup("the database on the node with this name", "postgres.members", databaseByNode),
		"etcd_member": lookup("the etcd endpoint on the node with this name", "etcd.members", etcdByName),
		"redis_member": lookup("the Redis server on the node with this name", "redis.members",
			onNode(func(s *State) []RedisMember { return s.Redis.Members }, func(m RedisMember) string { return m.Node })),
		"sentinel_member": lookup("the Sentinel on the node with this name", "sentinel.members",
			onNode(func(s *State) []SentinelMember { return s.Sentinel.Members }, func(m SentinelMember) string { return m.Node })),
		"haproxy_member": lookup("the HAProxy on the node with this name", "haproxy.members",
			onNode(func(s *State) []HAProxyMember { return s.HAProxy.Members }, func(m HAProxyMember) string { return m.Node })),
		"keepalived_member": lookup("Keepalived on the node with this name", "keepalived.members",
			onNode(func(s *State) []KeepalivedMember { return s.Keepalived.Members }, func(m KeepalivedMember) string { return m.Node })),
		"pgbouncer_member": lookup("the PgBouncer on the node with this name", "pgbouncer.members",
			onNode(func(s *State) []PgBouncerMember { return s.PgBouncer.Members }, func(m PgBouncerMember) string { return m.Node })),
		"web_member": lookup("the web proxy on the node with this name", "web.members",
			onNode(func(s *State) []WebMember { return s.Web.Members }, func(m WebMember) string { return m.Node })),
		"netbox_member": lookup("NetBox on the node with this name", "netbox.members",
			onNode(func(s *State) []NetBoxMember { return s.NetBox.Members }, func(m NetBoxMember) string { return m.Node })),
		"reach_of": lookup("how the node with this name is reached", "reach.nodes",
			onNode(func(s *State) []NodeReach { return s.Reach.Nodes }, func(m NodeReach) string { return m.Name })),
		"role": lookup("the hosts that run a service: etcd, patroni, postgres, redis, sentinel, haproxy, keepalived, pgbouncer, web or netbox", "nodes",
			func(s *State, service string) ([]Node, bool) { return Role(s, c, service) }),
		"addresses": {
			Type: reflect.TypeFor[func() []VIP](), Path: "vips", Doc: "the floating addresses of vips, as a list",
			Call: func(vars map[string]any, _ []any) (any, string) {
				vips, _ := vars["vips"].(map[string]VIP)
				out := []VIP{}
				for _, name := range slices.Sorted(maps.Keys(vips)) {
					out = append(out, vips[name])
				}
				return out, ""
			},
		},
		"others": {
			Type: reflect.TypeFor[func(any) []Node](), Path: "nodes",
			Doc: "all hosts but the one given: a host, a member, a database, an endpoint, or a name",
			Call: func(vars map[string]any, args []any) (any, string) {
				name, ok := nameOf(args[0])
				if !ok {
					return nil, "others() takes a host, a member or a name"
				}
				nodes, ok := Others(stateOf(vars), name)
				if !ok {
					return nil, "nothing is called " + name
				}
				return nodes, ""
			},
		},
	}}
}

// lookup makes a function of expressions from one that finds something by name.
func lookup[T any](doc, path string, find func(*State, string) (T, bool)) gate.Func {
	return gate.Func{
		Type: reflect.TypeFor[func(string) T](), Doc: doc, Path: path,
		Call: func(vars map[string]any, args []any) (any, string) {
			name, _ := args[0].(string)
			found, ok := find(stateOf(vars), name)
			if !ok {
				return nil, "the cluster file has nothing called " + name
			}
			return found, ""
		},
	}
}

// onNode finds the one of a section's members that runs on a node, which may be named by its Patroni member.
func onNode[T any](members func(*State) []T, node func(T) string) func(*State, string) (T, bool) {
	return func(s *State, name string) (T, bool) {
		all := members(s)
		if n, ok := NodeByName(s, name); ok {
			name = n.Name
		}
		if i := slices.IndexFunc(all, func(m T) bool { return node(m) == name }); i >= 0 {
			return all[i], true
		}
		var none T
		return none, false
	}
}

func databaseByNode(s *State, name string) (Database, bool) {
	if m, ok := MemberByName(s, name); ok {
		name = m.Node
	}
	if i := slices.IndexFunc(s.Postgres.Members, func(d Database) bool { return d.Node == name }); i >= 0 {
		return s.Postgres.Members[i], true
	}
	return Database{}, false
}

func etcdByName(s *State, name string) (EtcdMember, bool) {
	if i := slices.IndexFunc(s.Etcd.Members, func(m EtcdMember) bool { return m.Name == name }); i >= 0 {
		return s.Etcd.Members[i], true
	}
	return EtcdMember{}, false
}

// nameOf is the name of the node that a value of an expression stands for.
func nameOf(v any) (string, bool) {
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && !p.IsNil() {
		v = p.Elem().Interface()
	}
	switch v := v.(type) {
	case string:
		return v, true
	case Node:
		return v.Name, true
	case Member:
		return v.Node, true
	case Database:
		return v.Node, true
	case EtcdMember:
		return v.Name, true
	case RedisMember:
		return v.Node, true
	case SentinelMember:
		return v.Node, true
	case HAProxyMember:
		return v.Node, true
	case KeepalivedMember:
		return v.Node, true
	case PgBouncerMember:
		return v.Node, true
	case WebMember:
		return v.Node, true
	case NetBoxMember:
		return v.Node, true
	case NodeReach:
		return v.Name, true
	}
	return "", false
}

// stateOf is the State that Vars was made from, as far as lookups need it.
func stateOf(vars map[string]any) *State {
	var s State
	s.Nodes, _ = vars["nodes"].([]Node)
	s.Patroni, _ = vars["patroni"].(Patroni)
	s.Etcd, _ = vars["etcd"].(Etcd)
	s.Postgres, _ = vars["postgres"].(Postgres)
	s.Redis, _ = vars["redis"].(Redis)
	s.Sentinel, _ = vars["sentinel"].(Sentinel)
	s.HAProxy, _ = vars["haproxy"].(HAProxy)
	s.Keepalived, _ = vars["keepalived"].(Keepalived)
	s.PgBouncer, _ = vars["pgbouncer"].(PgBouncer)
	s.Web, _ = vars["web"].(Web)
	s.NetBox, _ = vars["netbox"].(NetBox)
	s.Reach, _ = vars["reach"].(Reach)
	return &s
}
