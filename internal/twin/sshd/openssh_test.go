package sshd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"recon/internal/inventory"
	"recon/internal/remote"
)

// ssh is OpenSSH's client with the console's files, run to its end.
func (l *lab) ssh(t testing.TB, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := l.client(t, args...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

func (l *lab) client(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("OpenSSH's client is not installed")
	}
	return exec.CommandContext(within(t), path, append([]string{"-F", filepath.Join(l.dir, "ssh_config")}, args...)...)
}

func TestOpenSSHRuns(t *testing.T) {
	l := start(t, func(c *Config) { c.Banner = "Training cluster\n" })
	for _, name := range []string{"netbox-node-1", "10.0.0.1"} {
		out, errs, code := l.ssh(t, "", name, "echo words")
		if code != 0 || out != "words\n" || errs != "Training cluster\nsaid words\n" {
			t.Fatalf("%q, %q, %d", out, errs, code)
		}
	}
	if out, _, code := l.ssh(t, "from stdin", "netbox-node-1", "cat"); code != 0 || out != "from stdin" {
		t.Fatalf("%q, %d", out, code)
	}
	if _, _, code := l.ssh(t, "", "netbox-node-1", "exit 3"); code != 3 {
		t.Fatal(code)
	}
	// A signal is 255, and ssh says nothing of it without a terminal.
	if _, _, code := l.ssh(t, "", "netbox-node-1", "exit -9"); code != 255 {
		t.Fatal(code)
	}
	if out, _, code := l.ssh(t, "", "netbox-node-1", "flood 3000000"); code != 0 || len(out) != 3000000 {
		t.Fatalf("%d bytes, %d", len(out), code)
	}
	if out, _, code := l.ssh(t, "echo one\nexit 7\n", "-T", "netbox-node-1"); code != 7 || out != "one\n" {
		t.Fatalf("%q, %d", out, code)
	}
}

func TestOpenSSHIsRefused(t *testing.T) {
	l := start(t)
	for _, c := range []struct {
		name string
		args []string
		says string
		code int
	}{
		{"sftp", []string{"-s", "netbox-node-1", "sftp"}, "subsystem request failed on channel 0", 255},
		{"ports from the host", []string{"-R", "8000:127.0.0.1:1", "-o", "ExitOnForwardFailure=yes", "netbox-node-1", "true"}, "remote port forwarding failed for listen port 8000", 255},
		{"X11", []string{"-X", "-o", "XAuthLocation=/bin/false", "netbox-node-1", "true"}, "", 0},
		{"the agent", []string{"-A", "netbox-node-1", "true"}, "", 0},
		{"a tunnel device", []string{"-w", "0:0", "-N", "-o", "ExitOnForwardFailure=yes", "netbox-node-1"}, "", 255},
		{"another user", []string{"anna@netbox-node-1", "true"}, "anna@127.0.0.1: Permission denied (publickey).", 255},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, errs, code := l.ssh(t, "", c.args...)
			if code != c.code || !strings.Contains(errs, c.says) {
				t.Fatalf("%q, %d", errs, code)
			}
		})
	}
}

func TestOpenSSHForwards(t *testing.T) {
	l := start(t)
	l.net.ARP = 0
	address := l.service(t, "other", 8008, echo)
	if out, errs, code := l.ssh(t, "there and back", "-W", address, "netbox-node-1"); code != 0 || out != "there and back" {
		t.Fatalf("%q, %q, %d", out, errs, code)
	}
	for address, says := range map[string]string{
		"10.0.0.2:1": "open failed: connect failed: Connection refused", "10.0.0.77:1": "open failed: connect failed: No route to host",
	} {
		if _, errs, code := l.ssh(t, "", "-W", address, "netbox-node-1"); code != 255 || !strings.Contains(errs, says) {
			t.Fatalf("%q, %d", errs, code)
		}
	}
	// A jump host: the server's port in the simulation leads back to it.
	ln, err := l.net.Listen("other", 22, "*")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { l.server.Serve(ln); close(served) }()
	out, errs, code := l.ssh(t, "", "-o", "ProxyCommand=ssh -F "+filepath.Join(l.dir, "ssh_config")+" -W 10.0.0.2:22 netbox-node-1", "10.0.0.1", "env")
	if code != 0 || !strings.Contains(out, "SSH_CONNECTION=10.0.0.1 ") || !strings.Contains(out, " 10.0.0.2 22\n") {
		t.Fatalf("%q, %q, %d", out, errs, code)
	}
	_ = ln.Close()
	<-served
}

