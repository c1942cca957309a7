package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"recon/internal/inventory"
)

// login is a server that takes one key or one password, and counts what it was offered.
type loginServer struct {
	*sshServer
	key       ssh.Signer
	allowed   func(ssh.PublicKey) bool
	password  string
	offered   atomic.Int32
	passwords atomic.Int32
	// questions are what keyboard-interactive asks; none when it is off.
	questions []string
	echo      bool
}

func logins(t *testing.T, set func(*loginServer)) *loginServer {
	t.Helper()
	key, _ := newKey(t)
	l := &loginServer{sshServer: serve(t, key), key: key, allowed: func(ssh.PublicKey) bool { return false }}
	set(l)
	l.set(func() {
		l.conf.MaxAuthTries = 6
		l.conf.PublicKeyCallback = func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
			l.offered.Add(1)
			if l.allowed(k) {
				return nil, nil
			}
			return nil, errors.New("no")
		}
		if l.password == "" {
			return
		}
		check := func(word string) (*ssh.Permissions, error) {
			l.passwords.Add(1)
			if word == l.password {
				return nil, nil
			}
			return nil, errors.New("no")
		}
		l.conf.PasswordCallback = func(_ ssh.ConnMetadata, word []byte) (*ssh.Permissions, error) { return check(string(word)) }
		if len(l.questions) > 0 {
			l.conf.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
				echos := make([]bool, len(l.questions))
				echos[0] = l.echo
				answers, err := ask("", "", l.questions, echos)
				if err != nil {
					return nil, err
				}
				return check(answers[0])
			}
		}
	})
	return l
}

func (l *loginServer) node(t *testing.T, keys ...string) inventory.Node {
	n := l.sshServer.node(t, "db1", l.key.PublicKey())
	n.SSH.Keys = keys
	return n
}

func publicOf(t *testing.T, path, passphrase string) ssh.PublicKey {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.ParsePrivateKeyWithPassphrase(text, []byte(passphrase))
	if err != nil {
		s, err = ssh.ParsePrivateKey(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.PublicKey()
}

// lockedKey is a private key with the passphrase "open sesame". It was made by ssh-keygen -a 1 of OpenSSH 9.2: with more
// rounds, opening it takes seconds under the race detector.
func lockedKey(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/id_locked")
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "id_locked", string(text))
}

func only(keys ...ssh.PublicKey) func(ssh.PublicKey) bool {
	return func(k ssh.PublicKey) bool {
		return slices.ContainsFunc(keys, func(one ssh.PublicKey) bool { return string(one.Marshal()) == string(k.Marshal()) })
	}
}

func TestKeysAreOfferedInOrder(t *testing.T) {
	a, b := clientKey(t), clientKey(t)
	l := logins(t, func(l *loginServer) { l.allowed = only(publicOf(t, b, "")) })
	p := pool(t, Options{}, quick(), l.node(t, a, b))
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), OK)
}

func TestLoginRefusedSaysWhy(t *testing.T) {
	open := clientKey(t)
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "none")
	nonsense := write(t, "key", "nonsense")
	l := logins(t, func(*loginServer) {})
	node := l.node(t, open, missing, nonsense)
	node.SSH.Agent = true
	p := pool(t, Options{}, quick(), node)
	p.local.agent = filepath.Join(t.TempDir(), "no-agent")
	e := p.Run(within(t), "db1", Command{Line: "true"})
	want(t, e, NotStarted, "ssh login at db1", "deploy", "can be read by others (mode 0644)", missing, "no such file", nonsense,
		"ssh agent at "+p.local.agent+" does not answer", "no key was found")
	if l.offered.Load() != 0 {
		t.Fatal("a key that others can read was offered")
	}
}

