package probes

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"recon/internal/inventory"
)

func node1(address string) string {
	return map[string]string{"172.16.113.201": "netbox-node-1"}[address]
}

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		about string
		says  said
		want  tryFacts
		err   string
	}{
		{"the leader answers", said{row: []string{"172.16.113.201", "f"}}, tryFacts{node: "netbox-node-1"}, ""},
		{"over a socket", said{row: []string{"", "f"}}, tryFacts{}, ""},
		{"a standby answers", said{row: []string{"172.16.113.201", "t"}}, tryFacts{node: "netbox-node-1", note: "a standby answers where writes should go"}, ""},
		{"PgBouncer has no server", said{failed: &pgproto3.ErrorResponse{Severity: "FATAL", Code: "08P01", Message: "query_wait_timeout"}}, tryFacts{}, "answered: query_wait_timeout (SQLSTATE 08P01)"},
		{"nonsense", said{row: []string{"", "maybe"}}, tryFacts{}, "does not say whether it is in recovery"},
	} {
		t.Run(tt.about, func(t *testing.T) {
			p := &pretendedSQL{answers: map[string]said{"SELECT": tt.says}}
			f, err := (&readProbe{entryTo(t, p), node1}).ask(t.Context())
			if f != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%+v, %v", f, err)
			}
		})
	}
}

func TestCanary(t *testing.T) {
	begin := func(recovering, readOnly string) said {
		return said{row: []string{"1s", "2s", "5s", "172.16.113.201", recovering, readOnly}}
	}
	lock := func(got string) said { return said{row: []string{got}} }
	refuses := func(code, message string) said {
		return said{failed: &pgproto3.ErrorResponse{Severity: "ERROR", Code: code, Message: message}}
	}
	usual := map[string]said{
		"SELECT set_config": begin("f", "f"), "SELECT pg_try_advisory_xact_lock": lock("t"), "INSERT": {tag: "INSERT 0 1"}, "COMMIT": {tag: "COMMIT"},
	}
	for _, tt := range []struct {
		about   string
		instead map[string]said
		err     string
		writes  int // how often the row was written
	}{
		{"healthy", nil, "", 1},
		{"COMMIT waits for ever", map[string]said{"COMMIT": {silent: true}}, "COMMIT on netbox-node-1 did not come back within 0.1 s", 1},
		{"an earlier write waits", map[string]said{"SELECT pg_try_advisory": lock("f"), "SELECT coalesce(bool_or": {row: []string{"t", "42", "1"}}}, "an earlier write still waits for a synchronous standby, for 42 s", 0},
		{"an earlier write has not ended", map[string]said{"SELECT pg_try_advisory": lock("f"), "SELECT coalesce(bool_or": {row: []string{"f", "42", "1"}}}, "has not ended for 42 s", 0},
		{"other consoles write all the time", map[string]said{"SELECT pg_try_advisory": lock("f"), "SELECT coalesce(bool_or": {row: []string{"f", "0", "1"}}}, "other consoles' writes are under way", 0},
		{"a standby", map[string]said{"SELECT set_config": begin("t", "t")}, "writes arrive at netbox-node-1, which is a standby", 0},
		{"read-only", map[string]said{"SELECT set_config": begin("f", "t")}, "where transactions are read-only", 0},
		{"it became read-only", map[string]said{"INSERT": refuses("25006", "cannot execute INSERT in a read-only transaction")}, "netbox-node-1, which takes none", 1},
		{"no table", map[string]said{"INSERT": refuses("42P01", "relation does not exist")}, "database netbox has no table recon_canary: CREATE TABLE", 1},
		{"no permission", map[string]said{"INSERT": refuses("42501", "permission denied")}, "GRANT SELECT, INSERT, UPDATE ON recon_canary TO netbox", 1},
		{"something else", map[string]said{"INSERT": refuses("53100", "could not extend file: No space left on device")}, "answered: could not extend file: No space left", 1},
		{"rolled back", map[string]said{"COMMIT": {tag: "ROLLBACK"}}, "rolled back on netbox-node-1", 1},
		{"BEGIN is refused", map[string]said{"BEGIN": refuses("57P03", "the database system is starting up")}, "answered: the database system is starting up", 0},
	} {
		t.Run(tt.about, func(t *testing.T) {
			p := &pretendedSQL{answers: map[string]said{}}
			for _, from := range []map[string]said{usual, tt.instead} {
				for sql, s := range from {
					for known := range p.answers {
						if strings.HasPrefix(known, sql) {
							delete(p.answers, known)
						}
					}
					p.answers[sql] = s
				}
			}
			f, err := (&canaryProbe{entryLogin: entryTo(t, p), nodeOf: node1, writer: "a test", commit: 100 * time.Millisecond}).ask(t.Context())
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%+v, %v", f, err)
			}
			if err == nil && f.node != "netbox-node-1" || err != nil && f != (tryFacts{}) {
				t.Errorf("facts %+v", f)
			}
			if n := p.asked("INSERT"); n != tt.writes {
				t.Errorf("the row was written %d times, want %d", n, tt.writes)
			}
			if p.cancels > 0 {
				t.Error("a statement was cancelled")
			}
		})
	}
}

