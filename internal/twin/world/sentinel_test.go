package world

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
)

// agreed says whether every Sentinel that runs holds a host for the master.
func (w *World) agreed(name string) bool {
	for _, h := range w.Nodes() {
		if s := h.Sentinel; s.Running && h.Up() && s.Watched != name {
			return false
		}
	}
	return true
}

func TestRedisMasterKilled(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.KillRedisMaster)
	from := w.Now()
	at := func(what string, want, give time.Duration, cond func() bool) {
		t.Helper()
		within(t, w, what, 0, time.Minute, cond)
		if took := w.Now().Sub(from); took < want-give || took > want+give {
			t.Errorf("%s after %s, want %s", what, took, want)
		}
	}
	at("s_down", 5*time.Second, 250*time.Millisecond, func() bool { return w.Host("netbox-node-2").Sentinel.SDown })
	at("a new master", 5400*time.Millisecond, 250*time.Millisecond, func() bool { return len(w.redisMasters()) == 1 })
	now := w.redisMasters()[0]
	at("all Sentinels agree", 7500*time.Millisecond, 1500*time.Millisecond, func() bool { return w.agreed(now) })
	// HAProxy asks twice, and a check of a replica takes 3 s.
	at("clients reach it", 9500*time.Millisecond, 2500*time.Millisecond, func() bool {
		to := w.Route(w.Host("netbox-node-1"), "be_redis_master")
		return to != nil && to.Name == now
	})
	for _, line := range []string{
		"# +sdown master myredisetcd 172.16.113.201 6379", "# +new-epoch 1", "# +vote-for-leader", fmt.Sprintf("# +switch-master myredisetcd 172.16.113.201 6379 %s 6379", w.Host(now).IP),
		"* +slave slave 172.16.113.201:6379 172.16.113.201 6379 @ myredisetcd " + w.Host(now).IP + " 6379",
	} {
		for _, h := range w.Nodes() {
			if !said(h, SentinelUnit, line) {
				t.Errorf("the Sentinel on %s does not say %q", h.Name, line)
			}
		}
	}
	leaders := 0
	for _, h := range w.Nodes() {
		if said(h, SentinelUnit, "+elected-leader") {
			leaders++
		}
		if said(h, SentinelUnit, "-failover-abort") {
			t.Errorf("the Sentinel on %s gave up", h.Name)
		}
	}
	if leaders != 1 {
		t.Errorf("%d leaders", leaders)
	}
	old := w.Host("netbox-node-1")
	w.Advance(w.Now().Add(time.Minute))
	from = w.Now()
	w.Change(func() { _ = old.Start(RedisUnit) })
	if len(w.redisMasters()) != 2 {
		t.Fatal("it did not come back as a second master")
	}
	at("it is a replica", 10200*time.Millisecond, 300*time.Millisecond, func() bool { return !old.Redis.Master })
	at("in step", 11200*time.Millisecond, 500*time.Millisecond, func() bool { return old.Redis.Linked })
	if !strings.Contains(old.text(RedisFile), "\nreplicaof "+w.Host(now).IP+" 6379\n") {
		t.Error("its file does not say so")
	}
	if conf := w.Host("netbox-node-3").text(SentinelFile); !strings.Contains(conf, "sentinel monitor myredisetcd "+w.Host(now).IP+" 6379 2\n") || !strings.Contains(conf, "sentinel config-epoch myredisetcd 1\n") ||
		!strings.Contains(conf, "sentinel known-replica myredisetcd 172.16.113.201 6379\n") || strings.Contains(conf, "known-replica myredisetcd "+w.Host(now).IP+" ") {
		t.Error(conf)
	}
}

