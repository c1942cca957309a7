package lab

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"recon/internal/fault"
)

func networkRecipes() map[string]recipe {
	return map[string]recipe{
		fault.Partition:     {isolate, rejoin},
		fault.PartitionPair: {separate, unblock("partition-pair")},
		fault.CutConsole:    {cutConsole, unblock("cut-console")},
		fault.SSHDown:       {stopSSH, starts("ssh")},
	}
}

// drop adds a table to the guest's firewall that drops what matches, in and out, and says nothing to anybody.
func (g guest) drop(ctx context.Context, name string, matches ...string) error {
	var rules strings.Builder
	table := "lab_" + strings.ReplaceAll(name, "-", "_")
	fmt.Fprintf(&rules, "table inet %s\ndelete table inet %s\ntable inet %s {\n", table, table, table)
	for _, hook := range []string{"input", "output"} {
		fmt.Fprintf(&rules, " chain %s {\n  type filter hook %s priority -10; policy accept;\n", hook, hook)
		for _, m := range matches {
			fmt.Fprintf(&rules, "  %s drop\n", m)
		}
		rules.WriteString(" }\n")
	}
	rules.WriteString("}\n")
	_, err := g.feed(ctx, rules.String(), "nft", "-f", "-")
	return err
}

// unblock is the undo of drop. The table is part of the host's network, which outlives a reboot.
func unblock(name string) func(context.Context, *scene) error {
	return func(ctx context.Context, s *scene) error {
		return s.each(s.where(), func(g guest) error {
			_, err := g.sh(ctx, `nft delete table inet "$1" 2>/dev/null || ! nft list table inet "$1" >/dev/null 2>&1`, "lab_"+strings.ReplaceAll(name, "-", "_"))
			return err
		})
	}
}

// isolate closes the host's port of the bridge: its carrier stays, as when a switch or a VLAN is wrong.
func isolate(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.asyncReplica)
	if err != nil {
		return err
	}
	if err := s.port(ctx, g.name, 0); err != nil {
		return err
	}
	s.say("isolated %s; its carrier is up", g.name)
	return nil
}

func rejoin(ctx context.Context, s *scene) error {
	for _, h := range s.where() {
		if err := s.port(ctx, h.name, 3); err != nil {
			return err
		}
	}
	return nil
}

// port sets the state of a host's port: 0 is disabled, 3 forwards.
func (l *Lab) port(ctx context.Context, name string, state int) error {
	for i, h := range plan() {
		if h.name != name {
			continue
		}
		out, err := exec.CommandContext(ctx, "nsenter", "--net="+l.netFile(bridgeNet), "bridge", "link", "set", "dev", portName(i),
			"state", fmt.Sprint(state)).CombinedOutput()
		// A port without carrier, of a host that is down, forwards again when it has one.
		if err != nil && !strings.Contains(string(out), "Network is down") {
			return &Error{What: "the port of " + name, Err: fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))}
		}
	}
	return nil
}

func separate(ctx context.Context, s *scene) error {
	pair := s.args
	if len(pair) < 2 {
		others, err := s.replicas(ctx)
		if err != nil {
			return err
		}
		if len(pair) == 1 {
			// The named node, and a replica that it is not.
			for _, h := range others {
				if h.name != pair[0] {
					pair = []string{s.args[0], h.name}
				}
			}
		} else {
			pair = hostNames(others)
		}
	}
	if len(pair) != 2 || pair[0] == pair[1] {
		return &Error{What: "a pair is two nodes", Hint: "name both"}
	}
	a, err := s.guest(pair[0])
	if err != nil {
		return err
	}
	b, err := s.guest(pair[1])
	if err != nil {
		return err
	}
	if err := s.mark(a.name, b.name); err != nil {
		return err
	}
	if err := a.drop(ctx, "partition-pair", "ip saddr "+b.address, "ip daddr "+b.address); err != nil {
		return err
	}
	if err := b.drop(ctx, "partition-pair", "ip saddr "+a.address, "ip daddr "+a.address); err != nil {
		return err
	}
	s.say("%s and %s do not reach each other", a.name, b.name)
	return nil
}

// cutConsole works on the console: whatever the node does, the console alone is cut.
func cutConsole(ctx context.Context, s *scene) error {
	name := s.args
	if len(name) == 0 {
		last, err := lastNode(ctx)
		if err != nil {
			return err
		}
		name = []string{last}
	}
	g, err := s.guest(name[0])
	if err != nil {
		return err
	}
	if err := s.mark(consoleName); err != nil {
		return err
	}
	console := guest{s.Lab, plan()[len(plan())-1]}
	if err := console.drop(ctx, "cut-console", "ip saddr "+g.address, "ip daddr "+g.address); err != nil {
		return err
	}
	s.say("the console does not reach %s; the nodes do", g.name)
	return nil
}

func stopSSH(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, lastNode)
	if err != nil {
		return err
	}
	// A console's connection would outlive the daemon.
	if _, err := g.sh(ctx, `systemctl stop ssh.socket ssh 2>/dev/null || systemctl stop ssh; pkill --signal KILL --exact sshd-session || :`); err != nil {
		return err
	}
	s.say("stopped sshd on %s and ended its sessions", g.name)
	return g.refuses(ctx, 22)
}
