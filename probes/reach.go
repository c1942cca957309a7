package probes

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"recon/internal/inventory"
)

const (
	// evidenceAge is how old what a witness found out may be before it says nothing any more.
	evidenceAge = 30 * time.Second
	// A silent port is not tried more often than every spared: where packets are dropped, the witness's sshd keeps each
	// attempt for two minutes. Nor is the ssh port, which since OpenSSH 9.8 keeps away who connects and does not log in.
	spared = 15 * time.Second
	// glance is the limit of one attempt; a lost SYN is sent again after 1 s.
	glance = 1200 * time.Millisecond
	// A witness looks every calmLook, and every closeLook while something of another node is silent.
	calmLook  = 10 * time.Second
	closeLook = 3 * time.Second
)

// reachFacts is what one node found out about the ports of the others.
type reachFacts struct{ tries []attempt }

// door is one port of one node.
type door struct {
	node, service string
	port          int
	address       string
}

// attempt is how the last attempt at a door ended.
type attempt struct {
	door
	at               time.Time
	reached, refused bool
	err              string
}

// aimReach makes a witness of every node. There is nothing to witness where a cluster has one.
func aimReach(a aiming) ([]*target, error) {
	if len(a.cluster.Nodes) < 2 {
		return nil, nil
	}
	var out []*target
	for _, n := range a.cluster.Nodes {
		p := &reachProbe{hosts: a.hosts, node: n.Name, now: a.now, doors: map[string][]door{}, last: map[door]attempt{}}
		for _, other := range a.cluster.Nodes {
			if other.Name != n.Name {
				p.doors[other.Name] = doors(a.cluster, other)
			}
		}
		own := doors(a.cluster, n)
		p.control = net.JoinHostPort("127.0.0.1", strconv.Itoa(own[0].port))
		p.sick = func() sickness { return sick(a.State()) }
		t := aimed(a.Watch, a.raw.reach, "reach", n.Name, "ssh "+n.Name, hostDeadline, p)
		t.whole = true
		t.pause = func() time.Duration {
			if len(sick(a.State()).silent) > 0 {
				return max(closeLook, a.cluster.Interval)
			}
			return max(calmLook, a.cluster.Interval)
		}
		t.wake = func(old, now *State) bool { return !sick(now).within(sick(old)) }
		out = append(out, t)
	}
	return out, nil
}

// doors are the ports of a node, the one of the mesh first and ssh last. The mesh takes one that does not mind bare
// connections: etcd's for its peers, else Patroni's, else what there is.
func doors(c *inventory.Cluster, n inventory.Node) []door {
	var out []door
	add := func(service string, on inventory.On, port int) {
		if port > 0 && runs(c, on, n.Name) {
			out = append(out, door{n.Name, service, port, hostPort(n, port)})
		}
	}
	if e := c.Etcd; e != nil {
		add("etcd", e.On, e.PeerPort)
		add("etcd", e.On, e.ClientPort)
	}
	if p := c.Patroni; p != nil {
		add("patroni", p.On, p.RESTPort)
	}
	if p := c.Postgres; p != nil {
		add("postgres", p.On, p.Port)
	}
	if r := c.Redis; r != nil {
		add("redis", r.On, r.Port)
	}
	if s := c.Sentinel; s != nil {
		add("sentinel", s.On, s.Port)
	}
	if h := c.HAProxy; h != nil {
		add("haproxy", h.On, h.Port)
	}
	if p := c.PgBouncer; p != nil {
		add("pgbouncer", p.On, p.Port)
	}
	if w := c.Web; w != nil {
		add("web", w.On, w.Port)
	}
	port := n.SSH.Port
	if port == 0 {
		port = 22
	}
	return append(out, door{n.Name, "ssh", port, hostPort(n, port)})
}

// sickness is which nodes the console finds silent, and which single services of others refuse.
type sickness struct {
	// silent maps a node to whether ssh itself fails; refusing holds node and service.
	silent   map[string]bool
	refusing map[[2]string]bool
}

// within says that nothing is sick that was not sick before.
func (s sickness) within(before sickness) bool {
	for node, ssh := range s.silent {
		if was, ok := before.silent[node]; !ok || ssh && !was {
			return false
		}
	}
	for what := range s.refusing {
		if !before.refusing[what] {
			return false
		}
	}
	return true
}

func sick(s *State) sickness {
	out := sickness{map[string]bool{}, map[[2]string]bool{}}
	for _, n := range s.Nodes {
		if !n.Began.IsZero() && !n.Reachable {
			out.silent[n.Name] = true
		}
	}
	for _, e := range endpoints(s) {
		switch {
		case e.seen.Began.IsZero() || e.seen.Reachable:
		case e.seen.Refused:
			out.refusing[[2]string{e.node, e.service}] = true
		default:
			if _, known := out.silent[e.node]; !known {
				out.silent[e.node] = false
			}
		}
	}
	return out
}

// nodeService is a service on a node as the console itself sees it.
type nodeService struct {
	node, service string
	seen          Seen
}

