package world

import (
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
)

func (w *World) redisMasters() (names []string) {
	for _, h := range w.Nodes() {
		if h.Redis.Running && h.Up() && h.Redis.Master {
			names = append(names, h.Name)
		}
	}
	return names
}

func TestRedisReplication(t *testing.T) {
	w := fresh()
	m, r := w.Host("netbox-node-1").Redis, w.Host("netbox-node-2").Redis
	offset := m.Offset
	w.Advance(w.Now().Add(time.Minute))
	// Three Sentinels greet every 2 s, there is a ping every 10 s, and three workers say twice that they live.
	if grown := m.Offset - offset; grown != 30*3*146+6*14+3*2*120 {
		t.Errorf("the stream grew by %d in a minute", grown)
	}
	if r.Offset < m.Offset-1000 || r.ReplID != m.ReplID || len(m.Attached) != 2 || m.Attached["netbox-node-2"].Offset < m.Offset-1000 {
		t.Errorf("%d of %d, %+v", r.Offset, m.Offset, m.Attached["netbox-node-2"])
	}
	w.Change(func() { w.Host("netbox-node-2").Kill(RedisUnit, true) })
	w.Advance(w.Now().Add(time.Second))
	if len(m.Attached) != 1 || !said(w.Host("netbox-node-1"), RedisUnit, "M 01 Nov 2026", "* Connection with replica 172.16.113.202:6379 lost.") {
		t.Error("the master does not see its replica go")
	}
	w.Change(func() { _ = w.Host("netbox-node-2").Start(RedisUnit) })
	within(t, w, "it is in step again", 750*time.Millisecond, 1500*time.Millisecond, func() bool { return r.Linked })
	if m.PartialSyncs == 0 {
		t.Error("it needed a full synchronization")
	}
}

// A cable that is pulled ends no connection: both sides wait for a minute.
func TestRedisLinkInSilence(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-3")
	w.Change(func() { w.Isolate(h.Name) })
	w.Advance(w.Now().Add(30 * time.Second))
	if !h.Redis.Linked || w.Now().Sub(h.Redis.Heard) != 30*time.Second || len(w.Host("netbox-node-1").Redis.Attached) != 2 {
		t.Error("the link ended within 30 s")
	}
	if w.Host("netbox-node-1").Redis.Good(w.now) != 1 {
		t.Error("a replica that is silent for 30 s counts as good")
	}
	within(t, w, "it gives up", 29*time.Second, 31*time.Second, func() bool { return !h.Redis.Linked })
	if len(w.Host("netbox-node-1").Redis.Attached) != 1 {
		t.Error("the master keeps it")
	}
	w.Change(w.JoinAll)
	within(t, w, "and is in step again", 0, 4*time.Second, func() bool { return h.Redis.Linked })
}

func TestRedisPasswords(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.RedisWrongPass)
	h := w.Host("netbox-node-3")
	w.Advance(w.Now().Add(10 * time.Second))
	if h.Redis.Linked || !strings.Contains(h.Redis.LinkError, "-WRONGPASS") || !said(h, RedisUnit, "# Unable to AUTH to MASTER: -WRONGPASS") {
		t.Errorf("linked %v: %s", h.Redis.Linked, h.Redis.LinkError)
	}
	if strings.Contains(h.text(RedisFile), "not-the-password") {
		t.Error("the file has it too")
	}
	w.Change(func() {
		if err := w.SetRedis(h, "masterauth", w.Plan.Secret["redis"]); err != nil {
			t.Error(err)
		}
	})
	within(t, w, "the right one", 0, 2*time.Second, func() bool { return h.Redis.Linked })
	// A link that is open does not ask for the password again.
	w.Change(func() { _ = w.SetRedis(h, "masterauth", "another") })
	w.Advance(w.Now().Add(5 * time.Second))
	if !h.Redis.Linked {
		t.Error("the open link ended")
	}
}

func TestRedisListensLocally(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.RedisLocalhost)
	h := w.Host("netbox-node-3")
	if w.RedisAnswers("netbox-node-1", h) || !w.RedisAnswers(h.Name, h) {
		t.Error("it answers others, or not itself")
	}
	// Its own Sentinel reaches it no more than the others: they all ask at the node's address.
	within(t, w, "the Sentinels miss it", 4750*time.Millisecond, 5500*time.Millisecond, func() bool { return w.Host("netbox-node-1").Sentinel.Down(h.Name) })
}

func TestRedisSealedFolder(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.RedisReadonlyDir)
	h := w.Host("netbox-node-3")
	if h.Running(RedisUnit) || !said(h, RedisUnit, "# Can't open or create append-only dir appendonlydir: Read-only file system") {
		t.Error("it runs, or does not say why not")
	}
	w.Change(func() {
		if h.Start(RedisUnit) == nil {
			t.Error("it starts")
		}
		if err := h.edit(readOnlyDir, "ReadOnlyPaths=", "ReadWritePaths="); err != nil {
			t.Error(err)
		}
		if err := h.Start(RedisUnit); err != nil {
			t.Error(err)
		}
	})
}

