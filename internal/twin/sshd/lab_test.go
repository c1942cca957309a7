//go:build lab

// These tests ask the real sshd the same as the simulated one. They need root on a machine where a user may be made and
// removed again (recon-lab-c), and the packages openssh-server and passwd; everything listens on loopback.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/twin/network"
)

// labUser logs in; for root sshd keeps no process that could send a signal.
const labUser = "recon-lab-c"

// realSSHD is OpenSSH's server with the settings that the simulated one stands for.
func realSSHD(t *testing.T, key ssh.PublicKey) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("the lab tests need root")
	}
	_ = exec.Command("userdel", "-f", labUser).Run() // of a run that was killed
	if out, err := exec.Command("useradd", "-M", "-d", "/", "-s", "/bin/bash", "-p", "*", labUser).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("userdel", "-f", labUser).Run() })
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
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "host")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = l.Close()
	conf := []string{
		"Port " + port, "ListenAddress 127.0.0.1", "HostKey " + dir + "/host", "AuthorizedKeysFile " + dir + "/authorized",
		"PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes",
		"AcceptEnv LANG LC_*", "X11Forwarding no", "AllowAgentForwarding no", "AllowTcpForwarding local",
	}
	for name, text := range map[string]string{"authorized": string(ssh.MarshalAuthorizedKey(key)), "conf": strings.Join(conf, "\n") + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	log := &buffer{}
	c := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(dir, "conf"))
	c.Stderr = log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() {
			t.Logf("sshd: %s", log)
		}
	})
	until(t, "sshd listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return address
}

// real is a host for the simulated server that lives in the same places as the real one.
type real struct{ *host }

func (r real) Dial(ctx context.Context, address string) (net.Conn, error) {
	kind := "tcp"
	if strings.HasPrefix(address, "/") {
		kind = "unix"
	}
	return new(net.Dialer).DialContext(ctx, kind, address)
}

// asked is one connection, and what it answered.
type asked struct {
	t       *testing.T
	client  *ssh.Client
	answers []string
}

func (a *asked) note(format string, args ...any) {
	a.answers = append(a.answers, fmt.Sprintf(format, args...))
}

func marshal(payload any) []byte {
	if payload == nil {
		return nil
	}
	return ssh.Marshal(payload)
}

func (a *asked) open(what, kind string, payload any) {
	ch, reqs, err := a.client.OpenChannel(kind, marshal(payload))
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) {
		a.note("%s: %v, %q", what, refused.Reason, refused.Message)
		return
	}
	if err != nil {
		a.t.Fatal(what, err)
	}
	go ssh.DiscardRequests(reqs)
	a.note("%s: opened", what)
	_ = ch.Close()
}

type direct struct {
	Host   string
	Port   uint32
	Origin string
	From   uint32
}

type local struct {
	Path, Reserved string
	Zero           uint32
}

// session runs steps on a session and notes what came of it.
func (a *asked) session(what string, steps func(ch ssh.Channel, request func(kind string, payload any))) {
	ch, reqs, err := a.client.OpenChannel("session", nil)
	if err != nil {
		a.t.Fatal(what, err)
	}
	ended := make(chan []string, 1)
	go func() {
		var got []string
		for r := range reqs {
			if strings.HasPrefix(r.Type, "exit-") {
				got = append(got, fmt.Sprintf("%s %v %q", r.Type, r.WantReply, r.Payload))
			}
		}
		ended <- got
	}()
	steps(ch, func(kind string, payload any) {
		ok, err := ch.SendRequest(kind, true, marshal(payload))
		a.note("%s: %s %v %v", what, kind, ok, err)
	})
	out, err := io.ReadAll(ch)
	a.note("%s: output %q %v", what, out, err)
	// The server closes the channel when it has said how the command ended; who closes first may not hear it.
	a.note("%s: %v", what, <-ended)
	_ = ch.Close()
}

