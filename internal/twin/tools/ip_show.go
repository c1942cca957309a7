package tools

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"recon/internal/twin/world"
)

// address shows addresses, and gives one to the host or takes it away.
func (p *ipCall) address(args []string) int {
	v, args := verb(args)
	switch v {
	case "show":
	case "add", "del":
		return p.change(v, args)
	default:
		fmt.Fprintf(p.call.Stderr, "ip: address %s is not simulated\n", v)
		return 255
	}
	dev, to, ok := p.picked(args)
	if !ok {
		return 255
	}
	if p.stats {
		fmt.Fprintln(p.call.Stderr, "ip: the counters of addresses are not simulated; those of link are")
		return 255
	}
	list, ok := p.chosen(dev, to)
	if !ok {
		return 1
	}
	if p.json {
		return p.document(list)
	}
	for _, l := range list {
		switch {
		case p.brief:
			fmt.Fprintf(p.call.Stdout, "%-16s %-14s ", l.name, l.state)
			for _, a := range l.addresses {
				fmt.Fprint(p.call.Stdout, a.prefix()+" ")
			}
			fmt.Fprintln(p.call.Stdout)
		case p.one:
			for _, a := range l.addresses {
				fmt.Fprintf(p.call.Stdout, "%d: %s    %s\\       valid_lft forever preferred_lft forever\n", l.index, l.name, l.words(a))
			}
		default:
			if p.family == 6 {
				fmt.Fprintf(p.call.Stdout, "%d: %s: <%s> mtu %d state %s qlen 1000\n", l.index, l.name, l.flags, l.mtu, l.state)
			} else {
				fmt.Fprintf(p.call.Stdout, "%d: %s: <%s> mtu %d qdisc noqueue state %s group default qlen 1000\n", l.index, l.name, l.flags, l.mtu, l.state)
			}
			if p.family == 0 && to == "" {
				fmt.Fprintf(p.call.Stdout, "    link/%s %s brd %s\n", l.kind, l.mac, l.broadcast)
			}
			for _, a := range l.addresses {
				fmt.Fprintf(p.call.Stdout, "    %s\n       valid_lft forever preferred_lft forever\n", l.words(a))
			}
		}
	}
	return 0
}

// words is an address as ip writes it.
func (l link) words(a address) string {
	s := "inet " + a.prefix() + " scope " + a.scope + " "
	if a.six {
		s = "inet6 " + a.prefix() + " scope " + a.scope + " "
	}
	if a.proto != "" {
		s += "proto " + a.proto + " "
	}
	if !a.six {
		s += l.name
	}
	return s
}

func (p *ipCall) document(list []link) int {
	out := []map[string]any{}
	for _, l := range list {
		infos := []map[string]any{}
		for _, a := range l.addresses {
			m := map[string]any{"family": "inet", "local": a.ip, "prefixlen": a.bits, "scope": a.scope, "valid_life_time": uint32(1<<32 - 1), "preferred_life_time": uint32(1<<32 - 1)}
			if a.six {
				m["family"] = "inet6"
			} else {
				m["label"] = l.name
			}
			if a.proto != "" {
				m["protocol"] = a.proto
			}
			infos = append(infos, m)
		}
		out = append(out, map[string]any{
			"ifindex": l.index, "ifname": l.name, "flags": strings.Split(l.flags, ","), "mtu": l.mtu, "qdisc": "noqueue", "operstate": l.state, "group": "default", "txqlen": 1000,
			"link_type": l.kind, "address": l.mac, "broadcast": l.broadcast, "addr_info": infos,
		})
	}
	b, err := json.Marshal(out)
	if err != nil {
		return 1
	}
	fmt.Fprintln(p.call.Stdout, string(b))
	return 0
}

// change adds a floating address or deletes one; the host's own stays.
func (p *ipCall) change(v string, args []string) int {
	if len(args) != 3 || args[1] != "dev" || args[2] != device {
		fmt.Fprintf(p.call.Stderr, "ip: only address %s PREFIX dev %s is simulated\n", v, device)
		return 255
	}
	ip, _, _ := strings.Cut(args[0], "/")
	if a, err := netip.ParseAddr(ip); err != nil || !a.Is4() {
		fmt.Fprintf(p.call.Stderr, "Error: any valid prefix is expected rather than \"%s\".\n", args[0])
		return 1
	}
	if !p.permitted() {
		return 2
	}
	status := 0
	p.kit.change(p.call, func(h *world.Host) {
		switch has := slices.Contains(h.VIPs, ip); {
		case v == "add" && (has || ip == h.IP):
			fmt.Fprintln(p.call.Stderr, "Error: ipv4: Address already assigned.")
			status = 2
		case v == "add":
			h.VIPs = append(h.VIPs, ip)
			h.Announced[ip] = p.kit.world.Time()
		case ip == h.IP:
			fmt.Fprintln(p.call.Stderr, "ip: taking a host's own address away is not simulated")
			status = 255
		case !has:
			fmt.Fprintln(p.call.Stderr, "Error: ipv4: Address not found.")
			status = 2
		default:
			h.VIPs = slices.DeleteFunc(h.VIPs, func(s string) bool { return s == ip })
		}
	})
	return status
}

