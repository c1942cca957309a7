// Package twin is the training cluster that recon carries with it: three hosts and a console, simulated in this process,
// which speak the real protocols to the real program. There is a world (package world) in which everything is true or not;
// servers and a shell that answer from it; ssh servers on ports of 127.0.0.1 through which all of it is reached; and a
// cluster file with keys and secrets, in a folder, as for any other cluster.
//
// Nothing outside this package knows that a cluster is a twin. Start gives a healthy one; Break makes a fault of package
// fault; the clock runs by itself, or is driven by whoever tests something with it. Close leaves nothing behind but the
// folder.
package twin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"recon/internal/fault"
	"recon/internal/inventory"
	"recon/internal/twin/hostfiles"
	"recon/internal/twin/network"
	"recon/internal/twin/world"
)

// Options are what a twin is made of. The zero value is three nodes and a clock that runs by itself.
type Options struct {
	// Dir is the folder for the cluster file, the keys and the secrets. It is made when it is not there.
	Dir string
	// Nodes is how many hosts run the stack, 3 when zero; 1 to 9.
	Nodes int
	// Driven leaves the clock to Advance: nothing happens by itself but that shells which sleep move it on.
	Driven bool
	// Began is the first moment; now when zero.
	Began time.Time
	// Name is the cluster's name; "training" when empty.
	Name string
}

// Twin is a running training cluster.
type Twin struct {
	World *world.World
	// Cluster is the cluster file, as recon reads it.
	Cluster *inventory.Cluster

	opt      Options
	net      *network.Net
	machines []*machine
	ctx      context.Context
	stop     context.CancelFunc
	running  sync.WaitGroup
	drive    sync.Mutex
	canary   canaryRow
	// relays are the clients behind the connections that the proxies open: their address by that of the proxy's own end.
	relays sync.Map
	// certificate and key are those of every web proxy.
	certificate, key string
}

// Start makes a healthy cluster. The error names what of this machine stood in the way: the folder, a port of 127.0.0.1.
func Start(opt Options) (*Twin, error) {
	if opt.Nodes == 0 {
		opt.Nodes = 3
	}
	if opt.Nodes < 1 || opt.Nodes > 9 {
		return nil, fmt.Errorf("a training cluster has 1 to 9 nodes, not %d", opt.Nodes)
	}
	began := time.Now()
	if opt.Began.IsZero() {
		opt.Began = began
	}
	if opt.Name == "" {
		opt.Name = "training"
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of the training cluster: %w", err)
	}
	t := &Twin{opt: opt}
	var err error
	if t.certificate, t.key, err = webPair(opt.Began); err != nil {
		return nil, fmt.Errorf("the certificate of the training cluster: %w", err)
	}
	t.ctx, t.stop = context.WithCancel(context.Background())
	plan, files, err := planned(opt)
	if err != nil {
		return nil, err
	}
	shells := map[string]*machine{}
	t.World = world.New(plan, func(name string) world.Files {
		m := newMachine(t, name, files)
		shells[name] = m
		return m.disk
	})
	wall := func() time.Time { return opt.Began.Add(time.Since(began)) }
	if !opt.Driven {
		t.World.Finer = wall
	}
	t.net = network.New(wires{t.World})
	t.net.ARP = 3 * time.Second
	for _, h := range t.World.Hosts {
		m := shells[h.Name]
		t.machines = append(t.machines, m)
		if err := m.start(plan); err != nil {
			return nil, errors.Join(err, t.Close())
		}
	}
	if err := t.writeFolder(plan); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	t.World.OnChange(t.follow)
	t.follow()
	if !opt.Driven {
		t.running.Go(func() { t.tick(wall) })
	}
	return t, nil
}

// Close ends everything, and returns when no goroutine is left. The folder stays.
func (t *Twin) Close() error {
	t.stop()
	t.running.Wait()
	var errs []error
	for _, m := range t.machines {
		errs = append(errs, m.close())
	}
	if t.net != nil {
		t.net.Close()
	}
	for _, m := range t.machines {
		m.served.Wait()
	}
	return errors.Join(errs...)
}

// File is the path of the cluster file.
func (t *Twin) File() string { return filepath.Join(t.opt.Dir, "inventory.yaml") }

// Break makes a fault, written as in a book, and says what it did.
func (t *Twin) Break(text string) (said string, err error) {
	call, err := fault.Parse(text)
	if err != nil {
		return "", err
	}
	return t.World.Break(call)
}

// Publish lets everybody on the nodes read these files, as on many deployments; a host without such a file is an error.
func (t *Twin) Publish(paths ...string) (err error) {
	t.World.Look(func() {
		for _, h := range t.World.Nodes() {
			for _, path := range paths {
				text, e := h.Files.ReadFile(path)
				if e == nil {
					e = h.Files.WriteFile(path, text, 0o644, "")
				}
				err = errors.Join(err, e)
			}
		}
	})
	return err
}

