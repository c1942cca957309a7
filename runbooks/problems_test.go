package runbooks

import (
	"strings"
	"testing"

	"recon/probes"
)

// TestProblems: what is not known is an error with its place, and a hint where one can be given. at is the piece of text
// whose place is expected.
func TestProblems(t *testing.T) {
	const hand = "## By hand\n\nDo it.\n"
	read := func(attrs string) string { return "## Look\n\n'''sh " + attrs + "\nid\n'''\n" }
	block := func(b string) string { return "## Look\n\n'''" + b + "\n'''\n" }
	for _, c := range []struct{ name, head, steps, at, want, hint string }{
		{name: "unknown key", head: "severty: 1", steps: hand, at: "severty", want: "no key `severty`", hint: "severity"},
		{name: "unknown kind", head: "kind: recovry", steps: hand, at: "recovry", want: "no kind `recovry`", hint: "recovery"},
		{name: "format", head: "format: 2", steps: hand, at: "2\nid", want: "format 2 is not known"},
		{name: "severity", head: "severity: high", steps: hand, at: "high", want: "severity `high`"},
		{name: "id", head: "id: Test Book", steps: hand, at: "Test Book", want: "the id `Test Book`"},
		{name: "system", head: "systems: [patroni, postgress]", steps: hand, at: "postgress", want: "does not know `postgress`", hint: "postgres"},
		{name: "scenario", head: "scenarios: [PG-99]", steps: hand, at: "PG-99", want: "does not know `PG-99`"},
		{name: "fault", head: "faults: [kill-leeder]", steps: hand, at: "kill-leeder", want: `no fault "kill-leeder"`, hint: "kill-leader"},
		{name: "fault with too many words", head: "faults: ['kill-leader now']", steps: hand, at: "'kill-leader now'", want: "too many words"},
		{name: "guard", head: "waives: {G99: 'because'}", steps: hand, at: "G99", want: "no guard `G99`"},
		{name: "waiver without reason", head: "waives: {G01: ''}", steps: hand, at: "G01", want: "without a reason"},
		{name: "unquoted expression", head: "because: 'x'\nwhen: patroni.paused", steps: hand, at: "patroni.paused", want: "without quotes"},
		{name: "expression cut by YAML", head: "because: 'x'\nwhen: patroni.paused # != true", steps: hand, at: "patroni.paused", want: "YAML cut it"},
		{name: "error inside quotes", head: "because: 'x'\nwhen: 'patroni.leader != nil && patroni.pausd'", steps: hand, at: "pausd", want: "has no field `pausd`", hint: "paused"},
		{name: "error behind doubled quotes", head: "because: 'x'\nwhen: 'patroni.scope == ''a'' && patroni.pausd'", steps: hand, at: "pausd", want: "has no field `pausd`"},
		{name: "error behind escapes", head: "because: 'x'\nwhen: \"patroni.scope == \\\"ä\\\" && patroni.pausd\"", steps: hand, at: "pausd", want: "has no field `pausd`"},
		{name: "when of another type", head: "because: 'x'\nwhen: 'patroni.answered'", steps: hand, at: "patroni.answered", want: "is not yes or no"},
		{name: "when without because", head: "when: 'patroni.paused'", steps: hand, at: "'patroni.paused'", want: "`because`"},
		{name: "error in because", head: "when: 'patroni.paused'\nbecause: 'it is {patroni.pausd}'", steps: hand, at: "pausd", want: "has no field `pausd`"},
		{name: "duration", head: "for: 10", steps: hand, at: "10\n---", want: "not a duration"},
		{name: "anchor", head: "escalate: &a x", steps: hand, want: "anchors"},
		{name: "tag", head: "escalate: !!str x", steps: hand, want: "tags"},
		{name: "key twice", head: "inputs: {x: {ask: X?, ask: Y?}}", steps: hand, want: "cannot be read"},
		{name: "broken YAML", head: "escalate: [", steps: hand, want: "cannot be read"},
		{name: "input name", head: "inputs: {Member: {ask: Which?}}", steps: hand, at: "Member", want: "the input `Member`"},
		{name: "input that hides a variable", head: "inputs: {path: {ask: Which?}}", steps: hand, at: "path", want: "would be $PATH"},
		{name: "input that hides a value", head: "inputs: {pgdata: {ask: Which?}}", steps: hand, at: "pgdata", want: "would be $PGDATA"},
		{name: "input without a question", head: "inputs: {x: {choices: [a, b]}}", steps: hand, at: "x:", want: "asks nothing"},
		{name: "unknown key of an input", head: "inputs: {x: {ask: X?, chioces: [a]}}", steps: hand, at: "chioces", want: "no key `chioces`", hint: "choices"},
		{name: "choices of another type", head: "inputs: {x: {ask: X?, choices: 'patroni.members'}}", steps: hand, at: "'patroni.members'", want: "not a list of texts"},
		{name: "default without quotes", head: "inputs: {x: {ask: X?, default: patroni.leader.name == nil}}", steps: hand, at: "patroni.leader", want: "without quotes"},
		{name: "default not among the choices", head: "inputs: {x: {ask: X?, choices: [fast, slow], default: fats}}", steps: hand, at: "fats", want: "not among the choices", hint: "fast"},
		{name: "key of a drill", head: "time: 5m", steps: hand, at: "5m", want: "only a drill has `time`"},
		{name: "finding that runs", head: "kind: finding\nbecause: 'x'\nwhen: 'patroni.paused'", steps: read("on=all risk=change timeout=5s"), at: "## Look", want: "changes nothing"},

		{name: "no steps", steps: "Text.\n", want: "has no steps"},
		{name: "underlined heading", steps: "By hand\n-------\n\nDo it.\n", at: "By hand", want: "underlined"},
		{name: "second title", steps: hand + "\n# Another\n", at: "# Another", want: "a second title"},
		{name: "title differs", head: "title: Another", steps: hand, at: "# A test", want: "the heading says"},
		{name: "empty step", steps: "## Nothing\n\n" + hand, at: "## Nothing", want: "is empty"},
		{name: "block above the steps", steps: "'''sh on=all risk=read\nid\n'''\n\n" + hand, at: "sh on", want: "above the first step"},
		{name: "block in a list", steps: "## Look\n\n- one\n\n  '''sh on=all risk=read\n  id\n  '''\n", at: "sh on=all", want: "in a list or a quote"},
		{name: "block in a quote", steps: "## Look\n\n> '''sh on=all risk=read\n> id\n> '''\n", at: "sh on=all", want: "in a list or a quote"},
		{name: "indented block", steps: "## Look\n\n  '''sh on=all risk=read\n  id\n  '''\n", at: "'''sh", want: "beginning of its line"},
		{name: "block never closed", steps: "## Look\n\n'''sh on=all risk=read\nid\n", at: "'''sh", want: "never closed"},
		{name: "backticks in the opening", steps: "## Look\n\n'''sh on=node(`a`) risk=read\nid\n", at: "'''sh", want: "none for markdown"},
		{name: "unknown alert", steps: "## Look\n\n> [!DANGER]\n> Careful.\n", want: "no alert `DANGER`"},
		{name: "bash", steps: block("bash\nid"), at: "bash", want: "no block `bash`", hint: "`sh`"},
		{name: "shell with attributes", steps: block("shell on=all risk=read\nid"), at: "shell", want: "no block `shell`", hint: "`sh`"},
		{name: "SQL", steps: block("SQL\nSELECT 1"), at: "SQL", want: "no block `SQL`", hint: "`sql`"},
		{name: "chek", steps: block("chek\npatroni.paused"), at: "chek", want: "no block `chek`", hint: "`check`"},
		{name: "attribute of a shown block", steps: block("console on=all\nid"), at: "on=all", want: "only shown"},
		{name: "unknown attribute", steps: read("on=all risk=read timout=5s"), at: "timout", want: "no attribute `timout`", hint: "timeout"},
		{name: "attribute of when", steps: "## Look\n\n'''when within=5s\npatroni.paused\n'''\n\nDo it.\n", at: "within", want: "no attribute `within`"},
		{name: "attribute twice", steps: read("on=all on=all risk=read"), at: "on=all risk", want: "stands here twice"},
		{name: "attribute without value", steps: read("on=all risk=read timeout"), at: "timeout", want: "has no value"},
		{name: "attribute with spaces", steps: read("on= all risk=read"), want: "has no value"},
		{name: "flag with value", steps: "## Look\n\n'''sh on=all risk=read\nid\n'''\n\n'''sh rollback=yes on=all risk=change timeout=5s\nid\n'''\n", at: "rollback=yes", want: "is a flag"},
		{name: "open bracket", steps: read("risk=read on=node(inputs.member"), want: "is not closed"},
		{name: "no risk", steps: read("on=all"), at: "sh on", want: "does not say its risk"},
		{name: "wrong risk", steps: read("on=all risk=reed"), at: "reed", want: "cannot be `reed`", hint: "read"},
		{name: "no target", steps: read("risk=read"), at: "sh risk", want: "does not say where it runs"},
		{name: "target as a text", steps: read(`risk=read on="a"`), at: `"a"`, want: "is a text", hint: "node("},
		{name: "target of another type", steps: read("risk=read on=etcd.quorum"), at: "etcd.quorum", want: "neither a node nor a member"},
		{name: "unknown input", steps: read("risk=read on=node(inputs.membr)"), at: "membr", want: "no field `membr`"},
		{name: "no disconnect", steps: "## Do\n\n'''sh on=all risk=change timeout=11s\nid\n'''\n\n'''check within=1m\npatroni.paused\n'''\n", at: "sh on", want: "when the connection is lost"},
		{name: "no disconnect at the default timeout", steps: "## Do\n\n'''sh on=all risk=change\nid\n'''\n\n'''check within=1m\npatroni.paused\n'''\n", at: "sh on", want: "may take 30s"},
		{name: "expect that is no expression", steps: read(`on=all risk=read expect="[a"`), at: `"[a"`, want: "not a regular expression"},
		{name: "become on the console", steps: read("on=console risk=read become=true"), at: "true", want: "on the console"},
		{name: "capture name", steps: read("on=all risk=read capture=PATH"), at: "PATH", want: "the capture `PATH`"},
		{name: "check that is not yes or no", steps: block("check\npatroni.answered"), at: "patroni.answered", want: "is not yes or no"},
		{name: "empty check", steps: block("check\n# nothing"), at: "check", want: "has no line"},
		{name: "error in a check", steps: block("check\netcd.quorum\n  !patroni.pausd   # frozen"), at: "pausd", want: "no field `pausd`"},
		{name: "progress of another type", steps: block("check within=5m progress=patroni.paused\netcd.quorum"), at: "patroni.paused", want: "`progress` is not a number"},
		{name: "progress without within", steps: block("check progress=patroni.answered\netcd.quorum"), at: "progress", want: "no clock to hold"},
		{name: "within of a check before", steps: "## Do\n\n'''check within=1m\netcd.quorum\n'''\n\n'''sh on=all risk=read\nid\n'''\n", at: "within", want: "stands before the commands"},
		{name: "when below a command", steps: "## Do\n\n'''sh on=all risk=read\nid\n'''\n\n'''when\netcd.quorum\n'''\n", at: "when\n", want: "`when` stands below the commands"},
		{name: "ask above a command", steps: "## Do\n\n'''ask\nx: {question: X?}\n'''\n\n'''sh on=all risk=read\nid\n'''\n", at: "sh on", want: "the commands stands below `ask`"},
		{name: "check between commands", steps: "## Do\n\n'''sh on=all risk=read\nid\n'''\n\n'''check\netcd.quorum\n'''\n\n'''sh on=all risk=read\nid\n'''\n", at: "check\n", want: "between what runs"},
		{name: "two proofs", steps: "## Do\n\n'''check\netcd.quorum\n'''\n\n'''check\npatroni.paused\n'''\n", want: "a second `check`"},
		{name: "two changes", steps: "## Do\n\n'''sh on=all risk=change timeout=5s\nid\n'''\n\n'''sh on=all risk=change timeout=5s\nid\n'''\n\n'''check within=1m\netcd.quorum\n'''\n", want: "a second block that changes"},
		{name: "rollback of nothing", steps: "## Do\n\n'''sh on=all risk=read\nid\n'''\n\n'''sh rollback on=all risk=change timeout=5s\nid\n'''\n", want: "changes nothing"},
		{name: "hint outside a drill", steps: "## Do\n\nText.\n\n'''hint\nLook.\n'''\n", at: "hint\n", want: "outside a drill"},
		{name: "ask without question", steps: block("ask\nx: {choices: [a, b]}"), at: "x:", want: "no `question`"},
		{name: "ask with one choice", steps: block("ask\nx: {question: X?, choices: [a]}"), want: "nothing to choose"},
		{name: "ask with an unknown key", steps: block("ask\nx: {question: X?, choice: [a, b]}"), at: "choice:", want: "no key `choice`"},
		{name: "ask with the name of an input", head: "inputs: {x: {ask: X?}}", steps: block("ask\nx:\n  question: X?"), at: "x:\n", want: "belongs to an input already"},
		{name: "empty ask", steps: block("ask\n# nothing"), at: "ask", want: "asks nothing"},
		{name: "number that is none", steps: block("ask\nx: {question: X?, kind: number, default: many}"), at: "many", want: "not a number"},
		{name: "no request line", steps: block("http on=all risk=read\nswitchover"), at: "switchover", want: "not a request line"},
		{name: "unknown path", steps: block("http on=all risk=read\nGET /patron"), at: "/patron", want: "knows no GET /patron", hint: "/patroni"},
		{name: "unknown method", steps: block("http on=all risk=read\nget /patroni"), at: "get", want: "knows no get"},
		{name: "credentials in a request", steps: block("http on=all risk=read\nGET /patroni\nAuthorization: $TOKEN"), at: "Authorization", want: "no credentials"},
		{name: "body that is no JSON", steps: block("http on=all risk=read\nGET /patroni\n\n{leader}"), at: "{leader}", want: "not JSON"},
		{name: "expect of http", steps: block("http on=all risk=read expect=ok\nGET /patroni"), at: "ok\nGET", want: "is a status"},
		{name: "http on the console", steps: block("http on=console risk=read\nGET /patroni"), at: "console", want: "not on the console"},
		{name: "two statements", steps: block("sql on=all risk=read\nSELECT 1;\nSELECT 2"), want: "a second statement"},
		{name: "ansible without playbook", steps: block("ansible risk=read\ntags: [a]"), at: "ansible", want: "lacks `playbook`"},
		{name: "unknown key of ansible", steps: block("ansible risk=read\nplaybook: a.yml\nlimt: x"), at: "limt", want: "no key `limt`", hint: "limit"},
		{name: "unknown attribute of ansible", steps: block("ansible risk=read chek=no\nplaybook: a.yml"), at: "chek", want: "no attribute `chek`", hint: "check"},
		{name: "on= of ansible", steps: block("ansible on=all risk=read\nplaybook: a.yml"), at: "on=all", want: "no attribute `on`"},
		{name: "check that is neither yes nor no", steps: block("ansible risk=change check=maybe\nplaybook: a.yml"), at: "maybe", want: "`check` cannot be `maybe`", hint: "yes, no"},
		{name: "check without a value", steps: block("ansible risk=change check\nplaybook: a.yml"), at: "check\n", want: "`check` has no value"},
		{name: "dry run of a read", steps: block("ansible risk=read check=yes\nplaybook: a.yml"), at: "check=yes", want: "needs no run before it"},
		{name: "ansible without risk", steps: block("ansible\nplaybook: a.yml"), at: "ansible", want: "does not say its risk"},
		{name: "ansible with a timeout that is none", steps: block("ansible risk=read timeout=soon\nplaybook: a.yml"), at: "soon", want: "not a duration"},
		{name: "playbook outside of its folder", steps: block("ansible risk=read\nplaybook: ../a.yml"), at: "../a.yml", want: "is not a playbook in the deployment folder"},
		{name: "playbook that is no YAML", steps: block("ansible risk=read\nplaybook: site.sh"), at: "site.sh", want: "is not a playbook"},
		{name: "limit that is a bare name", steps: block("ansible risk=read\nplaybook: a.yml\nlimit: netbox-node-9"), at: "netbox", want: "is a name and no expression", hint: "node(\"netbox-node-9\")"},
		{name: "limit by an unknown input", steps: block("ansible risk=read\nplaybook: a.yml\nlimit: node(inputs.membr)"), head: "inputs: {member: {ask: Which?}}", at: "membr", want: "membr", hint: "member"},
		{name: "limit to an unknown role", steps: block("ansible risk=read\nplaybook: a.yml\nlimit: role(\"etcdd\")"), at: "\"etcdd\"", want: "no service `etcdd`", hint: "`etcd`"},
		{name: "unknown role of a target", steps: read("on=role(\"redsi\") risk=read"), at: "\"redsi\"", want: "no service `redsi`", hint: "redis"},
		{name: "unknown role of a check", steps: block("check\nall(role(\"haproxi\"), .reachable)"), at: "\"haproxi\"", want: "no service `haproxi`", hint: "haproxy"},
		{name: "limit that is no node", steps: block("ansible risk=read\nplaybook: a.yml\nlimit: etcd.quorum"), at: "etcd.quorum", want: "neither a node nor a member"},
		{name: "limit to nobody", steps: block("ansible risk=read\nplaybook: a.yml\nlimit: console"), at: "console", want: "names no node"},
		{name: "limit that YAML cuts off", steps: block("ansible risk=read\nplaybook: a.yml\nlimit: all # but one"), at: "all # but", want: "takes what follows # for a comment"},
		{name: "vars that are a list", steps: block("ansible risk=read\nplaybook: a.yml\nvars: [a]"), at: "[a]", want: "maps names to values"},
		{name: "vars with a bad name", steps: block("ansible risk=read\nplaybook: a.yml\nvars: {a-b: 1}"), at: "a-b", want: "not the name of a variable"},
		{name: "vars with a name of recon's", head: "inputs: {node: {ask: Which?}}", steps: block("ansible risk=read\nplaybook: a.yml\nvars: {recon_node: x}"), at: "recon_node", want: "come from recon", hint: "inputs.node"},
		{name: "vars that say how hosts are reached", steps: block("ansible risk=read\nplaybook: a.yml\nvars: {ansible_user: x}"), at: "ansible_user", want: "how hosts are reached"},
		{name: "vars with an expression of the book", head: "inputs: {node: {ask: Which?}}", steps: block("ansible risk=read\nplaybook: a.yml\nvars: {n: '{{ inputs.node }}'}"), at: "'{{", want: "does not know `inputs.node`", hint: "recon_node"},
		{name: "tags that are none", steps: block("ansible risk=read\nplaybook: a.yml\ntags: []"), at: "[]", want: "names none"},
		{name: "a tag that is none", steps: block("ansible risk=read\nplaybook: a.yml\ntags: [a b]"), at: "a b", want: "is not a tag"},
		{name: "attribute of book", steps: block("book risk=read\nbook: x"), at: "risk=read", want: "no attribute `risk`", hint: "takes none"},
		{name: "book without book", steps: block("book\ninputs: {}"), at: "book\ninputs", want: "lacks `book`"},
		{name: "drill without book", head: "kind: drill\nfaults: [kill-leader]\ntime: 5m", steps: block("check\netcd.quorum"), want: "names its `book`"},
		{name: "drill without goal", head: "kind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: x", steps: hand, want: "has no goal"},
		{name: "drill without faults", head: "kind: drill\ntime: 5m\nbook: x", steps: block("check\netcd.quorum"), want: "names the `faults`"},
		{name: "drill with an unknown fault", head: "kind: drill\nfaults: [kill-leeder]\ntime: 5m\nbook: x", steps: block("check\netcd.quorum"), at: "kill-leeder", want: "no fault \"kill-leeder\"", hint: "kill-leader"},
		{name: "drill that runs something", head: "kind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: x", steps: block("sh on=all risk=read\nuptime\n'''\n\n'''check\netcd.quorum"), want: "is not walked"},
		{name: "drill with two goals", head: "kind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: x", steps: block("check\netcd.quorum") + "\n" + block("check\npatroni.leader != nil"), want: "a second goal"},
		{name: "goal that waits", head: "kind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: x", steps: block("check within=5m\netcd.quorum"), want: "takes only `for`"},
		{name: "loss without words", head: "kind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: x\nloses: ['patroni.paused']", steps: block("check\netcd.quorum"), at: "'patroni.paused'", want: "does not say what is lost"},
		{name: "loss that is no question", head: "kind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: x\nloses: ['patroni.scope # x']", steps: block("check\netcd.quorum"), at: "patroni.scope", want: "is not yes or no"},
		{name: "loss with a typing mistake", head: "kind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: x\nloses: ['patroni.pausd # x']", steps: block("check\netcd.quorum"), at: "pausd", want: "pausd"},
		{name: "loss of another kind of book", head: "loses: ['patroni.paused # x']", steps: hand, at: "['patroni", want: "only a drill has `loses`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := bookText(c.head, c.steps)
			b, problems := Parse("test-book.md", []byte(src), probes.Scope(nil))
			if len(problems) == 0 || b != nil {
				t.Fatalf("no problem in\n%s", numbered(src))
			}
			p := problems[0]
			for _, q := range problems {
				if strings.Contains(q.What, c.want) {
					p = q
				}
			}
			if !strings.Contains(p.What, c.want) || !strings.Contains(p.Hint, c.hint) {
				t.Errorf("got %v\nexpected %q, hint %q", problems, c.want, c.hint)
			}
			if len(problems) > 1 {
				t.Errorf("one mistake, %d problems:\n%v", len(problems), problems)
			}
			if c.at != "" {
				if line, column := where(t, src, fences(c.at)); p.Line != line || p.Column != column {
					t.Errorf("at %d:%d, expected %d:%d: %v\n%s", p.Line, p.Column, line, column, p, numbered(src))
				}
			}
		})
	}
}

