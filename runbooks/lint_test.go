package runbooks

import (
	"strings"
	"testing"
)

// refusal is one thing that lint refuses, and the same book mended, which it must not refuse: so that the rule and nothing
// else is what is tested.
type refusal struct {
	name       string
	head       string
	bad, good  string
	at         string // the piece of bad that the problem names the place of; "" when it is the opening of a block
	want, hint string
}

func TestLintRefuses(t *testing.T) {
	for _, group := range [][]refusal{proofRefusals(), shellRefusals(), dataRefusals(), patroniRefusals(), etcdRefusals(), targetRefusals(), reachRefusals(), riskRefusals(), secretRefusals(), redisRefusals()} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				bad := bookText(c.head, c.bad)
				problems := mustLint(t, bad)
				if len(problems) != 1 {
					t.Fatalf("%d problems, expected one (%s):\n%v\n%s", len(problems), c.want, problems, numbered(bad))
				}
				p := problems[0]
				if !strings.Contains(p.What, c.want) || !strings.Contains(p.Hint, c.hint) {
					t.Errorf("got %q, hint %q\nexpected %q, hint %q", p.What, p.Hint, c.want, c.hint)
				}
				if c.at != "" {
					line, column := where(t, bad, fences(c.at))
					if p.Line != line || p.Column != column {
						t.Errorf("at %d:%d, expected %d:%d\n%s", p.Line, p.Column, line, column, numbered(bad))
					}
				}
				if good := mustLint(t, bookText(c.head, c.good)); len(good) != 0 {
					t.Errorf("the mended book is refused:\n%v\n%s", good, numbered(bookText(c.head, c.good)))
				}
			})
		}
	}
}

func proofRefusals() []refusal {
	const change = "## Do it\n\n'''check\npatroni.leader != nil\n'''\n\n'''sh on=patroni.leader risk=change timeout=5s\nsystemctl reload patroni\n'''\n"
	return []refusal{
		{
			name: "a change without proof", bad: change, good: change + "\n'''check within=1m\n!patroni.leader.pending_restart\n'''\n",
			at: "'''sh", want: "has no proof", hint: "check",
		},
		{
			name: "a proof that repeats its own command", at: `captures.said["a"] == "done"`, want: "repeats what the step's own command said",
			bad:  strings.Replace(change, "timeout=5s", "timeout=5s capture=said", 1) + "\n'''check\ncaptures.said[\"a\"] == \"done\"\n'''\n",
			good: change + "\n'''sh on=patroni.leader risk=read capture=said\nsystemctl is-active patroni\n'''\n\n'''check\ncaptures.said[\"a\"] == \"active\"\n'''\n",
		},
		{
			name: "a proof that was read before the change", at: `captures.said["a"] == "done"`, want: "repeats what the step's own command said",
			bad:  "## Look\n\n'''sh on=all risk=read capture=said\nid\n'''\n\n" + change + "\n'''check\ncaptures.said[\"a\"] == \"done\"\n'''\n",
			good: "## Look\n\n'''sh on=all risk=read capture=said\nid\n'''\n\n" + change + "\n'''check within=1m\ncaptures.said[\"a\"] == \"done\" && patroni.paused\n'''\n",
		},
		{
			name: "destroyed on several hosts", at: "'''sh on=role", want: "can be several hosts",
			bad:  sh("on=role(\"postgres\") risk=destroy timeout=5s order=serial", "touch /x"),
			good: sh("on=node(inputs.member) risk=destroy timeout=5s", "touch /x"), head: member,
		},
		{
			name: "a proof that cannot be instant", bad: change + "\n'''check\npatroni.paused\n'''\n", good: change + "\n'''check within=1m\npatroni.paused\n'''\n",
			at: "'''check\npatroni.paused", want: "has no `within`",
		},
		{
			name: "a check that cannot fail", at: "patroni.paused || !patroni.paused", want: "cannot fail",
			bad: "## Look\n\n'''check\npatroni.paused || !patroni.paused\n'''\n", good: "## Look\n\n'''check\npatroni.paused\n'''\n",
		},
		{
			name: "a check that reads nothing", at: "1 < 2", want: "cannot fail",
			bad: "## Look\n\n'''check\n1 < 2\n'''\n", good: "## Look\n\n'''check\npatroni.answered < 2\n'''\n",
		},
	}
}