func answers(t *testing.T, address, user string, key ssh.Signer) []string {
	t.Helper()
	login := func(user string, key ssh.Signer) (*ssh.Client, error) {
		return ssh.Dial("tcp", address, &ssh.ClientConfig{
			User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
		})
	}
	client, err := login(user, key)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	a := &asked{t: t, client: client}
	_, err = login("nobody-here", key)
	a.note("login of nobody: %v", err)
	_, err = login(user, newKey(t))
	a.note("login with another key: %v", err)

	for _, kind := range []string{"keepalive@openssh.com", "hostkeys-prove-00@openssh.com", "tcpip-forward", "nothing@example.com"} {
		ok, _, err := client.SendRequest(kind, true, ssh.Marshal(struct {
			Host string
			Port uint32
		}{"127.0.0.1", 0}))
		a.note("%s: %v %v", kind, ok, err)
	}

	dir, err := os.MkdirTemp("", "recon-sshd")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if err := os.Chmod(filepath.Join(dir, "s"), 0o777); err != nil {
		t.Fatal(err)
	}
	port := uint32(l.Addr().(*net.TCPAddr).Port)
	a.open("open port", "direct-tcpip", direct{"127.0.0.1", port, "127.0.0.1", 0})
	a.open("closed port", "direct-tcpip", direct{"127.0.0.1", 1, "127.0.0.1", 0})
	a.open("no port", "direct-tcpip", direct{"127.0.0.1", 70000, "127.0.0.1", 0})
	a.open("no name", "direct-tcpip", direct{"name.invalid", 80, "127.0.0.1", 0})
	a.open("open socket", "direct-streamlocal@openssh.com", local{Path: filepath.Join(dir, "s")})
	a.open("no socket", "direct-streamlocal@openssh.com", local{Path: filepath.Join(dir, "none")})
	a.open("x11", "x11", direct{})
	a.open("nothing", "nothing@example.com", direct{})

	type env struct{ Name, Value string }
	type line struct{ Line string }
	type term struct {
		Term       string
		C, R, W, H uint32
		Modes      string
	}
	type window struct{ C, R, W, H uint32 }
	a.session("exec", func(ch ssh.Channel, request func(string, any)) {
		request("env", env{"LANG", "C"})
		request("env", env{"LC_TIME", "C"})
		request("env", env{"PATH", "/"})
		request("auth-agent-req@openssh.com", nil)
		request("x11-req", struct {
			Single      bool
			Proto, Data string
			Screen      uint32
		}{false, "MIT-MAGIC-COOKIE-1", "00", 0})
		request("subsystem", line{"sftp"})
		request("window-change", window{80, 24, 0, 0})
		request("nothing@example.com", nil)
		request("exec", line{"cat; exit 3"})
		request("exec", line{"true"})
		request("shell", nil)
		request("env", env{"LANG", "C"})
		request("pty-req", term{"xterm", 80, 24, 0, 0, "\x00"})
		request("signal", line{"WINCH"})
		_, _ = io.WriteString(ch, "input")
		_ = ch.CloseWrite()
	})
	for _, l := range []string{"true", "exit 255", "kill -9 $$", "kill -6 $$", "kill -31 $$"} {
		a.session(l, func(_ ssh.Channel, request func(string, any)) { request("exec", line{l}) })
	}
	for _, signal := range []string{"TERM", "KILL", "HUP", "INT", "USR1"} {
		a.session("signal "+signal, func(ch ssh.Channel, request func(string, any)) {
			request("exec", line{"began 2>/dev/null || echo began; exec sleep 100"})
			began := make([]byte, 6)
			if _, err := io.ReadFull(ch, began); err != nil {
				t.Fatal(err)
			}
			request("signal", line{signal})
		})
	}
	a.session("terminal", func(_ ssh.Channel, request func(string, any)) {
		request("pty-req", term{"xterm", 80, 24, 0, 0, "\x00"})
		request("window-change", window{100, 30, 0, 0})
		request("exec", line{"printf 'a\\nb\\n' && printf 'c\\n' >&2"})
	})

	// Ten sessions, and one more.
	var open []ssh.Channel
	for range 10 {
		ch, reqs, err := client.OpenChannel("session", nil)
		if err != nil {
			t.Fatal(err)
		}
		go ssh.DiscardRequests(reqs)
		open = append(open, ch)
	}
	a.open("the eleventh session", "session", nil)
	for _, ch := range open {
		_ = ch.Close()
	}
	until(t, "there is room again", func() bool {
		ch, reqs, err := client.OpenChannel("session", nil)
		if err != nil {
			return false
		}
		go ssh.DiscardRequests(reqs)
		_ = ch.Close()
		return true
	})
	return a.answers
}

// rootsSignal says how a signal of root's is answered, and that what runs goes on.
func rootsSignal(t *testing.T, address string, key ssh.Signer) []string {
	t.Helper()
	client, err := ssh.Dial("tcp", address, &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	a := &asked{t: t, client: client}
	a.session("root's signal", func(ch ssh.Channel, request func(string, any)) {
		request("exec", struct{ Line string }{"cat"})
		request("signal", struct{ Line string }{"TERM"})
		_, _ = io.WriteString(ch, "still there")
		_ = ch.CloseWrite()
	})
	return a.answers
}

func TestLabAnswersAreOpenSSHs(t *testing.T) {
	key := newKey(t)
	w := &world{}
	h := &host{world: w, net: network.New(w), began: make(chan Session, 100), ended: make(chan error, 100)}
	server, err := Listen(Config{HostKey: newKey(t), Users: map[string]User{labUser: {Keys: []ssh.PublicKey{key.PublicKey()}}, "root": {Keys: []ssh.PublicKey{key.PublicKey()}}}, Host: real{h}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	there, here := realSSHD(t, key.PublicKey()), fmt.Sprintf("127.0.0.1:%d", server.Port())
	theirs := append(answers(t, there, labUser, key), rootsSignal(t, there, key)...)
	ours := append(answers(t, here, labUser, key), rootsSignal(t, here, key)...)
	for i := range max(len(theirs), len(ours)) {
		get := func(all []string) string {
			if i < len(all) {
				return all[i]
			}
			return "nothing"
		}
		if get(theirs) != get(ours) {
			t.Errorf("\n sshd: %s\n here: %s", get(theirs), get(ours))
		}
	}
	if slices.Equal(theirs, ours) {
		t.Logf("%d answers are the same", len(ours))
	}
}
