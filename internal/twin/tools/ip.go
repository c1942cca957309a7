package tools

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

func (k *kit) kernel() map[string]shell.Command {
	return map[string]shell.Command{"ip": k.ip, "ss": k.ss, "netstat": k.netstat, "nft": k.nft}
}

// device is the network interface of every host.
const device = "eth0"

// hardware is the address of a host's interface.
func hardware(host string) string {
	sum := sha256.Sum256([]byte("eth0 of " + host))
	sum[0] = sum[0]&^1 | 2 // unicast, given by hand
	return net.HardwareAddr(sum[:6]).String()
}

// linkLocal is the IPv6 address that Linux makes of it.
func linkLocal(host string) string {
	m, err := net.ParseMAC(hardware(host))
	if err != nil {
		return ""
	}
	b := [16]byte{0: 0xfe, 1: 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]}
	return netip.AddrFrom16(b).String()
}

// address is one of an interface.
type address struct {
	ip    string
	bits  int
	six   bool
	scope string
	proto string
}

func (a address) prefix() string { return fmt.Sprintf("%s/%d", a.ip, a.bits) }

// link is an interface and what it has.
type link struct {
	index              int
	name, flags, state string
	mtu                int
	mac, broadcast     string
	kind               string
	addresses          []address
}

// links are the interfaces of a host. The lock is held.
func links(h *world.Host) []link {
	lo := link{
		index: 1, name: "lo", flags: "LOOPBACK,UP,LOWER_UP", state: "UNKNOWN", mtu: 65536, mac: "00:00:00:00:00:00", broadcast: "00:00:00:00:00:00", kind: "loopback",
		addresses: []address{{"127.0.0.1", 8, false, "host", ""}, {"::1", 128, true, "host", "kernel_lo"}},
	}
	eth := link{
		index: 2, name: device, flags: "BROADCAST,MULTICAST,UP,LOWER_UP", state: "UP", mtu: 1500, mac: hardware(h.Name), broadcast: "ff:ff:ff:ff:ff:ff", kind: "ether",
		addresses: []address{{h.IP, 24, false, "global", ""}},
	}
	for _, v := range h.VIPs {
		eth.addresses = append(eth.addresses, address{v, 32, false, "global", "keepalived"})
	}
	eth.addresses = append(eth.addresses, address{linkLocal(h.Name), 64, true, "link", "kernel_ll"})
	return []link{lo, eth}
}

// ipCall is one run of ip.
type ipCall struct {
	kit   *kit
	call  *shell.Call
	one   bool // -o
	brief bool
	// family is 4 or 6, 0 for both.
	family int
	stats  bool
	json   bool
}

func (k *kit) ip(_ context.Context, c *shell.Call) int {
	p := &ipCall{kit: k, call: c}
	args := c.Args[1:]
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-o", "-oneline":
			p.one = true
		case "-br", "-brief":
			p.brief = true
		case "-4":
			p.family = 4
		case "-6":
			p.family = 6
		case "-s", "-stats", "-statistics":
			p.stats = true
		case "-j", "-json":
			p.json = true
		case "-c", "-color", "-n", "-N", "-d", "-details":
			fmt.Fprintf(c.Stderr, "ip: the option %q is not simulated\n", args[0])
			return 255
		case "-V", "-Version":
			fmt.Fprintln(c.Stdout, "ip utility, iproute2-6.15.0, libbpf 1.5.0")
			return 0
		default:
			fmt.Fprintf(c.Stderr, "Option %q is unknown, try \"ip -help\".\n", args[0])
			return 255
		}
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprint(c.Stderr, "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n")
		return 255
	}
	object, args := args[0], args[1:]
	for _, o := range []struct {
		names []string
		run   func([]string) int
	}{
		{[]string{"address", "addr", "a"}, p.address}, {[]string{"link", "l"}, p.link}, {[]string{"route", "r"}, p.route}, {[]string{"neighbour", "neighbor", "neigh", "n"}, p.neighbour},
	} {
		if slices.Contains(o.names, object) {
			return o.run(args)
		}
	}
	fmt.Fprintf(c.Stderr, "Object \"%s\" is unknown, try \"ip help\".\n", object)
	return 1
}

// verb separates the command from its arguments; show is the usual one.
func verb(args []string) (string, []string) {
	if len(args) == 0 {
		return "show", nil
	}
	for _, full := range []string{"show", "list", "add", "del", "delete", "get", "set", "flush", "replace", "change"} {
		if strings.HasPrefix(full, args[0]) && args[0] != "d" {
			switch full {
			case "list":
				full = "show"
			case "delete":
				full = "del"
			}
			return full, args[1:]
		}
	}
	return "show", args
}

// picked reads "dev NAME", "to PREFIX" and a bare name; ok is false when a word is not known.
func (p *ipCall) picked(args []string) (dev, to string, ok bool) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case (a == "dev" || a == "to") && i+1 < len(args):
			if i++; a == "dev" {
				dev = args[i]
			} else {
				to = args[i]
			}
		case a == "up" || a == "scope" || a == "label" || a == "type" || a == "master" || a == "vrf" || a == "group":
			fmt.Fprintf(p.call.Stderr, "ip: the filter %q is not simulated\n", a)
			return "", "", false
		case dev == "":
			dev = a
		default:
			fmt.Fprintf(p.call.Stderr, "Error: either \"dev\" is duplicate, or \"%s\" is a garbage.\n", a)
			return "", "", false
		}
	}
	return dev, to, true
}

// chosen are the interfaces of the call's host that fit, with those of their addresses that do.
func (p *ipCall) chosen(dev, to string) (out []link, ok bool) {
	var want netip.Prefix
	if to != "" {
		var err error
		if want, err = netip.ParsePrefix(to); err != nil {
			a, err := netip.ParseAddr(to)
			if err != nil {
				fmt.Fprintf(p.call.Stderr, "Error: any valid prefix is expected rather than \"%s\".\n", to)
				return nil, false
			}
			want = netip.PrefixFrom(a, a.BitLen())
		}
	}
	found := dev == ""
	p.kit.look(p.call, func(h *world.Host) {
		for _, l := range links(h) {
			if dev != "" && l.name != dev {
				continue
			}
			found = true
			l.addresses = slices.DeleteFunc(l.addresses, func(a address) bool {
				ip, err := netip.ParseAddr(a.ip)
				return p.family == 4 && a.six || p.family == 6 && !a.six || to != "" && (err != nil || !want.Contains(ip))
			})
			if to == "" || len(l.addresses) > 0 {
				out = append(out, l)
			}
		}
	})
	if !found {
		fmt.Fprintf(p.call.Stderr, "Device \"%s\" does not exist.\n", dev)
	}
	return out, found
}

// permitted says whether the call may change the network.
func (p *ipCall) permitted() bool {
	if p.call.User != "root" {
		fmt.Fprintln(p.call.Stderr, "RTNETLINK answers: Operation not permitted")
		return false
	}
	return true
}