func endpoints(s *State) []nodeService {
	var out []nodeService
	for _, m := range s.Etcd.Members {
		out = append(out, nodeService{m.Name, "etcd", m.Seen})
	}
	for _, m := range s.Patroni.Members {
		out = append(out, nodeService{m.Node, "patroni", m.Seen})
	}
	for _, m := range s.Postgres.Members {
		out = append(out, nodeService{m.Node, "postgres", m.Seen})
	}
	for _, m := range s.Redis.Members {
		out = append(out, nodeService{m.Node, "redis", m.Seen})
	}
	for _, m := range s.Sentinel.Members {
		out = append(out, nodeService{m.Node, "sentinel", m.Seen})
	}
	for _, m := range s.HAProxy.Members {
		out = append(out, nodeService{m.Node, "haproxy", m.Seen})
	}
	for _, m := range s.PgBouncer.Members {
		out = append(out, nodeService{m.Node, "pgbouncer", m.Seen})
	}
	for _, m := range s.Web.Members {
		out = append(out, nodeService{m.Node, "web", m.Seen})
	}
	return out
}

// reachProbe lets one node try the ports of the others over its ssh connection.
type reachProbe struct {
	hosts   Hosts
	node    string
	now     func() time.Time
	doors   map[string][]door
	control string // an address on the node itself, which answers at once whether it refuses or not
	sick    func() sickness
	last    map[door]attempt
}

func (p *reachProbe) close() {}

func (p *reachProbe) ask(ctx context.Context) (reachFacts, error) {
	now, sick := p.now(), p.sick()
	maps.DeleteFunc(p.last, func(_ door, a attempt) bool { return now.Sub(a.at) > evidenceAge })
	var first []door
	for _, node := range slices.Sorted(maps.Keys(p.doors)) {
		first = append(first, p.due(node, sick, now)...)
	}
	tried, err := p.try(ctx, first)
	if err != nil {
		return reachFacts{}, err
	}
	// A node that is silent on the port of the mesh is looked at port by port.
	var second []door
	for _, a := range tried {
		if all := p.doors[a.node]; len(all) > 1 && !a.met() && a.door == all[0] {
			if _, close := sick.silent[a.node]; !close {
				second = append(second, p.patient(all[1:len(all)-1], now)...)
			}
		}
	}
	more, err := p.try(ctx, second)
	if err != nil {
		return reachFacts{}, err
	}
	tried = append(tried, more...)
	if slices.ContainsFunc(tried, func(a attempt) bool { return !a.met() }) {
		if err := p.alive(ctx); err != nil {
			return reachFacts{}, err
		}
	}
	for _, a := range tried {
		p.last[a.door] = a
	}
	var out reachFacts
	for _, node := range slices.Sorted(maps.Keys(p.doors)) {
		for _, d := range p.doors[node] {
			if a, ok := p.last[d]; ok {
				out.tries = append(out.tries, a)
			}
		}
	}
	return out, ctx.Err()
}

// due are the doors of a node that are tried now: the mesh's always, all of them while it is silent for the console, ssh
// only when that is what fails, and those that refuse the console.
func (p *reachProbe) due(node string, sick sickness, now time.Time) []door {
	all := p.doors[node]
	mesh, ssh := all[0], all[len(all)-1]
	sshFails, close := sick.silent[node]
	if close {
		out := p.patient(all[:len(all)-1], now)
		if a, ok := p.last[ssh]; sshFails && (!ok || now.Sub(a.at) >= spared) {
			out = append(out, ssh)
		}
		return out
	}
	var out []door
	for _, d := range all[:len(all)-1] {
		if d == mesh || sick.refusing[[2]string{node, d.service}] {
			out = append(out, d)
		}
	}
	return out
}

// patient leaves out the doors that were silent lately.
func (p *reachProbe) patient(all []door, now time.Time) []door {
	return slices.DeleteFunc(slices.Clone(all), func(d door) bool {
		a, ok := p.last[d]
		return ok && !a.met() && now.Sub(a.at) < spared
	})
}

// try connects to all doors at once and hangs up. It fails when the node itself could not try.
func (p *reachProbe) try(ctx context.Context, all []door) ([]attempt, error) {
	out, errs := make([]attempt, len(all)), make([]error, len(all))
	var pending sync.WaitGroup
	for i, d := range all {
		pending.Go(func() {
			out[i].door, out[i].at = d, p.now()
			limited, cancel := within(ctx, glance)
			defer cancel()
			conn, err := p.hosts.From(limited, p.node, "tcp", d.address)
			var blind *BlindError
			switch {
			case err == nil:
				_ = conn.Close() // that it was made is all
				out[i].reached = true
			case errors.As(err, &blind):
				errs[i] = err
			default:
				out[i].refused, out[i].err = Refused(err), words(err, glance)
			}
		})
	}
	pending.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// alive proves that the node's sshd answers, without which the silence of others is no evidence.
func (p *reachProbe) alive(ctx context.Context) error {
	limited, cancel := within(ctx, glance)
	defer cancel()
	conn, err := p.hosts.From(limited, p.node, "tcp", p.control)
	switch {
	case err == nil:
		_ = conn.Close() // nothing was said
		return nil
	case Refused(err):
		return nil
	}
	return &BlindError{Node: p.node, Why: "the sshd of " + p.node + " does not answer any more"}
}
