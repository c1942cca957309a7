package world

import (
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
)

// holders are the nodes with an address on their interface.
func (w *World) holders(vip string) []string {
	out := []string{}
	for _, h := range w.Nodes() {
		if h.Has(vip) {
			out = append(out, h.Name)
		}
	}
	return out
}

func (w *World) heldBy(names ...string) bool {
	return strings.Join(w.holders(w.Plan.DBVIP), " ") == strings.Join(names, " ")
}

func TestVRRPBlocked(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.VRRPBlocked+" netbox-node-3")
	both := func(n int) func() bool {
		return func() bool { return len(w.holders(w.Plan.DBVIP)) == n && len(w.holders(w.Plan.WebVIP)) == n }
	}
	within(t, w, "both addresses on two nodes", 2250*time.Millisecond, 3500*time.Millisecond, both(2))
	// Clients on the network go to whoever announced last.
	if name, _ := w.Holder(Console, w.Plan.DBVIP); name != "netbox-node-3" {
		t.Errorf("clients go to %s", name)
	}
	w.Change(func() { w.Host("netbox-node-3").DropVRRP = false })
	within(t, w, "one again", 0, 1250*time.Millisecond, both(1))
	if !w.heldBy("netbox-node-1") {
		t.Error(w.holders(w.Plan.DBVIP))
	}
	if !said(w.Host("netbox-node-3"), KeepalivedUnit, "(VI_DB) Master received advert from 172.16.113.201 with higher priority 200, ours 160") {
		t.Error("the journal does not tell why it gave up")
	}
}

func TestCleanStopMovesTheAddressAtOnce(t *testing.T) {
	w := fresh()
	w.Change(func() { _ = w.Host("netbox-node-1").Stop(KeepalivedUnit) })
	within(t, w, "another holder", 0, time.Second, func() bool { return w.heldBy("netbox-node-2") })
	w.Change(func() { _ = w.Host("netbox-node-1").Start(KeepalivedUnit) })
	within(t, w, "it is back", 2750*time.Millisecond, 4250*time.Millisecond, func() bool { return w.heldBy("netbox-node-1") })
}

// A killed keepalived leaves its address where it is; the next one takes it away.
func TestKilledKeepalived(t *testing.T) {
	w := fresh()
	w.Change(func() { w.Host("netbox-node-1").Kill(KeepalivedUnit, true) })
	within(t, w, "two holders", 2250*time.Millisecond, 3500*time.Millisecond, func() bool { return w.heldBy("netbox-node-1", "netbox-node-2") })
	w.Change(func() { _ = w.Host("netbox-node-1").Start(KeepalivedUnit) })
	if !w.heldBy("netbox-node-2") {
		t.Error("it begins with the address")
	}
}

func TestDeadHAProxyLosesTheAddress(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.HAProxyDead)
	h := w.Host("netbox-node-1")
	// Two runs of the check, 2 s apart, then the others' patience: its advertisements of a lower priority do not count.
	within(t, w, "the address moves", 4*time.Second, 8*time.Second, func() bool { return w.heldBy("netbox-node-2") })
	if !h.Has(w.Plan.WebVIP) {
		t.Error("the web address moved too")
	}
	for _, line := range []string{"Script `chk_haproxy` now returning 1", "VRRP_Script(chk_haproxy) failed (exited with status 1)", "(VI_DB) Changing effective priority from 200 to 100"} {
		if !said(h, KeepalivedUnit, line) {
			t.Errorf("the journal does not say %q", line)
		}
	}
	if !said(w.Host("netbox-node-2"), KeepalivedUnit, "(VI_DB) received lower priority (100) advert from 172.16.113.201 - discarding") {
		t.Error("nor the other's")
	}
	w.Change(func() { _ = h.Start(HAProxyUnit) })
	within(t, w, "and comes back", 2*time.Second, 8*time.Second, func() bool { return w.heldBy("netbox-node-1") })
}

func TestTheAddressFollowsTheLeader(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.KillLeader)
	within(t, w, "a new leader", 10*time.Second, 32*time.Second, func() bool { l := w.Leader(); return l != nil && l.Name == "netbox-node-2" })
	within(t, w, "its address", time.Second, 8*time.Second, func() bool { return w.heldBy("netbox-node-2") })
}

func TestAnotherVRRPPassword(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.VRRPWrongPass)
	h := w.Host("netbox-node-3")
	within(t, w, "two holders", 2250*time.Millisecond, 4*time.Second, func() bool { return w.heldBy("netbox-node-1", "netbox-node-3") })
	if !said(h, KeepalivedUnit, "(VI_DB) received an invalid passwd!") {
		t.Error("nobody complains")
	}
	w.Mend()
	within(t, w, "one again", 0, 6*time.Second, func() bool { return w.heldBy("netbox-node-1") })
}

func TestStuckAddress(t *testing.T) {
	w := fresh()
	breaks(t, w, fault.VIPStuck)
	w.Advance(w.Now().Add(30 * time.Second))
	h := w.Host("netbox-node-1")
	if !w.Settled() || !w.heldBy("netbox-node-1") || h.Running(HAProxyUnit) {
		t.Errorf("held by %v, HAProxy there is %s", w.holders(w.Plan.DBVIP), h.Unit(HAProxyUnit).State)
	}
}

func TestAddressesAndHosts(t *testing.T) {
	w := fresh()
	w.Change(w.Host("netbox-node-1").PowerOff)
	within(t, w, "a dead holder is replaced", 2250*time.Millisecond, 3500*time.Millisecond, func() bool { return w.heldBy("netbox-node-2") })
	w = fresh()
	w.Change(func() { w.Isolate("netbox-node-1") })
	within(t, w, "an isolated holder keeps what another takes", 2250*time.Millisecond, 3500*time.Millisecond, func() bool { return w.heldBy("netbox-node-1", "netbox-node-2") })
	breaks(t, w, fault.VIPNowhere)
	if !w.heldBy() {
		t.Error("somebody holds it")
	}
}

func TestCheckKeepalived(t *testing.T) {
	w := fresh()
	conf := w.Host("netbox-node-1").text(KeepalivedFile)
	if got := CheckKeepalived(conf); len(got) > 0 {
		t.Error(got)
	}
	for old, c := range map[string][2]string{
		"priority 200":      {"priorty 200", "Unknown keyword 'priorty'"},
		"        chk_web\n": {"        chk_wbe\n", "(VI_WEB) tracked script chk_wbe not found, ignoring..."},
		"advert_int 1":      {"advert_int 1\n}", "Unexpected '}' found"},
		"script_user":       {"other {\nscript_user", "Missing '}'"},
	} {
		if got := strings.Join(CheckKeepalived(strings.Replace(conf, old, c[0], 1)), "\n"); !strings.Contains(got, c[1]) {
			t.Errorf("%q: %q", c[0], got)
		}
	}
	i := readKeepalived(conf).instances
	if len(i) != 2 || i[0].VIP != "172.16.113.204" || i[1].Router != 205 || i[0].Priority != 200 || len(i[0].Peers) != 2 || strings.Join(i[1].Tracks, " ") != "chk_web chk_netbox" {
		t.Errorf("%+v %+v", i[0], i[1])
	}
}
