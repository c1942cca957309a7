package tools

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

var netstatOptions = grammar{short: "rntlaup", long: []string{"route=r", "numeric=n", "tcp=t", "listening=l", "all=a", "programs=p"}}

// netstat shows routes and sockets as net-tools does.
func (k *kit) netstat(_ context.Context, c *shell.Call) int {
	given, rest, err := netstatOptions.parse(c.Args[1:])
	switch {
	case err != nil:
		return c.Fail(4, "%s", err)
	case len(rest) > 0:
		return c.Fail(4, "%q is not simulated", rest[0])
	}
	if given.has("r") {
		k.look(c, func(h *world.Host) {
			network := netip.PrefixFrom(netip.MustParseAddr(h.IP), 24).Masked().Addr()
			fmt.Fprintf(c.Stdout, "Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n%-15s 0.0.0.0         255.255.255.0   U         0 0          0 %s\n", network, device)
		})
		return 0
	}
	if given.has("u") && !given.has("t") {
		return c.Fail(4, "sockets of UDP are not simulated")
	}
	k.look(c, func(h *world.Host) {
		title := "w/o servers"
		states := []string{"ESTAB", "SYN-SENT"}
		switch {
		case given.has("l"):
			title, states = "only servers", []string{"LISTEN"}
		case given.has("a"):
			title, states = "servers and established", []string{"LISTEN", "ESTAB", "SYN-SENT"}
		}
		head := "Proto Recv-Q Send-Q Local Address           Foreign Address         State      "
		if given.has("p") {
			head += " PID/Program name    "
		}
		fmt.Fprintf(c.Stdout, "Active Internet connections (%s)\n%s\n", title, head)
		for _, s := range sockets(k.world, h) {
			if !slices.Contains(states, s.state) {
				continue
			}
			proto := "tcp"
			local, peer := s.local.ip, s.peer.ip
			if strings.HasPrefix(local, "[") {
				proto, local, peer = "tcp6", "::", "::"
			}
			state := map[string]string{"ESTAB": "ESTABLISHED", "SYN-SENT": "SYN_SENT", "LISTEN": "LISTEN"}[s.state]
			line := fmt.Sprintf("%-5s %6d %6d %-23s %-23s %-11s", proto, 0, 0, local+":"+s.local.port, peer+":"+s.peer.port, state)
			if given.has("p") {
				who := "-"
				if c.User == "root" && s.pid != 0 {
					who = fmt.Sprintf("%d/%s", s.pid, s.program)
				}
				line += fmt.Sprintf(" %-20s", who)
			}
			fmt.Fprintln(c.Stdout, line)
		}
	})
	return 0
}
