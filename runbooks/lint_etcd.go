package runbooks

import (
	"reflect"
	"slices"
	"strings"
)

// memberChange is the change of etcd's membership that an invocation makes, or "".
func memberChange(inv invocation) string {
	if inv.words[0] != "etcdctl" {
		return ""
	}
	at := slices.Index(inv.words, "member")
	if at < 0 || at+1 >= len(inv.words) || !slices.Contains([]string{"add", "remove", "update", "promote"}, inv.words[at+1]) {
		return ""
	}
	return inv.words[at+1]
}

// etcdMembers refuses two changes of the membership in one step, and adding a member before the dead one is removed: with
// two members of three, four voters need three.
func (l *linter) etcdMembers(i int) {
	changes := 0
	for _, c := range l.book.Steps[i].Commands {
		if c.Kind != Sh {
			continue
		}
		for _, inv := range invocations(c.Script) {
			what := memberChange(inv)
			if what == "" {
				continue
			}
			changes++
			if inv.loop || c.On.All || several(&c) {
				changes++
			}
			if changes > 1 {
				l.blame(&c, inv, "two changes of etcd's members in one step", "one change a step, with the cluster healthy in between")
			}
			if what == "add" && !l.removedBefore(i) {
				l.blame(&c, inv, "a member is added to etcd before the dead one is removed", "remove it in a step above, or check etcd.voters")
			}
		}
	}
}

// several says that a command runs on a list of targets.
func several(c *Command) bool {
	return c.On.All || c.On.Expr != nil && c.On.Expr.Type().Kind() == reflect.Slice
}

func (l *linter) removedBefore(i int) bool {
	for _, c := range l.book.Steps[i].Before {
		if reads(c.Expr, "etcd.voters") {
			return true
		}
	}
	for _, s := range l.book.Steps[:i] {
		for _, c := range s.Commands {
			if c.Kind == Sh && slices.ContainsFunc(invocations(c.Script), func(inv invocation) bool { return memberChange(inv) == "remove" }) {
				return true
			}
		}
	}
	return false
}

// etcdctl refuses to defragment all members at once, and a call that etcdctl refuses itself.
func (l *linter) etcdctl(c *Command, inv invocation) {
	if inv.words[0] != "etcdctl" {
		return
	}
	endpoints, named := "", false
	for i, w := range inv.words[1:] {
		if v, ok := strings.CutPrefix(w, "--endpoints="); ok {
			endpoints, named = v, true
		} else if w == "--endpoints" && i+2 < len(inv.words) {
			endpoints, named = inv.words[i+2], true
		}
	}
	if inv.has("defrag") && (inv.has("--cluster") || !named || strings.Contains(endpoints, ",") || strings.Contains(endpoints, "$ETCDCTL_ENDPOINTS") || several(c) && c.Order == Parallel) {
		l.blame(c, inv, "defrag stops a member while it runs, and this reaches all of them", "name one endpoint, the leader's last: etcdctl --endpoints=HOST:PORT defrag")
	}
	if named && !slices.ContainsFunc(invocations(c.Script), func(i invocation) bool { return i.words[0] == "unset" && i.has("ETCDCTL_ENDPOINTS") }) {
		l.blame(c, inv, "etcdctl stops when ETCDCTL_ENDPOINTS and --endpoints are both given", "write `unset ETCDCTL_ENDPOINTS` above it")
	}
}
