package resp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"recon/internal/twin/network"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// one is a World of one host.
type one struct{}

func (one) Holder(from, _ string) (string, bool) { return from, true }
func (one) Reaches(string, string) bool          { return true }
func (one) Alive(string) bool                    { return true }
func (one) Address(string) string                { return "10.0.0.1" }

// store is a small Redis.
type store struct {
	Topics
	mu   sync.Mutex
	keys map[string]string
}

func (s *store) handle(c *Conn, args [][]byte) {
	if s.Topics.Handle(c, args) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch strings.ToUpper(string(args[0])) {
	case "PING":
		c.Status("PONG")
	case "ECHO":
		c.Bulk(string(args[1]))
	case "SET":
		s.keys[string(args[1])] = string(args[2])
		c.Status("OK")
	case "GET":
		if len(args) != 2 {
			c.Arity("get")
		} else if v, ok := s.keys[string(args[1])]; ok {
			c.Bulk(v)
		} else {
			c.Null()
		}
	case "INFO":
		c.Text("# Replication\r\nrole:master\r\n")
	case "ROLE":
		c.Array(3)
		c.Bulk("master")
		c.Int(42)
		c.Array(0)
	case "CONFIG":
		c.Map(1)
		c.Bulk("dir")
		c.Bulk("/var/lib/redis")
	case "KINDS":
		c.Array(7)
		c.Bool(true)
		c.Bool(false)
		c.Double(1.5)
		c.NullArray()
		c.Set(1)
		c.Bulks("one")
		c.Int(-1)
		c.Raw([]byte("+raw\r\n"))
	case "WHOAMI":
		c.Bulks(c.User(), c.Name(), c.RemoteAddr().String(), c.LocalAddr().String())
	default:
		c.Unknown(args)
	}
}

type lab struct {
	net    *network.Net
	store  *store
	server *Server
}

func start(t testing.TB, change ...func(*Server)) *lab {
	t.Helper()
	l := &lab{net: network.New(one{}), store: &store{keys: map[string]string{}}}
	l.server = &Server{Handle: l.store.handle}
	for _, f := range change {
		f(l.server)
	}
	ln, err := l.net.Listen("node", 6379, "*")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { l.server.Serve(ln); close(served) }()
	t.Cleanup(func() {
		l.server.Close()
		<-served
		l.net.Close()
	})
	return l
}

