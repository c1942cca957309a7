package inventory

import (
	"path/filepath"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"
)

const (
	// nodeLimit is the largest number of nodes.
	nodeLimit = 64
	// format is the version of the file that is understood.
	format = 1
)

// The words that name things. A node's name is a host name or what Ansible calls it; it stands in expressions and in
// command lines, so nothing in it means anything to a shell.
var nodeName = pat(`[A-Za-z0-9][A-Za-z0-9._-]{0,62}`, "a name", "use letters, digits, dot, dash and underscore, 63 at most")

var vipName = pat(`[a-z][a-z0-9_]{0,30}`, "the name of a VIP", "use small letters, digits and underscore, such as db")

var interfaceName = pat(`[^\s/:-][^\s/:]{0,14}`, "the name of an interface", "write it as `ip link` shows it, such as eth0")

// newCluster is a cluster with the defaults of everything that is not in a section.
func newCluster(home string) *Cluster {
	return &Cluster{
		Environment: Production, Dial: DialSSH, Interval: 2 * time.Second,
		Console: Console{Host: Node{Name: "console"}},
		Nodes:   []Node{{SSH: defaultSSH(home)}}, // the settings of the ssh section, until the nodes are read
	}
}

func defaultSSH(home string) SSH {
	s := SSH{Agent: true, KnownHosts: []string{"/etc/ssh/ssh_known_hosts"}, Become: Become{Method: BecomeSudo, User: "root"}}
	if home != "" {
		s.KnownHosts = []string{filepath.Join(home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"}
		s.Config = filepath.Join(home, ".ssh", "config")
	}
	return s
}

// cluster reads the whole file.
func (r *reader) cluster(body ast.Node, c *Cluster) {
	ssh := c.Nodes[0].SSH
	c.Nodes = nil
	r.object(body, begin(body), clusterKeys(c, &ssh))
	c.settle()
}

// clusterKeys are the keys of the file. ssh stands before what inherits from it, nodes before what names them, and ansible before
// the secrets that its vault may hold.
func clusterKeys(c *Cluster, ssh *SSH) []field {
	remote := ""
	return []field{
		field{name: "format", read: func(r *reader, n ast.Node) {
			if i, ok := r.number(n, 1, 1<<30, "a format"); ok && i != format {
				r.problem(begin(n), "format "+strconv.Itoa(i)+" is not known", "this recon reads format 1")
			}
		}}.required(),
		word("cluster", &c.Name, nodeName).required(),
		environment(&c.Environment),
		choice("dial", &c.Dial, DialSSH, DialDirect),
		duration("interval", &c.Interval, 500*time.Millisecond, time.Minute),
		deployment(c),
		object("ssh", sshKeys(ssh)),
		choice("console", &remote, "local", "ssh"),
		consoleHost(c, ssh, &remote),
		nodes(c, ssh).required(),
		object("services", serviceKeys(c)),
		vips(c),
		object("entry", entryKeys(&c.Entry)),
		localPaths("runbooks", "runbooks", &c.Runbooks),
	}
}

// object is a field with keys of its own.
func object(name string, keys []field) field {
	return field{name: name, keys: keys, read: func(r *reader, n ast.Node) { r.object(n, begin(n), keys) }}
}

// environment is a field whose mistakes make the cluster production, with a warning: a mistyped word must neither keep the
// console from starting at night nor make it careless.
func environment(to *Environment) field {
	return field{name: "environment", read: func(r *reader, n ast.Node) {
		s, ok := r.text(n, "write production, staging or training")
		if !ok {
			return
		}
		switch e := Environment(s); e {
		case Production, Staging, Training:
			*to = e
		default:
			hint := "write production, staging or training"
			if near := Nearest(s, []string{string(Production), string(Staging), string(Training)}); near != "" {
				hint = "did you mean " + near + "?"
			}
			place := begin(n)
			r.warnings = append(r.warnings, Problem{
				File: r.file, Line: place.line, Column: place.column,
				What: "the environment " + quote(s) + " is not known and counts as production", Hint: hint,
			})
		}
	}}
}

// consoleHost is where `console: ssh` leads. It needs the word console, which stands before it.
func consoleHost(c *Cluster, ssh *SSH, remote *string) field {
	host := &c.Console.Host
	keys := func() []field {
		return []field{address("address", &host.Address, true).required(), object("ssh", sshKeys(&host.SSH))}
	}
	need := func() bool { return *remote == "ssh" }
	return field{name: "console_host", need: need, keys: keys(), read: func(r *reader, n ast.Node) {
		c.Console.Remote = true
		host.SSH = ssh.clone()
		r.object(n, begin(n), keys())
		if !need() {
			r.problem(begin(n), "console_host says where, and console is local", "write `console: ssh`, or take console_host out")
		}
	}}
}

// nodes is the list of hosts.
func nodes(c *Cluster, ssh *SSH) field {
	keys := func(n *Node) []field {
		return []field{
			word("name", &n.Name, nodeName).required(),
			address("address", &n.Address, true).required(),
			aliases(&n.Aliases),
			object("ssh", sshKeys(&n.SSH)),
		}
	}
	return field{name: "nodes", keys: keys(&Node{}), read: func(r *reader, list ast.Node) {
		items, ok := r.items(list, "a list of `- {name: n1, address: 10.0.0.11}`")
		if !ok {
			return
		}
		if len(items) == 0 || len(items) > nodeLimit {
			r.problem(begin(list), "there are "+strconv.Itoa(len(items))+" nodes", "a cluster has 1 to "+strconv.Itoa(nodeLimit))
			return
		}
		names := places{}
		r.nodes = places{}
		for i, item := range items {
			node := Node{SSH: ssh.clone()}
			r.within(r.itemName(item, i), func() { r.object(item, begin(item), keys(&node)) })
			c.Nodes = append(c.Nodes, node)
			switch {
			case node.Name == "console" || node.Name == "all":
				r.problem(r.place(item, "name"), "a node cannot be called "+node.Name, "steps use this word for something else, take another name")
			case node.Name != "":
				names.once(r, node.Name, "node name", r.place(item, "name"))
			}
			if node.Address != "" {
				r.nodes.once(r, node.Address, "address", r.place(item, "address"))
			}
		}
	}}
}

// aliases is the list of a node's other names.
func aliases(to *[]string) field {
	return field{name: "aliases", read: func(r *reader, n ast.Node) {
		items, ok := r.items(n, "[pg1, cache1]")
		if !ok {
			return
		}
		list := []string{}
		for _, item := range items {
			if s, ok := r.text(item, proxyName.hint); ok && r.matches(item, s, proxyName) {
				list = append(list, s)
			}
		}
		*to = list
	}}
}

// vips is the mapping of the floating addresses, in the order of the file.
func vips(c *Cluster) field {
	keys := func(v *VIP) []field {
		return []field{
			address("address", &v.Address, false).required(),
			word("interface", &v.Interface, interfaceName),
		}
	}
	return field{name: "vips", keys: keys(&VIP{}), read: func(r *reader, n ast.Node) {
		entries, ok := r.entries(n, "{}")
		if !ok {
			return
		}
		addresses := places{}
		for _, e := range entries {
			if p := vipName; !p.MatchString(e.name) {
				r.problem(e.at, shown(e.name)+" is not "+p.what, p.hint)
				continue
			}
			v := VIP{Name: e.name}
			r.within(e.name, func() { r.object(e.value, e.at, keys(&v)) })
			if place := r.place(e.value, "address"); v.Address != "" {
				addresses.once(r, v.Address, "address", place)
				if node, ok := r.nodes[v.Address]; ok {
					r.problem(place, "the VIP "+v.Name+" has the address of a node", "the node is on line "+strconv.Itoa(node.line)+", a VIP needs an address of its own")
				}
			}
			c.VIPs = append(c.VIPs, v)
		}
	}}
}
