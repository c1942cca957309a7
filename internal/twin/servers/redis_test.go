package servers_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
	"recon/internal/twin/servers"
	"recon/internal/twin/world"
)

// asks gives commands to the Redis, and says to the Sentinel, of a node.
func asks(w *world.World, node string) func(words ...string) any {
	return func(words ...string) (answer any) {
		w.Change(func() { answer = servers.RedisCommand(w, w.Host(node), 0, words) })
		return answer
	}
}

func says(w *world.World, node string) func(words ...string) any {
	return func(words ...string) (answer any) {
		w.Change(func() { answer = servers.SentinelCommand(w, w.Host(node), words) })
		return answer
	}
}

// show is an answer as one line.
func show(v any) string {
	if err, ok := v.(error); ok {
		return "-" + err.Error()
	}
	return fmt.Sprint(v)
}

// infoKeys are the names of INFO's lines, with the headings, in order. What a server has several of counts once.
func infoKeys(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name != "" && name != "slave1" && !strings.HasPrefix(name, "db") && name != "# Modules" && name != "module" {
			out = append(out, name)
		}
	}
	return out
}

func captured(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../probes/testdata/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestInfoIsLikeARealOne(t *testing.T) {
	w := fresh(t)
	all := string(captured(t, "redis/master-redis-8.0.2.txt"))
	got := show(asks(w, "netbox-node-1")("INFO"))
	var missing []string
	for _, key := range infoKeys(all) {
		if !slices.Contains(infoKeys(got), key) {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		t.Errorf("INFO lacks %v", missing)
	}
	for file, node := range map[string]string{"healthy_final-node1-redis-8.0.2.txt": "netbox-node-1", "healthy_final-node2-redis-8.0.2.txt": "netbox-node-2"} {
		real := string(captured(t, "redis/"+file))
		_, want, _ := strings.Cut(real, "# Replication")
		want, _, _ = strings.Cut(want, "# Persistence")
		mine := show(asks(w, node)("INFO", "replication"))
		keys := slices.DeleteFunc(infoKeys(mine), func(k string) bool { return k == "min_slaves_good_slaves" || k == "# Replication" })
		if wanted := slices.DeleteFunc(infoKeys(want), func(k string) bool { return k == "# Replication" }); !slices.Equal(keys, wanted) {
			t.Errorf("%s: %v, want %v", node, keys, wanted)
		}
	}
	for _, line := range []string{"role:master", "connected_slaves:2", "slave0:ip=172.16.113.202,port=6379,state=online,offset=", "min_slaves_good_slaves:2", "master_replid2:" + strings.Repeat("0", 40)} {
		if !strings.Contains(show(asks(w, "netbox-node-1")("INFO", "replication")), "\r\n"+line) {
			t.Errorf("no %s", line)
		}
	}
	if got := asks(w, "netbox-node-1")("INFO", "nothing"); got != "" {
		t.Errorf("%q", got)
	}
}

func TestInfoTellsABrokenLink(t *testing.T) {
	w := fresh(t)
	breaks(t, w, fault.RedisWrongPass)
	pass(w, 30*time.Second)
	ask := asks(w, "netbox-node-3")
	for _, line := range []string{"master_link_status:down", "master_last_io_seconds_ago:-1", "master_link_down_since_seconds:30", "slave_priority:100"} {
		if !strings.Contains(show(ask("INFO", "replication")), line+"\r\n") {
			t.Errorf("no %s in %s", line, show(ask("INFO", "replication")))
		}
	}
	if got := show(ask("ROLE")); got != "[slave 172.16.113.201 6379 connect -1]" {
		t.Error(got)
	}
}

func TestRedisCommands(t *testing.T) {
	w := fresh(t)
	pass(w, 5*time.Second)
	master, replica := asks(w, "netbox-node-1"), asks(w, "netbox-node-2")
	worker := ""
	w.Look(func() { worker = w.WorkerName(w.Host("netbox-node-3")) })
	for _, c := range []struct {
		ask   func(...string) any
		words string
		want  string
	}{
		{master, "PING", "PONG"},
		{master, "DBSIZE", "8"},
		{master, "SCARD rq:workers", "3"},
		{master, "LLEN rq:queue:default", "0"},
		{master, "ZCARD rq:failed:default", "0"},
		{master, "HGET rq:worker:" + worker + " hostname", "netbox-node-3"},
		{master, "HMGET rq:worker:" + worker + " state nothing", "[idle <nil>]"},
		{master, "TYPE rq:workers", "set"},
		{master, "TTL rq:worker:" + worker, "480"},
		{master, "TTL nothing", "-2"},
		{master, "HGET rq:workers x", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
		{master, "SET k v", "OK"},
		{master, "GET k", "v"},
		{master, "INCR n", "1"},
		{master, "INCR k", "-ERR value is not an integer or out of range"},
		{master, "DEL k n gone", "2"},
		{master, "GET k", "<nil>"},
		{master, "CONFIG GET dir", "[dir /var/lib/redis]"},
		{master, "CONFIG GET bind", "[bind 127.0.0.1 172.16.113.201]"},
		{master, "CONFIG GET min-replicas-*", "[min-replicas-max-lag 10 min-replicas-to-write 1]"},
		{replica, "SET k v", "-READONLY You can't write against a read only replica."},
		{replica, "SCARD rq:workers", "3"},
		{replica, "CONFIG SET replica-priority x", "-ERR CONFIG SET failed (possibly related to argument 'replica-priority') - argument couldn't be parsed into an integer"},
		{master, "GET", "-ERR wrong number of arguments for 'get' command"},
		{master, "NONSENSE a b", "-ERR unknown command 'NONSENSE', with args beginning with: 'a' 'b' "},
		{master, "ACL WHOAMI", "default"},
		{master, "ACL USERS", "[default haproxy]"},
		{master, "CLIENT KILL TYPE nonsense", "-ERR Unknown client type 'nonsense'"},
		{master, "WAIT 2 100", "2"},
		{replica, "REPLICAOF 172.16.113.201 6379", "OK Already connected to specified master"},
	} {
		if got := show(c.ask(strings.Fields(c.words)...)); got != c.want {
			t.Errorf("%s: %q, want %q", c.words, got, c.want)
		}
	}
	if got := show(master("ROLE")); !strings.HasPrefix(got, "[master ") || !strings.Contains(got, "[172.16.113.202 6379 ") {
		t.Error(got)
	}
	clients := show(master("CLIENT", "LIST"))
	for kind, want := range map[string]int{" flags=S ": 2, " flags=P ": 3, "name=sentinel-": 6, " flags=b ": 3, " cmd=client|list ": 1} {
		if got := strings.Count(clients, kind); got != want {
			t.Errorf("%d with %q, want %d:\n%s", got, kind, want, clients)
		}
	}
	if got := show(replica("CLIENT", "KILL", "TYPE", "master")); got != "1" {
		t.Error(got)
	}
	// Workers do jobs: one that is pushed is gone within a second.
	master("RPUSH", "rq:queue:default", "job")
	pass(w, time.Second)
	if got := show(master("LLEN", "rq:queue:default")); got != "0" {
		t.Errorf("%s jobs wait", got)
	}
}

func TestRedisRights(t *testing.T) {
	w := fresh(t)
	w.Look(func() {
		h := w.Host("netbox-node-1")
		as := func(user string, words ...string) string {
			return show(servers.RedisCommandAs(w, h, servers.RedisClient{User: user}, words))
		}
		if err := servers.RedisLogin(w, h, "haproxy", "secret-redis-check"); err != nil {
			t.Error(err)
		}
		if err := servers.RedisLogin(w, h, "", "wrong"); err == nil || !strings.HasPrefix(err.Error(), "WRONGPASS") {
			t.Error(err)
		}
		if got := as("haproxy", "ROLE"); !strings.HasPrefix(got, "[master") {
			t.Error(got)
		}
		if got := as("haproxy", "CONFIG", "GET", "dir"); got != "-NOPERM User haproxy has no permissions to run the 'config|get' command" {
			t.Error(got)
		}
	})
}

// names are the first of each pair.
func names(entry []any) []string {
	var out []string
	for i := 0; i+1 < len(entry); i += 2 {
		out = append(out, fmt.Sprint(entry[i]))
	}
	return out
}

// fields are the names of an object's fields in their order, of the object in a list whose text has a word.
func fields(t testing.TB, file, word string) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		if !strings.Contains(string(entry), word) {
			continue
		}
		var out []string
		d := json.NewDecoder(strings.NewReader(string(entry)))
		for i := -1; ; i++ {
			tok, err := d.Token()
			if err != nil {
				return out
			}
			if i >= 0 && i%2 == 0 && tok != json.Delim('}') {
				out = append(out, fmt.Sprint(tok))
			}
		}
	}
	t.Fatalf("%s has nothing with %s", file, word)
	return nil
}

// The lists of a real Sentinel have the same fields in the same order.
func TestSentinelListsAreLikeRealOnes(t *testing.T) {
	w := fresh(t)
	compare := func(words, file, word string) {
		t.Helper()
		for _, entry := range says(w, "netbox-node-2")(strings.Fields(words)...).([]any) {
			if !strings.Contains(show(entry), word) {
				continue
			}
			if got, want := names(entry.([]any)), fields(t, file, word); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", words, got, want)
			}
			return
		}
		t.Errorf("%s tells nothing with %s", words, word)
	}
	compare("SENTINEL MASTERS", "healthy-masters-redis-8.0.2.json", "myredisetcd")
	compare("SENTINEL REPLICAS myredisetcd", "healthy-replicas-redis-8.0.2.json", "172.16.113.203")
	compare("SENTINEL SENTINELS myredisetcd", "healthy-sentinels-redis-8.0.2.json", "172.16.113.203")
	breaks(t, w, fault.KillRedisMaster)
	pass(w, 15*time.Second)
	compare("SENTINEL REPLICAS myredisetcd", "dead-replicas-redis-8.0.2.json", "s_down,slave,disconnected")
}

