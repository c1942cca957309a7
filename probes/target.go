package probes

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"time"

	"recon/internal/inventory"
)

// target is one thing that is asked again and again: a host, an etcd endpoint, an agent or a database.
type target struct {
	section string // the section of State that its answers make
	node    string
	limit   time.Duration
	// probe asks once and records the answer, unless ctx ended meanwhile. It returns when ctx ends.
	probe func(ctx context.Context)
	close func()
	// asked holds a token when somebody wants an answer to a question that is begun from now on.
	asked chan struct{}
	// pending says that no probe begun at or after notBefore has finished. The caller holds Watch.mu.
	pending func(m moment) bool
}

// run probes until ctx ends: one probe at a time, with a pause between them that an Again cuts short.
func (t *target) run(ctx context.Context, interval time.Duration, now func() time.Time) {
	defer t.close()
	if interval <= 0 {
		interval = 2 * time.Second
	}
	for ctx.Err() == nil {
		// A token that lies here asks for a probe that begins from now on, which is the next one.
		select {
		case <-t.asked:
		default:
		}
		limited, cancel := context.WithTimeout(ctx, t.limit)
		t.probe(limited)
		cancel()
		// A tenth of jitter, so that the targets do not march in step.
		pause := time.NewTimer(interval*9/10 + rand.N(interval/5+1))
		select {
		case <-ctx.Done():
		case <-pause.C:
		case <-t.asked:
			t.again()
		}
		pause.Stop()
	}
}

// again asks for a probe that begins from now on.
func (t *target) again() {
	select {
	case t.asked <- struct{}{}:
	default:
	}
}

// prober is one way to ask.
type prober[T any] interface {
	ask(ctx context.Context) (T, error)
	close()
}

// aimed makes a target of a prober: it measures, records and says what went wrong.
func aimed[T any](w *Watch, all map[string]answer[T], section, node, source string, limit time.Duration, p prober[T]) *target {
	return &target{
		section: section, node: node, limit: limit, close: p.close, asked: make(chan struct{}, 1),
		pending: func(m moment) bool { return all[node].pending(m) },
		probe: func(ctx context.Context) {
			a := answer[T]{began: w.now(), source: source}
			var err error
			if a.fact, err = p.ask(ctx); err != nil {
				if context.Cause(ctx) == context.Canceled {
					return // the watch ends; that says nothing about the target
				}
				var none T
				a.fact, a.err, a.refused = none, either(words(err, limit), "did not answer"), Refused(err)
			}
			a.ended = w.now()
			record(w, all, node, a)
		},
	}
}

// aim makes the targets that the cluster file names.
func (w *Watch) aim(hosts Hosts, opt Options) ([]*target, error) {
	c := w.cluster
	var out []*target
	for _, n := range c.Nodes {
		units := c.Units(n.Name)
		out = append(out, aimed(w, w.raw.hosts, "nodes", n.Name, "ssh "+n.Name, hostDeadline, &hostProbe{
			hosts: hosts, node: n.Name, units: units, now: w.now,
			script: hostScript(units, dataPaths(c, n.Name), patroniConfig(c, n.Name)),
		}))
	}
	reach := func(n inventory.Node, port int) *dialer {
		return &dialer{hosts: hosts, node: n.Name, address: net.JoinHostPort(n.Address, strconv.Itoa(port))}
	}
	secret := func(ctx context.Context, ref inventory.Secret) (string, error) {
		if ref.IsZero() || opt.Secret == nil {
			return "", nil
		}
		return opt.Secret(ctx, ref)
	}
	if e := c.Etcd; e != nil {
		for _, n := range running(c, e.On) {
			conf, err := tlsConfig(e.TLS, e.Scheme, n.Address)
			if err != nil {
				return nil, err
			}
			d := reach(n, e.ClientPort)
			out = append(out, aimed(w, w.raw.etcd, "etcd", n.Name, "etcd "+d.address, deadline, &etcdProbe{
				dialer: d, tls: conf, prefix: w.dcsPath,
				login: func(ctx context.Context) (string, string, error) {
					password, err := secret(ctx, e.Password)
					return e.User, password, err
				},
			}))
		}
	}
	if p := c.Patroni; p != nil {
		for _, n := range running(c, p.On) {
			conf, err := tlsConfig(p.TLS, p.Scheme, n.Address)
			if err != nil {
				return nil, err
			}
			d := reach(n, p.RESTPort)
			out = append(out, aimed(w, w.raw.patroni, "patroni", n.Name, either(p.Scheme, "http")+"://"+d.address, deadline,
				&patroniProbe{rest: newREST(either(p.Scheme, "http"), d, conf)}))
		}
	}
	if p := c.Postgres; p != nil {
		for _, n := range running(c, p.On) {
			d := reach(n, p.Port)
			out = append(out, aimed(w, w.raw.postgres, "postgres", n.Name, "postgres "+d.address, deadline, &postgresProbe{
				dialer: d, settings: connection(n.Address, strconv.Itoa(p.Port), p.User, p.Database, p.SSLMode),
				password: func(ctx context.Context) (string, error) { return secret(ctx, p.Password) },
			}))
		}
	}
	return out, nil
}

// running are the nodes that run a service, in the order of the cluster file.
func running(c *inventory.Cluster, on inventory.On) []inventory.Node {
	if len(on.Nodes) == 0 {
		return c.Nodes
	}
	var out []inventory.Node
	for _, n := range c.Nodes {
		if slices.Contains(on.Nodes, n.Name) {
			out = append(out, n)
		}
	}
	return out
}

// runs says whether a service runs on a node.
func runs(c *inventory.Cluster, on inventory.On, node string) bool {
	return slices.ContainsFunc(running(c, on), func(n inventory.Node) bool { return n.Name == node })
}

// dataPaths are the directories of a node whose file systems matter; the last one is the root.
func dataPaths(c *inventory.Cluster, node string) []string {
	var out []string
	if p := c.Postgres; p != nil && p.DataDir != "" && runs(c, p.On, node) {
		out = append(out, p.DataDir)
	}
	if e := c.Etcd; e != nil && e.DataDir != "" && runs(c, e.On, node) {
		out = append(out, e.DataDir)
	}
	return append(out, "/")
}

func patroniConfig(c *inventory.Cluster, node string) string {
	if c.Patroni == nil || !runs(c, c.Patroni.On, node) {
		return ""
	}
	return c.Patroni.Config
}
