package remote

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"recon/internal/inventory"
)

// certificate signs a host key for a name.
func certificate(t *testing.T, ca, host ssh.Signer, name string, until time.Time) ssh.Signer {
	t.Helper()
	c := &ssh.Certificate{
		Key: host.PublicKey(), CertType: ssh.HostCert, KeyId: "db1", ValidPrincipals: []string{name},
		ValidAfter: 0, ValidBefore: uint64(until.Unix()),
	}
	if err := c.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewCertSigner(c, host)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHostKeys(t *testing.T) {
	ed, _ := newKey(t)
	other, _ := newKey(t)
	ca, _ := newKey(t)
	ec := newECDSA(t)
	later := time.Now().Add(time.Hour)
	line := func(addr string, k ssh.Signer) string { return knownhosts.Line([]string{addr}, k.PublicKey()) + "\n" }
	for _, c := range []struct {
		name  string
		host  []ssh.Signer
		known func(addr string) string
		// want is the problem; empty means that the host is accepted. says is in the error, with ADDR and FILE put in.
		want HostKeyProblem
		says []string
	}{
		{
			name: "known", host: []ssh.Signer{ed},
			known: func(a string) string { return "# comment\n\n" + line(a, ed) },
		},
		{
			name: "two keys, the second kind is known", host: []ssh.Signer{ed, ec},
			known: func(a string) string { return line(a, ec) },
		},
		{
			name: "two keys, the other kind is known", host: []ssh.Signer{ec, ed},
			known: func(a string) string { return line(a, ed) },
		},
		{
			name: "hashed", host: []ssh.Signer{ed},
			known: func(a string) string {
				return knownhosts.HashHostname(knownhosts.Normalize(a)) + strings.TrimPrefix(line(a, ed), knownhosts.Normalize(a))
			},
		},
		{
			name: "authority", host: []ssh.Signer{certificate(t, ca, ed, "127.0.0.1", later)},
			known: func(a string) string { return "@cert-authority " + line(a, ca) },
		},
		{
			name: "authority of all", host: []ssh.Signer{certificate(t, ca, ed, "127.0.0.1", later)},
			known: func(string) string { return "@cert-authority " + line("*", ca) },
		},
		{
			name: "unknown", host: []ssh.Signer{ed}, known: func(string) string { return line("10.9.9.9", ed) },
			want: KeyUnknown,
			says: []string{
				"db1 (ADDR) is not in known_hosts", "ssh-ed25519 " + ssh.FingerprintSHA256(ed.PublicKey()), "add to FILE: [127.0.0.1]:",
				strings.TrimSpace(string(ssh.MarshalAuthorizedKey(ed.PublicKey()))),
			},
		},
		{
			name: "changed", host: []ssh.Signer{ed}, known: func(a string) string { return "#\n#\n" + line(a, other) },
			want: KeyChanged,
			says: []string{
				"THE HOST KEY OF db1 (ADDR) HAS CHANGED", ssh.FingerprintSHA256(ed.PublicKey()), "FILE:3",
				ssh.FingerprintSHA256(other.PublicKey()), "nothing was sent",
			},
		},
		{
			name: "another kind is known", host: []ssh.Signer{ed}, known: func(a string) string { return line(a, ec) },
			want: KeyChanged, says: []string{"offers only ssh-ed25519", "FILE:1 holds ecdsa"},
		},
		{
			name: "revoked", host: []ssh.Signer{ed}, known: func(a string) string { return line(a, ed) + "@revoked " + line("*", ed) },
			want: KeyRevoked, says: []string{"IS REVOKED", "FILE:2"},
		},
		{
			name: "unknown authority", host: []ssh.Signer{certificate(t, other, ed, "127.0.0.1", later)},
			known: func(a string) string { return "@cert-authority " + line(a, ca) },
			want:  KeyUnknown, says: []string{"@cert-authority [127.0.0.1]:", ssh.FingerprintSHA256(other.PublicKey())},
		},
		{
			name: "certificate for another name", host: []ssh.Signer{certificate(t, ca, ed, "db2", later)},
			known: func(a string) string { return "@cert-authority " + line(a, ca) },
			want:  KeyCertificate, says: []string{"does not hold"},
		},
		{
			name: "expired certificate", host: []ssh.Signer{certificate(t, ca, ed, "127.0.0.1", time.Now().Add(-time.Hour))},
			known: func(a string) string { return "@cert-authority " + line(a, ca) },
			want:  KeyCertificate, says: []string{"expired"},
		},
		{
			name: "the authority's own key as host key", host: []ssh.Signer{ca},
			known: func(a string) string { return line("10.9.9.9", ed) + "@cert-authority " + line("*", ca) + line(a, ec) },
			want:  KeyChanged,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.host...)
			node := s.node(t, "db1")
			addr := s.listener.Addr().String()
			node.SSH.KnownHosts = []string{write(t, "known_hosts", c.known(addr))}
			p := pool(t, Options{}, quick(), node)
			e := p.Run(within(t), "db1", Command{Line: "echo reached"})
			if c.want == "" {
				want(t, e, OK)
				return
			}
			want(t, e, NotStarted)
			_, err := p.nodes["db1"].get(within(t), false)
			var key *HostKeyError
			if !errors.As(err, &key) || key.Problem != c.want {
				t.Fatalf("%v", err)
			}
			for _, words := range c.says {
				words = strings.NewReplacer("ADDR", addr, "FILE", node.SSH.KnownHosts[0]).Replace(words)
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q does not say %q", err, words)
				}
			}
			if len(s.got()) != 0 {
				t.Fatal("a command reached a host that was refused")
			}
		})
	}
}

