package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"recon/internal/inventory"
)

const (
	// tryEvery is the pause between two tries of a path: they cost more than a look.
	tryEvery = 5 * time.Second
	// tryDeadline is what a whole try may take.
	tryDeadline = 4 * time.Second
	// knock is how long a connection to a floating address may take; a lost SYN is sent again after 1 s.
	knock = 1200 * time.Millisecond
)

// tryFacts is what one of the users' paths gave.
type tryFacts struct {
	from, node, note string
}

func aimService(a aiming) ([]*target, error) {
	var out []*target
	add := func(path, source string, p prober[tryFacts]) *target {
		t := aimed(a.Watch, a.raw.service, "service", path, source, tryDeadline, p)
		t.pause = func() time.Duration { return max(a.cluster.Interval, tryEvery) }
		out = append(out, t)
		return t
	}
	if address, ok := dbEntry(a.cluster); ok {
		add("reads", "read through "+address, &readProbe{a.entryLogin(address), a.nodeOf})
		if a.cluster.Entry.Canary {
			// Calling a write off would leave its transaction to the server.
			add("writes", "write through "+address, &canaryProbe{entryLogin: a.entryLogin(address), nodeOf: a.nodeOf, writer: writer(), commit: commitWithin}).whole = true
		}
	}
	if u, address, ok := webEntry(a.cluster); ok {
		n := a.cluster.NetBox
		p := newLogin(u, a.way("web", address), a.now)
		if n.User != "" && !n.Password.IsZero() {
			p.user, p.password = n.User, func(ctx context.Context) (string, error) { return a.secret(ctx, n.Password) }
		}
		add("login", p.page("login")+" at "+address, p).whole = p.user != "" // a session that was begun is ended too
	}
	return out, nil
}

// dbEntry is the address of the database as NetBox reaches it: PgBouncer's on the db address, where there is one.
func dbEntry(c *inventory.Cluster) (address string, ok bool) {
	i := slices.IndexFunc(c.VIPs, func(v inventory.VIP) bool { return v.Name == "db" })
	if i < 0 || c.HAProxy == nil || c.Entry.User == "" || c.Entry.Database == "" {
		return "", false
	}
	port := c.HAProxy.Ports.Write
	if c.PgBouncer != nil {
		port = c.HAProxy.Ports.PgBouncer
	}
	return net.JoinHostPort(c.VIPs[i].Address, strconv.Itoa(port)), port > 0
}

// webEntry is NetBox's url as users type it, and the address that its name leads them to.
func webEntry(c *inventory.Cluster) (u *url.URL, address string, ok bool) {
	i := slices.IndexFunc(c.VIPs, func(v inventory.VIP) bool { return v.Name == "web" })
	if i < 0 || c.NetBox == nil || c.NetBox.URL == "" {
		return nil, "", false
	}
	u, err := url.Parse(c.NetBox.URL)
	if err != nil || u.Hostname() == "" {
		return nil, "", false // inventory takes no such url
	}
	port := either(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	if c.Web != nil && c.Web.Port > 0 {
		port = strconv.Itoa(c.Web.Port)
	}
	return u, net.JoinHostPort(c.VIPs[i].Address, port), port != ""
}

func (a aiming) nodeOf(address string) string {
	for _, n := range a.cluster.Nodes {
		if n.Address == address {
			return n.Name
		}
	}
	return ""
}

// entryLogin is a login at the database as NetBox's is. A connection is made for each try and closed after it: users feel
// the way in as well, and a kept connection would still lead to the node where the address was when it was made.
func (a aiming) entryLogin(address string) entryLogin {
	e := a.cluster.Entry
	w := a.way("db", address)
	host, port, _ := net.SplitHostPort(address) // it was joined above
	return entryLogin{way: w, login: &poolLogin{
		dialer: &dialer{hosts: w, address: address}, settings: connection(host, port, e.User, e.Database, "prefer"),
		password: func(ctx context.Context) (string, error) { return a.secret(ctx, e.Password) },
	}, user: e.User, database: e.Database}
}

// way is how a floating address is reached: from here, or, with `dial: ssh`, from a node that answers, preferably one
// that does not have the address itself, so that the network between them is part of the way.
type way struct {
	Hosts
	vip, address string
	direct       bool
	state        func() *State

	mu sync.Mutex
	// from is where the last connection was made from; the next one begins there.
	from string
}

// last is where the last connection was made from, empty for here.
func (w *way) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.from
}

func (w *way) worked(from string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = from
}

func (a aiming) way(vip, address string) *way {
	return &way{Hosts: a.hosts, vip: vip, address: address, direct: a.cluster.Dial == inventory.DialDirect, state: a.State}
}

// places are the nodes to try from, the best first; two at most, so that there is time left for the question. In the
// beginning no node has answered, and any may.
func (w *way) places() []string {
	s := w.state()
	var far, near, unknown []string
	for _, n := range s.Nodes {
		switch {
		case n.Began.IsZero():
			unknown = append(unknown, n.Name)
		case !n.Reachable:
		case slices.Contains(s.VIPs[w.vip].Holders, n.Name):
			near = append(near, n.Name)
		default:
			far = append(far, n.Name)
		}
	}
	if i := slices.Index(far, w.last()); i > 0 {
		far[0], far[i] = far[i], far[0]
	}
	all := slices.Concat(far, near, unknown)
	return all[:min(len(all), 2)]
}

// Dial connects to the floating address. A refusal is an answer; after silence another node tries once.
func (w *way) Dial(ctx context.Context, _, network, address string) (net.Conn, error) {
	places := w.places()
	if w.direct {
		places = []string{""}
	}
	if len(places) == 0 {
		return nil, errors.New("no node answers over ssh from which to try " + address)
	}
	var failed error
	for _, from := range places {
		limited, cancel := within(ctx, knock)
		conn, err := w.Hosts.Dial(limited, from, network, address)
		cancel()
		switch {
		case err == nil:
			w.worked(from)
			return conn, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case Refused(err):
			return nil, &RefusedError{Address: address + seenFrom(from), Err: err}
		}
		failed = fmt.Errorf("%s: %s%s", address, words(err, knock), seenFrom(strings.Join(places, " and ")))
	}
	w.worked("")
	return nil, failed
}

func seenFrom(node string) string {
	if node == "" {
		return ", tried from here"
	}
	return ", tried from " + node
}

func assembleService(c *inventory.Cluster, r raw, m moment) Service {
	var s Service
	if address, ok := dbEntry(c); ok {
		through := "db address " + address
		if c.PgBouncer != nil {
			through += ", PgBouncer"
		}
		s.Reads = tried(r.service["reads"], m, through)
		if c.Entry.Canary {
			s.Writes = tried(r.service["writes"], m, through)
		}
	}
	if u, address, ok := webEntry(c); ok {
		s.Login = tried(r.service["login"], m, u.String()+" at "+address)
	}
	return s
}

func tried(a answer[tryFacts], m moment, through string) Try {
	t := Try{Seen: a.seen(m), Tried: true, Through: through, Note: a.fact.note}
	if a.fact.from != "" {
		t.Through += ", from " + a.fact.from
	}
	if a.fact.node != "" {
		t.Node = &a.fact.node
	}
	return t
}
