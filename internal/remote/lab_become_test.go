//go:build lab

package remote

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"recon/internal/inventory"
)

// become is a node where the lab's user becomes another one.
func (s *sshd) become(t testing.TB, method inventory.BecomeMethod, user, password string) inventory.Node {
	n := s.node(t, labUser)
	n.SSH.Become = inventory.Become{Method: method, User: user}
	if password != "" {
		n.SSH.Become.Password = secret(t, password)
	}
	return n
}

func TestLabBecome(t *testing.T) {
	s := realSSHD(t)
	const asks, free = labUser + " ALL=(ALL) ALL", labUser + " ALL=(ALL) NOPASSWD: ALL"
	for _, c := range []struct {
		name           string
		sudoers        string
		method         inventory.BecomeMethod
		user, password string
		kind           ExitKind
		says           string
	}{
		{"sudo without a password", free, "sudo", "root", "", OK, ""},
		{"sudo that needs none and gets one", free, "sudo", "root", labWord, OK, ""},
		{"sudo with a password", asks, "sudo", "root", labWord, OK, ""},
		{"sudo as somebody else", asks, "sudo", labOther, labWord, OK, ""},
		{"sudo with a wrong password", asks, "sudo", "root", "wrong word", NotStarted, "sudo refused the password"},
		{"sudo that wants a password", asks, "sudo", "root", "", NotStarted, "become.password"},
		{"sudo that is not allowed", "", "sudo", "root", labWord, NotStarted, "sudo did not become root"},
		{"su", "", "su", labOther, elseWord, OK, ""},
		{"su with a wrong password", "", "su", labOther, "wrong word", NotStarted, "su refused the password"},
		{"su without a password", "", "su", labOther, "", NotStarted, "become.password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			users(t, c.sudoers)
			p := pool(t, Options{}, usual(), s.become(t, c.method, c.user, c.password))
			line, who, err := p.Wire("db1", "id -un; cat; echo err >&2; exit 3", true)
			if err != nil || who != c.user+" ("+string(c.method)+")" {
				t.Fatal(who, err)
			}
			var out, errs bytes.Buffer
			e := p.Run(within(t), "db1", Command{Line: line, Become: true, Stdin: []byte("from stdin\n"), Stdout: &out, Stderr: &errs})
			if c.kind != OK {
				want(t, e, c.kind, c.says)
				if out.Len()+errs.Len() > 0 {
					t.Fatalf("output %q and %q", out.String(), errs.String())
				}
			} else if e.Kind != Failed || e.Code != 3 || out.String() != c.user+"\nfrom stdin\n" || errs.String() != "err\n" {
				t.Fatalf("%+v, output %q and %q", e, out.String(), errs.String())
			}
			if c.password != "" && strings.Contains(line+out.String()+errs.String()+e.Reason, c.password) {
				t.Fatal("the password shows")
			}
		})
	}
}

