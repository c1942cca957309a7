package remote

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"recon/internal/inventory"
)

func TestMain(m *testing.M) {
	if mark := os.Getenv(leaveEnv); mark != "" {
		leave(mark)
		return
	}
	goleak.VerifyTestMain(m)
}

// sshServer is an ssh server on loopback whose faults are chosen by the test. Without faults it runs the line of an exec
// request with /bin/sh, in a process group of its own, reports the status as sshd does, and forwards direct-tcpip.
type sshServer struct {
	t        *testing.T
	listener net.Listener
	conf     *ssh.ServerConfig
	env      []string
	// exec replaces running the line.
	exec func(line string, ch ssh.Channel)
	// refuse answers channels of a kind with this reason and text.
	refuse map[string]ssh.OpenChannelError
	// deafExec makes exec requests fail.
	deafExec bool

	mu       sync.Mutex
	lines    []string
	accepted int
	conns    map[net.Conn]bool
	groups   map[int]bool
	work     sync.WaitGroup
}

func serve(t *testing.T, keys ...ssh.Signer) *sshServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshServer{t: t, listener: l, conns: map[net.Conn]bool{}, groups: map[int]bool{}, refuse: map[string]ssh.OpenChannelError{}}
	s.conf = &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}
	for _, k := range keys {
		s.conf.AddHostKey(k)
	}
	s.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.accepted++
			s.mu.Unlock()
			s.work.Go(func() { s.handle(c) })
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		s.reset()
		s.mu.Lock()
		for pid := range s.groups {
			// What a test left running; the group is ours, because something of it still holds our pipes.
			_ = syscall.Kill(-pid, syscall.SIGKILL)
		}
		s.mu.Unlock()
		s.work.Wait()
	})
	return s
}

// set changes the faults.
func (s *sshServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *sshServer) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// reset breaks every connection, as a rebooting host does.
func (s *sshServer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}

// connections is how many were made.
func (s *sshServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

func (s *sshServer) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

func (s *sshServer) handle(c net.Conn) {
	defer c.Close()
	s.mu.Lock()
	conf := *s.conf
	s.mu.Unlock()
	conn, channels, requests, err := ssh.NewServerConn(c, &conf)
	if err != nil {
		return
	}
	defer conn.Close()
	s.work.Go(func() { ssh.DiscardRequests(requests) })
	for n := range channels {
		s.mu.Lock()
		why, refused := s.refuse[n.ChannelType()]
		s.mu.Unlock()
		if refused {
			_ = n.Reject(why.Reason, why.Message)
			continue
		}
		switch n.ChannelType() {
		case "session":
			ch, reqs, err := n.Accept()
			if err == nil {
				s.work.Go(func() { s.session(ch, reqs) })
			}
		case "direct-tcpip":
			s.work.Go(func() { s.forward(n) })
		default:
			_ = n.Reject(ssh.UnknownChannelType, "unknown")
		}
	}
}

func (s *sshServer) forward(n ssh.NewChannel) {
	var m struct {
		Host   string
		Port   uint32
		Origin string
		From   uint32
	}
	if err := ssh.Unmarshal(n.ExtraData(), &m); err != nil {
		_ = n.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	to, err := net.Dial("tcp", net.JoinHostPort(m.Host, strconv.Itoa(int(m.Port))))
	if err != nil {
		// sshd sends strerror(3).
		var errno syscall.Errno
		if errors.As(err, &errno) {
			err = errors.New(strings.ToUpper(errno.Error()[:1]) + errno.Error()[1:])
		}
		_ = n.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	ch, reqs, err := n.Accept()
	if err != nil {
		_ = to.Close()
		return
	}
	s.work.Go(func() { ssh.DiscardRequests(reqs) })
	s.work.Go(func() { _, _ = io.Copy(to, ch); _ = to.Close() })
	_, _ = io.Copy(ch, to)
	_ = ch.Close()
	_ = to.Close()
}

func (s *sshServer) session(ch ssh.Channel, reqs <-chan *ssh.Request) {
	s.mu.Lock()
	run, deaf := s.exec, s.deafExec
	s.mu.Unlock()
	var process *os.Process
	var work sync.WaitGroup
	for r := range reqs {
		switch r.Type {
		case "exec":
			var m struct{ Line string }
			if err := ssh.Unmarshal(r.Payload, &m); err != nil || deaf {
				_ = r.Reply(false, nil)
				continue
			}
			s.mu.Lock()
			s.lines = append(s.lines, m.Line)
			s.mu.Unlock()
			_ = r.Reply(true, nil)
			if run != nil {
				work.Go(func() { run(m.Line, ch); _ = ch.Close() })
				continue
			}
			cmd, ended, err := s.start(m.Line, ch)
			if err != nil {
				s.t.Error(err)
				_ = ch.Close()
				continue
			}
			process = cmd.Process
			work.Go(func() { s.finish(cmd, ch) })
			s.work.Go(func() {
				// As sshd does: the channel ends with the command and with its output, which a child may hold open.
				work.Wait()
				<-ended
				_ = ch.Close()
			})
		case "signal":
			var m struct{ Name string }
			if ssh.Unmarshal(r.Payload, &m) == nil && process != nil {
				n := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[m.Name]
				_ = syscall.Kill(-process.Pid, n)
			}
		}
	}
	work.Wait()
}

// start runs a line as sshd does: in a session of its own, with pipes whose ends the children inherit.
func (s *sshServer) start(line string, ch ssh.Channel) (*exec.Cmd, <-chan struct{}, error) {
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.Env = append(os.Environ(), s.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd.Stdout, cmd.Stderr = outW, errW
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	_ = outW.Close()
	_ = errW.Close()
	s.mu.Lock()
	s.groups[cmd.Process.Pid] = true
	s.mu.Unlock()
	s.work.Go(func() { _, _ = io.Copy(in, ch); _ = in.Close() })
	var outputs sync.WaitGroup
	outputs.Go(func() { _, _ = io.Copy(ch, outR) })
	outputs.Go(func() { _, _ = io.Copy(ch.Stderr(), errR) })
	ended := make(chan struct{})
	s.work.Go(func() { outputs.Wait(); close(ended) })
	s.work.Go(func() {
		<-ended
		s.mu.Lock()
		delete(s.groups, cmd.Process.Pid)
		s.mu.Unlock()
		_ = ch.CloseWrite()
		_ = outR.Close()
		_ = errR.Close()
	})
	return cmd, ended, nil
}

func (s *sshServer) finish(cmd *exec.Cmd, ch ssh.Channel) {
	_ = cmd.Wait()
	w := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if w.Signaled() {
		_, _ = ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal     string
			Core       bool
			Text, Lang string
		}{signalName(w.Signal()), false, "", ""}))
	} else {
		sendStatus(ch, w.ExitStatus())
	}
}

func sendStatus(ch ssh.Channel, code int) {
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
}

// A key for the client and one for each host, made once: tests compare what is done with them.
func newKey(t testing.TB) (ssh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s, private
}

func newECDSA(t testing.TB) ssh.Signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// write puts a file into the test's folder.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// clientKey is a private key file.
func clientKey(t testing.TB) string {
	t.Helper()
	_, private := newKey(t)
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "id_ed25519", string(pem.EncodeToMemory(block)))
}

