package runbooks

import (
	"strings"
	"testing"

	"recon/probes"
)

func targetRefusals() []refusal {
	read := func(on, checks string) string {
		check := ""
		if checks != "" {
			check = "'''check\n" + checks + "\n'''\n\n"
		}
		return "## Look\n\n" + check + "'''sh on=" + on + " risk=read\nid\n'''\n"
	}
	const leader = "can be nobody: `patroni.leader`"
	return []refusal{
		{name: "leader without a check", bad: read("patroni.leader", ""), good: read("patroni.leader", "patroni.leader != nil"), at: "'''sh", want: leader, hint: "patroni.leader != nil"},
		{name: "leader behind an or", bad: read("patroni.leader", "patroni.leader != nil || etcd.quorum"), good: read("patroni.leader", "patroni.leader != nil && etcd.quorum"), want: leader},
		{name: "leader asked to be nobody", bad: read("patroni.leader", "patroni.leader == nil"), good: read("patroni.leader", `patroni.leader.name != "x"`), want: leader},
		{name: "the holder of a VIP", bad: read("vips.db.holder", "patroni.leader != nil"), good: read("vips.db.holder", "vips.db.holder != nil"), want: "can be nobody: `vips.db.holder`"},
		{name: "the lock's holder", bad: read("member(patroni.lock_holder)", "etcd.quorum"), good: read("member(patroni.lock_holder)", "patroni.lock_holder == patroni.leader.name"), want: "can be nobody: `patroni.lock_holder`"},
		{name: "all but nobody", bad: read("others(patroni.leader)", ""), good: read("others(patroni.leader)", "patroni.leader != nil"), want: leader},
		{name: "replicas", bad: read("patroni.replicas", ""), good: read("patroni.replicas", "len(patroni.replicas) > 0"), want: "can be nobody: `patroni.replicas`", hint: "len(patroni.replicas) > 0"},
		{name: "replicas asked to be none", bad: read("patroni.replicas", "len(patroni.replicas) == 0"), good: read("patroni.replicas", "all(patroni.replicas, .lag == 0)"), want: "can be nobody: `patroni.replicas`"},
		{name: "a filter", bad: read("filter(patroni.members, .pending_restart)", "etcd.quorum"), good: read("filter(patroni.members, .pending_restart)", "any(patroni.members, .pending_restart)"), want: "can be nobody", hint: "any("},
		{name: "another filter", bad: read("find(nodes, .reachable)", "any(nodes, !.reachable)"), good: read("find(nodes, .reachable)", "any(nodes, .reachable)"), want: "can be nobody"},
	}
}

func TestGuardsFillTargets(t *testing.T) {
	change := "## Do\n\n'''sh on=patroni.leader risk=change timeout=5s\nsystemctl reload patroni\n'''\n\n'''check within=1m\npatroni.paused\n'''\n"
	if problems := mustLint(t, bookText("", change)); len(problems) != 0 {
		t.Errorf("G01 asks for a leader before every change, and still: %v", problems)
	}
	if problems := mustLint(t, bookText("waives: {G01: 'the cure'}", change)); len(problems) != 1 || !strings.Contains(problems[0].What, "can be nobody") {
		t.Errorf("G01 is waived, and: %v", problems)
	}
	if problems := mustLint(t, bookText("systems: [netbox]", change)); len(problems) != 1 || !strings.Contains(problems[0].What, "can be nobody") {
		t.Errorf("G01 does not cover netbox, and: %v", problems)
	}
}

func reachRefusals() []refusal {
	ask := "## Ask\n\n'''ask\nkeep: {question: Keep it?, choices: [keep it, drop it]}\n'''\n\n"
	when := func(lines string) string { return "## By hand\n\n'''when\n" + lines + "\n'''\n\nDo it.\n" }
	return []refusal{
		{name: "a when that contradicts itself", at: `etcd.leader == "a" &&`, want: "never reached", bad: when(`etcd.leader == "a" && etcd.leader == "b"`), good: when(`etcd.leader == "a" || etcd.leader == "b"`)},
		{name: "lines that contradict each other", want: "contradict each other", bad: when("patroni.paused\n!patroni.paused"), good: when("patroni.paused\netcd.quorum")},
		{name: "an answer that cannot be given", at: `answers.keep == "keep"`, want: "can never be", hint: "keep it", bad: ask + when(`answers.keep == "keep"`), good: ask + when(`answers.keep == "keep it"`)},
		{name: "an answer that comes later", at: `answers.keep == "keep it"`, want: "is not known yet here", bad: when(`answers.keep == "keep it"`) + "\n" + ask, good: ask + when(`answers.keep == "keep it"`)},
		{
			name: "a capture that comes later", want: "is not known yet here", bad: when(`captures.x["a"] == "b"`) + "\n## Read\n\n'''sh on=all risk=read capture=x\nid\n'''\n",
			good: "## Read\n\n'''sh on=all risk=read capture=x\nid\n'''\n\n" + when(`captures.x["a"] == "b"`),
		},
		{
			name: "an input that cannot be given", head: "inputs: {how: {ask: How?, choices: [fast, slow]}}", want: "can never be", hint: "fast",
			bad: when(`inputs.how == "fats"`), good: when(`inputs.how == "fast"`),
		},
	}
}

