//go:build lab

// These tests run against the real programs. They need root on a machine where two users may be made and removed again
// (recon-lab-a and recon-lab-b), and the packages openssh-server, openssh-client, sudo, util-linux (su), coreutils and
// passwd. Everything listens on loopback; what is made is removed.
package remote

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/inventory"
)

const (
	labUser  = "recon-lab-a"
	labOther = "recon-lab-b"
	labWord  = "Lab word 'a"
	elseWord = "Lab word \"b"
)

// sshd is a real one, with the keys of its hosts and of its users.
type sshd struct {
	dir, key string
	port     int
	process  *exec.Cmd
	log      *buffer
}

func command(t testing.TB, stdin, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin = strings.NewReader(stdin)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// realSSHD starts sshd with further lines of its configuration.
func realSSHD(t testing.TB, lines ...string) *sshd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("the lab tests need root")
	}
	dir, err := os.MkdirTemp("", "recon-sshd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// sshd wants its empty folder for the separated process.
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	s := &sshd{dir: dir, key: filepath.Join(dir, "id"), log: &buffer{}, port: closedPort(t)}
	for _, kind := range []string{"ed25519", "ecdsa"} {
		command(t, "", "ssh-keygen", "-q", "-t", kind, "-N", "", "-f", filepath.Join(dir, "host_"+kind))
	}
	command(t, "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.key)
	public, err := os.ReadFile(s.key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "authorized"), public, 0o644); err != nil {
		t.Fatal(err)
	}
	conf := append([]string{
		fmt.Sprintf("Port %d", s.port), "ListenAddress 127.0.0.1", "HostKey " + dir + "/host_ed25519", "HostKey " + dir + "/host_ecdsa",
		"AuthorizedKeysFile " + dir + "/authorized", "PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no",
		"PermitRootLogin yes", "MaxStartups 100",
	}, lines...)
	path := filepath.Join(dir, "sshd_config")
	if err := os.WriteFile(path, []byte(strings.Join(conf, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.process = exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", path)
	s.process.Stderr = s.log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		if t.Failed() {
			t.Logf("sshd: %s", s.log)
		}
	})
	until(t, "sshd listens", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return s
}

// known is known_hosts with the host key of one kind.
func (s *sshd) known(t testing.TB, kind string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "host_"+kind+".pub"))
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "known_hosts", fmt.Sprintf("[127.0.0.1]:%d %s", s.port, text))
}

func (s *sshd) node(t testing.TB, user string) inventory.Node {
	return inventory.Node{Name: "db1", Address: "127.0.0.1", SSH: inventory.SSH{
		User: user, Port: s.port, Keys: []string{s.key}, KnownHosts: []string{s.known(t, "ed25519")},
		Become: inventory.Become{Method: inventory.BecomeSudo, User: "root"},
	}}
}

// children are the processes of sshd that serve connections: for each a monitor, and the one below it that holds the
// connection. What the users run is not among them.
func (s *sshd) children(t testing.TB) (monitors, all []string) {
	t.Helper()
	below := func(pid string) (found []string) {
		// ps fails when there is none.
		out, _ := exec.Command("ps", "-o", "pid=,comm=", "--ppid", pid).Output()
		for _, line := range strings.Split(string(out), "\n") {
			if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], "sshd") {
				found = append(found, f[0])
			}
		}
		return found
	}
	monitors = below(fmt.Sprint(s.process.Process.Pid))
	for _, m := range monitors {
		all = append(append(all, m), below(m)...)
	}
	return monitors, all
}