func TestLintRefusesWhenThatAlwaysHolds(t *testing.T) {
	head := "because: 'so'\nwhen: 'patroni.paused || !patroni.paused'"
	problems := mustLint(t, bookText(head, "## By hand\n\nDo it.\n"))
	if len(problems) != 1 || !strings.Contains(problems[0].What, "cannot fail") {
		t.Errorf("got %v", problems)
	}
}

// sh is a step whose changing script is given.
func sh(attrs, script string) string { return oneStep("sh " + attrs + "\n" + script) }

func shellRefusals() []refusal {
	const on = "on=node(inputs.member) risk=read"
	var out []refusal
	for _, c := range []struct{ name, bad, good, at, want string }{
		{"[[", `[[ a = b ]]`, `[ a = b ]`, "[[ a", "/bin/sh has no [["},
		{"arrays", "x=(1 2)", "x=1", "(1 2)", "not POSIX shell: arrays"},
		{"pipefail", "set -o pipefail", "set -o errexit", "pipefail", "/bin/sh has no pipefail"},
		{"ANSI quotes", `echo $'a\n'`, `printf 'a\n'`, `$'a`, "/bin/sh has no $'...'"},
		{"brace expansion", "ls x{1,2}", "ls x1 x2", "x{1,2}", "/bin/sh has no brace expansion"},
		{"brace range", "echo {1..3}", "echo 1 2 3", "{1..3}", "/bin/sh has no brace expansion"},
		{"double equals", "[ a == b ]", "[ a = b ]", "==", "/bin/sh has no == in ["},
		{"arithmetic command", "((1 + 1))", ": $((1 + 1))", "((1", "/bin/sh has no (( ))"},
		{"source", "source /etc/os-release", ". /etc/os-release", "source", "/bin/sh has no source"},
		{"declare", "declare x", "x=1", "declare", "/bin/sh has no `declare`"},
		{"append", "x=a\nx+=b", `x=a; x="${x}b"`, "x+=b", "/bin/sh has no +="},
		{"here string", "cat <<<x", "echo x", "<<<", "not POSIX shell: herestrings"},
		{"syntax", "if true; then", "if true; then :; fi", "then\n", "the shell does not parse"},
		{"second line", "echo ä\necho ü; echo \"x", "echo ä", "\"x", "the shell does not parse"},
		{"variable", `echo "$PGDTA"`, `echo "$PGDATA"`, "$PGDTA", "nobody sets $PGDTA"},
		{"variable of the book", `echo "$MEMBR"`, `x=1; for i in a; do echo "$MEMBER $x $i ${y:-none} $1 $VIP_DB"; done`, "$MEMBR", "nobody sets $MEMBR"},
	} {
		out = append(out, refusal{
			name: "shell: " + c.name, head: member, want: c.want, at: c.at,
			bad: "## Look\n\n'''sh " + on + "\n" + c.bad + "\n'''\n", good: "## Look\n\n'''sh " + on + "\n" + c.good + "\n'''\n",
		})
	}
	return out
}

func dataRefusals() []refusal {
	const destroy = "on=node(inputs.member) risk=destroy timeout=5s"
	var out []refusal
	for _, c := range []struct{ name, bad, want string }{
		{"rm -rf", `rm -rf "$PGDATA"`, "`rm` removes data"},
		{"rm -rf of its contents", `rm -rf "$PGDATA"/*`, "`rm` removes data"},
		{"rm with options apart", `rm -f -r /var/lib/postgresql/17/main`, "`rm` removes data"},
		{"rm as another user", `runuser -u postgres -- rm -r "$PGDATA"`, "`rm` removes data"},
		{"rm in a shell of its own", `su postgres -c 'rm -rf $PGDATA'`, "`rm` removes data"},
		{"rm of a variable", "d=$PGDATA\nrm -rf \"$d\"", "`rm` removes data"},
		{"rm of WAL", `rm "$PGDATA/pg_wal/000000010000000000000001"`, "`rm` removes data"},
		{"rm of etcd's data", `rm -r "$ETCD_DATA"`, "`rm` removes data"},
		{"find -delete", `find "$PGDATA" -name '*.old' -delete`, "`find` removes data"},
		{"pg_resetwal", `pg_resetwal -f "$PGDATA"`, "throws away WAL"},
		{"FLUSHALL", "redis-cli flushall", "empties Redis"},
	} {
		good := `mv "$PGDATA" "$PGDATA.failed-$STAMP"`
		out = append(out, refusal{name: "data: " + c.name, head: member, bad: sh(destroy, c.bad), good: sh(destroy, good), want: c.want})
	}
	reinit := sh(destroy, `patronictl -c "$PATRONI_CONFIG" reinit "$PATRONI_SCOPE" "$MEMBER" --force`)
	ask := "## Ask\n\n'''ask\nkeep: {question: Keep it?, choices: [yes it is, no need]}\n'''\n\n"
	return append(
		out,
		refusal{
			name: "a reinit without copy or question", head: member, bad: reinit, want: "nobody kept a copy",
			good: ask + strings.Replace(reinit, fences("'''check\npatroni.leader"), "'''when\nanswers.keep == \"no need\"\n'''\n\n'''check\npatroni.leader", 1),
		},
		refusal{
			name: "a reinit after a question that nobody reads", head: member, bad: ask + reinit, want: "nobody kept a copy",
			good: sh("on=node(inputs.member) risk=change timeout=5s", `cp -a "$PGDATA" "$PGDATA.kept-$STAMP"`) + "\n" + strings.Replace(reinit, "## Do it", "## Rebuild", 1),
		},
	)
}

