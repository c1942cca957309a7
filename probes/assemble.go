package probes

import (
	"net"
	"slices"
	"strconv"

	"recon/internal/inventory"
)

// assemble puts a State together from the last answers. It reads no clock and changes nothing, so that the same answers
// make the same State.
func assemble(c *inventory.Cluster, r raw, m moment, mem memory) *State {
	s := &State{At: m.now, Cluster: Cluster{Name: c.Name, Environment: string(c.Environment)}}
	s.Nodes = assembleNodes(c, r, m, mem)
	s.VIPs = assembleVIPs(c, s.Nodes)
	s.Etcd = assembleEtcd(c, r, m)
	s.Postgres = assemblePostgres(c, r, m)
	s.Patroni = assemblePatroni(c, r, m, mem)
	s.Redis = assembleRedis(c, r, m)
	s.Sentinel = assembleSentinel(c, r, m)
	s.HAProxy = assembleHAProxy(c, r, m)
	s.Keepalived = assembleKeepalived(c, r, m, s.Nodes)
	s.Keepalived.weigh(c)
	s.PgBouncer = assemblePgBouncer(c, r, m)
	s.Web = assembleWeb(c, r, m)
	s.NetBox = assembleNetBox(c, r, m)
	s.Service = assembleService(c, r, m)
	s.Reach = assembleReach(c, r, m, s)
	s.Cross = crossChecks(c, s)
	s.Deployment = deployed(c, s)
	s.HandsOff = handsOff(c, s, mem)
	mem.counted(s)
	return s
}

func assembleNodes(c *inventory.Cluster, r raw, m moment, mem memory) []Node {
	out := make([]Node, 0, len(c.Nodes))
	for _, n := range c.Nodes {
		a := r.hosts[n.Name]
		f := a.fact
		out = append(out, Node{
			Name: n.Name, Address: n.Address, Seen: a.seen(m), Hostname: f.hostname, Units: f.units, UnitFiles: f.unitFiles,
			Disks: grown(n.Name, f.disks, mem.disks), Load1: f.load1, CPUs: f.cpus, MemoryMB: f.memoryMB, ClockOffset: f.offset, ClockSynced: f.synced,
			Addresses: f.addresses, Uptime: f.uptime, PatroniScope: f.scope, PatroniNamespace: f.namespace,
			Services: byService(c, n.Name, f.units), ServiceFiles: byService(c, n.Name, f.unitFiles),
			FailedUnits: f.failed, Restarts: f.restarts, SwapUsedMB: f.swapMB, MemoryAllMB: f.memoryAll, NonlocalBind: f.nonlocal,
			RebootPending: f.reboot, NeverRan: neverRan(byService(c, n.Name, f.units), byService(c, n.Name, f.unitFiles), f.traces),
		})
	}
	return out
}

// byService is what is known of units, under the names of the services that run on a node; nil when nothing is known.
func byService(c *inventory.Cluster, node string, units map[string]string) map[string]string {
	if units == nil {
		return nil
	}
	out := map[string]string{}
	for _, r := range c.Roles() {
		for i, unit := range r.Units {
			if state, known := units[unit]; known && slices.Contains(r.Nodes, node) {
				out[map[bool]string{true: r.Name, false: "worker"}[i == 0]] = state
			}
		}
	}
	return out
}

// assembleVIPs looks for the floating addresses on the hosts. A host that cannot be asked may hold any of them, so one
// silent host makes the holders unknown.
func assembleVIPs(c *inventory.Cluster, nodes []Node) map[string]VIP {
	out := make(map[string]VIP, len(c.VIPs))
	for _, v := range c.VIPs {
		vip := VIP{Name: v.Name, Address: v.Address, Holders: []string{}}
		for _, n := range nodes {
			if c.Keepalived != nil && !runs(c, c.Keepalived.On, n.Name) {
				continue
			}
			switch why := n.Blind("addresses"); {
			case why != "":
				vip.Unseen = either(vip.Unseen, n.Name+": "+why)
			case n.Addresses == nil:
				vip.Unseen = either(vip.Unseen, n.Name+" does not tell its addresses")
			case slices.Contains(n.Addresses, v.Address):
				vip.Holders = append(vip.Holders, n.Name)
			}
		}
		if len(vip.Holders) == 1 {
			vip.Holder = &vip.Holders[0]
		}
		out[v.Name] = vip
	}
	return out
}

func assemblePostgres(c *inventory.Cluster, r raw, m moment) Postgres {
	p := Postgres{Members: []Database{}}
	if c.Postgres == nil {
		p.Unseen = "the cluster file names no databases"
		return p
	}
	p.Primaries = []string{}
	var waiting []*int
	for _, n := range running(c, c.Postgres.On) {
		a := r.postgres[n.Name]
		f := a.fact
		p.Members = append(p.Members, Database{
			Node: n.Name, Seen: a.seen(m), Version: f.version, InRecovery: f.inRecovery, ReadOnly: f.readOnly, Timeline: f.timeline,
			Receiver: f.receiver, Followers: f.lists.Followers, Slots: f.lists.Slots, Waiting: f.waiting, Oldest: f.oldest,
			Copies: f.lists.Copies, Unread: f.unread, ReplayPaused: f.replayPaused, Connections: f.connections,
			MaxConnections: f.maxConnections, Archiver: f.lists.Archiver, Subscriptions: f.lists.Subscriptions,
			Size: f.seldom.size, WALBytes: f.seldom.walBytes, ArchiveWaiting: f.seldom.archiveWaiting,
			HBAErrors: f.seldom.hba, FileErrors: f.seldom.files,
		})
		if a.fresh(m) && !f.inRecovery {
			p.Primaries = append(p.Primaries, n.Name)
			waiting = append(waiting, f.waiting)
		}
	}
	if len(waiting) == 1 {
		p.Waiting = waiting[0]
	}
	_, p.Unseen = census("database", names(running(c, c.Postgres.On)), r.postgres, m)
	return p
}

func names(nodes []inventory.Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.Name
	}
	return out
}

func hostPort(n inventory.Node, port int) string {
	return net.JoinHostPort(n.Address, strconv.Itoa(port))
}
