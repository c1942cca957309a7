package probes_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"recon/internal/inventory"
	"recon/probes"
	"recon/probes/probestest"
)

const secretFile = `format: 1
cluster: x
nodes:
  - {name: a, address: 192.0.2.1}
services:
  postgres: {data_dir: /var/lib/postgresql/17/patroni, password: "env:PROBES_TEST_SECRET"}
`

// reference is a Secret as a cluster file would yield it.
func reference(t *testing.T) inventory.Secret {
	t.Helper()
	t.Setenv("PROBES_TEST_SECRET", "s3cret-enough")
	c, err := inventory.Parse("test.yaml", []byte(secretFile))
	if err != nil {
		t.Fatal(err)
	}
	return c.Postgres.Password
}

func TestEtcdThatAsksForAPassword(t *testing.T) {
	ref := reference(t)
	c := probestest.New(t)
	c.Change(func(w *probestest.World) { w.EtcdUser, w.EtcdPassword = "recon", "s3cret-enough" })

	w := start(t, c)
	p := fresh(t, w, "patroni").Patroni
	if why := p.Blind("lock_holder"); !strings.Contains(why, "user name is empty") || p.Leader == nil {
		t.Errorf("without a password: %q", why)
	}
	if s := fresh(t, w, "etcd"); s.Etcd.Quorum == nil || !*s.Etcd.Quorum {
		t.Error("the health of the endpoints does not depend on our password")
	}

	// The first watch goes on reading its own cluster file.
	file, etcd := *c.Inventory, *c.Inventory.Etcd
	etcd.User, etcd.Password, file.Etcd = "recon", ref, &etcd
	password := atomic.Value{}
	password.Store("wrong")
	w, err := probes.New(&file, c.Hosts, probes.Options{Secret: func(_ context.Context, got inventory.Secret) (string, error) {
		if got != ref {
			return "", errors.New("another reference")
		}
		return password.Load().(string), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	defer func() { cancel(); <-done }()
	if why := fresh(t, w, "patroni").Patroni.Blind("lock_holder"); !strings.Contains(why, "authentication failed") || strings.Contains(why, "wrong") {
		t.Errorf("with a wrong password: %q", why)
	}
	password.Store("s3cret-enough")
	until(t, w, "the lock after the right password", func(s *probes.State) bool { return s.Patroni.LockHolder != nil })
	// Tokens end: etcd forgets them when it restarts, and after some minutes.
	c.Change(func(w *probestest.World) { w.EtcdPassword = "another-one" })
	until(t, w, "the old token is refused", func(s *probes.State) bool { return s.Patroni.LockHolder == nil })
	password.Store("another-one")
	until(t, w, "a new token", func(s *probes.State) bool { return s.Patroni.LockHolder != nil })
}

func TestPatroniOverTLS(t *testing.T) {
	body := `{"state":"running","role":"replica","patroni":{"name":"a","scope":"s","version":"4.0.7"}}`
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("a GET carries credentials")
		}
		if r.URL.Path == "/primary" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(body)) // the client reads it all
	}))
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	hosts := &probestest.Hosts{}
	hosts.Serve("a", "8008", srv.Listener.Addr())
	inv := &inventory.Cluster{
		Name: "x", Nodes: []inventory.Node{{Name: "a", Address: "192.0.2.1"}},
		Patroni: &inventory.Patroni{
			RESTPort: 8008, Scheme: "https", User: "admin", Password: reference(t), TLS: inventory.TLS{CA: ca, ServerName: "example.com"},
		},
	}
	s, err := probes.Once(t.Context(), inv, hosts, probes.Options{})
	if err != nil || !s.Patroni.Members[0].Reachable || s.Patroni.Members[0].Name != "a" {
		t.Errorf("%v: %+v", err, s.Patroni.Members[0])
	}
	inv.Patroni.TLS.ServerName = ""
	if s, err := probes.Once(t.Context(), inv, hosts, probes.Options{}); err != nil || s.Patroni.Members[0].Reachable || !strings.Contains(s.Patroni.Members[0].Error, "192.0.2.1") {
		t.Errorf("%v: a certificate for another name was taken: %+v", err, s.Patroni.Members[0])
	}
	inv.Patroni.TLS.CA = filepath.Join(t.TempDir(), "none.pem")
	if _, err := probes.New(inv, hosts, probes.Options{}); err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("a missing file: %v", err)
	}
}

// The database user's password reaches pgx from the reference, not from the environment of the console.
func TestEnvironmentDoesNotSteerTheDatabaseProbe(t *testing.T) {
	for _, kv := range []string{"PGHOST=203.0.113.9", "PGPORT=1", "PGUSER=other", "PGDATABASE=other", "PGTARGETSESSIONATTRS=read-write", "PGSSLMODE=verify-full"} {
		k, v, _ := strings.Cut(kv, "=")
		t.Setenv(k, v)
	}
	c := probestest.New(t)
	s, err := probes.Once(t.Context(), c.Inventory, c.Hosts, probes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range s.Postgres.Members {
		if !d.Reachable {
			t.Errorf("%s: %s", d.Node, d.Error)
		}
	}
}
