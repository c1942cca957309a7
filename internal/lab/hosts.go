package lab

import "strings"

// host is one guest as it is planned.
type host struct {
	name, address string
	// layer is the image layer above the base: node or console.
	layer string
	// units are the ones that Status asks for.
	units []string
}

const (
	consoleName = "console"
	prefixBits  = "24"
	scope       = "pgclusternetbox"
	// The addresses of the entry: databases and Redis at one, NetBox at the other.
	dbVIP      = "172.16.113.204"
	webVIP     = "172.16.113.205"
	serverName = "netbox.lab.example"
	// sentinelMaster is what Sentinel calls Redis's master.
	sentinelMaster = "myredisetcd"
)

// plan lists the guests. The addresses also stand in the files folder; a test compares.
func plan() []host {
	node := []string{
		"ssh", "etcd-patroni", "patroni", "redis-server", "redis-sentinel", "haproxy", "keepalived", "pgbouncer", "nginx",
		"netbox", "netbox-rq",
	}
	return []host{
		{name: "netbox-node-1", address: "172.16.113.201", layer: "node", units: node},
		{name: "netbox-node-2", address: "172.16.113.202", layer: "node", units: node},
		{name: "netbox-node-3", address: "172.16.113.203", layer: "node", units: node},
		{name: consoleName, address: "172.16.113.200", layer: consoleName, units: []string{"ssh"}},
	}
}

// nodes are the planned hosts of the cluster.
func nodes() []host {
	all := plan()
	return all[:len(all)-1]
}

// find looks a host up by name.
func find(name string) (host, error) {
	var names []string
	for _, h := range plan() {
		if h.name == name {
			return h, nil
		}
		names = append(names, h.name)
	}
	return host{}, &Error{What: "no host " + quote(name), Hint: "the hosts are " + strings.Join(names, ", ")}
}

// hostsFile is /etc/hosts of every guest.
func hostsFile() string {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n")
	for _, h := range plan() {
		b.WriteString(h.address + " " + h.name + "\n")
	}
	b.WriteString(webVIP + " " + serverName + "\n")
	return b.String()
}
