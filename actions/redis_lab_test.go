//go:build lab

package actions

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/internal/redisblock"
	"recon/internal/remote"
)

// servers dials the real servers of a test by the port of the cluster file.
type servers struct {
	fakeNet
	at map[string]string // "n1:6379" to host:port
}

func (s *servers) Dial(ctx context.Context, node, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, network, s.at[node+":"+port])
}

// realRedis starts redis-server with this configuration on a free port of loopback.
func realRedis(t *testing.T, conf string, args ...string) (port string, server *exec.Cmd) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String())
	_ = l.Close() // the server takes it
	dir := t.TempDir()
	file := filepath.Join(dir, "redis.conf")
	text := "bind 127.0.0.1\nport " + port + "\ndir " + dir + "\nrequirepass rest-secret\n" + conf
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server = exec.Command("redis-server", append([]string{file}, args...)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for limit := time.Now().Add(30 * time.Second); ; {
		if c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second); err == nil {
			_ = c.Close()
			return port, server
		}
		if time.Now().After(limit) {
			t.Fatal("redis-server does not listen")
		}
	}
}

// TestRealRedis sends blocks to a master, a replica and a Sentinel of Debian's redis-server: answers, refusals, a server
// that is silent, and a failover.
func TestRealRedis(t *testing.T) {
	const own = "save \"\"\nmasterauth rest-secret\nrepl-diskless-sync-delay 0\n"
	first, _ := realRedis(t, own)
	second, replica := realRedis(t, own+"replicaof 127.0.0.1 "+first+"\n")
	watcher, _ := realRedis(t, "sentinel monitor mymaster 127.0.0.1 "+first+" 1\nsentinel auth-pass mymaster rest-secret\n", "--sentinel")
	alone, _ := realRedis(t, "save \"\"\n")
	h := hands(&fakeNet{})
	h.cluster.Sentinel.User = ""
	h.net = &servers{at: map[string]string{"n1:6379": "127.0.0.1:" + first, "n2:6379": "127.0.0.1:" + second, "n3:6379": "127.0.0.1:" + alone, "n1:26379": "127.0.0.1:" + watcher}}
	send := func(node string, cmd Command) (Outcome, string) {
		t.Helper()
		cmd.Kind, cmd.Targets = Redis, []string{node}
		p, err := h.Plan(cmd)
		if err != nil {
			t.Fatal(err)
		}
		var out outputs
		o := h.Run(t.Context(), p, out.sink)[0]
		return o, out.all[node].String()
	}
	wants := func(node string, cmd Command, kind remote.ExitKind, words ...string) {
		t.Helper()
		o, out := send(node, cmd)
		if o.Kind != kind {
			t.Errorf("%s: %+v\n%s", cmd.Script, o, out)
		}
		for _, w := range words {
			if !strings.Contains(out+o.Reason, w) {
				t.Errorf("%s: %q is not in %q, %+v", cmd.Script, w, out, o)
			}
		}
	}
	// until sends a question again until its answer holds a word: replication and failovers take their time.
	until := func(node string, cmd Command, word string) {
		t.Helper()
		for limit := time.Now().Add(time.Minute); ; {
			if _, out := send(node, cmd); strings.Contains(out, word) {
				return
			} else if time.Now().After(limit) {
				t.Fatalf("%s on %s never said %q:\n%s", cmd.Script, node, word, out)
			}
		}
	}
	look := Command{Script: "INFO replication"}
	until("n2", look, "master_link_status:up")
	until("n1", Command{Script: "WAIT 1 1000"}, "1")

	wants("n1", Command{
		Script: "SET \"recon:$N\" $V EX 3600\nWAIT 1 5000\nGET recon:a' 'b", Values: []Value{{"N", "a b"}, {"V", "x y\"\n\x00'"}},
	}, remote.OK, "OK\n1\nx y\"\n")
	wants("n2", Command{Script: "GET 'recon:a b'"}, remote.OK, "x y\"")
	wants("n2", Command{Script: "DEL 'recon:a b'"}, remote.Failed, "READONLY")
	wants("n1", Command{Script: "GET nothing\nLRANGE nothing 0 1\nCOMMAND GETKEYS GET x"}, remote.OK, "(nil)\n(empty)\nx\n")
	wants("n1", Command{Script: "INCR n\nINCR 'recon:a b'\nINCR n"}, remote.Failed, "command 2 of 3 (INCR): ERR value is not an integer", "what stands above it was done")
	wants("n1", Command{Script: "GET n"}, remote.OK, "1\n")
	wants("n1", Command{Script: "CONFIG SET maxmemory-policy allkeys-lru\nCONFIG GET maxmemory-policy"}, remote.OK, "OK\nmaxmemory-policy\nallkeys-lru\n")
	wants("n1", Command{Script: "CONFIG GET requirepass"}, remote.OK, "‹file:rest›")
	wants("n1", Command{Script: "ECHO x", Service: redisblock.Redis}, remote.OK, "x\n")

	// Nothing is sent but the commands, each once, and one HELLO for each connection: seen at a server that nobody else asks.
	wants("n3", Command{Script: "SET k v\nECHO x\nCONFIG SET maxmemory-policy allkeys-lru"}, remote.OK, "OK\nx\nOK\n")
	_, stats := send("n3", Command{Script: "INFO commandstats"})
	var counts []string
	for _, m := range regexp.MustCompile(`cmdstat_([a-z|]+):calls=(\d+)`).FindAllStringSubmatch(stats, -1) {
		counts = append(counts, m[1]+" "+m[2])
	}
	slices.Sort(counts)
	if want := []string{"config|set 1", "echo 1", "hello 2", "set 1"}; !slices.Equal(counts, want) {
		t.Errorf("the server counted %q, want %q", counts, want)
	}

	right := h.secret
	h.secret = func(context.Context, inventory.Secret) (string, error) { return "wrong", nil }
	wants("n1", Command{Script: "DEL n"}, remote.NotStarted, "WRONGPASS")
	h.secret = func(context.Context, inventory.Secret) (string, error) { return "", nil }
	wants("n1", Command{Script: "DEL n"}, remote.Failed, "NOAUTH")
	h.secret = right
	wants("n1", Command{Script: "GET n"}, remote.OK, "1\n")

	sentinel := func(script string) Command {
		return Command{Script: script, Service: redisblock.Sentinel, Values: []Value{{"M", "mymaster"}}}
	}
	until("n1", sentinel("SENTINEL REPLICAS $M"), "127.0.0.1:"+second)
	wants("n1", sentinel("SENTINEL MASTERS"), remote.OK, "1)\n  name\n  mymaster\n", "flags\n  master\n")
	wants("n1", sentinel("SENTINEL CKQUORUM $M"), remote.OK, "OK 1 usable Sentinels")
	wants("n1", sentinel("SENTINEL FAILOVER nobody"), remote.Failed, "ERR No such master with that name")
	// A replica that is to be promoted has to have been seen well for a moment.
	for limit := time.Now().Add(time.Minute); ; {
		o, _ := send("n1", sentinel("SENTINEL FAILOVER $M"))
		if o.Kind == remote.OK {
			break
		}
		if o.Kind != remote.Failed || time.Now().After(limit) {
			t.Fatalf("%+v", o)
		}
	}
	wants("n1", sentinel("SENTINEL FAILOVER $M"), remote.Failed, "INPROG")
	until("n2", look, "role:master")

	if err := replica.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	wants("n2", Command{Script: "DEL n", Timeout: 300 * time.Millisecond}, remote.NotStarted, "connecting: no answer within 300ms")
	if err := replica.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	// The writes of all clients wait; the answer does not come in time, and nobody knows.
	wants("n2", Command{Script: "CLIENT PAUSE 60000 WRITE\nSET late x", Timeout: time.Second}, remote.Unknown, "command 2 of 2 (SET): no answer within 1s")
	wants("n2", Command{Script: "CLIENT UNPAUSE\nCLIENT LIST"}, remote.OK, "id=")

	// The server dies under the command.
	cut := Command{Script: "CLIENT PAUSE 60000 WRITE\nSET late x", Kind: Redis, Targets: []string{"n2"}, Timeout: time.Minute}
	p, err := h.Plan(cut)
	if err != nil {
		t.Fatal(err)
	}
	kill := killer{func() { _ = replica.Process.Kill() }}
	if o := h.Run(t.Context(), p, func(string) io.Writer { return kill })[0]; o.Kind != remote.Unknown || !strings.Contains(o.Reason, "command 2 of 2 (SET)") {
		t.Errorf("%+v", o)
	}
}

// killer ends a server when the first answer is written.
type killer struct{ do func() }

func (k killer) Write(p []byte) (int, error) {
	k.do()
	return len(p), nil
}
