package probes

import (
	"slices"
	"testing"
	"time"

	"recon/internal/inventory"
)

// weighed is three hosts with these base priorities and checks of one address.
func weighed(name string, priorities [3]int, tracks ...VRRPTrack) Keepalived {
	k := Keepalived{Members: []KeepalivedMember{}}
	for i, p := range priorities {
		k.Members = append(k.Members, KeepalivedMember{
			Node: []string{"n1", "n2", "n3"}[i], Seen: Seen{Reachable: true, Began: time.Unix(1, 0)},
			Instances: []VRRPInstance{{Name: name, RouterID: 204, Priority: p, Addresses: []string{"192.0.2.4"}, Tracks: tracks}},
		})
	}
	return k
}

func TestStuckAddress(t *testing.T) {
	c := &inventory.Cluster{VIPs: []inventory.VIP{{Name: "db", Address: "192.0.2.4"}, {Name: "web", Address: "192.0.2.5"}}}
	steps := [3]int{200, 190, 180}
	for name, x := range map[string]struct {
		k    Keepalived
		want []string
	}{
		// The reference's weights: of nine cases one is bad.
		"too light": {
			weighed("VI", steps, VRRPTrack{"chk_master", -30}, VRRPTrack{"chk_netbox", -30}, VRRPTrack{"chk_haproxy", -30}),
			[]string{"db stays on n1 when HAProxy dies there and n1 leads: 170 against 160 of n2"},
		},
		"heavy enough":    {weighed("VI", steps, VRRPTrack{"chk_master", -30}, VRRPTrack{"chk_haproxy", -100}), []string{}},
		"without weight":  {weighed("VI", steps, VRRPTrack{"chk_haproxy", 0}, VRRPTrack{"chk_leader", 50}), []string{}},
		"a bonus":         {weighed("VI", steps, VRRPTrack{"chk_haproxy", 5}), []string{"db stays on n1 when HAProxy dies there and n1 leads: 200 against 195 of n2", "db stays on n1 when HAProxy dies there and n2 leads: 200 against 195 of n2", "db stays on n1 when HAProxy dies there and n3 leads: 200 against 195 of n2"}},
		"nobody watches":  {weighed("VI", steps, VRRPTrack{"chk_master", -30}), []string{"db on n1 does not watch HAProxy", "db on n2 does not watch HAProxy", "db on n3 does not watch HAProxy"}},
		"no lower than 1": {weighed("VI", [3]int{3, 2, 1}, VRRPTrack{"chk_haproxy", -200}), []string{}},
	} {
		if x.k.weigh(c); !slices.Equal(x.k.Stuck, x.want) || x.k.Stuck == nil {
			t.Errorf("%s: %q", name, x.k.Stuck)
		}
		if len(x.k.Misfits) > 0 || x.k.Misfits == nil {
			t.Errorf("%s: %q", name, x.k.Misfits)
		}
	}

	silent := weighed("VI", steps)
	silent.Members[1].Seen = Seen{Began: time.Unix(1, 0), Error: "did not answer"}
	if silent.weigh(c); silent.Stuck != nil || silent.Misfits != nil {
		t.Errorf("with a silent host: %q", silent.Stuck)
	}
	unread := weighed("VI", steps)
	unread.Members[2].Unread = map[string]string{"instances": "not readable"}
	if unread.weigh(c); unread.Stuck != nil {
		t.Errorf("with an unreadable configuration: %q", unread.Stuck)
	}
	var none Keepalived
	if none.weigh(c); none.Stuck != nil {
		t.Error("without Keepalived something was weighed")
	}

	differ := weighed("VI", steps, VRRPTrack{"chk_haproxy", -100})
	differ.Members[2].Instances[0].RouterID = 205
	for i := range differ.Members {
		m := &differ.Members[i]
		m.Instances = append(m.Instances, VRRPInstance{Name: "VI_web", RouterID: 204, Priority: 100, Addresses: []string{"192.0.2.5"}})
	}
	differ.weigh(c)
	if want := []string{"db has router id 204 on n1 and 205 on n3", "router id 204 stands for 192.0.2.4 and for 192.0.2.5"}; !slices.Equal(differ.Misfits, want) {
		t.Errorf("%q", differ.Misfits)
	}
}
