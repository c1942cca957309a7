package probes

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"recon/internal/inventory"
)

// target is one thing that is asked again and again: a host, an etcd endpoint, an agent or a database.
type target struct {
	section string // the section of State that its answers make
	limit   time.Duration
	// probe asks once and records the answer, unless it was called off. It returns when ctx ends.
	probe func(ctx context.Context)
	close func()
	// pending says that no probe begun at or after notBefore has finished. The caller holds Watch.mu.
	pending func(m moment) bool
	// asked holds a token when somebody wants an answer to a question that is begun from now on.
	asked chan struct{}
	now   func() time.Time
	// pause, where it is not nil, is the pause between two probes instead of the watch's interval. whole is a probe that is
	// never called off. wake says that a new State calls for a probe at once.
	pause func() time.Duration
	whole bool
	wake  func(old, new *State) bool

	mu sync.Mutex
	// probing is whether a probe is under way, and began when it began. callOff ends it, when its answer comes too late for
	// somebody who asked meanwhile; nil when it must be let finish.
	probing bool
	began   time.Time
	callOff func()
	timer   *time.Timer
}

// tooLate is how long a probe may be under way before one whose answer counts takes its place. What works answers sooner;
// what hangs would otherwise cost its deadline twice.
const tooLate = time.Second

var errAgain = errors.New("asked again")

// run probes until ctx ends: one probe at a time, with a pause between them that again cuts short.
func (t *target) run(ctx context.Context, interval time.Duration) {
	defer t.close()
	if interval <= 0 {
		interval = 2 * time.Second
	}
	calledOff := false
	for ctx.Err() == nil {
		calledOff = t.once(ctx, !calledOff)
		if calledOff {
			continue
		}
		if t.pause != nil {
			interval = t.pause()
		}
		// A tenth of jitter, so that the targets do not march in step.
		pause := time.NewTimer(interval*9/10 + rand.N(interval/5+1))
		select {
		case <-ctx.Done():
		case <-pause.C:
		case <-t.asked:
		}
		pause.Stop()
	}
}

// once probes once and says whether the probe was called off. The probe after that one cannot be, so that answers come
// in, however many ask.
func (t *target) once(ctx context.Context, mayCallOff bool) bool {
	limited, cancel := within(ctx, t.limit)
	defer cancel()
	limited, callOff := context.WithCancelCause(limited)
	defer callOff(nil)

	t.mu.Lock()
	// A token that lies here asks for a probe that begins from now on, which is this one.
	select {
	case <-t.asked:
	default:
	}
	t.began, t.probing = t.now(), true
	if mayCallOff && !t.whole {
		t.callOff = func() { callOff(errAgain) }
	}
	t.mu.Unlock()

	t.probe(limited)

	t.mu.Lock()
	defer t.mu.Unlock()
	t.callOff, t.probing = nil, false
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	return context.Cause(limited) == errAgain
}

// again asks for a probe that begins at notBefore or later, unless such a one is under way.
func (t *target) again(notBefore time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.probing && !t.began.Before(notBefore) {
		return
	}
	select {
	case t.asked <- struct{}{}:
	default:
	}
	if t.callOff != nil && t.timer == nil {
		t.timer = time.AfterFunc(tooLate-t.now().Sub(t.began), t.callOff)
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
		section: section, limit: limit, close: p.close, asked: make(chan struct{}, 1), now: w.now,
		pending: func(m moment) bool { return all[node].pending(m) },
		probe: func(ctx context.Context) {
			a := answer[T]{began: w.now(), source: source}
			var err error
			if a.fact, err = p.ask(ctx); err != nil {
				if cause := context.Cause(ctx); cause == context.Canceled || cause == errAgain {
					return // the watch ends, or the probe was called off; that says nothing about the target
				}
				var none T
				a.fact, a.err, a.refused = none, either(words(err, limit), "did not answer"), Refused(err)
				var login *SSHError
				a.spoke = errors.As(err, &login) && login.Answered
			}
			a.ended = w.now()
			record(w, all, node, a)
		},
	}
}

// aiming is what the makers of targets need.
type aiming struct {
	*Watch
	hosts Hosts
	opt   Options
}

// reach is the way to a port of a node, as the cluster file says it.
func (a aiming) reach(n inventory.Node, port int) *dialer {
	return &dialer{hosts: a.hosts, node: n.Name, address: hostPort(n, port)}
}