func TestSentinelCommands(t *testing.T) {
	w := fresh(t)
	say := says(w, "netbox-node-2")
	for _, c := range []struct{ words, want string }{
		{"PING", "PONG"},
		{"ROLE", "[sentinel [myredisetcd]]"},
		{"SENTINEL GET-MASTER-ADDR-BY-NAME myredisetcd", "[172.16.113.201 6379]"},
		{"SENTINEL GET-MASTER-ADDR-BY-NAME other", "<nil>"},
		{"SENTINEL CKQUORUM myredisetcd", "OK 3 usable Sentinels. Quorum and failover authorization can be reached"},
		{"SENTINEL CKQUORUM other", "-ERR No such master with that name"},
		{"SENTINEL FLUSHCONFIG", "OK"},
		{"SENTINEL SET myredisetcd quorum 0", "-ERR Invalid argument '0' for SENTINEL SET 'quorum'"},
		{"SENTINEL SET myredisetcd failover-timeout 90000", "OK"},
		{"SENTINEL NONSENSE", "-ERR unknown subcommand 'nonsense'. Try SENTINEL HELP."},
		{"SENTINEL MASTER", "-ERR wrong number of arguments for 'sentinel|master' command"},
		{"GET x", "-ERR unknown command 'GET', with args beginning with: 'x' "},
		{"SENTINEL REMOVE myredisetcd", "OK"},
		{"SENTINEL MASTERS", "[]"},
		{"SENTINEL MONITOR myredisetcd 172.16.113.201 6379 2", "OK"},
		{"SENTINEL SET myredisetcd auth-pass secret-redis down-after-milliseconds 5000", "OK"},
		{"SENTINEL RESET other*", "0"},
		{"SENTINEL CONFIG GET announce-*", "[announce-hostnames no announce-ip 172.16.113.202 announce-port 0]"},
	} {
		if got := show(say(strings.Fields(c.words)...)); got != c.want {
			t.Errorf("%s: %q, want %q", c.words, got, c.want)
		}
	}
	pass(w, 4*time.Second)
	if got := show(say("INFO", "sentinel")); !strings.Contains(got, "master0:name=myredisetcd,status=ok,address=172.16.113.201:6379,slaves=2,sentinels=3\r\n") {
		t.Error(got)
	}
	var conf string
	w.Look(func() { b, _ := w.Host("netbox-node-2").Files.ReadFile(world.SentinelFile); conf = string(b) })
	if !strings.Contains(conf, "sentinel failover-timeout myredisetcd 180000\n") || !strings.Contains(conf, "sentinel auth-pass myredisetcd secret-redis\n") {
		t.Error(conf)
	}
}

