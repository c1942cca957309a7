package probes

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"recon/internal/inventory"
)

// The tables are of real HAProxies, 2.6.12 and 3.0.11.
func stat(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "haproxy", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func backendNamed(t *testing.T, all []HAProxyBackend, name string) HAProxyBackend {
	t.Helper()
	i := slices.IndexFunc(all, func(b HAProxyBackend) bool { return b.Name == name })
	if i < 0 {
		t.Fatalf("no backend %s in %+v", name, all)
	}
	return all[i]
}

func TestStatOfRealServers(t *testing.T) {
	for _, tc := range []struct {
		file, backend string
		up            bool
		nodes         []string
	}{
		{"healthy-3.0.11.csv", "pg_bkwrite", true, []string{"netbox-node-3"}},
		{"healthy-3.0.11.csv", "pg_bkread", true, []string{"netbox-node-1", "netbox-node-2"}},
		{"healthy-3.0.11.csv", "be_redis_master", true, []string{"netbox-node-1"}},
		{"leader-killed-3.0.11.csv", "pg_bkwrite", false, []string{}},
		{"maintenance-3.0.11.csv", "pg_bkwrite", false, []string{}},
		{"wrong-check-3.0.11.csv", "pg_bkwrite", false, []string{}},
		{"wrong-check-3.0.11.csv", "pg_bkread", true, []string{"netbox-node-1", "netbox-node-3"}},
		{"states-2.6.12.csv", "app", true, []string{"two"}},
		{"states-2.6.12.csv", "stats", true, []string{}},
	} {
		all, err := parseStat(stat(t, tc.file))
		if err != nil {
			t.Fatal(err)
		}
		b := backendNamed(t, all, tc.backend)
		if b.Up != tc.up || !slices.Equal(b.UpNodes, tc.nodes) {
			t.Errorf("%s: %s is up %v with %v, want %v with %v", tc.file, tc.backend, b.Up, b.UpNodes, tc.up, tc.nodes)
		}
	}
	all, err := parseStat(stat(t, "states-2.6.12.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range backendNamed(t, all, "app").Servers {
		word := s.Name + " " + s.Status
		if s.Up {
			word += " up"
		}
		if s.Maintenance {
			word += " maintenance"
		}
		got = append(got, word)
	}
	want := []string{"one DOWN", "two no check up", "three MAINT maintenance", "four MAINT maintenance"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("states (-want +got)\n%s", d)
	}
	all, err = parseStat(stat(t, "leader-killed-3.0.11.csv"))
	if err != nil {
		t.Fatal(err)
	}
	redis := backendNamed(t, all, "be_redis_master")
	if s := redis.Servers[1]; s.Check != "L7TOUT" || s.CheckCode != nil {
		t.Errorf("a server whose check runs: %+v", s)
	}
	if s := redis.Servers[0]; s.CheckCode != nil || s.Check != "L7OK" {
		t.Errorf("a tcp check has no HTTP status: %+v", s)
	}
}

// Columns are found by their names, and words that mean something are read as they are meant.
func TestStatByItsHeader(t *testing.T) {
	const head = "# pxname,type,status,svname,check_status,check_code,scur,unknown\n"
	for row, want := range map[string]HAProxyServer{
		"b,2,UP,s,* L7OK,200,3,x":      {Name: "s", Status: "UP", Up: true, Check: "L7OK", CheckCode: new(int), Sessions: 3},
		"b,2,UP 1/3,s,L4OK,,,":         {Name: "s", Status: "UP", Up: true, Check: "L4OK"},
		"b,2,DOWN 1/2,s,L4CON,,,":      {Name: "s", Status: "DOWN", Check: "L4CON"},
		"b,2,MAINT (via a/b),s,,,,":    {Name: "s", Status: "MAINT", Maintenance: true},
		"b,2,MAINT (resolution),s,,,,": {Name: "s", Status: "MAINT", Maintenance: true},
		"b,2,DRAIN,s,L7OK,200,1,":      {Name: "s", Status: "DRAIN", Maintenance: true, Check: "L7OK", CheckCode: new(int), Sessions: 1},
		"b,2,NOLB,s,,,,":               {Name: "s", Status: "NOLB"},
		"b,2,no check,s,,,,":           {Name: "s", Status: "no check", Up: true},
		"b,2,DOWN (agent),s,,,-1,":     {Name: "s", Status: "DOWN"},
	} {
		if want.CheckCode != nil {
			*want.CheckCode = 200
		}
		all, err := parseStat([]byte(head + row + "\nb,1,UP,BACKEND,,,,\n"))
		if err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		if d := cmp.Diff([]HAProxyServer{want}, all[0].Servers, cmp.AllowUnexported(HAProxyServer{})); d != "" {
			t.Errorf("%s (-want +got)\n%s", row, d)
		}
	}
	for _, broken := range []string{
		"", "<html><body>401</body></html>", "pxname,svname\n", "# pxname,svname,status\na,b,UP\n", "# pxname\n", "{}", "# pxname,svname,type,status\n\"a",
	} {
		if _, err := parseStat([]byte(broken)); err == nil && broken != "# pxname,svname,type,status\n\"a" {
			t.Errorf("%q is taken for a table", broken)
		}
	}
}

func FuzzStat(f *testing.F) {
	for _, name := range []string{"healthy-3.0.11.csv", "leader-killed-3.0.11.csv", "maintenance-3.0.11.csv", "states-2.6.12.csv"} {
		f.Add(stat(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := parseStat(body)
		if err != nil {
			return
		}
		for _, b := range all {
			if b.Name == "" || b.UpNodes == nil || b.Servers == nil || b.Up && len(b.UpNodes) == 0 && len(b.Servers) > 0 {
				t.Errorf("%+v", b)
			}
			for _, s := range b.Servers {
				if s.Up && s.Maintenance || s.Sessions < 0 || strings.ContainsAny(s.Name+s.Status+s.Check+s.LastCheck, "\x1b\n\r") {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}

// pageAt serves a statistics page at one path, to one user.
func pageAt(t *testing.T, path, user, word string, table []byte) *httptest.Server {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, p, _ := r.BasicAuth()
		switch {
		case user != "" && (u != user || p != word):
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.RequestURI() == path+";csv":
			_, _ = w.Write(table) // the client reads it all
		case r.URL.RequestURI() == path:
			_, _ = w.Write(stat(t, "page-2.6.12.html"))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func askHAProxy(t *testing.T, address, user, word string) (haproxyFacts, error) {
	t.Helper()
	hosts := oneAddress{address}
	p := &haproxyProbe{
		rest: newREST("http", &dialer{hosts: hosts, node: "n", address: "192.0.2.1:7000"}, nil), user: user,
		password: func(context.Context) (string, error) { return word, nil },
	}
	defer p.close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	return p.ask(ctx)
}

func TestThePageIsFound(t *testing.T) {
	table := stat(t, "healthy-3.0.11.csv")
	for _, path := range pages() {
		f, err := askHAProxy(t, pageAt(t, path, "viewer", "w", table).Listener.Addr().String(), "viewer", "w")
		if err != nil || len(f.backends) != 5 || f.version != "2.6.12-1+deb12u4" {
			t.Errorf("%s: version %q, %d backends, %v", path, f.version, len(f.backends), err)
		}
	}
	address := pageAt(t, "/", "viewer", "w", table).Listener.Addr().String()
	for user, want := range map[string]string{"": "wants a user", "viewer": "refuses the user and password"} {
		if _, err := askHAProxy(t, address, user, "other"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("as %q: %v", user, err)
		}
	}
	for what, body := range map[string][]byte{
		"HTML": []byte("<html>hello</html>"), "nothing": nil, "too much": []byte("# pxname,svname,status,type\n" + strings.Repeat("x", bodyLimit)),
	} {
		if _, err := askHAProxy(t, pageAt(t, "/", "", "", body).Listener.Addr().String(), "", ""); err == nil {
			t.Errorf("%s is taken for a table", what)
		}
	}
	if _, err := askHAProxy(t, "", "", ""); !Refused(err) {
		t.Errorf("nothing listens: %v", err)
	}
}

func TestAssembleHAProxy(t *testing.T) {
	c := &inventory.Cluster{HAProxy: &inventory.HAProxy{Backends: inventory.EntryNames{Write: "w", Redis: "r"}}}
	for _, n := range []string{"a", "b"} {
		c.Nodes = append(c.Nodes, inventory.Node{Name: n, Address: n + ".example", Aliases: []string{"pg-" + n}})
	}
	now := time.Now()
	up := func(backend string, servers ...HAProxyServer) HAProxyBackend {
		for i := range servers {
			servers[i].Up = true
		}
		return HAProxyBackend{Name: backend, Status: "UP", Up: len(servers) > 0, Servers: servers}
	}
	look := func(facts ...[]HAProxyBackend) HAProxy {
		r := newRaw()
		for i, f := range facts {
			if f != nil {
				r.haproxy[c.Nodes[i].Name] = answer[haproxyFacts]{began: now, ended: now, since: now, fact: haproxyFacts{backends: f}}
			}
		}
		return assembleHAProxy(c, r, moment{now: now})
	}
	name := func(s *string) string {
		if s == nil {
			return "nobody"
		}
		return *s
	}
	byAlias, byAddress, unknown := HAProxyServer{Name: "pg-a"}, HAProxyServer{Name: "s1", address: "a.example:5432"}, HAProxyServer{Name: "s9"}
	for what, tc := range map[string]struct {
		h      HAProxy
		writer string
		all    []string
		blind  bool
	}{
		"both send to a":          {look([]HAProxyBackend{up("w", byAlias)}, []HAProxyBackend{up("w", byAddress)}), "a", []string{"a"}, false},
		"they differ":             {look([]HAProxyBackend{up("w", byAlias)}, []HAProxyBackend{up("w", HAProxyServer{Name: "b"})}), "nobody", []string{"a", "b"}, false},
		"one sends nowhere":       {look([]HAProxyBackend{up("w", byAlias)}, []HAProxyBackend{up("w")}), "nobody", []string{"a"}, false},
		"one sends to two":        {look([]HAProxyBackend{up("w", byAlias, HAProxyServer{Name: "b"})}, []HAProxyBackend{up("w", byAlias)}), "nobody", []string{"a", "b"}, false},
		"a server nobody knows":   {look([]HAProxyBackend{up("w", unknown)}, []HAProxyBackend{up("w", byAlias)}), "nobody", []string{"s9", "a"}, true},
		"one was never asked":     {look([]HAProxyBackend{up("w", byAlias)}, nil), "nobody", nil, true},
		"another backend's names": {look([]HAProxyBackend{up("x", byAlias)}, []HAProxyBackend{up("x", byAlias)}), "nobody", []string{}, false},
	} {
		if got := name(tc.h.Writer); !tc.blind && (got != tc.writer || !slices.Equal(tc.h.Writers, tc.all)) {
			t.Errorf("%s: writer %s, writers %v, want %s, %v", what, got, tc.h.Writers, tc.writer, tc.all)
		}
		if why := tc.h.Blind("writer"); (why != "") != tc.blind {
			t.Errorf("%s: blind %q", what, why)
		}
	}
	h := look([]HAProxyBackend{up("w", unknown)}, []HAProxyBackend{up("w", byAlias)})
	if why := h.Members[0].Blind("write"); !strings.Contains(why, "aliases: [s9]") {
		t.Errorf("the unknown server is told with %q", why)
	}
	r := newRaw()
	for _, n := range c.Nodes {
		r.haproxy[n.Name] = answer[haproxyFacts]{began: now, ended: now, since: now, err: words(errors.New("no route"), deadline)}
	}
	if s := assembleHAProxy(c, r, moment{now: now}); s.Blind("writer") == "" || s.Answered != 0 {
		t.Errorf("all silent: %+v", s)
	}
}