func TestNobodyMayBePromoted(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.RedisNoCandidate)
	w.Change(func() { w.Host("netbox-node-1").Kill(RedisUnit, true) })
	w.Advance(w.Now().Add(100 * time.Second))
	if len(w.redisMasters()) != 0 {
		t.Fatal("somebody was promoted")
	}
	tried := 0
	for _, h := range w.Nodes() {
		for _, e := range h.Journal {
			if strings.Contains(e.Text, "-failover-abort-no-good-slave") {
				tried++
			}
		}
	}
	if tried != 1 {
		t.Errorf("%d tries in 100 s, want one", tried)
	}
	w.Change(func() { _ = w.SetRedis(w.Host("netbox-node-3"), "replica-priority", "100") })
	// The next try comes after twice the failover timeout.
	within(t, w, "the next try", 20*time.Second, 30*time.Second, func() bool { return len(w.redisMasters()) == 1 })
	if got := w.redisMasters()[0]; got != "netbox-node-3" {
		t.Errorf("%s was promoted", got)
	}
}

func TestSentinelsWithoutQuorum(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.SentinelQuorum)
	h := w.Host("netbox-node-1")
	if usable, majority := w.Usable(h); usable != 1 || majority != 2 {
		t.Error(usable, majority)
	}
	w.Change(func() { h.Kill(RedisUnit, true) })
	w.Advance(w.Now().Add(time.Minute))
	if !h.Sentinel.SDown || h.Sentinel.ODown || len(w.redisMasters()) != 0 {
		t.Error("one Sentinel decided")
	}
	w.Change(func() { _ = w.Host("netbox-node-2").Start(SentinelUnit) })
	within(t, w, "with a second one there is a failover", 4*time.Second, 8*time.Second, func() bool { return len(w.redisMasters()) == 1 })
}

// A ghost raises the majority: with one more Sentinel down nobody may fail over.
func TestGhost(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.SentinelGhost)
	h := w.Host("netbox-node-1")
	within(t, w, "the ghost is seen down", 4750*time.Millisecond, 5250*time.Millisecond, func() bool { return h.Sentinel.Down("sentinel 172.16.113.201:26380") })
	if usable, majority := w.Usable(h); usable != 3 || majority != 3 {
		t.Error(usable, majority)
	}
	w.Change(func() { _ = h.Restart(SentinelUnit) })
	if len(h.Sentinel.Ghosts) != 1 || len(h.Sentinel.Others) != 2 {
		t.Errorf("after a restart: %v, %v", h.Sentinel.Ghosts, h.Sentinel.Others)
	}
	w.Change(func() {
		w.Host("netbox-node-3").Kill(SentinelUnit, true)
		h.Kill(RedisUnit, true)
	})
	w.Advance(w.Now().Add(20 * time.Second))
	if len(w.redisMasters()) != 0 || !said(h, SentinelUnit, "-failover-abort-not-elected") && !said(w.Host("netbox-node-2"), SentinelUnit, "-failover-abort-not-elected") {
		t.Error("two of four were enough")
	}
	w.Change(func() { _ = h.Start(RedisUnit) })
	w.Advance(w.Now().Add(10 * time.Second))
	w.Change(func() { w.ResetSentinel(h) })
	if len(h.Sentinel.Ghosts)+len(h.Sentinel.Others)+len(h.Sentinel.Replicas) != 0 || strings.Contains(h.text(SentinelFile), "known-") {
		t.Error("it did not forget")
	}
	within(t, w, "it knows the others again", 250*time.Millisecond, 2250*time.Millisecond, func() bool { return len(h.Sentinel.Others) == 1 && len(h.Sentinel.Replicas) == 2 })
}

