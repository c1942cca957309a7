package remote

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"recon/internal/inventory"
)

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