func TestAuthorityKeyIsNoHostKey(t *testing.T) {
	ca, _ := newKey(t)
	s := serve(t, ca)
	node := s.node(t, "db1")
	node.SSH.KnownHosts = []string{write(t, "known_hosts", "@cert-authority "+s.knownLine(ca.PublicKey()))}
	ep, err := local{}.resolve(node, false)
	if err != nil {
		t.Fatal(err)
	}
	h, err := readHostKeys(ep)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.check("", s.listener.Addr(), ca.PublicKey()); err == nil {
		t.Fatal("the key of an authority was taken for a host key")
	}
}

func TestKnownHostsMissingOrBroken(t *testing.T) {
	ed, _ := newKey(t)
	s := serve(t, ed)
	node := s.node(t, "db1")
	missing := filepath.Join(t.TempDir(), "none")
	node.SSH.KnownHosts = []string{missing}
	p := pool(t, Options{}, quick(), node)
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted, "there is no "+missing, "add to "+missing, "SHA256:")

	// One file that is missing does not matter while another knows the host.
	node.SSH.KnownHosts = []string{missing, write(t, "known_hosts", s.knownLine(ed.PublicKey()))}
	want(t, pool(t, Options{}, quick(), node).Run(within(t), "db1", Command{Line: "true"}), OK)

	broken := write(t, "known_hosts", s.knownLine(ed.PublicKey())+"nonsense\n")
	node.SSH.KnownHosts = []string{broken}
	want(t, pool(t, Options{}, quick(), node).Run(within(t), "db1", Command{Line: "true"}), NotStarted, broken+":2", "mend or remove")
}

func TestJumpHosts(t *testing.T) {
	bastionKey, _ := newKey(t)
	hostKey, _ := newKey(t)
	bastion, host := serve(t, bastionKey), serve(t, hostKey)
	both := bastion.knownLine(bastionKey.PublicKey()) + host.knownLine(hostKey.PublicKey())
	through := func(name, known string) inventory.Node {
		n := host.node(t, name)
		n.SSH.KnownHosts = []string{write(t, "known_hosts", known)}
		n.SSH.Jump = []string{fmt.Sprintf("op@127.0.0.1:%d", bastion.port())}
		return n
	}
	t.Run("reached and shared", func(t *testing.T) {
		one := through("db1", both)
		two := one
		two.Name = "db2"
		p := pool(t, Options{}, quick(), one, two)
		var out bytes.Buffer
		want(t, p.Run(within(t), "db1", Command{Line: "echo through", Stdout: &out}), OK)
		want(t, p.Run(within(t), "db2", Command{Line: "echo through", Stdout: &out}), OK)
		if out.String() != "through\nthrough\n" {
			t.Fatalf("got %q", out.String())
		}
		if n := bastion.connections(); n != 1 {
			t.Fatalf("%d connections to the jump host", n)
		}
		if len(bastion.got()) != 0 {
			t.Fatal("the jump host got a command")
		}
	})
	t.Run("unknown jump host", func(t *testing.T) {
		before := host.connections()
		p := pool(t, Options{}, quick(), through("db1", host.knownLine(hostKey.PublicKey())))
		want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted, "jump host op@127.0.0.1", "not in known_hosts",
			ssh.FingerprintSHA256(bastionKey.PublicKey()))
		if after := host.connections(); after != before {
			t.Fatal("the host was reached")
		}
	})
	t.Run("changed jump host", func(t *testing.T) {
		p := pool(t, Options{}, quick(), through("db1", bastion.knownLine(hostKey.PublicKey())+host.knownLine(hostKey.PublicKey())))
		want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted, "HAS CHANGED", "jump host")
	})
	t.Run("unknown host behind it", func(t *testing.T) {
		p := pool(t, Options{}, quick(), through("db1", bastion.knownLine(bastionKey.PublicKey())))
		want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted, "db1 (", "not in known_hosts")
	})
	t.Run("dead host behind it", func(t *testing.T) {
		n := through("db1", both)
		n.SSH.Port = closedPort(t)
		p := pool(t, Options{}, quick(), n)
		want(t, p.Run(within(t), "db1", Command{Line: "true"}), NotStarted, "refused", "seen from jump host")
	})
	t.Run("it breaks", func(t *testing.T) {
		p := pool(t, Options{}, quick(), through("db1", both))
		started := make(chan struct{})
		release := make(chan struct{})
		host.set(func() { host.exec = func(string, ssh.Channel) { close(started); <-release } })
		defer close(release)
		done := make(chan Exit, 1)
		go func() { done <- p.Run(within(t), "db1", Command{Line: "x"}) }()
		<-started
		bastion.reset()
		want(t, <-done, Unknown, "lost")
	})
	t.Run("a circle", func(t *testing.T) {
		config := write(t, "config", "Host a\n ProxyJump b\nHost b\n ProxyJump a\n")
		n := inventory.Node{Name: "db1", Address: "a", SSH: inventory.SSH{Config: config, KnownHosts: []string{write(t, "known_hosts", both)}}}
		p := pool(t, Options{}, quick(), n)
		want(t, p.Run(within(t), "db1", Command{Line: "x"}), NotStarted, "circle")
	})
}
