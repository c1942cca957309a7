package actions

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/internal/redisblock"
	"recon/internal/remote"
	"recon/internal/scrub"
)

// fakeRedis speaks the protocol and answers as it is told to. An answer of "drop" closes the connection, "hang" says
// nothing more.
type fakeRedis struct {
	address string
	answer  func(words []string) string

	mu    sync.Mutex
	got   [][]string // what came after the login
	login [][]string // HELLO and AUTH
	conns int
}

func newFakeRedis(t *testing.T, answer func(words []string) string) *fakeRedis {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeRedis{address: l.Addr().String(), answer: answer}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { f.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		served.Wait()
	})
	return f
}

func (f *fakeRedis) serve(c net.Conn) {
	defer c.Close()
	f.mu.Lock()
	f.conns++
	f.mu.Unlock()
	in := bufio.NewReader(c)
	for {
		words, err := readWords(in)
		if err != nil {
			return
		}
		said := f.take(words)
		switch said {
		case "drop":
			return
		case "hang":
			_, _ = io.Copy(io.Discard, in) // until the client goes
			return
		}
		if _, err := io.WriteString(c, said); err != nil {
			return
		}
	}
}

func (f *fakeRedis) take(words []string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch strings.ToUpper(words[0]) {
	case "HELLO":
		f.login = append(f.login, words)
		return "-ERR unknown command 'HELLO'\r\n" // as before Redis 6
	case "AUTH":
		f.login = append(f.login, words)
		if words[len(words)-1] != "rest-secret" {
			return "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
		}
		return "+OK\r\n"
	}
	f.got = append(f.got, words)
	return f.answer(words)
}

// heard is what was sent, the login apart, and over how many connections.
func (f *fakeRedis) heard() (commands, login [][]string, conns int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got), slices.Clone(f.login), f.conns
}

