package world

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"strings"
	"sync"

	"recon/internal/twin/hostfiles"
)

// memory is a host's files in a map, for tests.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
	dirs  map[string]bool

	owners map[string]string
}

var cluster = hostfiles.Cluster{
	Nodes: []hostfiles.Node{{Name: "netbox-node-1", IP: "172.16.113.201"}, {Name: "netbox-node-2", IP: "172.16.113.202"}, {Name: "netbox-node-3", IP: "172.16.113.203"}},
	DBVIP: "172.16.113.204", WebVIP: "172.16.113.205", ServerName: ServerName, Secret: secrets(),
}

func secrets() map[string]string {
	out := map[string]string{}
	for _, name := range hostfiles.Secrets() {
		out[name] = "secret-" + name
	}
	out["vrrp"] = "eightchr"
	return out
}

// webKey is one key for all tests: making one takes longer than a test.
var webKey = sync.OnceValues(func() (*ecdsa.PrivateKey, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

func files(name string) Files {
	m := &memory{files: map[string][]byte{}, dirs: map[string]bool{}, owners: map[string]string{"/etc/redis": "redis:redis"}}
	for i, n := range cluster.Nodes {
		if n.Name != name {
			continue
		}
		all, err := hostfiles.Of(cluster, i)
		if err != nil {
			panic(err)
		}
		for _, f := range all {
			m.files[f.Path] = []byte(f.Text)
		}
		key, text := webKey()
		cert, err := NewCertificate(key, began, Good)
		if err != nil {
			panic(err)
		}
		m.files[Certificate], m.files[certificateKey] = []byte(cert), []byte(text)
	}
	return m
}

// Owner, Chown and Fill are what faults ask of a file system.
func (m *memory) Owner(path string) string { return m.owners[path] }

func (m *memory) Chown(path, owner string) error {
	m.owners[path] = owner
	return nil
}

func (m *memory) Fill(string, float64) error { return nil }

func (m *memory) Seal(string, bool) error { return nil }

func (m *memory) ReadFile(path string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b, ok := m.files[path]; ok {
		return b, nil
	}
	return nil, fs.ErrNotExist
}

func (m *memory) WriteFile(path string, data []byte, _ fs.FileMode, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[path] = data
	return nil
}

func (m *memory) Exists(path string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for f := range m.files {
		if f == path || strings.HasPrefix(f, path+"/") {
			return true
		}
	}
	return m.dirs[path]
}

func (m *memory) Remove(path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, path)
	return nil
}

func (m *memory) RemoveAll(path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for f := range m.files {
		if f == path || strings.HasPrefix(f, path+"/") {
			delete(m.files, f)
		}
	}
	delete(m.dirs, path)
	return nil
}

func (m *memory) MkdirAll(path string, _ fs.FileMode, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p := path; p != "" && p != "/"; p = p[:strings.LastIndex(p, "/")] {
		m.dirs[p] = true
	}
	return nil
}

func (m *memory) SetSize(string, int64) {}
