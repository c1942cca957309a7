package sshd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/twin/network"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is one of two hosts, node (10.0.0.1) and other (10.0.0.2).
type world struct {
	mu  sync.Mutex
	cut bool
}

func (w *world) Address(host string) string {
	return map[string]string{"node": "10.0.0.1", "other": "10.0.0.2"}[host]
}
func (w *world) Alive(string) bool { return true }
func (w *world) Reaches(from, to string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return from == to || !w.cut
}

func (w *world) Holder(from, address string) (string, bool) {
	for _, h := range []string{"node", "other"} {
		if address == w.Address(h) {
			return h, true
		}
	}
	return from, address == "127.0.0.1"
}

// host is a simulated host whose shell knows a few words.
type host struct {
	net   *network.Net
	world *world

	mu   sync.Mutex
	mode Mode
	// word is the password of sudo and of su.
	word string
	// began gets each session, ended the cause of each that waited for its end.
	began chan Session
	ended chan error
}

func (h *host) Mode() Mode {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mode
}

func (h *host) Dial(ctx context.Context, address string) (net.Conn, error) {
	return h.net.Dial(ctx, "node", address)
}

func (h *host) Exec(ctx context.Context, s Session) int {
	select {
	case h.began <- s:
	default:
	}
	if s.Shell {
		return h.shell(ctx, s)
	}
	return h.run(ctx, s, s.Line)
}

func (h *host) run(ctx context.Context, s Session, line string) int {
	if first, second, two := strings.Cut(line, "; "); two && !strings.Contains(line, "\n") && !strings.HasPrefix(line, "began") {
		h.run(ctx, s, first)
		line = second
	}
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "true":
		return 0
	case "exit":
		n, _ := strconv.Atoi(rest)
		return n
	case "echo":
		fmt.Fprintln(s.Stdout, rest)
		fmt.Fprintln(s.Stderr, "said "+rest)
		return 0
	case "env":
		if strings.HasPrefix(rest, "LC_ALL=C su ") {
			return h.su(ctx, s, rest)
		}
		fmt.Fprintln(s.Stdout, strings.Join(s.Env, "\n"))
		return 0
	case "cat":
		if _, err := io.Copy(s.Stdout, s.Stdin); err != nil {
			return 1
		}
		return 0
	case "flood":
		n, _ := strconv.Atoi(rest)
		if _, err := s.Stdout.Write(bytes.Repeat([]byte("x"), n)); err != nil {
			return 141
		}
		return 0
	case "kill":
		n, _ := strconv.Atoi(strings.Trim(rest, "- $"))
		return -n
	case "printf":
		fmt.Fprint(s.Stdout, "a\nb\n")
		fmt.Fprint(s.Stderr, "c\n")
		return 0
	case "began", "sleep":
		fmt.Fprintln(s.Stdout, "began")
		<-ctx.Done()
		return 143
	case "wait":
		fmt.Fprintln(s.Stdout, "waiting")
		<-ctx.Done()
		h.ended <- context.Cause(ctx)
		return 143
	case "resized":
		for size := range s.Resized {
			fmt.Fprintf(s.Stdout, "%dx%d\n", size.Rows, size.Cols)
			if size.Rows == 50 {
				return 0
			}
		}
		return 1
	case "exec":
		return h.run(ctx, s, strings.TrimSuffix(strings.TrimPrefix(rest, "/bin/sh -c '"), "'"))
	case "sudo":
		return h.sudo(ctx, s, rest)
	}
	fmt.Fprintf(s.Stderr, "bash: line 1: %s: command not found\n", verb)
	return 127
}

// become is the preamble that recon puts before a command under sudo and su.
var become = regexp.MustCompile(`(?s)echo (recon-[0-9a-f]{32}) >&2; read -r go; .*?unset go\n(.*)'`)

func (h *host) sudo(ctx context.Context, s Session, rest string) int {
	switch {
	case strings.HasPrefix(rest, "-n ") && h.word != "":
		fmt.Fprintln(s.Stderr, "sudo: a password is required")
		return 1
	case strings.HasPrefix(rest, "-S "):
		prompt := regexp.MustCompile(`-p '([^']*)'`).FindStringSubmatch(rest)[1]
		for range 3 {
			fmt.Fprint(s.Stderr, prompt)
			got, ok := oneLine(s.Stdin)
			if ok && got == h.word {
				return h.root(ctx, s, rest)
			}
			if !ok {
				break
			}
			fmt.Fprintln(s.Stderr, "Sorry, try again.")
		}
		fmt.Fprintln(s.Stderr, "sudo: no password was provided")
		return 1
	}
	return h.root(ctx, s, rest)
}

func (h *host) su(ctx context.Context, s Session, rest string) int {
	fmt.Fprint(s.Stderr, "Password: ")
	got, _ := oneLine(s.Stdin)
	fmt.Fprintln(s.Stderr)
	if got != h.word {
		fmt.Fprintln(s.Stderr, "su: Authentication failure")
		return 1
	}
	return h.root(ctx, s, rest)
}