func readWords(in *bufio.Reader) ([]string, error) {
	count := func(mark byte) (int, error) {
		line, err := in.ReadString('\n')
		if err != nil || line[0] != mark {
			return 0, errors.Join(err, fmt.Errorf("got %q", line))
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := count('*')
	if err != nil {
		return nil, err
	}
	words := make([]string, n)
	for i := range words {
		size, err := count('$')
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(in, b); err != nil {
			return nil, err
		}
		words[i] = string(b[:size])
	}
	return words, nil
}

func says(text string) func([]string) string { return func([]string) string { return text } }

// shoot plans and runs one block at n1, whose Redis is f.
func shoot(t *testing.T, f *fakeRedis, cmd Command) (Outcome, string) {
	t.Helper()
	h := hands(&fakeNet{ports: map[string]string{"n1": f.address}})
	cmd.Kind, cmd.Targets = Redis, []string{"n1"}
	p, err := h.Plan(cmd)
	if err != nil {
		t.Fatal(err)
	}
	var out outputs
	o := h.Run(t.Context(), p, out.sink)[0]
	return o, out.all["n1"].String()
}

func TestRedisSendsTheWords(t *testing.T) {
	f := newFakeRedis(t, says("+OK\r\n"))
	o, out := shoot(t, f, Command{
		Script: "# the mark\nSET \"recon:$NAME\" $VALUE EX 3600\nCONFIG GET dir # look\n", Values: []Value{{"NAME", "a b"}, {"VALUE", "-x'\r\nFLUSHALL\r\n"}},
	})
	if o.Kind != remote.OK || out != "OK\nOK\n" {
		t.Errorf("%+v, %q", o, out)
	}
	got, login, conns := f.heard()
	if want := [][]string{{"SET", "recon:a b", "-x'\r\nFLUSHALL\r\n", "EX", "3600"}, {"CONFIG", "GET", "dir"}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("sent %q", got)
	}
	if want := []string{"auth", "rest-secret"}; conns != 1 || len(login) != 2 || !slices.Equal(login[1], want) {
		t.Errorf("%d connections, login %q", conns, login)
	}
}

func TestRedisShowsWhatItSends(t *testing.T) {
	h := hands(&fakeNet{})
	p, err := h.Plan(Command{
		Kind: Redis, Targets: []string{"n2"}, Service: redisblock.Sentinel,
		Script: "SENTINEL FAILOVER $M\n\nSENTINEL CKQUORUM \"$N\"", Values: []Value{{"M", "my master"}, {"N", "x\nFLUSHALL"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "SENTINEL FAILOVER 'my master'\nSENTINEL CKQUORUM \"x\\nFLUSHALL\"\n"
	if s := p.Shots[0]; s.Wire() != want || s.Address != "192.0.2.2:26379" || s.Who != "watcher (Sentinel)" {
		t.Errorf("%+v", s)
	}
	if assignments, script := p.Shown(); script != want || len(assignments) > 0 {
		t.Errorf("shown %q, %q", assignments, script)
	}
	p, err = h.Plan(Command{Kind: Redis, Targets: []string{"n3"}, Script: "PING"})
	if err != nil || p.Shots[0].Address != "192.0.2.3:6379" || p.Shots[0].Who != "default (Redis)" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestRedisPlanRefuses(t *testing.T) {
	h := hands(&fakeNet{})
	for want, c := range map[string]Command{
		"no Sentinel runs there":      {Service: redisblock.Sentinel, Script: "PING", Targets: []string{"n3"}},
		"has no value":                {Script: "GET $X", Targets: []string{"n1"}},
		"holds no command":            {Script: "\n# nothing\n", Targets: []string{"n1"}},
		"not closed":                  {Script: "GET 'x", Targets: []string{"n1"}},
		"empties Redis":               {Script: "FLUSHALL", Targets: []string{"n1"}},
		"waits until":                 {Script: "BLPOP l 0", Targets: []string{"n1"}},
		"takes the connection over":   {Script: "PSUBSCRIBE *", Targets: []string{"n1"}},
		"without an end":              {Script: "WAIT 1 $MS", Values: []Value{{"MS", "0"}}, Targets: []string{"n1"}},
		"BLOCK it waits":              {Script: "XREAD $B 0 STREAMS s 0", Values: []Value{{"B", "block"}}, Targets: []string{"n1"}},
		"is a command of Sentinel":    {Script: "SENTINEL MASTERS", Targets: []string{"n1"}},
		"not on the console":          {Script: "PING", Targets: []string{Console}},
		"that recon knows":            {Script: "FROBNICATE x", Targets: []string{"n1"}},
		"a password would be shown":   {Script: "CONFIG SET $S x", Values: []Value{{"S", "requirepass"}}, Targets: []string{"n1"}},
		"Sentinel has no command `GE": {Service: redisblock.Sentinel, Script: "GET k", Targets: []string{"n1"}},
	} {
		c.Kind = Redis
		if p, err := h.Plan(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: planned %+v, %v", want, p, err)
		}
	}
	h.cluster.Redis, h.cluster.Sentinel = nil, nil
	for _, s := range []redisblock.Service{"", redisblock.Sentinel} {
		if _, err := h.Plan(Command{Kind: Redis, Service: s, Script: "PING", Targets: []string{"n1"}}); err == nil || !strings.Contains(err.Error(), "the cluster file has no") {
			t.Error(err)
		}
	}
}

func TestRedisOutcomes(t *testing.T) {
	second := func(said string) func([]string) string {
		return func(words []string) string {
			if words[0] == "CONFIG" {
				return said
			}
			return "+OK\r\n"
		}
	}
	const two = "SET k v\nCONFIG REWRITE\nDEL k"
	for _, c := range []struct {
		name, script string
		answer       func([]string) string
		limit        time.Duration
		want         remote.ExitKind
		reason       string
		out          string
		sent         int
	}{
		{name: "text", script: "GET k", answer: says("$7\r\na\x1b[31mb\r\n"), want: remote.OK, out: "ab\n", sent: 1},
		{name: "password in the answer", script: "CONFIG GET requirepass", answer: says("*2\r\n$11\r\nrequirepass\r\n$11\r\nrest-secret\r\n"), want: remote.OK, out: "requirepass\n‹file:rest›\n", sent: 1},
		{name: "number", script: "DEL k", answer: says(":1\r\n"), want: remote.OK, out: "1\n", sent: 1},
		{name: "nothing is an answer", script: "GET k", answer: says("$-1\r\n"), want: remote.OK, out: "(nil)\n", sent: 1},
		{name: "no list", script: "LRANGE k 0 1", answer: says("*-1\r\n"), want: remote.OK, out: "(nil)\n", sent: 1},
		{
			name: "lists", script: "ROLE", want: remote.OK, sent: 1, out: "master\n7\n3)\n  1)\n    a\n    (nil)\n  2)\n    (empty)\n4)\n  (empty)\n",
			answer: says("*4\r\n$6\r\nmaster\r\n:7\r\n*2\r\n*2\r\n$1\r\na\r\n$-1\r\n*0\r\n*0\r\n"),
		},
		{name: "refused", script: "SENTINEL FAILOVER m", answer: says("-NOGOODSLAVE No suitable replica to promote\r\n"), want: remote.Failed, reason: "NOGOODSLAVE No suitable replica to promote", sent: 1},
		{name: "read only", script: "DEL k", answer: says("-READONLY You can't write against a read only replica.\r\n"), want: remote.Failed, reason: "READONLY", sent: 1},
		{name: "loading is not asked again", script: "DEL k", answer: says("-LOADING Redis is loading the dataset in memory\r\n"), want: remote.Failed, reason: "LOADING", sent: 1},
		{name: "dropped after it was sent", script: "DEL k", answer: says("drop"), want: remote.Unknown, reason: "closed before it answered", sent: 1},
		{name: "dropped in the answer", script: "DEL k", answer: says("$9\r\nabc"), limit: 300 * time.Millisecond, want: remote.Unknown, reason: "no answer within 300ms", sent: 1},
		{name: "no sense", script: "DEL k", answer: says("?x\r\n"), want: remote.Unknown, reason: "?x", sent: 1},
		{name: "slow", script: "SAVE", answer: says("hang"), limit: 200 * time.Millisecond, want: remote.Unknown, reason: "no answer within 200ms", sent: 1},
		{name: "too long", script: "KEYS *", answer: says("$9000000\r\n" + strings.Repeat("x", 9000000) + "\r\n"), want: remote.Unknown, reason: "larger than 8 MiB", sent: 1},
		{name: "three", script: two, answer: says("+OK\r\n"), want: remote.OK, out: "OK\nOK\nOK\n", sent: 3},
		{name: "the second is refused", script: two, answer: second("-ERR Rewriting config file: Permission denied\r\n"), want: remote.Failed, reason: "command 2 of 3 (CONFIG REWRITE): ERR Rewriting config file: Permission denied; what stands above it was done", out: "OK\n", sent: 2},
		{name: "the second is dropped", script: two, answer: second("drop"), want: remote.Unknown, reason: "command 2 of 3 (CONFIG REWRITE): the connection was closed", out: "OK\n", sent: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeRedis(t, c.answer)
			cmd := Command{Script: c.script, Timeout: c.limit}
			if strings.HasPrefix(c.script, "SENTINEL") {
				cmd.Service = redisblock.Sentinel
			}
			o, out := shoot(t, f, cmd)
			if o.Kind != c.want || !strings.Contains(o.Reason, c.reason) || out != c.out {
				t.Errorf("%+v\noutput %q", o, out)
			}
			if o.Kind != remote.OK && o.Reason == "" {
				t.Error("an outcome that is not ok has no reason")
			}
			if got, _, conns := f.heard(); len(got) != c.sent || conns != 1 {
				t.Errorf("%d commands over %d connections: %q", len(got), conns, got)
			}
		})
	}
}

func TestRedisThatWasNeverAskedIsNotStarted(t *testing.T) {
	f := newFakeRedis(t, says("+OK\r\n"))
	h := hands(&fakeNet{ports: map[string]string{"n1": f.address}})
	cmd := Command{Kind: Redis, Script: "DEL k", Targets: []string{"n1"}}
	run := func(h *Hands, want string) {
		t.Helper()
		p, err := h.Plan(cmd)
		if err != nil {
			t.Fatal(err)
		}
		o := h.Run(t.Context(), p, (&outputs{}).sink)[0]
		if o.Kind != remote.NotStarted || !strings.Contains(o.Reason, want) {
			t.Errorf("%+v, want %q", o, want)
		}
	}
	run(New(h.cluster, h.net, func(context.Context, inventory.Secret) (string, error) { return "wrong", nil }, &scrub.Secrets{}), "connecting: WRONGPASS")
	run(New(h.cluster, h.net, func(context.Context, inventory.Secret) (string, error) { return "", errors.New("no such file") }, &scrub.Secrets{}), "the password: no such file")
	run(hands(&fakeNet{}), "connection refused")
	if got, _, _ := f.heard(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	// A server that says nothing to the login has not been asked for anything.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd.Timeout = 200 * time.Millisecond
	run(hands(&fakeNet{ports: map[string]string{"n1": l.Addr().String()}}), "connecting: no answer within 200ms")
}

func TestRedisCancelled(t *testing.T) {
	arrived := make(chan struct{})
	f := newFakeRedis(t, func([]string) string { close(arrived); return "hang" })
	h := hands(&fakeNet{ports: map[string]string{"n1": f.address}})
	p, err := h.Plan(Command{Kind: Redis, Script: "SAVE", Targets: []string{"n1"}, Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if o := h.Run(ctx, p, (&outputs{}).sink)[0]; o.Kind != remote.Unknown || o.Reason != "cancelled before it answered" {
		t.Errorf("%+v", o)
	}
}