func patroniRefusals() []refusal {
	const change = "on=node(inputs.member) risk=change timeout=5s"
	fine := sh(change, `systemctl start "$PATRONI_UNIT"`)
	http := func(risk, request string) string {
		return oneStep("http on=member(inputs.member) risk=" + risk + "\n" + request)
	}
	switchover := "POST /switchover\n\n{\"leader\": \"a\", \"candidate\": \"$MEMBER\"}"
	stopped := "'''check\nall(nodes, .units[\"patroni\"] == \"inactive\")\npatroni.leader.name"
	remove := sh("on=node(inputs.member) risk=destroy timeout=5s", `patronictl -c "$PATRONI_CONFIG" remove "$PATRONI_SCOPE"`)
	forget := sh("on=node(inputs.member) risk=destroy timeout=5s", `etcdctl del "$PATRONI_NAMESPACE$PATRONI_SCOPE/initialize"`)
	ask := "## Ask\n\n'''ask\nkeep: {question: Keep it?, choices: [yes it is, no need]}\n'''\n\n"
	answered := func(step string) string {
		return ask + strings.Replace(fences(step), "```check", "```when\nanswers.keep == \"no need\"\n```\n\n```check", 1)
	}
	reinit := answered(sh("on=node(inputs.member) risk=destroy timeout=5s", `patronictl reinit "$PATRONI_SCOPE" "$MEMBER"`))
	rest := answered(http("destroy", "POST /reinitialize\n\n{\"from_leader\": true}"))
	var out []refusal
	for _, c := range []struct{ name, script string }{
		{"pg_ctl promote", `runuser -u postgres -- "$PGBIN/pg_ctl" -D "$PGDATA" promote`},
		{"pg_ctl start", `"$PGBIN/pg_ctl" -D "$PGDATA" start`},
		{"pg_ctlcluster", "pg_ctlcluster 17 main start"},
		{"systemctl start postgresql", "systemctl start postgresql@17-main.service"},
		{"systemctl enable postgresql", "systemctl enable --now postgresql"},
		{"postgres itself", `exec "$PGBIN/postgres" -D "$PGDATA"`},
		{"pg_promote", `psql -c 'select pg_promote()'`},
	} {
		out = append(out, refusal{name: c.name, head: member, bad: sh(change, c.script), good: fine, want: "beside Patroni"})
	}
	return append(
		out,
		refusal{name: "patronictl remove", head: member, bad: remove, good: strings.Replace(remove, fences("'''check\npatroni.leader.name"), stopped, 1), want: "`patronictl remove` while a member may run"},
		refusal{name: "deleting initialize", head: member, bad: forget, good: strings.Replace(forget, fences("'''check\npatroni.leader.name"), stopped, 1), want: "deleting `initialize`"},
		refusal{name: "reinit of the leader", head: member, bad: strings.Replace(reinit, "patroni.leader.name != inputs.member", "etcd.quorum", 1), good: reinit, want: "may be the leader"},
		refusal{
			name: "REST reinit of the leader", head: member, good: rest, want: "may be the leader",
			bad: strings.Replace(rest, "on=member(inputs.member)", "on=patroni.leader", 1),
		},
		refusal{name: "from-leader", head: member, bad: strings.Replace(rest, "from_leader", "from-leader", 1), good: rest, want: "from-leader"},
		refusal{name: "switchover without leader", head: member, bad: http("change", `POST /switchover`+"\n\n"+`{"candidate": "$MEMBER"}`), good: http("change", switchover), want: "names the leader that is expected"},
		refusal{name: "failover with leader", head: member, bad: http("destroy", strings.Replace(switchover, "switchover", "failover", 1)), good: http("destroy", `POST /failover`+"\n\n"+`{"candidate": "$MEMBER"}`), want: "taken as a switchover"},
		refusal{name: "POST as read", head: member, bad: strings.Replace(http("read", switchover), "check within=1m", "check", 1), good: http("change", switchover), want: "changes something and says risk=read"},
		refusal{name: "failover as change", head: member, bad: http("change", `POST /failover`+"\n\n"+`{"candidate": "$MEMBER"}`), good: http("destroy", `POST /failover`+"\n\n"+`{"candidate": "$MEMBER"}`), want: "may lose commits"},
	)
}