func TestSentinelCannotSave(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.SentinelUnsaved)
	h := w.Host("netbox-node-3")
	before := h.text(SentinelFile)
	if h.Unsaved() == "" || !said(h, SentinelUnit, "WARNING: Sentinel was not able to save the new configuration on disk!!!: Permission denied") {
		t.Error("it saves")
	}
	breaks(t, w, fault.KillRedisMaster)
	w.Advance(w.Now().Add(15 * time.Second))
	if h.Sentinel.Watched == "netbox-node-1" || h.text(SentinelFile) != before {
		t.Error("it did not follow, or it wrote")
	}
	w.Change(func() {
		if h.Restart(SentinelUnit) == nil || !said(h, SentinelUnit, "is not writable: Permission denied. Exiting...") {
			t.Error("it starts")
		}
		w.mendEntry(h)
		if err := h.Start(SentinelUnit); err != nil {
			t.Error(err)
		}
	})
	if h.Sentinel.Watched != "netbox-node-1" {
		t.Error("it came back with what it had not saved")
	}
	within(t, w, "the others tell it", 0, 3*time.Second, func() bool { return h.Sentinel.Watched != "netbox-node-1" })
}

func TestSentinelFailoverByOrder(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-2")
	w.Change(func() {
		if err := w.FailoverRedis(h); err != nil {
			t.Error(err)
		}
		if err := w.FailoverRedis(h); err == nil || !strings.HasPrefix(err.Error(), "INPROG") {
			t.Error(err)
		}
	})
	within(t, w, "another master", 250*time.Millisecond, time.Second, func() bool { return len(w.redisMasters()) == 2 })
	within(t, w, "the old one is a replica", 8*time.Second, 14*time.Second, func() bool { return len(w.redisMasters()) == 1 && w.redisMasters()[0] != "netbox-node-1" })
	if !w.agreed(w.redisMasters()[0]) {
		t.Error("they disagree")
	}
	breaks(t, w, fault.RedisNoCandidate)
	if err := w.FailoverRedis(h); err == nil || !strings.HasPrefix(err.Error(), "NOGOODSLAVE") {
		t.Error(err)
	}
}

// A master that is cut off stays one, without replicas and so without writes, while the others elect a new one.
func TestMasterCutOff(t *testing.T) {
	w := fresh()
	old := w.Host("netbox-node-1")
	w.Change(func() { w.Isolate(old.Name) })
	within(t, w, "a second master", 5*time.Second, 6*time.Second, func() bool { return len(w.redisMasters()) == 2 })
	within(t, w, "the old one takes no writes", 0, 12*time.Second, func() bool { return strings.HasPrefix(w.RedisWrites(old), "NOREPLICAS") })
	w.Change(w.JoinAll)
	within(t, w, "one master after the cut", 8*time.Second, 14*time.Second, func() bool { return len(w.redisMasters()) == 1 })
	within(t, w, "and agreement", 0, 3*time.Second, func() bool { return w.agreed(w.redisMasters()[0]) })
}

func TestSentinelWithAnOldPassword(t *testing.T) {
	w := fresh()
	w.Change(func() {
		for _, h := range w.Nodes() {
			_ = w.SetRedis(h, "masterauth", "fresh")
			_ = w.SetRedis(h, "requirepass", "fresh")
		}
	})
	within(t, w, "they hold a living master for down", 4750*time.Millisecond, 5500*time.Millisecond, func() bool { return w.Host("netbox-node-1").Sentinel.SDown })
	w.Change(func() {
		for _, h := range w.Nodes() {
			h.Sentinel.AuthPass = "fresh"
		}
	})
	within(t, w, "until they know the new one", 0, time.Second, func() bool { return !w.Host("netbox-node-1").Sentinel.SDown })
}

func TestTilt(t *testing.T) {
	w := fresh()
	h := w.Host("netbox-node-2")
	w.Change(func() { h.Offset = time.Minute })
	w.Advance(w.Now().Add(time.Second))
	if h.Sentinel.Tilt.IsZero() || !said(h, SentinelUnit, "# +tilt #tilt mode entered") {
		t.Error("a jump of a minute is nothing to it")
	}
	within(t, w, "the end of tilt", 28*time.Second, 31*time.Second, func() bool { return h.Sentinel.Tilt.IsZero() })
}