// TestOpenSSHSharesConnections is many sessions on one connection, one more than there may be.
func TestOpenSSHSharesConnections(t *testing.T) {
	l := start(t, func(c *Config) { c.MaxSessions = 2 })
	// The name of a socket is short.
	dir, err := os.MkdirTemp("", "ssh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	master := l.client(t, "-M", "-S", socket, "netbox-node-1", "wait")
	out, err := master.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	waiting(t, out)
	second := l.client(t, "-S", socket, "netbox-node-1", "wait")
	if out, err = second.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	waiting(t, out)
	if _, errs, _ := l.ssh(t, "", "-S", socket, "-o", "ProxyCommand=false", "netbox-node-1", "true"); !strings.Contains(errs, "Session open refused by peer") {
		t.Fatalf("%q", errs)
	}
	if _, _, code := l.ssh(t, "", "-S", socket, "-O", "exit", "netbox-node-1"); code != 0 {
		t.Fatal(code)
	}
	_, _ = master.Wait(), second.Wait()
	for range 2 {
		if cause := <-l.ended; !errors.Is(cause, ErrClosed) {
			t.Fatal(cause)
		}
	}
}

func waiting(t testing.TB, r io.Reader) {
	t.Helper()
	got := make([]byte, len("waiting\n"))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != "waiting\n" {
		t.Fatalf("%q, %v", got, err)
	}
}

// onTerminal starts ssh on a terminal of 24 rows and 80 columns.
func (l *lab) onTerminal(t testing.TB, args ...string) (cmd *exec.Cmd, screen *os.File, seen *buffer) {
	t.Helper()
	cmd = l.client(t, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8")
	screen, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	seen = &buffer{}
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(seen, screen) // it ends with an error when the client does
		close(done)
	}()
	t.Cleanup(func() {
		_ = screen.Close()
		<-done
	})
	return cmd, screen, seen
}

func TestOpenSSHOnATerminal(t *testing.T) {
	l := start(t)
	cmd, screen, seen := l.onTerminal(t, "-o", "SendEnv=LANG", "netbox-node-1")
	until(t, "a prompt", func() bool { return strings.HasSuffix(seen.String(), "$ ") })
	s := <-l.began
	if !s.PTY || !s.Shell || s.Rows != 24 || s.Cols != 80 || s.User != "deploy" {
		t.Fatalf("%+v", s)
	}
	env := strings.Join(s.Env, " ")
	for _, w := range []string{"TERM=xterm-256color", "SSH_TTY=/dev/pts/0", "LANG=C.UTF-8"} {
		if !strings.Contains(env, w) {
			t.Fatalf("%q lacks %q", env, w)
		}
	}
	if _, err := io.WriteString(screen, "echo words\r"); err != nil {
		t.Fatal(err)
	}
	// Both streams are the terminal, and lines end as a terminal wants them to.
	until(t, "the answer", func() bool { return strings.Contains(seen.String(), "echo words\r\nwords\r\nsaid words\r\n$ ") })
	if _, err := io.WriteString(screen, "resized\r"); err != nil {
		t.Fatal(err)
	}
	for _, size := range []pty.Winsize{{Rows: 30, Cols: 100}, {Rows: 50, Cols: 200}} {
		if err := pty.Setsize(screen, &size); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the new size", func() bool { return strings.Contains(seen.String(), "50x200\r\n$ ") })
	if _, err := io.WriteString(screen, "exit 5\r"); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 5 {
		t.Fatal(code)
	}
}

// TestOpenSSHIsKilled is a terminal that is closed.
func TestOpenSSHIsKilled(t *testing.T) {
	l := start(t)
	cmd, _, seen := l.onTerminal(t, "-t", "netbox-node-1", "wait")
	until(t, "it waits", func() bool { return strings.Contains(seen.String(), "waiting\r\n") })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if cause := <-l.ended; !errors.Is(cause, ErrClosed) {
		t.Fatal(cause)
	}
}

// TestOpenSSHKeepsAlive is a client that asks again and again whether the host is there, and one that finds it gone.
func TestOpenSSHKeepsAlive(t *testing.T) {
	l := start(t)
	cmd := l.client(t, "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1", "netbox-node-1", "wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waiting(t, out)
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	select {
	case <-ended:
		t.Fatalf("%q", errs.String())
	case <-time.After(3 * time.Second):
	}
	l.set(l.server, Cut)
	<-ended
	if !strings.Contains(errs.String(), "not responding") {
		t.Fatalf("%q", errs.String())
	}
}

func TestOpenSSHChecksTheHostKey(t *testing.T) {
	l := start(t)
	err := Files(l.dir, []Named{{Names: []string{"netbox-node-1"}, User: "deploy", Port: l.server.Port(), HostKey: newKey(t).PublicKey()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, errs, code := l.ssh(t, "", "netbox-node-1", "true"); code != 255 || !strings.Contains(errs, "HOST IDENTIFICATION HAS CHANGED") {
		t.Fatalf("%q, %d", errs, code)
	}
}

func TestFilesInAFolderWithAnOddName(t *testing.T) {
	l := start(t)
	odd := filepath.Join(t.TempDir(), "with space, 100% #odd")
	if err := os.Mkdir(odd, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id_ed25519", "id_ed25519.pub"} {
		text, err := os.ReadFile(filepath.Join(l.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(odd, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.dir = odd
	err := Files(odd, []Named{{Names: []string{"netbox-node-1", "10.0.0.1"}, User: "deploy", Port: l.server.Port(), HostKey: l.key.PublicKey()}})
	if err != nil {
		t.Fatal(err)
	}
	_, e := said(t, l.pool(t), "true")
	want(t, e, remote.OK)
	if _, errs, code := l.ssh(t, "", "netbox-node-1", "true"); code != 0 {
		t.Fatalf("%q, %d", errs, code)
	}
	// ssh_config alone leads there as well.
	p := l.pool(t, func(n *inventory.Node) { n.SSH.Keys, n.SSH.KnownHosts = nil, nil })
	_, e = said(t, p, "true")
	want(t, e, remote.OK)
}
