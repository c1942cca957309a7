package twin

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/twin/hostfiles"
	"recon/internal/twin/servers"
	"recon/internal/twin/shell"
	"recon/internal/twin/sshd"
	"recon/internal/twin/tools"
	"recon/internal/twin/world"
)

// machine is one host: its disk, its shell, its ssh server and what else listens there.
type machine struct {
	twin     *Twin
	name     string
	disk     *disk
	shell    *shell.Host
	ssh      *sshd.Server
	key      ssh.Signer
	services []*service
	mode     sshd.Mode
	database *database
	pooler   *pooler
	served   sync.WaitGroup
	guests   guests

	mu sync.Mutex
}

// webKeys is one key for all web proxies of this process: making one takes longer than anything else at the start.
var webKeys = sync.OnceValues(func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })

func newMachine(t *Twin, name string, files map[string][]hostfiles.File) *machine {
	m := &machine{twin: t, name: name}
	clock := func() time.Time {
		if t.World == nil {
			return t.opt.Began // the world is being made
		}
		now := t.opt.Began
		t.World.Look(func() { now = t.World.Host(name).Clock() })
		return now
	}
	// The world writes files while its lock is held: the stamp of a file is the last time that was told.
	stamp := &stamped{now: t.opt.Began}
	m.disk = &disk{FS: shell.NewFS(stamp.get)}
	m.disk.stamp = stamp
	m.shell = &shell.Host{Name: name, FS: m.disk.FS, Users: accounts(), Now: clock, Sleep: t.sleep, Timer: t.limit}
	m.furnish(files[name])
	return m
}

// stamped is a clock that is set from outside.
type stamped struct {
	mu  sync.Mutex
	now time.Time
}

func (s *stamped) get() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stamped) set(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
}

// start makes the host's ssh server and its services.
func (m *machine) start(plan world.Plan) error {
	t := m.twin
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	if m.key, err = ssh.NewSignerFromKey(private); err != nil {
		return err
	}
	client, err := sshd.ClientKey(t.opt.Dir)
	if err != nil {
		return fmt.Errorf("the key of the console: %w", err)
	}
	ip := ""
	t.World.Look(func() { ip = t.World.Host(m.name).IP })
	m.shell.Commands = tools.Commands(t.World, t.net, tools.WithHAProxy(func(host, line string) (answer string) {
		t.World.Change(func() { answer = servers.HAProxyCommand(t.World, t.World.Host(host), line) })
		return answer
	}))
	m.shell.Kill = func(pid int, sig syscall.Signal, user string) error {
		return tools.Kill(t.World, m.name, pid, sig, user)
	}
	m.shell.Daemons = func() []shell.Process { return tools.Processes(t.World, m.name) }
	m.ssh, err = sshd.Listen(sshd.Config{
		HostKey: m.key, Users: map[string]sshd.User{operator: {Keys: []ssh.PublicKey{client.PublicKey()}}},
		Client: net.ParseIP(plan.Console.IP), Address: net.ParseIP(ip), Host: (*seat)(m),
	})
	if err != nil {
		return fmt.Errorf("the ssh server of %s: %w", m.name, err)
	}
	if m.name != world.Console {
		m.database, m.pooler = m.newDatabase(), m.newPooler()
		m.services = m.offer(plan, ip)
	}
	return nil
}

func (m *machine) close() error {
	m.mu.Lock()
	for _, s := range m.services {
		s.shut()
	}
	m.mu.Unlock()
	if m.ssh == nil {
		return nil
	}
	err := m.ssh.Close()
	if m.database != nil {
		err = errors.Join(err, m.database.wire.Close(), m.pooler.wire.Close())
	}
	return err
}

// follow opens and closes what should be open or closed now.
func (m *machine) follow() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.twin.World.Look(func() { m.disk.stamp.set(m.twin.World.Host(m.name).Clock()) })
	for _, s := range m.services {
		s.follow()
	}
	if mode := (*seat)(m).Mode(); mode != m.mode {
		m.mode = mode
		m.guests.leave()
		if mode == sshd.Refused {
			m.ssh.Drop() // a fault stops sshd with its sessions
		}
	}
	m.ssh.Changed()
}

// seat is the host as its ssh server sees it.
type seat machine

// Exec runs a line in the host's shell.
func (s *seat) Exec(ctx context.Context, in sshd.Session) int {
	spec := shell.Spec{Line: in.Line, User: in.User, Stdin: in.Stdin, Stdout: in.Stdout, Stderr: in.Stderr, Env: in.Env, Login: in.Shell}
	if in.PTY && in.Shell {
		return s.shell.Interactive(ctx, spec)
	}
	return s.shell.Run(ctx, spec)
}

// Dial connects as from the host.
func (s *seat) Dial(ctx context.Context, address string) (net.Conn, error) {
	return s.twin.net.Dial(ctx, s.name, address)
}

// Mode is what the console sees of the host.
func (s *seat) Mode() (mode sshd.Mode) {
	w := s.twin.World
	w.Look(func() {
		h := w.Host(s.name)
		switch {
		case !h.Up():
			mode = sshd.Off
		case s.name != world.Console && !w.Reaches(world.Console, s.name):
			mode = sshd.Cut
		case !h.Running("ssh"):
			mode = sshd.Refused
		}
	})
	return mode
}

// webPair is a certificate and its key in PEM.
func webPair(now time.Time) (certificate, key string, err error) {
	k, err := webKeys()
	if err != nil {
		return "", "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return "", "", err
	}
	certificate, err = world.NewCertificate(k, now, world.Good)
	return certificate, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// really waits in real time.
func really(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
