package probes

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func info(t testing.TB, name string) redisInfo {
	t.Helper()
	b, err := os.ReadFile("testdata/redis/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	i, err := parseInfo(string(b))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestInfo(t *testing.T) {
	for _, tc := range []struct {
		name, server, version, role, master string
		linkUp, loading                     bool
		linkDown                            float64
		replicas                            int
		keys                                int64
		unread                              []string
	}{
		{"master-redis-7.0.15", "redis", "7.0.15", "master", "", false, false, 0, 1, 1, nil},
		{"master-redis-8.0.2", "redis", "8.0.2", "master", "", false, false, 0, 0, 0, nil},
		{"replica-redis-7.0.15", "redis", "7.0.15", "replica", "127.0.0.1:17001", true, false, 0, 0, 1, nil},
		{"link-down-redis-7.0.15", "redis", "7.0.15", "replica", "127.0.0.1:17001", false, false, 1, 0, 1, nil},
		// A link that was never up has been down for no time that the server tells.
		{"link-down-valkey-8.1.1", "valkey", "8.1.1", "replica", "127.0.0.1:17005", false, false, 0, 0, 0, []string{"link_down"}},
		// While it loads, its keys are some of its keys.
		{"loading-redis-7.0.15", "redis", "7.0.15", "master", "", false, true, 0, 0, 98, []string{"keys", "offset"}},
		// Parts of INFO only: what is not there is unread.
		{"d_redis_master_killed_during-node3-redis-8.0.2", "redis", "8.0.2", "replica", "172.16.113.202:6379", true, false, 0, 0, 0, []string{"clients", "memory", "memory_limit"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			i := info(t, tc.name)
			if i.server != tc.server || i.version != tc.version || i.role != tc.role || i.master != tc.master || i.linkUp != tc.linkUp ||
				i.loading != tc.loading || i.linkDown != tc.linkDown || len(i.replicas) != tc.replicas || i.keys != tc.keys {
				t.Errorf("%+v", i)
			}
			if !slices.Equal(i.missing, tc.unread) {
				t.Errorf("unread %q, want %q", i.missing, tc.unread)
			}
			if !i.aofWriteOK || !i.rewriteOK || !i.saveOK || i.priority != 100 || i.uptime <= 0 {
				t.Errorf("%+v", i)
			}
		})
	}
	if r := info(t, "master-redis-7.0.15").replicas[0]; r.address != "127.0.0.1:17002" || r.state != "online" {
		t.Errorf("replica %+v", r)
	}
	for _, text := range []string{"", "role:master", "HTTP/1.1 400 Bad Request\r\n\r\n", "redis_version:7.0.0"} {
		if i, err := parseInfo(text); err == nil {
			t.Errorf("%q is no INFO: %+v", text, i)
		}
	}
}

// Numbers that no server has do not turn a sum of keys around.
func TestKeysDoNotOverflow(t *testing.T) {
	const most = "9223372036854775807"
	i, err := parseInfo("redis_version:7.0.15\nrole:master\ndb0:keys=" + most + "\ndb1:keys=" + most + "\ndb2:keys=3")
	if err != nil || i.keys != math.MaxInt64 {
		t.Errorf("keys %d, %v", i.keys, err)
	}
}

func FuzzInfo(f *testing.F) {
	files, err := filepath.Glob("testdata/redis/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add("redis_version:\x1b[2J\nrole:slave\nslave0:ip=\x00,port=1,lag=-1,offset=99999999999999999999\ndb0:keys=-1")
	f.Add("redis_version:7.0.15\nrole:master\ndb0:keys=9223372036854775807\ndb1:keys=9223372036854775807")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := parseInfo(text)
		if err != nil {
			safe(t, words(err, deadline))
			return
		}
		safe(t, i.version, i.role, i.master, i.replicationID)
		for _, r := range i.replicas {
			safe(t, r.address, r.state)
		}
		if i.linkDown < 0 || i.keys < 0 {
			t.Errorf("link down %g, keys %d", i.linkDown, i.keys)
		}
	})
}

// sentinelReply is a list as RESP2 brings it, from what redis-cli --json printed.
func sentinelReply(t testing.TB, text []byte) any {
	t.Helper()
	var list []map[string]string
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	out := []any{}
	for _, m := range list {
		entry := []any{}
		for k, v := range m {
			entry = append(entry, k, v)
		}
		out = append(out, entry)
	}
	return out
}

func TestSentinelMasters(t *testing.T) {
	for name, want := range map[string]sentinelMaster{
		"healthy_final-node1-8.0.2":                {address: "172.16.113.201:6379", flags: []string{"master"}, quorum: 2, others: 2, replicas: 2, downAfter: 5, timeout: 60},
		"d_redis_master_killed_during-node1-8.0.2": {address: "172.16.113.202:6379", flags: []string{"master"}, quorum: 2, others: 2, replicas: 2, epoch: 1, downAfter: 5, timeout: 60},
		"failing_over-node1-7.0.15": {
			address: "127.0.0.1:17001", flags: []string{"s_down", "o_down", "master", "disconnected", "failover_in_progress"},
			quorum: 2, others: 2, replicas: 1, downAfter: 2, timeout: 10,
		},
	} {
		b, err := os.ReadFile("testdata/sentinel/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		list, err := parseSentinelList(sentinelReply(t, b))
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		got := parseSentinelMaster(list[0])
		flags := got.flags
		if got.flags = want.flags; !slices.Equal(flags, want.flags) || got.address != want.address || got.quorum != want.quorum || got.others != want.others ||
			got.replicas != want.replicas || got.epoch != want.epoch || got.downAfter != want.downAfter || got.timeout != want.timeout {
			t.Errorf("%s: %+v %q, want %+v", name, got, flags, want)
		}
	}
	for _, reply := range []any{nil, "OK", []any{"x"}, []any{[]any{"odd"}}, int64(3)} {
		if list, err := parseSentinelList(reply); err == nil {
			t.Errorf("%v is no list of masters: %v", reply, list)
		}
	}
}

func FuzzSentinelMaster(f *testing.F) {
	f.Add("ip", "10.0.0.1", "flags", "master,s_down", "quorum", "-3")
	f.Fuzz(func(t *testing.T, a, b, c, d, e, g string) {
		list, err := parseSentinelList([]any{[]any{a, b, c, d, e, g}})
		if err != nil {
			t.Fatal(err)
		}
		m := parseSentinelMaster(list[0])
		safe(t, m.address)
		safe(t, m.flags...)
		if m.quorum < 0 || m.others < 0 || m.replicas < 0 || m.downAfter < 0 || m.timeout < 0 {
			t.Errorf("%+v", m)
		}
	})
}

// A server that is silent may be master; one whose port refuses is none.
func TestWhoIsRedisMaster(t *testing.T) {
	c := stackOf(threeNodes())
	now := time.Unix(1_800_000_000, 0)
	m := moment{now: now}
	said := func(role string) answer[redisFacts] {
		f := redisFacts{info: redisInfo{role: role, version: "8.0.2", server: "redis"}}
		return answer[redisFacts]{began: now.Add(-time.Second), ended: now, fact: f}
	}
	silent := answer[redisFacts]{began: now.Add(-time.Second), ended: now, err: "did not answer within 3 s"}
	refused := answer[redisFacts]{began: now.Add(-time.Second), ended: now, err: "nothing listens", refused: true}
	old := said("master")
	old.began = now.Add(-time.Minute)
	for name, tc := range map[string]struct {
		answers        [3]answer[redisFacts]
		masters, blind string
		master         bool
	}{
		"one":               {[3]answer[redisFacts]{said("master"), said("replica"), said("replica")}, "netbox-node-1", "", true},
		"two":               {[3]answer[redisFacts]{said("master"), said("master"), said("replica")}, "netbox-node-1 netbox-node-2", "", false},
		"none":              {[3]answer[redisFacts]{said("replica"), said("replica"), said("replica")}, "", "", false},
		"one and a refusal": {[3]answer[redisFacts]{refused, said("master"), said("replica")}, "netbox-node-2", "", true},
		"all refuse":        {[3]answer[redisFacts]{refused, refused, refused}, "", "", false},
		"one and silence":   {[3]answer[redisFacts]{silent, said("master"), said("replica")}, "netbox-node-2", "netbox-node-1: did not answer within 3 s", true},
		"silence":           {[3]answer[redisFacts]{silent, silent, silent}, "", "no Redis answered", false},
		"old":               {[3]answer[redisFacts]{old, said("replica"), said("replica")}, "", "netbox-node-1: the answer is older than 10 s", false},
		"not asked":         {[3]answer[redisFacts]{{}, said("master"), said("replica")}, "netbox-node-2", "Redis of netbox-node-1 was not asked yet", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRaw()
			for i, a := range tc.answers {
				r.redis[c.Nodes[i].Name] = a
			}
			got := assembleRedis(c, r, m)
			if strings.Join(got.Masters, " ") != tc.masters || got.Blind("masters") != tc.blind || got.Blind("master") != tc.blind || (got.Master != nil) != tc.master {
				t.Errorf("masters %q, blind %q, master %v", got.Masters, got.Blind("masters"), got.Master)
			}
		})
	}
}

func TestSentinelsCompared(t *testing.T) {
	c := stackOf(threeNodes())
	now := time.Unix(1_800_000_000, 0)
	m := moment{now: now}
	type sentinel = answer[sentinelFacts]
	says := func(node, epoch int, ok bool, flags ...string) sentinel {
		f := sentinelFacts{monitors: []string{"myredisetcd"}, quorumOK: ok, unread: map[string]string{}}
		f.master = &sentinelMaster{address: c.Nodes[node-1].Address + ":6379", epoch: int64(epoch), flags: append(flags, "master")}
		if !ok {
			f.quorumErr = "NOQUORUM 1 usable Sentinels"
		}
		return sentinel{began: now.Add(-time.Second), ended: now, fact: f}
	}
	stranger := sentinel{began: now.Add(-time.Second), ended: now, fact: sentinelFacts{monitors: []string{"other"}}}
	silent := sentinel{began: now.Add(-time.Second), ended: now, err: "did not answer within 3 s"}
	refused := sentinel{began: now.Add(-time.Second), ended: now, err: "nothing listens", refused: true}
	for name, tc := range map[string]struct {
		answers                             [3]sentinel
		master, quorum, failing, odown, why string
	}{
		"agreed":         {[3]sentinel{says(1, 0, true), says(1, 0, true), says(1, 0, true)}, "netbox-node-1", "true", "false", "false", ""},
		"one silent":     {[3]sentinel{says(1, 0, true), silent, says(1, 0, true)}, "netbox-node-1", "true", "false", "false", ""},
		"two silent":     {[3]sentinel{says(1, 0, true), silent, silent}, "netbox-node-1", "nil", "false", "false", ""},
		"two refuse":     {[3]sentinel{says(1, 0, false), refused, refused}, "netbox-node-1", "false", "false", "false", ""},
		"all refuse":     {[3]sentinel{refused, refused, refused}, "nil", "false", "nil", "nil", "no Sentinel answered"},
		"silence":        {[3]sentinel{silent, silent, silent}, "nil", "nil", "nil", "nil", "no Sentinel answered"},
		"one says no":    {[3]sentinel{says(1, 0, false), says(1, 0, true), says(1, 0, true)}, "netbox-node-1", "nil", "false", "false", ""},
		"disputed":       {[3]sentinel{says(1, 3, true), says(2, 4, true), says(2, 4, true)}, "nil", "true", "false", "false", "netbox-node-1 names 172.16.113.201:6379 (epoch 3), netbox-node-2 names 172.16.113.202:6379 (epoch 4)"},
		"failing over":   {[3]sentinel{says(1, 0, true, "o_down"), says(1, 0, true, "failover_in_progress"), says(1, 0, true)}, "netbox-node-1", "true", "true", "true", ""},
		"others watched": {[3]sentinel{stranger, stranger, stranger}, "nil", "false", "nil", "nil", "no Sentinel that answers watches myredisetcd"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRaw()
			for i, a := range tc.answers {
				r.sentinel[c.Nodes[i].Name] = a
			}
			s := assembleSentinel(c, r, m)
			if value(s.Master) != tc.master || value(s.Quorum) != tc.quorum || value(s.FailingOver) != tc.failing || value(s.ODown) != tc.odown {
				t.Errorf("master %s, quorum %s, failing over %s, odown %s", value(s.Master), value(s.Quorum), value(s.FailingOver), value(s.ODown))
			}
			if why := s.Blind("master"); (why == "") != (tc.why == "") || !strings.Contains(why, tc.why) {
				t.Errorf("blind: %q", why)
			}
			if (s.Blind("quorum") == "") != (s.Quorum != nil) {
				t.Errorf("quorum %s and blind %q", value(s.Quorum), s.Blind("quorum"))
			}
		})
	}
}