// secret resolves a reference; the empty text stands for none.
func (a aiming) secret(ctx context.Context, ref inventory.Secret) (string, error) {
	if ref.IsZero() || a.opt.Secret == nil {
		return "", nil
	}
	return a.opt.Secret(ctx, ref)
}

// aim makes the targets that the cluster file names.
func (w *Watch) aim(hosts Hosts, opt Options) ([]*target, error) {
	a := aiming{w, hosts, opt}
	var out []*target
	for _, system := range []func(aiming) ([]*target, error){
		aimHosts, aimEtcd, aimPatroni, aimPostgres, aimRedis, aimSentinel, aimHAProxy, aimPgBouncer, aimWeb, aimNetBox, aimService, aimReach,
	} {
		targets, err := system(a)
		if err != nil {
			return nil, err
		}
		out = append(out, targets...)
	}
	return out, nil
}

func aimHosts(a aiming) ([]*target, error) {
	c := a.cluster
	var out []*target
	for _, n := range c.Nodes {
		units := c.Units(n.Name)
		out = append(out, aimed(a.Watch, a.raw.hosts, "nodes", n.Name, "ssh "+n.Name, hostDeadline, &hostProbe{
			hosts: a.hosts, node: n.Name, units: units, now: a.now,
			script: hostScript(hostAsk(c, n.Name)),
		}))
	}
	return out, nil
}

func aimEtcd(a aiming) ([]*target, error) {
	e := a.cluster.Etcd
	if e == nil {
		return nil, nil
	}
	var out []*target
	for _, n := range running(a.cluster, e.On) {
		conf, err := tlsConfig(e.TLS, e.Scheme, n.Address)
		if err != nil {
			return nil, err
		}
		d := a.reach(n, e.ClientPort)
		out = append(out, aimed(a.Watch, a.raw.etcd, "etcd", n.Name, "etcd "+d.address, deadline, &etcdProbe{
			dialer: d, tls: conf, prefix: a.dcsPath,
			login: func(ctx context.Context) (string, string, error) {
				password, err := a.secret(ctx, e.Password)
				return e.User, password, err
			},
		}))
	}
	return out, nil
}

func aimPatroni(a aiming) ([]*target, error) {
	p := a.cluster.Patroni
	if p == nil {
		return nil, nil
	}
	var out []*target
	for _, n := range running(a.cluster, p.On) {
		conf, err := tlsConfig(p.TLS, p.Scheme, n.Address)
		if err != nil {
			return nil, err
		}
		d := a.reach(n, p.RESTPort)
		out = append(out, aimed(a.Watch, a.raw.patroni, "patroni", n.Name, either(p.Scheme, "http")+"://"+d.address, deadline,
			&patroniProbe{rest: newREST(either(p.Scheme, "http"), d, conf)}))
	}
	return out, nil
}

func aimPostgres(a aiming) ([]*target, error) {
	p := a.cluster.Postgres
	if p == nil {
		return nil, nil
	}
	var out []*target
	for _, n := range running(a.cluster, p.On) {
		d := a.reach(n, p.Port)
		out = append(out, aimed(a.Watch, a.raw.postgres, "postgres", n.Name, "postgres "+d.address, deadline, &postgresProbe{
			dialer: d, settings: connection(n.Address, strconv.Itoa(p.Port), p.User, p.Database, p.SSLMode),
			password: func(ctx context.Context) (string, error) { return a.secret(ctx, p.Password) },
		}))
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

// dataFolders are the folders of the services of a node whose data outlives everything else.
func dataFolders(c *inventory.Cluster, node string) map[string]string {
	out := map[string]string{}
	if e := c.Etcd; e != nil && e.DataDir != "" && runs(c, e.On, node) {
		out["etcd"] = e.DataDir
	}
	if p := c.Postgres; p != nil && p.DataDir != "" && runs(c, p.On, node) {
		out["patroni"] = p.DataDir
	}
	return out
}

// hostAsk is what the host of a node is asked.
func hostAsk(c *inventory.Cluster, node string) hostQuestions {
	q := hostQuestions{units: c.Units(node), paths: dataPaths(c, node), patroniConfig: patroniConfig(c, node), data: dataFolders(c, node)}
	if k := c.Keepalived; k != nil && runs(c, k.On, node) {
		q.keepalived = k.Config
	}
	if w := c.Web; w != nil && runs(c, w.On, node) {
		q.certificate = w.Certificate
	}
	return q
}

func patroniConfig(c *inventory.Cluster, node string) string {
	if c.Patroni == nil || !runs(c, c.Patroni.On, node) {
		return ""
	}
	return c.Patroni.Config
}
