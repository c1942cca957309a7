package runbooks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// patronictl is the command of patronictl that an invocation runs, or "".
func patronictl(inv invocation) string {
	if inv.words[0] != "patronictl" {
		return ""
	}
	words := skip(inv.words[1:], "cdk")
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// besidePatroni refuses to promote or start PostgreSQL without Patroni: that is how two primaries are made.
func (l *linter) besidePatroni(c *Command, inv invocation) {
	const hint = "Patroni starts and promotes: systemctl start \"$PATRONI_UNIT\""
	what := ""
	switch inv.words[0] {
	case "pg_ctl":
		if inv.has("promote", "start", "restart") {
			what = "pg_ctl " + inv.verb()
			for _, v := range []string{"promote", "start", "restart"} {
				if inv.has(v) {
					what = "pg_ctl " + v
				}
			}
		}
	case "pg_ctlcluster":
		if inv.has("promote", "start", "restart") {
			what = "pg_ctlcluster"
		}
	case "postgres", "postmaster":
		if !inv.has("--version", "-V", "--describe-config", "-C") {
			what = inv.words[0]
		}
	case "systemctl", "service":
		verbs := []string{"start", "restart", "enable", "unmask", "reenable", "try-restart", "reload-or-restart"}
		if inv.has(verbs...) && slices.ContainsFunc(inv.words[1:], func(w string) bool { return family(w) == "postgres" }) {
			what = inv.words[0] + " " + inv.verb() + " of PostgreSQL's own unit"
		}
	case "psql":
		if slices.ContainsFunc(inv.words[1:], func(w string) bool { return strings.Contains(strings.ToLower(w), "pg_promote") }) {
			what = "pg_promote()"
		}
	}
	if what != "" {
		l.blame(c, inv, what+" works beside Patroni and can make a second primary", hint)
	}
}

func (l *linter) sqlCall(c *Command) {
	if strings.Contains(strings.ToLower(c.Script), "pg_promote") {
		l.problem(c.Line, 1, "pg_promote() works beside Patroni and can make a second primary", "ask Patroni for a failover or a switchover")
	}
	if c.Risk == Read && sqlChanges.MatchString(c.Script) {
		l.problem(c.Line, 1, "the statement changes something and says risk=read", "write risk=change or risk=destroy")
	}
}

var sqlChanges = regexp.MustCompile(`(?is)^\s*(insert|update|delete|truncate|drop|alter|create|grant|revoke|vacuum|reindex|cluster|checkpoint|call|do|copy\s+\S+\s+from|refresh|reset|comment|merge)\b|pg_terminate_backend|pg_cancel_backend|pg_drop_replication_slot|pg_switch_wal|pg_reload_conf|pg_wal_replay_(pause|resume)|pg_create_|lo_unlink|setval|nextval`)

// forgetting refuses what makes Patroni forget the cluster while a member may run.
func (l *linter) forgetting(s *Step, c *Command, inv invocation) {
	what := ""
	switch {
	case patronictl(inv) == "remove":
		what = "`patronictl remove`"
	case inv.words[0] == "etcdctl" && inv.has("del", "rm") && slices.ContainsFunc(inv.words[1:], func(w string) bool {
		return strings.Contains(w, "/initialize") || strings.HasPrefix(w, "--prefix") || strings.HasPrefix(w, "--from-key")
	}):
		what = "deleting `initialize` in etcd"
	}
	if what != "" && !l.allStopped(s) {
		l.blame(c, inv, what+" while a member may run makes it forget the cluster, or start a new one",
			`write a check above it: all(nodes, .services["patroni"] == "inactive")`)
	}
}

// allStopped says that a check of the step asks that Patroni runs on no node.
func (l *linter) allStopped(s *Step) bool {
	for _, c := range s.Before {
		for _, n := range conjuncts(tree(c.Expr)) {
			b, ok := n.(*ast.BuiltinNode)
			if ok && (b.Name == "all" || b.Name == "none") && len(b.Arguments) == 2 && dotted(b.Arguments[0]) == "nodes" &&
				(strings.Contains(b.Arguments[1].String(), "units") || strings.Contains(b.Arguments[1].String(), "services")) && strings.Contains(b.Arguments[1].String(), "patroni") {
				return true
			}
		}
	}
	return false
}

// leaderRebuilt refuses a reinit by patronictl that may name the leader.
func (l *linter) leaderRebuilt(s *Step, c *Command, inv invocation) {
	if patronictl(inv) == "reinit" && !l.notTheLeader(s) {
		l.blame(c, inv, "the member to rebuild may be the leader", "write a check above it: patroni.leader.name != inputs.member")
	}
}

// notTheLeader says that a check of the step asks that something is not the leader.
func (l *linter) notTheLeader(s *Step) bool {
	for _, c := range s.Before {
		for _, n := range conjuncts(tree(c.Expr)) {
			text := n.String()
			if b, ok := n.(*ast.BinaryNode); ok && b.Operator == "!=" && !either(n) &&
				(strings.Contains(text, "patroni.leader.name") || strings.Contains(text, "patroni.leader.node") || strings.Contains(text, `"leader"`)) {
				return true
			}
		}
	}
	return false
}

// httpCall judges a request to Patroni's REST API.
func (l *linter) httpCall(s *Step, c *Command) {
	h := parseCall(c.Script)
	bad := func(what, hint string) { l.problem(c.Line, 1, what, hint) }
	_, leader := h.body["leader"]
	_, candidate := h.body["candidate"]
	switch {
	case h.method == "POST" && h.path == "/reinitialize":
		if reads(c.On.Expr, "patroni.leader") || !l.notTheLeader(s) {
			bad("the member to rebuild may be the leader", "write a check above it: patroni.leader.name != inputs.member")
		}
		if _, wrong := h.body["from-leader"]; wrong {
			bad("Patroni does not read the key `from-leader`", "its code reads `from_leader`")
		}
		if c.Risk != Destroy {
			bad("a rebuild destroys a copy and says risk="+string(c.Risk), "write risk=destroy")
		}
	case h.method == "POST" && h.path == "/switchover" && !leader:
		bad("a switchover names the leader that is expected", `add "leader": Patroni refuses when it is another one by then`)
	case h.method == "POST" && h.path == "/failover" && leader:
		bad("a failover that names a `leader` is taken as a switchover", "take it out, or write POST /switchover")
	case h.method == "POST" && h.path == "/failover" && !candidate:
		bad("a failover names its `candidate`", "")
	case h.method == "POST" && h.path == "/failover" && c.Risk != Destroy:
		bad("a failover may lose commits and says risk="+string(c.Risk), "write risk=destroy")
	}
	if c.Risk == Read && h.method != "GET" && h.method != "HEAD" && h.method != "OPTIONS" {
		bad(h.method+" "+h.path+" changes something and says risk=read", "write risk=change or risk=destroy")
	}
}