func riskRefusals() []refusal {
	const on = "on=node(inputs.member)"
	read := func(script string) string { return "## Look\n\n'''sh " + on + " risk=read\n" + script + "\n'''\n" }
	fine := sh(on+" risk=change timeout=5s", "systemctl start patroni")
	var out []refusal
	for _, c := range []struct{ name, script string }{
		{"systemctl", "systemctl start patroni"},
		{"patronictl", `patronictl -c "$PATRONI_CONFIG" pause "$PATRONI_SCOPE"`},
		{"etcdctl", "etcdctl put a b"},
		{"a file", "echo 1 > /etc/motd"},
		{"sed", "sed -i s/a/b/ /etc/patroni/patroni.yml"},
		{"sudo", "sudo -n kill 1"},
		{"psql", `psql -XAtc 'update t set a = 1'`},
		{"in a pipe", "ls | xargs rm"},
	} {
		out = append(out, refusal{name: "read that changes: " + c.name, head: member, bad: read(c.script), good: read("systemctl status patroni || :\nls 2>/dev/null | wc -l\nsed -n 1p /etc/hosts\npatronictl -c \"$PATRONI_CONFIG\" list"), want: "says risk=read"})
	}
	return append(
		out,
		refusal{name: "rewind as a change", head: member, bad: sh(on+" risk=change timeout=5s", `pg_rewind -D "$PGDATA"`), good: sh(on+" risk=destroy timeout=5s", `pg_rewind -D "$PGDATA"`), want: "may lose commits"},
		refusal{name: "move of the data as a change", head: member, bad: sh(on+" risk=change timeout=5s", `mv "$PGDATA" "$PGDATA.old"`), good: sh(on+" risk=destroy timeout=5s", `mv "$PGDATA" "$PGDATA.old"`), want: "destroys a copy"},
		refusal{name: "sql that changes", bad: "## Look\n\n'''check\npatroni.leader != nil\n'''\n\n'''sql on=patroni.leader risk=read\nDELETE FROM t\n'''\n", good: "## Look\n\n'''check\npatroni.leader != nil\n'''\n\n'''sql on=patroni.leader risk=read\nSELECT 'delete'\n'''\n", want: "says risk=read"},
		refusal{name: "sql that promotes", head: member, bad: oneStep("sql on=node(inputs.member) risk=change\nSELECT pg_promote()"), good: fine, want: "beside Patroni"},
	)
}

func secretRefusals() []refusal {
	text := func(s string) string { return "## By hand\n\n" + s + "\n" }
	var out []refusal
	for _, c := range []struct{ name, bad, at, good string }{
		{"assignment", "password=hunter2", "hunter2", "password=$PASSWORD"},
		{"environment", "    export PGPASSWORD='s3cretpw'", "s3cretpw", "    export PGPASSWORD=\"$PGPASSWORD\""},
		{"yaml", "'''yaml\npostgresql_password: Tr0ub4dor\n'''", "Tr0ub4dor", "'''yaml\npostgresql_password: env:PW\n'''"},
		{"url", "psql postgres://netbox:abc123@10.0.0.1/netbox", "abc123", "psql postgres://netbox@10.0.0.1/netbox"},
		{"redis-cli", "redis-cli -a hunter2 ping", "hunter2", "redis-cli ping"},
		{"requirepass", "requirepass hunter22", "hunter22", "requirepass <the password>"},
		{"sql", "ALTER ROLE x PASSWORD 'hunter2'", "hunter2", "ALTER ROLE x PASSWORD '<the new one>'"},
		{"curl", "curl -u admin:hunter2 http://x/", "hunter2", "curl http://x/"},
		{"basic", "Authorization: Basic YWRtaW46aHVudGVy", "YWRtaW46aHVudGVy", "Authorization comes from the cluster file"},
		{"key", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN", "a private key"},
	} {
		out = append(out, refusal{name: "secret: " + c.name, bad: text(c.bad), good: text(c.good), at: c.at, want: map[bool]string{true: "a private key", false: "a password"}[c.name == "key"]})
	}
	return out
}

func TestProseAboutPasswords(t *testing.T) {
	for _, prose := range []string{
		"The password: ask the team.", "Passwords live in the cluster file. Secret: none.", "Its password is in the vault, see http://wiki/passwords.",
		"RD-08: AUTH mismatch.", "Set the token in `NETBOX_TOKEN`.", "token: a word of the parser",
	} {
		if problems := mustLint(t, bookText("", "## By hand\n\n"+prose+"\n")); len(problems) > 0 {
			t.Errorf("%q: %v", prose, problems)
		}
	}
}

func TestReferences(t *testing.T) {
	steps := "## Walk\n\n'''book\nbook: patroni-switchover\n'''\n"
	if problems := mustLint(t, bookText("", steps)); len(problems) != 0 {
		t.Errorf("a book of the library: %v", problems)
	}
	steps = strings.Replace(steps, "patroni-switchover", "patroni-swichover", 1)
	problems := mustLint(t, bookText("", steps))
	if len(problems) != 1 || !strings.Contains(problems[0].Hint, "patroni-switchover") {
		t.Errorf("an unknown book: %v", problems)
	}
	if more := Lint("x.md", []byte(bookText("", steps)), probes.Scope(nil), "patroni-swichover"); len(more) != 0 {
		t.Errorf("a book that the caller knows: %v", more)
	}
}

func TestQuorumWaived(t *testing.T) {
	steps := "## Stop\n\n'''sh on=all risk=change timeout=5s\nsystemctl stop etcd-patroni\n'''\n\n'''check within=1m\n!etcd.quorum\n'''\n"
	if problems := mustLint(t, bookText("waives: {quorum-stays: 'a planned shutdown'}", steps)); len(problems) != 0 {
		t.Errorf("a planned shutdown: %v", problems)
	}
}