// tick lets the world's time be the wall's.
func (t *Twin) tick(wall func() time.Time) {
	beat := time.NewTicker(world.Step)
	defer beat.Stop()
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-beat.C:
			t.World.Until(wall())
		}
	}
}

// Advance moves a driven clock on.
func (t *Twin) Advance(d time.Duration) {
	t.drive.Lock()
	defer t.drive.Unlock()
	t.World.Advance(t.World.Now().Add(d))
}

// Skip lets d pass for the cluster and for no clock, in no time: what it would wait for happens at once.
func (t *Twin) Skip(d time.Duration) { t.World.Skip(d) }

// Await lets a driven clock run until cond holds, which is called with the world's lock; false when that takes longer
// than most of the world's time.
func (t *Twin) Await(most time.Duration, cond func() bool) bool {
	for end := t.World.Now().Add(most); ; t.Advance(world.Step) {
		held := false
		t.World.Look(func() { held = cond() })
		if held || t.World.Now().After(end) {
			return held
		}
	}
}

// sleep is how a process of a host waits: in real time, or by moving a driven clock on.
func (t *Twin) sleep(ctx context.Context, d time.Duration) error {
	if t.opt.Driven {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.Advance(max(d, world.Step))
		return ctx.Err()
	}
	return really(ctx, d)
}

// wait lets time pass until done, which is called with the world's lock; false when most of it passed, or ctx ended.
func (t *Twin) wait(ctx context.Context, most time.Duration, done func() bool) bool {
	for end := t.World.Now().Add(most); ; {
		held := false
		t.World.Look(func() { held = done() })
		if held || ctx.Err() != nil || t.World.Now().After(end) {
			return held
		}
		if t.sleep(ctx, world.Step) != nil {
			return false
		}
	}
}

// follow lets ports, connections and ssh servers be as the world is.
func (t *Twin) follow() {
	for _, m := range t.machines {
		m.follow()
	}
	t.net.Settle()
}

// wires is the world as the network asks it.
type wires struct{ w *world.World }

func (n wires) Holder(from, address string) (host string, ok bool) {
	n.w.Look(func() { host, ok = n.w.Holder(from, address) })
	return host, ok
}

func (n wires) Reaches(from, to string) (ok bool) {
	n.w.Look(func() { ok = n.w.Reaches(from, to) })
	return ok
}

func (n wires) Alive(host string) (ok bool) {
	n.w.Look(func() { ok = n.w.Alive(host) })
	return ok
}

func (n wires) Address(host string) (ip string) {
	n.w.Look(func() {
		if h := n.w.Host(host); h != nil {
			ip = h.IP
		}
	})
	return ip
}

// planned is the plan of a cluster and the files of its hosts.
func planned(opt Options) (world.Plan, map[string][]hostfiles.File, error) {
	secret, err := passwords()
	if err != nil {
		return world.Plan{}, nil, err
	}
	c := hostfiles.Cluster{DBVIP: "172.16.113.210", WebVIP: "172.16.113.211", ServerName: world.ServerName, Secret: secret, Console: hostfiles.Node{Name: world.Console, IP: "172.16.113.200"}}
	plan := world.Plan{Console: world.Address{Name: c.Console.Name, IP: c.Console.IP}, DBVIP: c.DBVIP, WebVIP: c.WebVIP, Began: opt.Began, Secret: secret}
	for i := range opt.Nodes {
		n := hostfiles.Node{Name: fmt.Sprintf("netbox-node-%d", i+1), IP: fmt.Sprintf("172.16.113.%d", 201+i)}
		c.Nodes = append(c.Nodes, n)
		plan.Nodes = append(plan.Nodes, world.Address{Name: n.Name, IP: n.IP})
	}
	files := map[string][]hostfiles.File{}
	for i, n := range c.Nodes {
		if files[n.Name], err = hostfiles.Of(c, i); err != nil {
			return plan, nil, fmt.Errorf("the files of %s: %w", n.Name, err)
		}
	}
	return plan, files, nil
}

// Silent says whether nothing would come back from an address that a host calls: no refusal, no answer. Whoever drives the
// clock need not wait for it in real time.
func (t *Twin) Silent(from, address string) (silent bool) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		name = address
	}
	t.World.Look(func() {
		holder, ok := t.World.Holder(from, name)
		if h := t.World.Host(name); h != nil {
			holder, ok = name, true
		}
		silent = !ok || !t.World.Reaches(from, holder)
	})
	return silent
}
