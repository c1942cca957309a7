package runbooks

import (
	"strings"
	"testing"

	"recon/internal/gate"
	"recon/probes"
)

func library(t *testing.T) *Library {
	t.Helper()
	l, err := Load(probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestShippedBooksAreClean(t *testing.T) {
	l := library(t)
	if len(l.Books) < 3 {
		t.Fatalf("%d books", len(l.Books))
	}
	for _, b := range l.Books {
		if problems := Lint(b.File, b.Source, probes.Scope(nil)); len(problems) > 0 {
			t.Error(problems)
		}
		if b.File != b.ID+".md" || b.Escalate == "" || b.Intro == "" {
			t.Errorf("%s: file %s, escalate %q", b.ID, b.File, b.Escalate)
		}
	}
}

// Every drill of the library passes its lint, tells a story without the name of its book, and can be helped.
func TestShippedDrillsAreClean(t *testing.T) {
	l := library(t)
	if len(l.Drills) < 12 {
		t.Fatalf("%d drills", len(l.Drills))
	}
	for _, d := range l.Drills {
		if problems := Lint(d.File, d.Source, probes.Scope(nil)); len(problems) > 0 {
			t.Error(problems)
		}
		hints := d.Hints()
		if d.File != "drills/"+d.ID+".md" || d.Intro == "" || strings.Contains(d.Intro, d.Solves) || len(hints) < 2 || d.Goal() == nil {
			t.Errorf("%s: file %s, %d hints", d.ID, d.File, len(hints))
		}
		if b, ok := l.Book(d.Solves); !ok || !b.Changes() {
			t.Errorf("%s is solved by %s, which changes nothing", d.ID, d.Solves)
		} else if last := hints[len(hints)-1]; !strings.Contains(last, "`"+b.ID+"`") {
			t.Errorf("%s: the last hint does not name the book: %s", d.ID, last)
		}
	}
}

// answer evaluates conditions as a walk does: fail if one fails, else unknown if one is unknown.
func answer(conditions []Condition, vars map[string]any) (gate.Answer, string) {
	all, why := gate.Pass, ""
	for _, c := range conditions {
		r := c.Expr.Eval(vars)
		switch {
		case r.Answer == gate.Fail:
			return gate.Fail, c.Text
		case r.Answer == gate.Unknown:
			all, why = gate.Unknown, c.Text+": "+r.Unseen
		}
	}
	return all, why
}

func varsOf(s *probes.State, inputs, answers map[string]any) map[string]any {
	vars := probes.Vars(s)
	vars["inputs"], vars["answers"] = inputs, answers
	vars["captures"] = map[string]any{"copied": map[string]string{"n1": "complete"}, "checkpointed": map[string]string{"n1": "fresh"}, "forks": map[string]string{}}
	return vars
}

// plan says of each step of a book whether it applies, may run, and is proved, on one State.
func plan(t *testing.T, b *Runbook, vars map[string]any) string {
	t.Helper()
	var out []string
	for _, s := range b.Steps {
		when, _ := answer(s.When, vars)
		before, _ := answer(s.Before, vars)
		proof := gate.Unknown
		if s.Proof != nil {
			proof, _ = answer(s.Proof.Conditions, vars)
		}
		word := func(a gate.Answer) string {
			return map[gate.Answer]string{gate.Pass: "+", gate.Fail: "-", gate.Unknown: "?"}[a]
		}
		out = append(out, word(when)+word(before)+word(proof))
		for _, c := range append(append([]Command{}, s.Commands...), s.Rollbacks...) {
			if c.On.Expr != nil && before == gate.Pass && c.On.Expr.Eval(vars).Value == nil {
				t.Errorf("%s, step %d: the target %s is nobody", b.ID, s.Number, c.On.Text)
			}
		}
	}
	return strings.Join(out, " ")
}

// TestBooksOnStates walks through each book's conditions on the states that its scenario goes through. Of each step the
// three signs say: it applies, it may run, it is proved (+ pass, - fail, ? unknown or nothing to ask).
func TestBooksOnStates(t *testing.T) {
	l := library(t)
	member := map[string]any{"member": "n1"}
	keep, drop := map[string]any{"keep": "keep a full copy"}, map[string]any{"keep": "nothing to keep"}
	for _, c := range []struct {
		name, book string
		state      *probes.State
		inputs     map[string]any
		answers    map[string]any
		want       string
	}{
		{"just killed", "patroni-leader-crash", killed(), member, nil, "+++ ++- +-? -++ ?+? ??+ ??? ++?"},
		{"failed over", "patroni-leader-crash", failedOver(), member, keep, "+++ +++ ++? -++ ++? +++ ++? ++?"},
		{"failed over, nothing to keep", "patroni-leader-crash", failedOver(), member, drop, "+++ +++ ++? -++ ++? -++ ++? ++?"},
		{"without power", "patroni-leader-crash", powerless(), member, nil, "+++ +++ ++? ++- +-? ?+? +-? ++?"},
		{"rejoined", "patroni-leader-crash", rejoined(), member, keep, "+++ +++ ++? -++ -+? -+- -++ +++"},
		{"masked", "patroni-rejoin-old-leader", masked(), member, keep, "+++ ++? +++ ++? ?+? ++- ++?"},
		{"diverged and running", "patroni-rejoin-old-leader", behind("start failed"), member, drop, "+++ ++? -+- ++- ++- ++- ++?"},
		{"followed", "patroni-rejoin-old-leader", rejoined(), member, keep, "+++ ++? ++- +++ -++ +++ ++?"},
		{"before the switchover", "patroni-switchover", healthy(), map[string]any{"leader": "n1", "candidate": "n2"}, nil, "+++ +++ +++ ++- ++-"},
		{"after the switchover", "patroni-switchover", rejoined(), map[string]any{"leader": "n1", "candidate": "n2"}, nil, "++- +-+ +-+ +-+ +++"},
	} {
		b, ok := l.Book(c.book)
		if !ok {
			t.Fatalf("no book %s", c.book)
		}
		if got := plan(t, b, varsOf(c.state, c.inputs, c.answers)); got != c.want {
			t.Errorf("%s, %s:\n got %s\nwant %s", c.book, c.name, got, c.want)
		}
	}
}

func TestGuards(t *testing.T) {
	l := library(t)
	blind := &probes.State{Etcd: probes.Etcd{Unseen: "not asked yet"}, Patroni: probes.Patroni{Unseen: "not asked yet", UnseenDCS: "not asked yet"}}
	for _, c := range []struct {
		state *probes.State
		want  string
	}{
		{healthy(), "G01 pass, G04 pass, G07 pass"},
		{failedOver(), "G01 pass, G04 pass, G07 pass"},
		{killed(), "G01 fail, G04 fail, G07 pass"},
		{blind, "G01 unknown, G04 unknown, G07 unknown"},
	} {
		var got []string
		for _, g := range l.Guards {
			got = append(got, g.ID+" "+g.Check.Expr.Eval(probes.Vars(c.state)).Answer.String())
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("got %v, want %s", got, c.want)
		}
	}
	b := &Runbook{Systems: []string{"postgres"}}
	for _, c := range []struct {
		cmd  Command
		want string
	}{
		{Command{Risk: Change, Script: "systemctl start patroni"}, "G01"},
		{Command{Risk: Destroy, Script: "patronictl reinit"}, "G01 G04"},
		{Command{Risk: Read, Script: "patronictl list"}, ""},
	} {
		var got []string
		for _, g := range l.Guards {
			if g.Covers(b, &c.cmd) {
				got = append(got, g.ID)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s %q: %v, want %s", c.cmd.Risk, c.cmd.Script, got, c.want)
		}
	}
}

func TestGuardProblems(t *testing.T) {
	for want, src := range map[string]string{
		"lacks `check`":  "- {id: G1, title: t, systems: [etcd], risks: [change], text: x}",
		"cannot fail":    "- {id: G1, title: t, systems: [etcd], risks: [change], text: x, check: 'etcd.quorum || !etcd.quorum'}",
		"no key `chek`":  "- {id: G1, title: t, systems: [etcd], risks: [change], text: x, chek: 'a', check: 'etcd.quorum'}",
		"second guard":   "- {id: G1, title: t, systems: [etcd], risks: [change], text: x, check: 'etcd.quorum'}\n- {id: G1, title: t, systems: [etcd], risks: [change], text: x, check: 'etcd.quorum'}",
		"does not know":  "- {id: G1, title: t, systems: [etcd], risks: [chnge], text: x, check: 'etcd.quorum'}",
		"guards are a":   "a: b",
		"without quotes": "- {id: G1, title: t, systems: [etcd], risks: [change], text: x, check: etcd.quorum}",
	} {
		if _, problems := guards("g.yaml", []byte(src), probes.Scope(nil)); len(problems) == 0 || !strings.Contains(problems.Error(), want) {
			t.Errorf("%s: %v", want, problems)
		}
	}
}