// users makes the two users and removes them. sudoers are the rules of the first one.
func users(t testing.TB, sudoers string) {
	t.Helper()
	remove := func() {
		for _, name := range []string{labUser, labOther} {
			if _, err := user.Lookup(name); err == nil {
				// A process of theirs may still be ending.
				_ = exec.Command("pkill", "-KILL", "-u", name).Run()
				_ = exec.Command("userdel", "-f", "-r", name).Run()
			}
		}
		_ = os.Remove("/etc/sudoers.d/recon-lab")
	}
	remove()
	t.Cleanup(remove)
	command(t, "", "useradd", "-m", "-s", "/bin/bash", labUser)
	command(t, "", "useradd", "-m", "-s", "/bin/sh", labOther)
	command(t, labUser+":"+labWord+"\n"+labOther+":"+elseWord+"\n", "chpasswd")
	if sudoers != "" {
		if err := os.WriteFile("/etc/sudoers.d/recon-lab", []byte(sudoers+"\n"), 0o440); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLabOutcomes(t *testing.T) {
	s := realSSHD(t)
	p := pool(t, Options{}, usual(), s.node(t, "root"))
	for _, c := range []struct {
		line   string
		kind   ExitKind
		code   int
		signal string
		out    string
	}{
		{"true", OK, 0, "", ""},
		{"echo out; exit 3", Failed, 3, "", "out\n"},
		{"exit 143", Failed, 143, "", ""},
		{"kill -TERM $$", Signalled, -1, "TERM", ""},
		{"kill -KILL $$", Signalled, -1, "KILL", ""},
		{"cat", OK, 0, "", "from stdin"},
		{"tty", Failed, 1, "", "not a tty\n"},
		{"head -c 5000000 /dev/zero | tr '\\0' x", OK, 0, "", strings.Repeat("x", 5000000)},
	} {
		t.Run(c.line, func(t *testing.T) {
			line, who, err := p.Wire("db1", c.line, true)
			if err != nil || who != "root" {
				t.Fatal(who, err)
			}
			var out bytes.Buffer
			var in []byte
			if c.line == "cat" {
				in = []byte("from stdin")
			}
			e := p.Run(within(t), "db1", Command{Line: line, Stdin: in, Stdout: &out, Become: true})
			if e.Kind != c.kind || e.Code != c.code || e.Signal != c.signal || out.String() != c.out {
				t.Fatalf("%+v, output %.60q", e, out.String())
			}
		})
	}
	t.Run("tunnel refused", func(t *testing.T) {
		_, err := p.Dial(within(t), "db1", "tcp", fmt.Sprintf("127.0.0.1:%d", closedPort(t)))
		if !refused(err) {
			t.Fatal(err)
		}
	})
	t.Run("tunnel", func(t *testing.T) {
		c, err := p.Dial(within(t), "db1", "tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		banner := make([]byte, 8)
		if _, err := c.Read(banner); err != nil || string(banner) != "SSH-2.0-" {
			t.Fatalf("%q, %v", banner, err)
		}
	})
	t.Run("jump host", func(t *testing.T) {
		n := s.node(t, "root")
		n.SSH.Jump = []string{fmt.Sprintf("root@127.0.0.1:%d", s.port)}
		var out bytes.Buffer
		want(t, pool(t, Options{}, usual(), n).Run(within(t), "db1", Command{Line: "echo $SSH_CONNECTION", Stdout: &out}), OK)
		if !strings.HasPrefix(out.String(), "127.0.0.1 ") {
			t.Fatalf("output %q", out.String())
		}
	})
	t.Run("unix socket", func(t *testing.T) {
		path := filepath.Join(s.dir, "socket")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			if c, err := l.Accept(); err == nil {
				_, _ = c.Write([]byte("hello"))
				_ = c.Close()
			}
		}()
		c, err := p.Dial(within(t), "db1", "unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		hello := make([]byte, 5)
		if _, err := c.Read(hello); err != nil || string(hello) != "hello" {
			t.Fatalf("%q, %v", hello, err)
		}
		_, err = p.Dial(within(t), "db1", "unix", path+"-none")
		if err == nil {
			t.Fatal("a socket that does not exist was dialled")
		}
	})
}

func TestLabHostKeyAlgorithms(t *testing.T) {
	s := realSSHD(t)
	for _, kind := range []string{"ed25519", "ecdsa"} {
		n := s.node(t, "root")
		n.SSH.KnownHosts = []string{s.known(t, kind)}
		want(t, pool(t, Options{}, usual(), n).Run(within(t), "db1", Command{Line: "true"}), OK)
	}
	n := s.node(t, "root")
	n.SSH.KnownHosts = []string{write(t, "known_hosts", "")}
	text, err := os.ReadFile(filepath.Join(s.dir, "host_ed25519.pub"))
	if err != nil {
		t.Fatal(err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		t.Fatal(err)
	}
	e := pool(t, Options{}, usual(), n).Run(within(t), "db1", Command{Line: "true"})
	want(t, e, NotStarted, "not in known_hosts", "SHA256:")
	if !strings.Contains(e.Reason, ssh.FingerprintSHA256(key)) && !strings.Contains(e.Reason, "ecdsa-sha2-nistp256") {
		t.Fatal(e.Reason)
	}
	// The line that is offered is one that ssh and we accept.
	_, line, _ := strings.Cut(e.Reason, "then add to "+n.SSH.KnownHosts[0]+": ")
	n.SSH.KnownHosts = []string{write(t, "known_hosts", line+"\n")}
	want(t, pool(t, Options{}, usual(), n).Run(within(t), "db1", Command{Line: "true"}), OK)
}

func TestLabManySessions(t *testing.T) {
	// 10 sessions are the most that sshd allows on a connection, 8 the most that we ask for: none is ever refused.
	s := realSSHD(t)
	p := pool(t, Options{}, usual(), s.node(t, "root"))
	const commands = 60
	results := make(chan Exit, commands)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for range commands {
		go func() { results <- p.Run(ctx, "db1", Command{Line: "true"}) }()
	}
	for range commands {
		want(t, <-results, OK)
	}
	if monitors, _ := s.children(t); len(monitors) != 1 {
		t.Fatalf("%d connections", len(monitors))
	}
}