// link shows interfaces.
func (p *ipCall) link(args []string) int {
	v, args := verb(args)
	if v != "show" {
		fmt.Fprintf(p.call.Stderr, "ip: link %s is not simulated\n", v)
		return 255
	}
	dev, _, ok := p.picked(args)
	if !ok {
		return 255
	}
	list, ok := p.chosen(dev, "")
	if !ok {
		return 1
	}
	for _, l := range list {
		if p.brief {
			fmt.Fprintf(p.call.Stdout, "%-16s %-14s %s <%s> \n", l.name, l.state, l.mac, l.flags)
			continue
		}
		between := "\n"
		if p.one {
			between = "\\"
		}
		fmt.Fprintf(p.call.Stdout, "%d: %s: <%s> mtu %d qdisc noqueue state %s mode DEFAULT group default qlen 1000%s    link/%s %s brd %s\n",
			l.index, l.name, l.flags, l.mtu, l.state, between, l.kind, l.mac, l.broadcast)
		if p.stats {
			fmt.Fprint(p.call.Stdout, "    RX:  bytes packets errors dropped  missed   mcast           \n      12687140  111786      0       0       0       0 \n"+
				"    TX:  bytes packets errors dropped carrier collsns           \n      32554445  116047      0       0       0       0 \n")
		}
	}
	return 0
}

// route shows the only route, to the hosts of the cluster: they have no gateway.
func (p *ipCall) route(args []string) int {
	v, args := verb(args)
	own := ""
	p.kit.look(p.call, func(h *world.Host) { own = h.IP })
	network := netip.PrefixFrom(netip.MustParseAddr(own), 24).Masked()
	switch {
	case v == "get" && len(args) == 1:
		to, err := netip.ParseAddr(args[0])
		switch {
		case err != nil:
			fmt.Fprintf(p.call.Stderr, "Error: any valid prefix is expected rather than \"%s\".\n", args[0])
			return 1
		case !network.Contains(to):
			fmt.Fprintln(p.call.Stderr, "RTNETLINK answers: Network is unreachable")
			return 2
		}
		fmt.Fprintf(p.call.Stdout, "%s dev %s src %s uid 0 \n    cache \n", to, device, own)
	case v != "show":
		fmt.Fprintf(p.call.Stderr, "ip: route %s is not simulated\n", v)
		return 255
	case len(args) > 0 && args[0] == "default" || p.family == 6:
	case len(args) > 0:
		fmt.Fprintf(p.call.Stderr, "ip: the filter %q is not simulated\n", args[0])
		return 255
	default:
		fmt.Fprintf(p.call.Stdout, "%s dev %s proto kernel scope link src %s \n", network, device, own)
	}
	return 0
}

// neighbour shows who answered on the network: everybody in reach, and the floating addresses.
func (p *ipCall) neighbour(args []string) int {
	v, args := verb(args)
	if v != "show" {
		fmt.Fprintf(p.call.Stderr, "ip: neigh %s is not simulated\n", v)
		return 255
	}
	dev, to, ok := p.picked(args)
	if !ok {
		return 255
	}
	if p.family == 6 || dev != "" && dev != device {
		return 0
	}
	p.kit.look(p.call, func(h *world.Host) {
		show := func(ip string, holder *world.Host) {
			switch {
			case to != "" && to != ip:
			case holder == nil || !p.kit.world.Reaches(h.Name, holder.Name):
				fmt.Fprintf(p.call.Stdout, "%s dev %s FAILED \n", ip, device)
			default:
				state := "REACHABLE"
				if holder.Name == world.Console {
					state = "STALE"
				}
				fmt.Fprintf(p.call.Stdout, "%s dev %s lladdr %s %s \n", ip, device, hardware(holder.Name), state)
			}
		}
		w := p.kit.world
		for _, o := range w.Hosts {
			if o != h {
				show(o.IP, o)
			}
		}
		for _, vip := range []string{w.Plan.DBVIP, w.Plan.WebVIP} {
			if vip == "" || h.Has(vip) {
				continue
			}
			name, _ := w.Holder(h.Name, vip)
			show(vip, w.Host(name))
		}
	})
	return 0
}