func TestUncleanText(t *testing.T) {
	fine := bookText("", "## By hand\n\nDo it.\n")
	for name, c := range map[string]struct{ src, want string }{
		"CR":              {strings.Replace(fine, "Do it.\n", "Do it.\r\n", 1), "ends with CR"},
		"escape":          {strings.Replace(fine, "Do", "\x1b[2J", 1), "U+001B"},
		"C1":              {strings.Replace(fine, "Do", "\u009b2J", 1), "U+009B"},
		"bidi":            {strings.Replace(fine, "Do", "\u202edo", 1), "U+202E"},
		"isolate":         {strings.Replace(fine, "Do", "\u2066do", 1), "U+2066"},
		"NUL":             {strings.Replace(fine, "Do", "\x00", 1), "U+0000"},
		"byte order mark": {"\ufeff" + fine, "byte order mark"},
		"not UTF-8":       {strings.Replace(fine, "Do", "\xff\xfe", 1), "not UTF-8"},
		"too long":        {fine + strings.Repeat("x", maxBook), "1 MiB"},
		"no front matter": {"# A test\n", "no front matter"},
		"open front":      {"---\nformat: 1\n", "never closed"},
		"empty":           {"", "no front matter"},
	} {
		_, problems := Parse("x.md", []byte(c.src), probes.Scope(nil))
		if len(problems) == 0 || !strings.Contains(problems[0].What, c.want) {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestProblemsAreSortedAndReadable(t *testing.T) {
	_, problems := Parse("b.md", []byte(bookText("kind: x\nseverity: 9", "## Look\n\n'''bash\nid\n'''\n")), probes.Scope(nil))
	if len(problems) != 3 || problems[0].Line > problems[1].Line || problems[1].Line > problems[2].Line {
		t.Fatalf("problems: %v", problems)
	}
	if got := problems[1].Error(); got != "b.md:6:11: severity `9` is not 0 to 3; 1 service down or data at risk, 2 redundancy lost, 3 degraded, 0 planned" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	sources, err := collect(shipped, "", FromLibrary)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range sources {
		f.Add(s.src)
	}
	f.Add([]byte(bookText(member, "## A\n\n'''ask\nx: {question: X?, kind: number}\n'''\n\n## B\n\n'''sh on=all risk=read capture=y\nid\n'''\n\n'''http on=all risk=read\nGET /patroni\n'''\n")))
	scope := probes.Scope(nil)
	f.Fuzz(func(t *testing.T, src []byte) {
		b, problems := Parse("fuzz.md", src, scope)
		if (b == nil) == (len(problems) == 0) {
			t.Fatalf("book %v with %d problems", b != nil, len(problems))
		}
		for _, p := range append(problems, Lint("fuzz.md", src, scope)...) {
			if p.Line < 1 || p.Column < 1 || p.What == "" || strings.ContainsAny(p.Error(), "\n\x1b") {
				t.Fatalf("problem %+v", p)
			}
		}
	})
}