func (h *host) root(ctx context.Context, s Session, rest string) int {
	m := become.FindStringSubmatch(rest)
	fmt.Fprintln(s.Stderr, m[1])
	if got, _ := oneLine(s.Stdin); got != "recon-go" {
		return 125
	}
	s.User = "root"
	return h.run(ctx, s, m[2])
}

// oneLine reads as the shell's read does, not a byte further.
func oneLine(r io.Reader) (string, bool) {
	var line []byte
	one := make([]byte, 1)
	for {
		if _, err := io.ReadFull(r, one); err != nil {
			return string(line), false
		}
		if one[0] == '\n' {
			return string(line), true
		}
		line = append(line, one[0])
	}
}

// shell is a prompt that knows the same words, and exit.
func (h *host) shell(ctx context.Context, s Session) int {
	in := bufio.NewReader(s.Stdin)
	for {
		if s.PTY {
			fmt.Fprint(s.Stdout, "$ ")
		}
		line, err := in.ReadString("\n\r"[map[bool]int{false: 0, true: 1}[s.PTY]])
		if err != nil {
			return 0
		}
		line = strings.TrimSpace(line)
		if s.PTY {
			fmt.Fprintln(s.Stdout, line)
		}
		if code, ok := strings.CutPrefix(line, "exit "); ok {
			n, _ := strconv.Atoi(code)
			return n
		}
		h.run(ctx, s, line)
	}
}

func (h *host) set(s *Server, mode Mode) {
	h.mu.Lock()
	h.mode = mode
	h.mu.Unlock()
	s.Changed()
}

func newKey(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lab is one host with its server, and the folder of the console's files.
type lab struct {
	*host
	server *Server
	dir    string
	key    ssh.Signer
}

func start(t testing.TB, change ...func(*Config)) *lab {
	t.Helper()
	w := &world{}
	h := &host{world: w, net: network.New(w), began: make(chan Session, 100), ended: make(chan error, 100)}
	l := &lab{host: h, dir: t.TempDir(), key: newKey(t)}
	client, err := ClientKey(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		HostKey: l.key, Users: map[string]User{"deploy": {Keys: []ssh.PublicKey{client.PublicKey()}}}, Host: h,
		Client: net.ParseIP("10.0.0.100"), Address: net.ParseIP("10.0.0.1"),
	}
	for _, f := range change {
		f(&cfg)
	}
	if l.server, err = Listen(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.server.Close(); err != nil {
			t.Error(err)
		}
		h.net.Close()
	})
	err = Files(l.dir, []Named{{Names: []string{"netbox-node-1", "10.0.0.1"}, User: "deploy", Port: l.server.Port(), HostKey: l.key.PublicKey()}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// node is the host as a cluster file has it: only the files of the console know of the loopback.
func (l *lab) node() inventory.Node {
	return inventory.Node{Name: "netbox-node-1", Address: "10.0.0.1", SSH: inventory.SSH{
		Config: filepath.Join(l.dir, "ssh_config"), Keys: []string{filepath.Join(l.dir, "id_ed25519")},
		KnownHosts: []string{filepath.Join(l.dir, "known_hosts")}, Become: inventory.Become{Method: inventory.BecomeSudo, User: "root"},
	}}
}

func (l *lab) pool(t testing.TB, change ...func(*inventory.Node)) *remote.Pool {
	t.Helper()
	n := l.node()
	for _, f := range change {
		f(&n)
	}
	p := remote.New(&inventory.Cluster{Dial: inventory.DialSSH, Nodes: []inventory.Node{n}}, remote.Options{})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func within(t testing.TB) context.Context { return after(t, time.Minute) }

func after(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// said runs a line and returns what it said.
func said(t testing.TB, p *remote.Pool, line string) (string, remote.Exit) {
	t.Helper()
	var out bytes.Buffer
	e := p.Run(within(t), "netbox-node-1", remote.Command{Line: line, Stdout: &out})
	return out.String(), e
}

func want(t testing.TB, e remote.Exit, kind remote.ExitKind, words ...string) {
	t.Helper()
	if e.Kind != kind {
		t.Fatalf("kind %q (%s), want %q", e.Kind, e.Reason, kind)
	}
	for _, w := range words {
		if !strings.Contains(e.Reason, w) {
			t.Fatalf("reason %q does not say %q", e.Reason, w)
		}
	}
}

// service listens on a port of a host of the simulation and serves each connection.
func (l *lab) service(t testing.TB, where string, port int, serve func(net.Conn)) string {
	t.Helper()
	ln, err := l.net.Listen(where, port, "*")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			work.Go(func() { serve(c); _ = c.Close() })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		l.net.CloseConns(where, port, true)
		work.Wait()
	})
	return net.JoinHostPort(l.world.Address(where), strconv.Itoa(port))
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// buffer is a writer that may be read meanwhile; changed gets a word after each write.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	limit := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(limit) {
			t.Fatalf("it did not happen: %s", what)
		}
		<-tick.C
	}
}