func etcdRefusals() []refusal {
	const destroy = "on=node(inputs.member) risk=destroy timeout=5s"
	remove := sh(destroy, `etcdctl member remove 8e9e05c52164694d`)
	add := strings.Replace(sh(destroy, `etcdctl member add n --peer-urls=http://n:22380`), "## Do it", "## Add it", 1)
	defrag := func(script string) string { return sh("on=node(inputs.member) risk=change timeout=5s", script) }
	good := defrag("unset ETCDCTL_ENDPOINTS\netcdctl --endpoints=http://127.0.0.1:22379 defrag")
	restart := func(attrs, script string) string {
		return fences("## Restart\n\n'''sh " + attrs + " timeout=5s\n" + script + "\n'''\n\n'''check within=1m\netcd.quorum\n'''\n")
	}
	return []refusal{
		{name: "two members changed", head: member, bad: sh(destroy, "etcdctl member remove 8e9e05c52164694d\netcdctl member remove 91bc3c398fb3c146"), good: remove, at: "etcdctl member remove 91", want: "two changes of etcd's members"},
		{name: "members changed in a loop", head: member, bad: sh(destroy, "for m in a b; do\n  etcdctl member remove \"$m\"\ndone"), good: remove, want: "two changes of etcd's members"},
		{name: "members changed on all hosts", head: member, bad: sh("on=all risk=change timeout=5s", "etcdctl member promote 8e9e05c52164694d"), good: remove, want: "two changes of etcd's members"},
		{name: "added before removed", head: member, bad: add + "\n" + remove, good: remove + "\n" + add, want: "before the dead one is removed"},
		{name: "added without a look at the voters", head: member, bad: add, good: strings.Replace(add, "patroni.leader.name != inputs.member", "etcd.voters == 2", 1), want: "before the dead one is removed"},
		{name: "defrag of the cluster", head: member, bad: defrag("etcdctl defrag --cluster"), good: good, want: "reaches all of them"},
		{name: "defrag of all endpoints", head: member, bad: defrag("etcdctl defrag"), good: good, want: "reaches all of them"},
		{name: "both endpoints", head: member, bad: defrag("etcdctl --endpoints http://127.0.0.1:22379 defrag"), good: good, want: "both given"},
		{name: "restart of etcd at once", bad: restart(`on=role("etcd") risk=change order=parallel`, `systemctl restart "$ETCD_UNIT"`), good: restart(`on=role("etcd") risk=change order=serial`, `systemctl restart "$ETCD_UNIT"`), at: "systemctl", want: "on all nodes at once"},
		{name: "restart of Patroni at once", bad: restart(`on=all risk=change order=parallel`, `systemctl restart patroni`), good: restart(`on=all risk=change`, `systemctl restart patroni`), want: "on all nodes at once"},
		{name: "reboot of all at once", bad: restart(`on=all risk=change order=parallel`, `systemctl reboot`), good: restart(`on=all risk=change`, `systemctl restart haproxy`), want: "on all nodes at once"},
		{name: "stop of etcd one by one", bad: restart(`on=role("etcd") risk=change`, `systemctl stop etcd-patroni`), good: restart(`on=others("a") risk=change`, `systemctl stop etcd-patroni`), want: "one node after the other"},
		{name: "disable --now of etcd", bad: restart(`on=all risk=change`, `systemctl disable --now etcd-patroni`), good: restart(`on=all risk=change`, `systemctl disable etcd-patroni`), want: "one node after the other"},
	}
}
