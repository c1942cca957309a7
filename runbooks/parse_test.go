package runbooks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recon/internal/redisblock"
	"recon/probes"
)

// The example of the format, word for word, as a book of a user would be written.
func TestExample(t *testing.T) {
	src, err := os.ReadFile("testdata/example.md")
	if err != nil {
		t.Fatal(err)
	}
	if problems := Lint("example.md", src, probes.Scope(nil)); len(problems) > 0 {
		t.Fatal(problems)
	}
	b, problems := Parse("example.md", src, probes.Scope(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if b.ID != "patroni-rejoin-old-leader" || b.Kind != Recovery || b.Severity != 2 || b.For != 10*time.Second || b.Escalate != "#dba on-call" {
		t.Errorf("front matter: %+v", b)
	}
	if b.When == nil || b.When.Line != 9 || b.When.Column != 8 || b.Because == nil {
		t.Errorf("when: %+v", b.When)
	}
	if len(b.Inputs) != 1 || b.Inputs[0].Name != "member" || b.Inputs[0].Kind != ChoiceQuestion || b.Inputs[0].Choices == nil || b.Inputs[0].Default == nil {
		t.Errorf("inputs: %+v", b.Inputs)
	}
	if !strings.HasPrefix(b.Intro, "After a failover") || !strings.HasSuffix(b.Intro, "Decide first.") {
		t.Errorf("intro: %q", b.Intro)
	}
	if len(b.Steps) != 5 {
		t.Fatalf("%d steps", len(b.Steps))
	}
	gate, look, keep, rewind, rebuild := b.Steps[0], b.Steps[1], b.Steps[2], b.Steps[3], b.Steps[4]
	if !gate.GateOnly || gate.ByHand || len(gate.Before) != 0 || len(gate.Proof.Conditions) != 3 || gate.Anchor != "the-cluster-has-a-leader-and-it-is-not-this-member" {
		t.Errorf("gate: %+v", gate)
	}
	if c := gate.Proof.Conditions[1]; c.Text != "patroni.leader.name != inputs.member" || c.Explain != "and it is not the member we are about to touch" || c.Line != 32 || c.Column != 1 {
		t.Errorf("condition: %+v", c)
	}
	if c := look.Commands[0]; c.Kind != Sh || c.Risk != Read || c.Order != Parallel || c.Timeout != 20*time.Second || !c.Become || c.On.Text != "node(inputs.member)" || c.Line != 39 || !strings.HasPrefix(c.Script, `"$PGBIN/pg_controldata"`) || !strings.HasSuffix(c.Script, "tail -1\n") {
		t.Errorf("command: %+v", c)
	}
	if q := look.Asks[0]; q.Name != "keep" || q.Kind != ChoiceQuestion || len(q.Choices) != 2 || look.Proof != nil || q.Line != 44 {
		t.Errorf("question: %+v", q)
	}
	if len(keep.When) != 1 || keep.Proof.Within != 30*time.Minute || keep.Commands[0].Disconnect != Survive || keep.Commands[0].Order != Serial {
		t.Errorf("keep: %+v", keep)
	}
	if rewind.Commands[0].Risk != Destroy || rewind.Proof.For != 10*time.Second || rebuild.Proof.Progress == nil {
		t.Errorf("rewind: %+v, rebuild: %+v", rewind, rebuild)
	}
	if b.Hash == "" || string(b.Source) != string(src) {
		t.Error("the hash or the source is missing")
	}
}

func TestStepText(t *testing.T) {
	b := mustParse(t, bookText(member, "Intro below the title.\n\n## One `x` *y*\n\nBefore.\n\n'''check\npatroni.paused\n'''\n\n> [!CAUTION]\n> Careful.\n\n'''sh on=node(inputs.member) risk=read\nid\n'''\n\n'''console\nuid=0\n'''\n\n### Detail\n\nAfter.\n\n## By hand\n\nDo it.\n\n## By hand\n\nAgain.\n"))
	if want := fences("Before.\n\n> [!CAUTION]\n> Careful.\n\n'''console\nuid=0\n'''\n\n### Detail\n\nAfter."); b.Steps[0].Text != want {
		t.Errorf("text %q\nwant %q", b.Steps[0].Text, want)
	}
	if b.Steps[0].Title != "One x y" || b.Steps[0].Anchor != "one-x-y" || b.Intro != "Intro below the title." {
		t.Errorf("title %q, anchor %q, intro %q", b.Steps[0].Title, b.Steps[0].Anchor, b.Intro)
	}
	if s := b.Steps[1]; !s.ByHand || s.GateOnly || s.Anchor != "by-hand" || s.Number != 2 {
		t.Errorf("by hand: %+v", s)
	}
	if b.Steps[2].Anchor != "by-hand-1" {
		t.Errorf("the second anchor is %q", b.Steps[2].Anchor)
	}
}

func TestCommands(t *testing.T) {
	b := mustParse(t, bookText("inputs: {member: {ask: Which?}}", `## All kinds

'''check
patroni.leader != nil
'''

'''sh on=all risk=read order=canary capture=who expect="^(a b|c)$" become=false
id
'''

'''sql on=patroni.leader risk=read db=netbox timeout=1m30s
SELECT ';' -- one; statement
;
'''

'''redis on=role("redis") risk=read service=sentinel capture=quorum
SENTINEL CKQUORUM $SENTINEL_MASTER
'''

'''sh on=console risk=read
id
'''

'''sh on=[node("a"), node("b")] risk=read
id
'''

'''http on=patroni.leader risk=change expect=202
POST /switchover HTTP/1.1
Content-Type: application/json

{"leader": "$MEMBER", "n": 1}
'''

'''check within=1m
patroni.paused
'''

'''http rollback on=patroni.leader risk=change
DELETE /switchover
'''
`))
	s := b.Steps[0]
	if len(s.Commands) != 6 || len(s.Rollbacks) != 1 || !s.Rollbacks[0].Rollback {
		t.Fatalf("%d commands, %d rollbacks", len(s.Commands), len(s.Rollbacks))
	}
	sh, sql, redis, console, list, http := s.Commands[0], s.Commands[1], s.Commands[2], s.Commands[3], s.Commands[4], s.Commands[5]
	if !sh.On.All || sh.Order != Canary || sh.Capture != "who" || sh.Expect != "^(a b|c)$" || sh.Become || sh.Timeout != DefaultTimeout {
		t.Errorf("sh: %+v", sh)
	}
	if sql.Kind != SQL || sql.DB != "netbox" || sql.Timeout != 90*time.Second {
		t.Errorf("sql: %+v", sql)
	}
	if redis.Kind != Redis || redis.Service != redisblock.Sentinel || redis.Capture != "quorum" || redis.Order != Parallel || sql.Service != "" {
		t.Errorf("redis: %+v", redis)
	}
	if !console.On.Console || console.Become || list.On.Expr == nil || list.On.Text != `[node("a"), node("b")]` {
		t.Errorf("console: %+v, list: %+v", console, list)
	}
	if http.Expect != "202" || http.Risk != Change || http.Order != Serial {
		t.Errorf("http: %+v", http)
	}
}

func TestInputs(t *testing.T) {
	b := mustParse(t, bookText("inputs:\n  how: {ask: How?, choices: [fast, slow], default: slow}\n  many: {ask: How many?, kind: number, default: 3}\n  who: {ask: Who?, choices: 'map(patroni.members, .name)', default: 'map(filter(patroni.members, !.reachable), .name)'}\n  note: {ask: Why?}", "## By hand\n\n'''when\ninputs.how == \"slow\"\n'''\n\nDo it.\n"))
	vars := probes.Vars(killed())
	for i, want := range []struct {
		choices []string
		def     string
		kind    QuestionKind
	}{
		{[]string{"fast", "slow"}, "slow", ChoiceQuestion},
		{nil, "3", NumberQuestion},
		{[]string{"n1", "n2", "n3"}, "n1", ChoiceQuestion},
		{nil, "", TextQuestion},
	} {
		choices, def := b.Inputs[i].Options(vars)
		if strings.Join(choices, " ") != strings.Join(want.choices, " ") || def != want.def || b.Inputs[i].Kind != want.kind {
			t.Errorf("%s: choices %v, default %q, kind %s", b.Inputs[i].Name, choices, def, b.Inputs[i].Kind)
		}
	}
}

// walking is a book that walks others.
func walking(id string, others ...string) string {
	steps := ""
	for _, other := range others {
		steps += "## Walk " + other + "\n\n'''book\nbook: " + other + "\n'''\n\n"
	}
	return bookText("id: "+id, steps)
}

// A book that walks itself, itself or by way of others, is a mistake at the block that leads there, and so are inputs that do
// not fit; such a book is not offered.
func TestBooksInsideOfBooks(t *testing.T) {
	fine := bookText("", "## By hand\n\nDo it.\n")
	asks := bookText("id: asks\ninputs: {member: {ask: Which member?}}", "## By hand\n\nDo it.\n")
	for name, c := range map[string]struct {
		books   []string
		want    []string
		offered string
	}{
		"none":                       {[]string{walking("a", "test-book"), fine}, nil, "a test-book"},
		"itself":                     {[]string{walking("a", "a")}, []string{"0.md:15:1: the book walks itself"}, ""},
		"two that walk each other":   {[]string{walking("a", "b"), walking("b", "a")}, []string{"0.md:15:1: the book walks itself: a › b › a", "1.md:15:1: the book walks itself: b › a › b"}, ""},
		"three in a ring":            {[]string{walking("a", "b"), walking("b", "c"), walking("c", "a")}, []string{"a › b › c › a", "b › c › a › b", "c › a › b › c"}, ""},
		"one that leads into a ring": {[]string{walking("a", "b"), walking("b", "c"), walking("c", "b")}, []string{"1.md:15:1: ", "2.md:15:1: "}, "a"},
		"twice, and no ring":         {[]string{walking("a", "b", "test-book"), walking("b", "test-book"), fine}, nil, "a b test-book"},
		"an input that is missing":   {[]string{walking("a", "asks"), asks}, []string{"0.md:15:1: `asks` asks for `member` (Which member?), which is not given"}, "asks"},
		"an input that is given":     {[]string{strings.Replace(walking("a", "asks"), "book: asks", "book: asks\ninputs: {member: n1}", 1), asks}, nil, "a asks"},
		"an input that is not there": {[]string{strings.Replace(walking("a", "asks"), "book: asks", "book: asks\ninputs: {member: n1, membr: n2}", 1), asks}, []string{"0.md:15:1: `asks` has no input `membr`; did you mean `member`?"}, "asks"},
	} {
		var sources []source
		for i, text := range c.books {
			sources = append(sources, source{fmt.Sprint(i, ".md"), []byte(text), FromOwn})
		}
		l, problems := read(sources, probes.Scope(nil))
		problems = problems.sorted()
		if len(problems) != len(c.want) {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		for i, p := range problems {
			if !strings.Contains(p.Error(), c.want[i]) {
				t.Errorf("%s: %v does not say %q", name, p, c.want[i])
			}
		}
		var offered []string
		for _, b := range l.Books {
			offered = append(offered, b.ID)
		}
		if got := strings.Join(offered, " "); got != c.offered {
			t.Errorf("%s: offered are %q", name, got)
		}
	}
}

func TestLoad(t *testing.T) {
	own := func(files map[string]string) string {
		dir := t.TempDir()
		for name, text := range files {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	fine := bookText("", "## By hand\n\nDo it.\n")
	child := walking("parent", "test-book")
	l, err := Load(probes.Scope(nil), own(map[string]string{"test-book.md": fine, "more/parent.md": child, "README.md": "# No book\n", "notes.txt": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	b, ok := l.Book("test-book")
	if !ok || b.Origin != FromOwn {
		t.Errorf("own book: %+v", b)
	}
	if b, ok := l.Book("patroni-switchover"); !ok || b.Origin != FromLibrary || b.File != "patroni-switchover.md" {
		t.Errorf("the library's book: %v", ok)
	}
	if shipped := library(t); len(l.Books) != len(shipped.Books)+2 {
		t.Errorf("%d books, and %d are built in", len(l.Books), len(shipped.Books))
	}

	drill := bookText("id: mine\nkind: drill\nfaults: [kill-leader]\ntime: 5m\nbook: patroni-switchover", "## Goal\n\n'''check\netcd.quorum\n'''\n")
	l, err = Load(probes.Scope(nil), own(map[string]string{"mine.md": drill}))
	if err != nil {
		t.Fatal(err)
	}
	if _, walked := l.Book("mine"); walked {
		t.Error("a drill stands among the books")
	}
	if b, ok := l.Drill("mine"); !ok || b.Goal() == nil || b.Solves != "patroni-switchover" {
		t.Errorf("the drill: %+v", b)
	}

	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a drill with the id of a book": {map[string]string{"mine.md": strings.Replace(drill, "id: mine", "id: patroni-switchover", 1)}, "belongs to a book of the built-in library already"},
		"a drill that a drill solves":   {map[string]string{"mine.md": strings.Replace(drill, "book: patroni-switchover", "book: leader-crash", 1)}, "mine.md:10:7: there is no book `leader-crash`"},
		"the id of the library":         {map[string]string{"mine.md": strings.Replace(fine, "test-book", "patroni-switchover", 1)}, "belongs to a book of the built-in library already"},
		"a ring of books":               {map[string]string{"a.md": walking("a", "b"), "b.md": walking("b", "a")}, "a.md:15:1: the book walks itself: a › b › a"},
		"the same id twice":             {map[string]string{"a.md": fine, "b.md": fine}, "a.md already"},
		"a mistake":                     {map[string]string{"a.md": strings.Replace(fine, "severity: 2", "severity: 9", 1)}, "a.md:6:11: severity `9` is not 0 to 3"},
		"not linted":                    {map[string]string{"a.md": fine + "\npassword=hunter2\n"}, "a password stands in the text"},
	} {
		l, err := Load(probes.Scope(nil), own(c.files))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok := l.Book("patroni-switchover"); !ok {
			t.Errorf("%s: the library is not there", name)
		}
	}
	if _, err := Load(probes.Scope(nil), filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("a folder that does not exist is no error")
	}
}

func TestLoadStaysInside(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.md")
	if err := os.WriteFile(outside, []byte(bookText("", "## By hand\n\nDo it.\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "link.md")); err != nil {
		t.Fatal(err)
	}
	l, err := Load(probes.Scope(nil), dir)
	if err == nil || !strings.Contains(err.Error(), "link.md") {
		t.Errorf("a link that leads out of the folder: %v", err)
	}
	if _, ok := l.Book("test-book"); ok {
		t.Error("a book outside the folder was read")
	}
}

func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Scenarios() {
		if seen[s.ID] || s.Title == "" {
			t.Errorf("%s stands twice or has no title", s.ID)
		}
		seen[s.ID] = true
	}
	if len(seen) != 80 {
		t.Errorf("%d scenarios, the catalogue has 80", len(seen))
	}
}