func TestPassphraseIsAskedForOnceAndOnlyWhenNeeded(t *testing.T) {
	key := lockedKey(t)
	public := publicOf(t, key, "open sesame")
	var asked []string
	var mu sync.Mutex
	opt := Options{Ask: func(_ context.Context, what string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, what)
		return "open sesame", nil
	}}
	one := logins(t, func(l *loginServer) { l.allowed = only(public) })
	two := logins(t, func(l *loginServer) { l.allowed = only(public) })
	third := logins(t, func(*loginServer) {})
	n1, n2, n3 := one.node(t, key), two.node(t, key), third.node(t, key)
	n2.Name, n3.Name = "db2", "db3"
	p := pool(t, opt, quick(), n1, n2, n3)
	want(t, p.Run(within(t), "db3", Command{Line: "true"}), NotStarted)
	if len(asked) != 0 {
		t.Fatalf("asked %q for a key that the host does not want", asked)
	}
	var both sync.WaitGroup
	for _, name := range []string{"db1", "db2"} {
		both.Go(func() { want(t, p.Run(within(t), name, Command{Line: "true"}), OK) })
	}
	both.Wait()
	if len(asked) != 1 || !strings.Contains(asked[0], key) {
		t.Fatalf("asked %q", asked)
	}
}

func TestWrongPassphraseAndTheNextKey(t *testing.T) {
	locked, free := lockedKey(t), clientKey(t)
	l := logins(t, func(l *loginServer) { l.allowed = only(publicOf(t, locked, "open sesame"), publicOf(t, free, "")) })
	var asked atomic.Int32
	opt := Options{Ask: func(context.Context, string) (string, error) { asked.Add(1); return "wrong", nil }}
	want(t, pool(t, opt, quick(), l.node(t, locked, free)).Run(within(t), "db1", Command{Line: "true"}), OK)
	p := pool(t, opt, quick(), l.node(t, locked))
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted, "the passphrase does not open it")
	if asked.Load() != 2 {
		t.Fatalf("asked %d times", asked.Load())
	}
	// Without a terminal.
	want(t, pool(t, Options{}, quick(), l.node(t, locked)).Run(within(t), "db1", Command{Line: "true"}), NotStarted,
		"passphrase of "+locked, "no terminal")
}

func TestTypingDoesNotCountForTheDeadline(t *testing.T) {
	t.Parallel()
	key := lockedKey(t)
	l := logins(t, func(l *loginServer) { l.allowed = only(publicOf(t, key, "open sesame")) })
	tm := quick()
	tm.connect = 300 * time.Millisecond
	typed := make(chan struct{})
	p := pool(t, Options{Ask: func(context.Context, string) (string, error) { <-typed; return "open sesame", nil }}, tm, l.node(t, key))
	done := make(chan Exit, 1)
	go func() { done <- p.Run(within(t), "db1", Command{Line: "true"}) }()
	gone := make(chan struct{})
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*tm.connect)
		defer cancel()
		<-ctx.Done()
		close(gone)
	}()
	<-gone
	close(typed)
	want(t, <-done, OK)
}

func TestCloseDoesNotWaitForTyping(t *testing.T) {
	key := lockedKey(t)
	l := logins(t, func(l *loginServer) { l.allowed = only(publicOf(t, key, "open sesame")) })
	asking, typed := make(chan struct{}), make(chan struct{})
	p := pool(t, Options{Ask: func(context.Context, string) (string, error) { close(asking); <-typed; return "", io.EOF }}, quick(), l.node(t, key))
	done := make(chan Exit, 1)
	go func() { done <- p.Run(context.Background(), "db1", Command{Line: "true"}) }()
	<-asking
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, <-done, NotStarted)
	close(typed)
}