func withPassword(s *Server) {
	s.Login = func(user, password string) bool {
		return (user == "default" || user == "anna") && password == "the word"
	}
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (l *lab) client(t testing.TB, change ...func(*redis.Options)) *redis.Client {
	t.Helper()
	o := &redis.Options{
		Addr: "10.0.0.1:6379", MaxRetries: -1,
		Dialer: func(ctx context.Context, _, address string) (net.Conn, error) {
			return l.net.Dial(ctx, "node", address)
		},
	}
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// raw is a connection without a client's library.
func (l *lab) raw(t testing.TB) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := l.net.Dial(within(t), "node", "10.0.0.1:6379")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

func TestGoRedis(t *testing.T) {
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) {
			l := start(t, withPassword)
			c := l.client(t, func(o *redis.Options) { o.Protocol, o.Password, o.ClientName = protocol, "the word", "recon" })
			ctx := within(t)
			if got, err := c.Ping(ctx).Result(); err != nil || got != "PONG" {
				t.Fatal(got, err)
			}
			if err := c.Set(ctx, "k", "a\r\nb\x00", 0).Err(); err != nil {
				t.Fatal(err)
			}
			if got, err := c.Get(ctx, "k").Result(); err != nil || got != "a\r\nb\x00" {
				t.Fatalf("%q, %v", got, err)
			}
			if err := c.Get(ctx, "none").Err(); !errors.Is(err, redis.Nil) {
				t.Fatal(err)
			}
			if got, err := c.Info(ctx).Result(); err != nil || got != "# Replication\r\nrole:master\r\n" {
				t.Fatalf("%q, %v", got, err)
			}
			if got, err := c.ConfigGet(ctx, "dir").Result(); err != nil || got["dir"] != "/var/lib/redis" {
				t.Fatal(got, err)
			}
			if got, err := c.Do(ctx, "WHOAMI").StringSlice(); err != nil || got[0] != "default" || got[1] != "recon" || !strings.HasPrefix(got[2], "10.0.0.1:") || got[3] != "10.0.0.1:6379" {
				t.Fatal(got, err)
			}
			if err := c.Do(ctx, "NONSENSE", "a", "b").Err(); err == nil || err.Error() != "ERR unknown command 'NONSENSE', with args beginning with: 'a' 'b' " {
				t.Fatal(err)
			}
			if got, err := c.Do(ctx, "KINDS").Slice(); err != nil || len(got) != 7 {
				t.Fatal(got, err)
			}
			pipe := c.Pipeline()
			for i := range 1000 {
				pipe.Echo(ctx, i)
			}
			answers, err := pipe.Exec(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range answers {
				if got := a.(*redis.StringCmd).Val(); got != fmt.Sprint(i) {
					t.Fatal(i, got)
				}
			}
			all := l.server.Conns()
			for _, c := range all {
				if c.Protocol() != protocol || c.Name() != "recon" || c.User() != "default" {
					t.Fatal(c.Protocol(), c.Name(), c.User())
				}
			}
			if len(all) == 0 {
				t.Fatal("no connection is known")
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	l := start(t, withPassword)
	open := start(t)
	for _, c := range []struct {
		name       string
		lab        *lab
		user, word string
		says       string
	}{
		{"right", l, "", "the word", ""},
		{"right by name", l, "anna", "the word", ""},
		{"wrong", l, "", "another", "WRONGPASS"},
		{"another user", l, "bert", "the word", "WRONGPASS"},
		{"none", l, "", "", "NOAUTH"},
		{"none wanted", open, "", "", ""},
	} {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s RESP%d", c.name, protocol), func(t *testing.T) {
				client := c.lab.client(t, func(o *redis.Options) { o.Protocol, o.Username, o.Password = protocol, c.user, c.word })
				err := client.Ping(within(t)).Err()
				if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
					t.Fatal(err)
				}
			})
		}
	}
}

func TestPubSub(t *testing.T) {
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) {
			l := start(t)
			c := l.client(t, func(o *redis.Options) { o.Protocol = protocol })
			ctx := within(t)
			sub := c.Subscribe(ctx, "+switch-master")
			defer sub.Close()
			if _, err := sub.Receive(ctx); err != nil {
				t.Fatal(err)
			}
			if err := sub.PSubscribe(ctx, "+s*"); err != nil {
				t.Fatal(err)
			}
			if _, err := sub.Receive(ctx); err != nil {
				t.Fatal(err)
			}
			if err := sub.Ping(ctx, "there?"); err != nil {
				t.Fatal(err)
			}
			if n, err := c.Publish(ctx, "+switch-master", "myredisetcd 10.0.0.1 6379 10.0.0.2 6379").Result(); err != nil || n != 2 {
				t.Fatal(n, err)
			}
			for _, pattern := range []string{"", "+s*"} {
				m, err := sub.ReceiveMessage(ctx)
				if err != nil || m.Channel != "+switch-master" || m.Pattern != pattern || !strings.HasPrefix(m.Payload, "myredisetcd ") {
					t.Fatalf("%+v, %v", m, err)
				}
			}
			if err := sub.Close(); err != nil {
				t.Fatal(err)
			}
			for l.store.Publish("+switch-master", "x") != 0 {
				if ctx.Err() != nil {
					t.Fatal("who left is still told")
				}
			}
		})
	}
}

