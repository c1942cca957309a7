package remote

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
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