// knownLine is the line of known_hosts for a server.
func (s *sshServer) knownLine(key ssh.PublicKey) string {
	return knownhosts.Line([]string{s.listener.Addr().String()}, key) + "\n"
}

// node is the server as a node of a cluster, with its key known.
func (s *sshServer) node(t testing.TB, name string, keys ...ssh.PublicKey) inventory.Node {
	t.Helper()
	var text string
	for _, k := range keys {
		text += s.knownLine(k)
	}
	return inventory.Node{Name: name, Address: "127.0.0.1", SSH: inventory.SSH{
		User: "deploy", Port: s.port(), Keys: []string{clientKey(t)}, KnownHosts: []string{write(t, "known_hosts", text)},
		Become: inventory.Become{Method: inventory.BecomeSudo, User: "root"},
	}}
}

// quick is a timing for tests: everything that is waited for on purpose is short, what must not happen is long.
func quick() timing {
	return timing{
		connect: 5 * time.Second, keepEvery: time.Minute, keepWait: time.Minute, become: 5 * time.Second,
		term: 5 * time.Second, kill: 5 * time.Second, idle: 200 * time.Millisecond,
		firstPause: time.Hour, lastPause: time.Hour,
	}
}

func pool(t testing.TB, opt Options, tm timing, nodes ...inventory.Node) *Pool {
	t.Helper()
	p := newPool(&inventory.Cluster{Dial: inventory.DialSSH, Nodes: nodes}, opt, tm)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// healthy is a server and a pool with one node, db1.
func healthy(t *testing.T) (*sshServer, *Pool) {
	t.Helper()
	key, _ := newKey(t)
	s := serve(t, key)
	return s, pool(t, Options{}, quick(), s.node(t, "db1", key.PublicKey()))
}

// within is a context that ends long after what is tested should have.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// until waits for a condition.
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

// buffer is a writer that may be read meanwhile.
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

func want(t testing.TB, e Exit, kind ExitKind, words ...string) {
	t.Helper()
	if e.Kind != kind {
		t.Fatalf("kind %q (%s), want %q", e.Kind, e.Reason, kind)
	}
	for _, w := range words {
		if !strings.Contains(e.Reason, w) {
			t.Fatalf("reason %q does not say %q", e.Reason, w)
		}
	}
	if e.Began.IsZero() || e.Duration < 0 {
		t.Fatalf("began %v, took %v", e.Began, e.Duration)
	}
}

func newTextLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