// A master that starts with nothing makes its replicas drop what they have.
func TestRedisEmptyMaster(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-1")
	w.Advance(w.Now().Add(time.Minute))
	if len(h.Redis.Data.Workers) == 0 {
		t.Fatal("no worker registered")
	}
	w.Change(func() {
		_ = h.Stop(RedisUnit)
		_ = h.Files.RemoveAll(RedisDir + "/appendonlydir")
		_ = h.Start(RedisUnit)
		if len(h.Redis.Data.Workers) != 0 {
			t.Error("it has data")
		}
	})
	within(t, w, "the replicas are empty", 0, 2*time.Second, func() bool {
		r := w.Host("netbox-node-2").Redis
		return r.Linked && len(r.Data.Workers) == 0
	})
}

func TestRedisTwoMasters(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.RedisTwoMasters)
	w.Advance(w.Now().Add(30 * time.Second))
	if got := w.redisMasters(); len(got) != 2 {
		t.Fatal(got)
	}
	h := w.Host("netbox-node-3")
	if why := w.RedisWrites(h); !strings.HasPrefix(why, "NOREPLICAS") {
		t.Errorf("the second master takes writes: %q", why)
	}
	if why := w.RedisWrites(w.Host("netbox-node-1")); why != "" {
		t.Errorf("the first does not: %s", why)
	}
	if !strings.Contains(h.text(RedisFile), "\nreplicaof 172.16.113.201 6379") {
		t.Error("REPLICAOF wrote the file")
	}
	found := map[string]bool{}
	for range 4 {
		found[w.Route(w.Host("netbox-node-1"), "be_redis_master").Name] = true
	}
	if len(found) != 2 {
		t.Errorf("HAProxy sends clients to %v", found)
	}
}

func TestRedisConfig(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-2")
	before := h.text(RedisFile)
	w.Change(func() {
		for name, value := range map[string]string{"replica-priority": "50", "maxmemory": "1048576", "slave-read-only": "no"} {
			if err := w.SetRedis(h, name, value); err != nil {
				t.Error(err)
			}
		}
		if err := w.RewriteRedis(h); err != nil {
			t.Error(err)
		}
	})
	after := h.text(RedisFile)
	for _, line := range []string{
		"\nreplica-priority 50\n", "\nmaxmemory 1048576\n", "\nreplica-read-only no\n", "\nreplicaof 172.16.113.201 6379\n", "\nbind 127.0.0.1 172.16.113.202\n",
		"\n# Generated by CONFIG REWRITE\n", "\nuser default on sanitize-payload #", "\nrequirepass secret-redis\n",
	} {
		if !strings.Contains(after, line) {
			t.Errorf("no %q in\n%s", line, after)
		}
	}
	// What was not set stays where it was: comments, order, the rest.
	if !strings.HasPrefix(after, before[:strings.Index(before, "maxmemory 0")]) || strings.Count(after, "replica-priority") != 1 {
		t.Errorf("the file lost something:\n%s", after)
	}
	w.Change(func() { _ = h.Restart(RedisUnit) })
	if v, _ := h.Redis.Setting(h, "maxmemory"); v != "1048576" || h.Redis.Priority != 50 {
		t.Errorf("after the restart: %s, %d", v, h.Redis.Priority)
	}
	for name, value := range map[string]string{"replica-priority": "x", "nonsense": "1", "daemonize": "yes", "dir": "/nowhere"} {
		if err := w.SetRedis(h, name, value); err == nil || !strings.HasPrefix(err.Error(), "ERR ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Change(func() {
		_ = h.Files.WriteFile(RedisFile, []byte(after+"nonsense yes\n"), 0, "")
		if h.Restart(RedisUnit) == nil || !said(h, RedisUnit, ">>> 'nonsense yes'") {
			t.Error("it takes nonsense in its file")
		}
	})
}

func TestRedisUsers(t *testing.T) {
	w := fresh()
	r := w.Host("netbox-node-1").Redis
	for _, c := range []struct {
		user, password string
		ok             bool
	}{{"", "secret-redis", true}, {"default", "secret-redis", true}, {"", "other", false}, {"haproxy", "secret-redis-check", true}, {"haproxy", "secret-redis", false}, {"anna", "", false}} {
		if r.Accepts(c.user, c.password) != c.ok {
			t.Errorf("%q with %q: %v", c.user, c.password, !c.ok)
		}
	}
	// A new password beside the old, then the old one goes.
	if err := r.SetUser("default", []string{">fresh"}); err != nil || !r.Accepts("", "fresh") || !r.Accepts("", "secret-redis") {
		t.Error("both should work", err)
	}
	if err := r.SetUser("default", []string{"<secret-redis"}); err != nil || !r.Accepts("", "fresh") || r.Accepts("", "secret-redis") {
		t.Error("only the new one should work", err)
	}
	if err := r.SetUser("default", []string{"off", "nonsense"}); err == nil || !r.Accepts("", "fresh") {
		t.Error("half of the rules were applied", err)
	}
	u := r.Users["haproxy"]
	if !u.May("info", "") || u.May("config", "get") || !r.Users["default"].May("config", "get") {
		t.Error("rights")
	}
	if got := u.String(); !strings.HasPrefix(got, "on sanitize-payload #") || !strings.HasSuffix(got, " resetchannels -@all +ping +info +role +quit") {
		t.Error(got)
	}
}