// places picks what stands between the users and a node: not the holder itself, and none that is silent.
func TestWayOfUsers(t *testing.T) {
	began := time.Now()
	s := &State{VIPs: map[string]VIP{"db": {Holders: []string{"a"}}}}
	for _, n := range []string{"a", "b", "c", "d"} {
		s.Nodes = append(s.Nodes, Node{Name: n, Seen: Seen{Began: began, Reachable: n != "b"}})
	}
	refused := &RefusedError{Address: "x"}
	for _, tt := range []struct {
		about  string
		direct bool
		from   string
		fails  map[string]error // by the node it is tried from
		tried  string
		err    string
		last   string
	}{
		{"not from the holder, not from a silent node", false, "", nil, "c", "", "c"},
		{"from where it worked last", false, "d", nil, "d", "", "d"},
		{"the last place is silent now", false, "b", nil, "c", "", "c"},
		{"another node tries after silence", false, "", map[string]error{"c": context.DeadlineExceeded}, "c d", "", "d"},
		{"silence from both", false, "", map[string]error{"c": context.DeadlineExceeded, "d": context.DeadlineExceeded}, "c d", "10.0.0.9:6432: did not answer within 1.2 s, tried from c and d", ""},
		{"a refusal is an answer", false, "", map[string]error{"c": refused}, "c", "nothing listens on 10.0.0.9:6432, tried from c", ""},
		{"from here", true, "", nil, "", "", ""},
		{"from here, refused", true, "", map[string]error{"": refused}, "", "nothing listens on 10.0.0.9:6432, tried from here", ""},
	} {
		t.Run(tt.about, func(t *testing.T) {
			var tried []string
			w := &way{vip: "db", address: "10.0.0.9:6432", direct: tt.direct, from: tt.from, state: func() *State { return s }, Hosts: dialing(func(node string) error {
				tried = append(tried, node)
				return tt.fails[node]
			})}
			conn, err := w.Dial(t.Context(), "", "tcp", w.address)
			if err == nil {
				_ = conn.Close()
			}
			if got := words(err, knock); got != tt.err || Refused(err) != strings.Contains(tt.err, "nothing listens") {
				t.Errorf("%q, refused %v", got, Refused(err))
			}
			if strings.Join(tried, " ") != tt.tried || tt.err == "" && w.from != tt.last {
				t.Errorf("tried %q, from %q", tried, w.from)
			}
		})
	}
	early := &way{vip: "db", state: func() *State { return &State{Nodes: []Node{{Name: "a"}}} }, Hosts: dialing(func(string) error { return nil })}
	conn, err := early.Dial(t.Context(), "", "tcp", "10.0.0.9:6432")
	if err != nil || early.from != "a" {
		t.Fatalf("before any node has answered: %v, from %q", err, early.from)
	}
	_ = conn.Close()
	dark := &way{vip: "db", state: func() *State { return &State{Nodes: []Node{{Name: "a", Seen: Seen{Began: began}}}} }}
	if _, err := dark.Dial(t.Context(), "", "tcp", "10.0.0.9:6432"); err == nil || !strings.Contains(err.Error(), "no node answers over ssh") {
		t.Errorf("nobody answers: %v", err)
	}
}