// TestLabDropAndCancel writes down what a lost connection and a cancellation do to the command on the host.
func TestLabDropAndCancel(t *testing.T) {
	for _, c := range []struct {
		name   string
		become inventory.BecomeMethod
		line   string
		// cancelled is the result of a cancellation, dies whether the command is gone after it.
		cancelled ExitKind
		dies      bool
	}{
		{"plain", "none", "echo $$ >%s; while :; do sleep 0.1; done", Cancelled, true},
		{"nohup", "none", "nohup sh -c 'echo $$ >%s; exec sleep 300' >/dev/null 2>&1 & wait", Cancelled, true},
		{"sudo", "sudo", "echo $$ >%s; while :; do sleep 0.1; done", Unknown, false},
		{"su", "su", "echo $$ >%s; while :; do sleep 0.1; done", Unknown, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			users(t, labUser+" ALL=(ALL) NOPASSWD: ALL")
			s := realSSHD(t)
			start := func(ctx context.Context) (int, chan Exit) {
				dir, err := os.MkdirTemp("", "recon-mark")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.RemoveAll(dir) })
				if err := os.Chmod(dir, 0o777); err != nil {
					t.Fatal(err)
				}
				mark := filepath.Join(dir, "pid")
				node := s.become(t, c.become, labOther, elseWord)
				if c.become == inventory.BecomeSudo {
					node.SSH.Become.Password = inventory.Secret{}
				}
				p := pool(t, Options{}, usual(), node)
				line, _, err := p.Wire("db1", fmt.Sprintf(c.line, mark), true)
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan Exit, 1)
				go func() { done <- p.Run(ctx, "db1", Command{Line: line, Become: true}) }()
				pid := pidIn(t, mark)
				t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
				return pid, done
			}

			ctx, cancel := context.WithCancel(context.Background())
			pid, done := start(ctx)
			cancel()
			began := time.Now()
			e := <-done
			want(t, e, c.cancelled)
			if d := time.Since(began); d > 4*time.Second {
				t.Errorf("the cancellation took %v", d)
			}
			if c.dies {
				until(t, "the command is gone", func() bool { return !alive(pid) })
			} else if !alive(pid) {
				t.Log("the command ended, although nothing proves it")
			}

			pid, done = start(context.Background())
			_, all := s.children(t)
			command(t, "", "kill", append([]string{"-KILL"}, all...)...)
			want(t, <-done, Unknown, "lost")
			t.Logf("after a lost connection the command lives: %v", alive(pid))
		})
	}
}

func TestLabSignalUnderBecomeIsUnknown(t *testing.T) {
	users(t, labUser+" ALL=(ALL) NOPASSWD: ALL")
	s := realSSHD(t)
	for _, c := range []struct {
		method   inventory.BecomeMethod
		password string
	}{{"sudo", ""}, {"su", elseWord}} {
		p := pool(t, Options{}, usual(), s.become(t, c.method, labOther, c.password))
		line, _, err := p.Wire("db1", "kill -TERM $$", true)
		if err != nil {
			t.Fatal(err)
		}
		e := p.Run(within(t), "db1", Command{Line: line, Become: true})
		want(t, e, Unknown)
		t.Logf("%s: %+v", c.method, e)
	}
}

func BenchmarkLabTrue(b *testing.B) {
	s := realSSHD(b)
	p := pool(b, Options{}, usual(), s.node(b, "root"))
	b.Run("recon, open connection", func(b *testing.B) {
		want(b, p.Run(within(b), "db1", Command{Line: "true"}), OK)
		for b.Loop() {
			if e := p.Run(context.Background(), "db1", Command{Line: "true"}); e.Kind != OK {
				b.Fatal(e)
			}
		}
	})
	b.Run("recon, new connection", func(b *testing.B) {
		node := s.node(b, "root")
		for b.Loop() {
			p := newPool(&inventory.Cluster{Dial: inventory.DialSSH, Nodes: []inventory.Node{node}}, Options{}, usual())
			if e := p.Run(context.Background(), "db1", Command{Line: "true"}); e.Kind != OK {
				b.Fatal(e)
			}
			if err := p.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	args := []string{
		"-F", "none", "-p", fmt.Sprint(s.port), "-i", s.key, "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + s.known(b, "ed25519"),
		"-o", "GlobalKnownHostsFile=none",
	}
	b.Run("ssh, new connection", func(b *testing.B) {
		for b.Loop() {
			command(b, "", "ssh", append(args, "root@127.0.0.1", "true")...)
		}
	})
	b.Run("ssh, open connection", func(b *testing.B) {
		socket := filepath.Join(s.dir, "master")
		master := exec.Command("ssh", append(args, "-M", "-N", "-S", socket, "root@127.0.0.1")...)
		if err := master.Start(); err != nil {
			b.Fatal(err)
		}
		defer func() { _ = master.Process.Kill(); _ = master.Wait() }()
		until(b, "the master is there", func() bool { _, err := os.Stat(socket); return err == nil })
		for b.Loop() {
			command(b, "", "ssh", append(args, "-S", socket, "root@127.0.0.1", "true")...)
		}
	})
}
