package tools

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// Network is what connects the hosts of the cluster. An address is IP:port, or the path of one of the host's unix sockets;
// errors wrap the errno that Linux would give.
type Network interface {
	Dial(ctx context.Context, from, address string) (net.Conn, error)
}

// Peers is a Network that tells the server of a unix socket which user calls, as the kernel does.
type Peers interface {
	DialAs(ctx context.Context, from, user, address string) (net.Conn, error)
}

// Option changes what Commands gives.
type Option func(*kit)

// WithHAProxy answers the lines that socat sends to HAProxy's admin socket, where no server listens on it. host is where
// the socket is; the lock of the world is not held.
func WithHAProxy(answer func(host, line string) string) Option {
	return func(k *kit) { k.haproxy = answer }
}

// kit is what the tools have in common.
type kit struct {
	world   *world.World
	net     Network
	haproxy func(host, line string) string
	running running
}

// Commands are the programs by name, and by their path where they are not on the PATH.
func Commands(w *world.World, net Network, options ...Option) map[string]shell.Command {
	k := &kit{world: w, net: net}
	for _, o := range options {
		o(k)
	}
	all := map[string]shell.Command{}
	for _, part := range []map[string]shell.Command{
		k.systemd(), k.kernel(), k.processTools(), k.web(), k.checks(), k.packages(), k.store(), k.patroniTools(), k.databases(), k.caches(), k.application(),
	} {
		maps.Copy(all, part)
	}
	return all
}

// Names are the names of the programs, sorted; paths are left out.
func Names() []string {
	var out []string
	for name := range Commands(nil, nil) {
		if name[0] != '/' {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// look calls f with the call's host while nothing changes. f asks nothing of the call's shell.Host, which may ask the world.
func (k *kit) look(c *shell.Call, f func(h *world.Host)) { k.locked(c, k.world.Look, f) }

// change calls f with the call's host, which f may change. What holds for look holds here too.
func (k *kit) change(c *shell.Call, f func(h *world.Host)) { k.locked(c, k.world.Change, f) }

// locked keeps what f prints until the lock is free: who reads it may be slow, or wait for the world.
func (k *kit) locked(c *shell.Call, lock func(func()), f func(h *world.Host)) {
	var said []said
	out, err := c.Stdout, c.Stderr
	c.Stdout, c.Stderr = keeper{out, &said}, keeper{err, &said}
	defer func() {
		c.Stdout, c.Stderr = out, err
		for _, s := range said {
			_, _ = s.to.Write(s.text) // a reader that is gone ends the process
		}
	}()
	lock(func() { f(k.world.Host(c.Host.Name)) })
}

type said struct {
	to   io.Writer
	text []byte
}

// keeper keeps what is written to it, in order with what others keep.
type keeper struct {
	to   io.Writer
	kept *[]said
}

func (k keeper) Write(p []byte) (int, error) {
	*k.kept = append(*k.kept, said{k.to, slices.Clone(p)})
	return len(p), nil
}

// dial connects from the call's host as its user.
func (k *kit) dial(ctx context.Context, c *shell.Call, address string) (net.Conn, error) {
	if address[0] == '/' {
		return k.dialSocket(ctx, c, address)
	}
	return k.net.Dial(ctx, c.Host.Name, address)
}

// sleep waits on the host's clock, which may be moved on by that.
func sleep(ctx context.Context, c *shell.Call, d time.Duration) error {
	if c.Host.Sleep != nil {
		return c.Host.Sleep(ctx, d)
	}
	return really(ctx, d)
}

// expire waits for a limit, which moves no clock.
func expire(ctx context.Context, c *shell.Call, d time.Duration) error {
	if c.Host.Timer != nil {
		return c.Host.Timer(ctx, d)
	}
	return sleep(ctx, c, d)
}

func really(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// within is a context that ends after a limit with context.DeadlineExceeded as its cause; 0 is no limit. The returned
// function must be called.
func within(ctx context.Context, c *shell.Call, d time.Duration) (context.Context, func()) {
	out, cancel := context.WithCancelCause(ctx)
	if d <= 0 {
		return out, func() { cancel(nil) }
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if expire(out, c, d) == nil {
			cancel(context.DeadlineExceeded)
		}
	}()
	return out, func() {
		cancel(nil)
		<-done
	}
}

// words is an error in the words of a real program, whatever their form.
type words string

func (w words) Error() string { return string(w) }

func saying(format string, args ...any) error { return words(fmt.Sprintf(format, args...)) }

// now is the host's clock.
func now(c *shell.Call) time.Time {
	if c.Host.Now != nil {
		return c.Host.Now()
	}
	return time.Now()
}

// member says whether the call's user is in a group.
func member(c *shell.Call, group string) bool {
	for _, u := range c.Host.Users {
		if u.Name == c.User {
			return slices.Contains(u.Groups, group)
		}
	}
	return false
}