// dialing is Hosts of which only Dial is used.
type dialing func(node string) error

func (d dialing) Dial(_ context.Context, node, _, _ string) (net.Conn, error) {
	if err := d(node); err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	_ = theirs.Close() // nobody talks here
	return ours, nil
}

func (d dialing) From(ctx context.Context, node, network, address string) (net.Conn, error) {
	return d.Dial(ctx, node, network, address)
}

func (dialing) Output(context.Context, string, string) ([]byte, error) {
	return nil, errors.New("not a host")
}

// The paths that the cluster file has are tried, and no others.
func TestPathsOfTheClusterFile(t *testing.T) {
	whole := func() *inventory.Cluster {
		c := threeNodes()
		c.HAProxy = &inventory.HAProxy{Ports: inventory.EntryPorts{Write: 5432, PgBouncer: 6432}}
		c.PgBouncer = &inventory.PgBouncer{Database: "netbox"}
		c.Web = &inventory.Web{HTTPS: true}
		c.Web.Port = 8443
		c.NetBox = &inventory.NetBox{URL: "https://netbox.example.com"}
		c.Entry = inventory.Entry{User: "netbox", Database: "netbox", Canary: true}
		c.VIPs = []inventory.VIP{{Name: "db", Address: "172.16.113.204"}, {Name: "web", Address: "172.16.113.205"}}
		return c
	}
	for _, tt := range []struct {
		about  string
		change func(c *inventory.Cluster)
		want   string // the paths
		reads  string
	}{
		{"all", func(*inventory.Cluster) {}, "login reads writes", "db address 172.16.113.204:6432, PgBouncer"},
		{"no canary", func(c *inventory.Cluster) { c.Entry.Canary = false }, "login reads", "db address 172.16.113.204:6432, PgBouncer"},
		{"no PgBouncer", func(c *inventory.Cluster) { c.PgBouncer = nil }, "login reads writes", "db address 172.16.113.204:5432"},
		{"no db address", func(c *inventory.Cluster) { c.VIPs = c.VIPs[1:] }, "login", ""},
		{"no HAProxy", func(c *inventory.Cluster) { c.HAProxy = nil }, "login", ""},
		{"no login for the database", func(c *inventory.Cluster) { c.Entry = inventory.Entry{} }, "login", ""},
		{"no web address", func(c *inventory.Cluster) { c.VIPs = c.VIPs[:1] }, "reads writes", "db address 172.16.113.204:6432, PgBouncer"},
		{"no NetBox", func(c *inventory.Cluster) { c.NetBox = nil }, "reads writes", "db address 172.16.113.204:6432, PgBouncer"},
		{"no url", func(c *inventory.Cluster) { c.NetBox.URL = "" }, "reads writes", "db address 172.16.113.204:6432, PgBouncer"},
	} {
		t.Run(tt.about, func(t *testing.T) {
			c := whole()
			tt.change(c)
			w, err := New(c, oneAddress{}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := w.State().Service
			var got []string
			for path, x := range map[string]Try{"reads": s.Reads, "writes": s.Writes, "login": s.Login} {
				if x.Tried {
					got = append(got, path)
				}
				if x.Blind("tried") != "" || x.Blind("through") != "" || x.Blind("reachable") == "" || x.Blind("node") == "" {
					t.Errorf("%s: %q %q", path, x.Blind("tried"), x.Blind("reachable"))
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != tt.want || s.Reads.Through != tt.reads {
				t.Errorf("tries %v, reads through %q", got, s.Reads.Through)
			}
			n := 0
			for _, x := range w.targets {
				if x.section != "service" {
					continue
				}
				if n++; x.pause() != tryEvery {
					t.Errorf("a try every %s", x.pause())
				}
			}
			if n != len(got) {
				t.Errorf("%d targets for %v", n, got)
			}
			if strings.Contains(tt.want, "login") && s.Login.Through != "https://netbox.example.com at 172.16.113.205:8443" {
				t.Errorf("login through %q", s.Login.Through)
			}
		})
	}
}