// TestSubscriberThatDoesNotRead must not make whoever publishes wait, nor fill the memory.
func TestSubscriberThatDoesNotRead(t *testing.T) {
	l := start(t)
	c, r := l.raw(t)
	if _, err := io.WriteString(c, "SUBSCRIBE a\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadString('1'); err != nil {
		t.Fatal(err)
	}
	message := strings.Repeat("x", 1<<20)
	for range 100 {
		l.store.Publish("a", message)
	}
	// It was given up: what comes ends, long before everything came.
	if n, _ := io.Copy(io.Discard, r); n > 2*pushLimit {
		t.Fatalf("%d bytes were kept", n)
	}
}

// TestCloseWhileSending is a client that went while answers were under way, behind a cut: Close must not wait for it.
func TestCloseWhileSending(t *testing.T) {
	l := start(t)
	l.store.keys["k"] = strings.Repeat("x", 300<<10)
	c, r := l.raw(t)
	if _, err := io.WriteString(c, "GET k\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadByte(); err != nil {
		t.Fatal(err)
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	l.server.Close()
}

// TestCheckOfALoadBalancer is what HAProxy's tcp-check sends, in pieces as they come.
func TestCheckOfALoadBalancer(t *testing.T) {
	l := start(t, withPassword)
	c, r := l.raw(t)
	for _, step := range []struct{ send, expect string }{
		{"PING\r\n", "-NOAUTH Authentication required.\r\n"},
		{"AUTH the\\ word\r\n", "-WRONGPASS invalid username-password pair or user is disabled.\r\n"},
		{"AUTH \"the word\"\r\n", "+OK\r\n"},
		{"PI", ""},
		{"NG\r", ""},
		{"\n", "+PONG\r\n"},
		{"\r\n\r\n  \r\nping\n", "+PONG\r\n"},
		{"info replication\r\n", "$28\r\n# Replication\r\nrole:master\r\n\r\n"},
		{"*1\r\n$4\r\nPING\r\nPING\r\n*0\r\n*-1\r\nECHO 'it''s'\r\n", "+PONG\r\n+PONG\r\n-ERR Protocol error: unbalanced quotes in request\r\n"},
	} {
		if _, err := io.WriteString(c, step.send); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(step.expect))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != step.expect {
			t.Fatalf("%q: %q, %v", step.send, got, err)
		}
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestQuit(t *testing.T) {
	l := start(t)
	c, r := l.raw(t)
	if _, err := io.WriteString(c, "PING\r\nQUIT\r\nPING\r\n"); err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(r)
	if string(got) != "+PONG\r\n+OK\r\n" {
		t.Fatalf("%q", got)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		match      bool
	}{
		{"*", "", true},
		{"+s*", "+sdown", true},
		{"+s*", "-sdown", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b*", "xxbxxaxx", false},
		{"[a-c]1", "b1", true},
		{"[a-c]1", "d1", false},
		{"[^a]", "b", true},
		{"[^a]", "a", false},
		{`\*`, "*", true},
		{`\*`, "x", false},
		{"[", "x", false},
		{"", "", true},
		{"", "x", false},
	} {
		if glob(c.pattern, c.s) != c.match {
			t.Errorf("%q and %q: %v", c.pattern, c.s, !c.match)
		}
	}
}

// FuzzCommands must neither panic nor return what is not there.
func FuzzCommands(f *testing.F) {
	for _, s := range []string{"PING\r\n", "*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n", `set "a\x41\n" 'b\'c'` + "\n", "*1\r\n$-1\r\n", "*99999999\r\n$1\r\n"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, stranger bool) {
		r := bufio.NewReader(strings.NewReader(s))
		total := 0
		for {
			args, err := readCommand(r, stranger)
			for _, a := range args {
				total += len(a)
			}
			if total > len(s) {
				t.Fatalf("%d bytes of %d", total, len(s))
			}
			if err != nil {
				return
			}
		}
	})
}

func BenchmarkPing(b *testing.B) {
	l := start(b)
	c, r := l.raw(b)
	for b.Loop() {
		if _, err := io.WriteString(c, "*1\r\n$4\r\nPING\r\n"); err != nil {
			b.Fatal(err)
		}
		if _, err := r.ReadString('\n'); err != nil {
			b.Fatal(err)
		}
	}
}
