package runbooks

import (
	"slices"
	"strings"
)

// family is the service that a unit's name belongs to, or "".
func family(unit string) string {
	unit = strings.ToLower(strings.TrimSuffix(unit, ".service"))
	switch {
	case strings.Contains(unit, "etcd"):
		return "etcd"
	case strings.Contains(unit, "patroni"):
		return "patroni"
	case strings.HasPrefix(unit, "postgresql") || unit == "postgres":
		return "postgres"
	case strings.Contains(unit, "sentinel"):
		return "sentinel"
	}
	return ""
}

// stops are the services that an invocation stops on its host: all of them when it stops the host.
func stops(inv invocation) []string {
	all := []string{"etcd", "patroni", "sentinel"}
	switch inv.words[0] {
	case "reboot", "poweroff", "halt", "shutdown":
		return all
	case "systemctl":
		if inv.has("reboot", "poweroff", "halt", "kexec", "rescue", "emergency", "isolate") {
			return all
		}
		verbs := []string{"stop", "restart", "kill", "try-restart", "reload-or-restart"}
		if inv.has(verbs...) || inv.has("--now") && inv.has("disable", "mask") {
			return families(inv.words[1:])
		}
	case "service":
		if inv.has("stop", "restart") {
			return families(inv.words[1:])
		}
	case "pkill", "killall":
		return families(inv.words[1:])
	}
	return nil
}

func families(words []string) []string {
	var out []string
	for _, w := range words {
		if f := family(w); f != "" {
			out = append(out, f)
		}
	}
	return out
}

// quorum refuses to stop a service on all its nodes: at once, or one after the other without starting it again.
func (l *linter) quorum(c *Command, inv invocation) {
	down := stops(inv)
	if len(down) == 0 || c.Risk == Read || l.book.waived(QuorumStays) || !everywhere(c) {
		return
	}
	stays := inv.has("stop", "kill", "poweroff", "halt", "disable", "mask") || slices.Contains([]string{"poweroff", "halt", "pkill", "killall"}, inv.words[0])
	switch {
	case c.Order == Parallel:
		l.blame(c, inv, "this takes "+strings.Join(down, ", ")+" away on all nodes at once, and the quorum with it", "write order=serial, or one node a step")
	case stays:
		l.blame(c, inv, "this takes "+strings.Join(down, ", ")+" away on one node after the other, and the quorum with it",
			"stop one node a step, or waive `"+QuorumStays+"` with a reason")
	}
}

// everywhere says that a command runs on all nodes, or on a list that may be all of them.
func everywhere(c *Command) bool {
	return c.On.All || several(c) && !strings.Contains(c.On.Text, "patroni.replicas") && !strings.HasPrefix(c.On.Text, "others(")
}

// understated refuses a risk that is less than what the command does.
func (l *linter) understated(c *Command, inv invocation) {
	switch what := destroys(inv); {
	case what != "" && c.Risk != Destroy:
		l.blame(c, inv, "`"+what+"` destroys a copy or may lose commits, and the block says risk="+string(c.Risk), "write risk=destroy")
		return
	case c.Risk != Read:
		return
	}
	if what := changes(inv); what != "" {
		l.blame(c, inv, "`"+what+"` changes something, and the block says risk=read", "write risk=change or risk=destroy")
	}
}

func destroys(inv invocation) string {
	program := inv.words[0]
	switch {
	case slices.Contains([]string{"reinit", "failover", "remove"}, patronictl(inv)):
		return "patronictl " + patronictl(inv)
	case program == "pg_rewind" || program == "pg_resetwal" || overwritesData(inv):
		return program
	case memberChange(inv) == "remove":
		return "etcdctl member remove"
	case program == "etcdctl" && inv.has("del"):
		return "etcdctl del"
	case program == "mv" && len(inv.words) > 2 && slices.ContainsFunc(inv.words[1:len(inv.words)-1], isDataDir):
		return "mv " + inv.words[1]
	}
	return ""
}

func isDataDir(word string) bool {
	return word == "$PGDATA" || word == "$ETCD_DATA" || word == "$PGDATA/"
}

// changes names what an invocation changes on its host or in the cluster, or is "".
func changes(inv invocation) string {
	program, verb := inv.words[0], inv.verb()
	for _, w := range inv.writes {
		if w != "/dev/null" && w != "/dev/stderr" && w != "/dev/stdout" && !strings.HasPrefix(w, "/tmp/") && !strings.HasPrefix(w, "&") {
			return "> " + w
		}
	}
	switch program {
	case "systemctl":
		if slices.Contains([]string{
			"start", "stop", "restart", "reload", "try-restart", "reload-or-restart", "kill", "mask", "unmask", "enable", "disable", "reenable", "preset",
			"isolate", "daemon-reload", "daemon-reexec", "reset-failed", "set-property", "revert", "edit", "reboot", "poweroff", "halt",
		}, verb) {
			return "systemctl " + verb
		}
	case "service":
		if inv.has("start", "stop", "restart", "reload") {
			return "service"
		}
	case "patronictl":
		if v := patronictl(inv); slices.Contains([]string{"switchover", "restart", "reload", "pause", "resume", "edit-config", "flush", "demote-cluster", "promote-cluster"}, v) {
			return "patronictl " + v
		}
	case "etcdctl":
		if inv.has("put", "del", "defrag", "compact", "compaction", "disarm", "move-leader", "grant", "revoke") || memberChange(inv) != "" {
			return "etcdctl"
		}
	case "sed":
		if inv.flag("i", "--in-place") {
			return "sed -i"
		}
	case "psql":
		for i, w := range inv.words[:len(inv.words)-1] {
			if (w == "-c" || strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.HasSuffix(w, "c") || w == "--command") && sqlChanges.MatchString(inv.words[i+1]) {
				return "psql"
			}
		}
	case "rm", "mv", "cp", "ln", "chmod", "chown", "mkdir", "rmdir", "touch", "truncate", "tee", "dd", "install", "rsync", "tar", "kill", "pkill", "killall",
		"reboot", "poweroff", "halt", "shutdown", "mount", "umount", "pg_ctl", "pg_ctlcluster", "apt", "apt-get", "dpkg", "pip", "pip3",
		"ansible-playbook", "iptables", "nft", "sysctl", "useradd", "userdel", "passwd", "crontab", "sync", "fstrim":
		if program == "sync" || program == "tar" && !inv.flag("xcru", "--extract") || program == "sysctl" && !inv.flag("w", "--write") ||
			program == "crontab" && inv.flag("l", "") || program == "nft" && inv.verb() == "list" || program == "mount" && len(inv.words) == 1 || program == "kill" && inv.has("-0") ||
			slices.ContainsFunc(inv.words[1:], func(w string) bool { return strings.HasPrefix(w, "/tmp/") }) {
			return ""
		}
		return program
	}
	return ""
}
