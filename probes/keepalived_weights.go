package probes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"recon/internal/inventory"
)

// vrrp is one instance of one host.
type vrrp struct {
	node string
	VRRPInstance
}

// weigh judges the configured priorities. Both lists are not seen as long as one host does not tell its instances, because
// who wins depends on all of them.
func (k *Keepalived) weigh(c *inventory.Cluster) {
	byAddress := map[string][]vrrp{}
	for _, m := range k.Members {
		if m.Blind("instances") != "" || m.Instances == nil {
			return
		}
		for _, i := range m.Instances {
			for _, address := range i.Addresses {
				byAddress[address] = append(byAddress[address], vrrp{m.Node, i})
			}
		}
	}
	if len(k.Members) == 0 {
		return
	}
	k.Stuck, k.Misfits = []string{}, []string{}
	routers := map[int]string{}
	for _, address := range slices.Sorted(maps.Keys(byAddress)) {
		name, all := address, byAddress[address]
		for _, v := range c.VIPs {
			if v.Address == address {
				name = v.Name
			}
		}
		k.Stuck = append(k.Stuck, stuck(name, all)...)
		for _, i := range all[1:] {
			if i.RouterID != all[0].RouterID {
				k.Misfits = append(k.Misfits, fmt.Sprintf("%s has router id %d on %s and %d on %s", name, all[0].RouterID, all[0].node, i.RouterID, i.node))
				break
			}
		}
		if other, taken := routers[all[0].RouterID]; taken && !together(all[0].VRRPInstance, byAddress[other]) {
			k.Misfits = append(k.Misfits, fmt.Sprintf("router id %d stands for %s and for %s", all[0].RouterID, other, address))
		}
		routers[all[0].RouterID] = address
	}
}

// together says that two addresses are of one instance.
func together(i VRRPInstance, other []vrrp) bool {
	return slices.ContainsFunc(other, func(o vrrp) bool { return o.Name == i.Name })
}

// stuck goes through every case of one dead HAProxy and every leader, and tells those in which the address stays on the
// host whose HAProxy is dead. Checks are known by their names: those with haproxy in it fail there, those with leader, master
// or primary pass on the leader only, all others pass.
func stuck(name string, all []vrrp) []string {
	var out []string
	for _, dead := range all {
		watched := slices.ContainsFunc(dead.Tracks, func(t VRRPTrack) bool { return ofHAProxy(t) })
		if !watched {
			if name == "db" {
				out = append(out, fmt.Sprintf("%s on %s does not watch HAProxy", name, dead.node))
			}
			continue
		}
		for _, leader := range all {
			here, up := dead.effective(true, dead.node == leader.node)
			best, rival := 0, ""
			for _, other := range all {
				if p, ok := other.effective(false, other.node == leader.node); ok && other.node != dead.node && p > best {
					best, rival = p, other.node
				}
			}
			if up && rival != "" && here > best {
				out = append(out, fmt.Sprintf("%s stays on %s when HAProxy dies there and %s leads: %d against %d of %s", name, dead.node, leader.node, here, best, rival))
			}
		}
	}
	return out
}

func ofHAProxy(t VRRPTrack) bool { return strings.Contains(strings.ToLower(t.Script), "haproxy") }

// effective is the priority with its checks, and whether the host takes part at all: a failed check of weight 0 is FAULT.
func (v vrrp) effective(haproxyDead, leads bool) (int, bool) {
	p := v.Priority
	for _, t := range v.Tracks {
		script := strings.ToLower(t.Script)
		passes := true
		switch {
		case ofHAProxy(t):
			passes = !haproxyDead
		case strings.Contains(script, "leader"), strings.Contains(script, "master"), strings.Contains(script, "primary"):
			passes = leads
		}
		switch {
		case t.Weight == 0 && !passes:
			return 0, false
		case t.Weight > 0 && passes, t.Weight < 0 && !passes:
			p += t.Weight
		}
	}
	return min(max(p, 1), 254), true // keepalived keeps it in this range
}