func TestPasswords(t *testing.T) {
	for _, c := range []struct {
		name      string
		questions []string
		echo      bool
		word      string
		kind      ExitKind
		says      string
		// sent is how often the password went over the wire.
		sent int32
	}{
		{"password", nil, false, "right word", OK, "", 1},
		{"keyboard-interactive", []string{"Password: "}, false, "right word", OK, "", 1},
		{"wrong", nil, false, "wrong word", NotStarted, "was refused by db1", 1},
		{"wrong, interactive", []string{"Password: "}, false, "wrong word", NotStarted, "was refused by db1", 1},
		{"a code", []string{"Code: "}, true, "wrong word", NotStarted, `asks "Code: "`, 0},
		{"two questions", []string{"Password: ", "Code: "}, false, "wrong word", NotStarted, "more than a password", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := logins(t, func(l *loginServer) { l.password, l.questions, l.echo = "right word", c.questions, c.echo })
			n := l.node(t, clientKey(t))
			n.SSH.Password = secret(t, c.word)
			p := pool(t, Options{}, quick(), n)
			e := p.Run(within(t), "db1", Command{Line: "true", Patient: true})
			want(t, e, c.kind, c.says)
			if strings.Contains(e.Reason, c.word) {
				t.Fatalf("the password shows in %q", e.Reason)
			}
			// Those who ask again and again do not send a wrong password again, even when the pause is over.
			p.nodes["db1"].mu.Lock()
			p.nodes["db1"].next = p.nodes["db1"].next.AddDate(-1, 0, 0)
			p.nodes["db1"].mu.Unlock()
			want(t, p.Run(within(t), "db1", Command{Line: "true", Patient: true}), c.kind)
			if n := l.passwords.Load(); n != c.sent {
				t.Fatalf("the password was sent %d times", n)
			}
			if c.sent > 0 && c.kind != OK {
				// A person who tries again is heard.
				want(t, p.Run(within(t), "db1", Command{Line: "true"}), c.kind)
				if n := l.passwords.Load(); n != c.sent+1 {
					t.Fatalf("the password was sent %d times", n)
				}
			}
		})
	}
}

func TestPasswordIsNotTriedUnasked(t *testing.T) {
	l := logins(t, func(l *loginServer) { l.password = "right word" })
	p := pool(t, Options{}, quick(), l.node(t, clientKey(t)))
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted)
	if l.passwords.Load() != 0 {
		t.Fatal("a password was sent")
	}
}

// keyring serves an agent with these keys and returns its socket.
func keyring(t *testing.T, keys ...any) string {
	t.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: k}); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := os.MkdirTemp("", "agent")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { _ = agent.ServeAgent(ring, c); _ = c.Close() })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
		_ = os.RemoveAll(dir)
	})
	return path
}

func TestAgent(t *testing.T) {
	wanted, private := newKey(t)
	_, another := newKey(t)
	path := keyring(t, another, private)
	for _, c := range []struct {
		name      string
		agent     bool
		onlyKeys  bool
		withPub   bool
		kind      ExitKind
		offeredTo int32
	}{
		{name: "used", agent: true, kind: OK, offeredTo: 2},
		{name: "switched off", agent: false, kind: NotStarted, offeredTo: 1},
		{name: "identities only", agent: true, onlyKeys: true, kind: NotStarted, offeredTo: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := logins(t, func(l *loginServer) { l.allowed = only(wanted.PublicKey()) })
			n := l.node(t, clientKey(t))
			n.SSH.Agent = c.agent
			if c.onlyKeys {
				n.SSH.Config = write(t, "config", "IdentitiesOnly yes\n")
			}
			p := pool(t, Options{}, quick(), n)
			p.local.agent = path
			want(t, p.Run(within(t), "db1", Command{Line: "true"}), c.kind)
			if got := l.offered.Load(); got != c.offeredTo {
				t.Fatalf("%d keys were offered", got)
			}
		})
	}
}

func TestKeyCertificate(t *testing.T) {
	ca, _ := newKey(t)
	path := lockedKey(t)
	cert := &ssh.Certificate{Key: publicOf(t, path, "open sesame"), CertType: ssh.UserCert, ValidPrincipals: []string{"deploy"}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-cert.pub", ssh.MarshalAuthorizedKey(cert), 0o600); err != nil {
		t.Fatal(err)
	}
	l := logins(t, func(l *loginServer) { l.allowed = only(cert) })
	opt := Options{Ask: func(context.Context, string) (string, error) { return "open sesame", nil }}
	want(t, pool(t, opt, quick(), l.node(t, path)).Run(within(t), "db1", Command{Line: "true"}), OK)
}

func TestUnmaskableSecretIsNotUsed(t *testing.T) {
	l := logins(t, func(l *loginServer) { l.password = "pw" })
	n := l.node(t, clientKey(t))
	n.SSH.Password = secret(t, "pw")
	opt := Options{Mask: func(name, value string) error { return errors.New(name + " is too short") }}
	want(t, pool(t, opt, quick(), n).Run(within(t), "db1", Command{Line: "true"}), NotStarted, "is too short")
	if l.passwords.Load() != 0 {
		t.Fatal("it was sent")
	}
}