// Each Sentinel answers about a dead master as it saw it.
func TestSentinelTellsAFailover(t *testing.T) {
	w := fresh(t)
	breaks(t, w, fault.KillRedisMaster)
	say := says(w, "netbox-node-2")
	field := func(name string) string {
		entry := say("SENTINEL", "MASTER", "myredisetcd").([]any)
		for i := 0; i+1 < len(entry); i += 2 {
			if entry[i] == name {
				return fmt.Sprint(entry[i+1])
			}
		}
		return ""
	}
	pass(w, 3*time.Second)
	if got := field("flags"); got != "master,disconnected" {
		t.Errorf("after 3 s: %s", got)
	}
	pass(w, 2250*time.Millisecond)
	leader := ""
	for _, node := range []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"} {
		if got := show(says(w, node)("SENTINEL", "MASTER", "myredisetcd")); strings.Contains(got, "s_down,o_down,master,disconnected,failover_in_progress") {
			leader += node
		}
	}
	if !strings.HasPrefix(leader, "netbox-node-") || strings.Count(leader, "netbox") != 1 {
		t.Errorf("%q leads the failover", leader)
	}
	pass(w, 10*time.Second)
	if got := field("flags") + " " + field("config-epoch") + " " + field("num-slaves"); got != "master 1 2" {
		t.Error(got)
	}
	if got := show(say("SENTINEL", "REPLICAS", "myredisetcd")); !strings.Contains(got, "flags s_down,slave,disconnected") || !strings.Contains(got, "master-host ? master-port 0") {
		t.Error(got)
	}
	breaks(t, w, fault.SentinelQuorum)
	pass(w, time.Second)
	if got := show(says(w, "netbox-node-1")("SENTINEL", "CKQUORUM", "myredisetcd")); !strings.HasPrefix(got, "-NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master.") {
		t.Error(got)
	}
}