func TestWorkersHeartbeat(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 30, 0, time.UTC)
	for text, want := range map[string]float64{
		"2026-11-23T09:00:00.000000Z": 30, "2026-11-23T09:00:00Z": 30, "2026-11-23T09:00:00.5": 29.5, "1795424400": 30, "2026-11-23T10:00:00Z": 0,
	} {
		if w := parseWorker("w", "h", text, "idle", now); w.Heartbeat != want {
			t.Errorf("%q is %g s ago, want %g", text, w.Heartbeat, want)
		}
	}
	for _, text := range []string{"", "soon", "-1", "NaN", "1e300"} {
		if w := parseWorker("w", "h", text, "idle", now); w.Heartbeat < 1e9 {
			t.Errorf("a heartbeat %q that cannot be read is %g s old", text, w.Heartbeat)
		}
	}
	if got := rqNames([]string{"rq:queue:low", "rq:queue:webhooks", "rq:queue:webhooks"}, "rq:queue:", netboxQueues, 50); !slices.Equal(got, []string{"high", "default", "low", "webhooks"}) {
		t.Errorf("queues %q", got)
	}
}

// A name that is left in the set of workers after its hash has expired is no worker.
func TestNamesWithoutAHashAreNoWorkers(t *testing.T) {
	now := time.Unix(1795706338, 0)
	if w := rqWorker("gone", []any{nil, nil, nil, nil}, now); w != nil {
		t.Errorf("an expired worker is %+v", w)
	}
	if w := rqWorker("gone", nil, now); w != nil {
		t.Errorf("no hash at all is %+v", w)
	}
	w := rqWorker("w", []any{"netbox-node-1", "2026-11-26T14:38:50.000000Z", "idle", "high,default"}, now)
	if w == nil || w.Host != "netbox-node-1" || w.State != "idle" || w.Heartbeat < 0 {
		t.Errorf("a worker is %+v", w)
	}
}
