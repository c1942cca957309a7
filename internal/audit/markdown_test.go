package audit

import (
	"errors"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// everyKind is a walk with a record of every kind, in which every text is what evil says.
func everyKind(t testing.TB, evil string) []Record {
	t.Helper()
	s := sampleStart()
	s.Operator, s.Host, s.Inputs = evil, evil, map[string]string{evil: evil}
	s.Parent = &Ref{Path: evil, Head: evil}
	s.Book.Title, s.Book.Text, s.Book.Steps = evil, evil, []string{evil, evil, "never reached"}
	in := sampleIntent()
	in.Shown = Shown{Assign: []Assign{{Name: "A", Value: evil, Target: evil}}, Script: evil}
	in.Rest = []string{evil}
	in.Targets[0].Address, in.Targets[0].Become, in.Gates = evil, evil, []Line{{Text: evil, About: evil, Answer: evil, Parts: []Part{{evil, evil}}}}
	one := []Line{{Text: evil, About: evil, Answer: Fail, Parts: []Part{{Text: evil, Value: evil}}}}
	sign := &Signature{By: evil, Key: evil, Challenge: evil, Signature: evil}
	var out []Record
	for i, d := range []struct {
		kind Kind
		data any
	}{
		{KindStart, s},
		{KindInputs, Inputs{map[string]string{evil: evil}}},
		{KindGate, Gate{Step: 1, Phase: Display, Lines: one}},
		{KindOverride, Override{Step: 1, Reason: evil, By: evil, Lines: one, Second: sign, BreakGlass: true}},
		{KindApproval, Approval{Step: 1, Plan: evil, How: Typed, Text: evil, By: evil, Second: sign, BreakGlass: true}},
		{KindIntent, in},
		{KindResult, Result{Intent: 6, Targets: []TargetResult{
			{Target: evil, Outcome: Failed, Code: 1, Signal: evil, Reason: evil, Captures: map[string]string{evil: evil}, Output: &Kept{File: "x.out", Bytes: 9}},
			{Target: evil, Outcome: Outcome(evil), Output: &Kept{File: evil, Bytes: 1, Error: evil}},
		}}},
		{KindProof, Proof{Step: 2, Intent: 6, Lines: one, Answer: evil, HeldBefore: true}},
		{KindAnswer, Answer{Step: 2, Name: evil, Value: evil}},
		{KindAttest, Attest{Step: 2, Note: evil, By: evil}},
		{KindSkip, Skip{Step: 2, Reason: evil}},
		{KindWaive, Waive{Guard: evil, Reason: evil, By: evil}},
		{KindJump, Jump{From: 2, To: 1}},
		{KindNote, Note{Text: evil}},
		{KindReconcile, Reconcile{Intent: 6, Target: evil, Verdict: evil, Reason: evil, Evidence: one}},
		{KindRollback, Rollback{Step: 2, Intent: 6, Reason: evil}},
		{KindNotNeeded, NotNeeded{Step: 2, Reason: evil}},
		{KindChild, Child{Step: 2, Book: evil, Child: Ref{Path: evil, Head: evil}}},
		{KindChildEnd, ChildEnd{Step: 2, Book: evil, Child: Ref{Path: evil, Head: evil}, Status: Status(evil), Reason: evil}},
		{KindInterrupted, Left{Operator: evil, Host: evil, Reason: evil}},
		{KindResumed, Resumed{Operator: evil, Host: evil}},
		{Kind("x" + evil), map[string]string{evil: evil}},
		{KindEnd, End{Status: Status(evil), Reason: evil, Leftovers: []Leftover{{evil, evil}}}},
	} {
		r := Record{V: 1, Seq: uint64(i + 1), At: noon, Kind: d.kind, Prev: noHash}
		_, err := r.encode(d.data)
		must(t, err)
		out = append(out, r)
	}
	return out
}

// outline is the report's structure as a markdown renderer sees it.
type outline struct {
	headings, fences, tables, rows, cells, lists, items, quotes int
	foreign                                                     []string
}

func outlineOf(md string) outline {
	src := []byte(md)
	var o outline
	_ = ast.Walk(goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(src)), func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if !in {
			return ast.WalkContinue, nil
		}
		switch n.Kind().String() {
		case "Heading":
			o.headings++
		case "FencedCodeBlock":
			o.fences++
		case "Table":
			o.tables++
		case "TableRow", "TableHeader":
			o.rows++
		case "TableCell":
			o.cells++
		case "List":
			o.lists++
		case "ListItem":
			o.items++
		case "Blockquote":
			o.quotes++
		case "HTMLBlock", "RawHTML", "Link", "AutoLink", "Image", "CodeBlock", "ThematicBreak", "TaskCheckBox", "Strikethrough":
			o.foreign = append(o.foreign, n.Kind().String())
		}
		return ast.WalkContinue, nil
	})
	return o
}

func hostileReport(evil string) Report {
	return Report{
		Path: evil, Records: 3, Head: noHash, Findings: []Finding{{Line: 1, Problem: true, Text: evil}},
		Load: func(string) ([]byte, error) { return []byte(evil), nil },
	}
}

var evils = []string{
	"```\n# pwned\n```", "``````````\n# pwned", "~~~\n# pwned", "`", "``", " ` ", "a`b", "<script>alert(1)</script>", "<!--", "| a | b |\n| - | - |",
	"\n\n# pwned\n\n", "> [!NOTE]\n> x", "- a\n- b", "[x](http://evil)", "![x](y)", "http://evil.example", "www.evil.example", "a@evil.example",
	"\x1b[31mred\x1b[0m", "\u202egnp.exe", "\u2028# pwned", "\r\n# pwned\r\n", "\xff\xfe", "\\", "\\|", "\\`", "&lt;script&gt;", "**", "__x__", "---", "***", "===",
	"1. x", "+ x", "    indented", "\tx", "", " ", "x\\", "[ ] task", "[x]: http://evil", "~~gone~~", "$x$", strings.Repeat("`", 300), strings.Repeat("x|", 300),
}

func TestMarkdownCanNotBeBroken(t *testing.T) {
	want := outlineOf(Markdown(everyKind(t, "plain"), hostileReport("plain")))
	if want.headings != 6+23 || want.tables != 3 || want.fences < 15 || len(want.foreign) > 0 {
		t.Fatalf("a plain report has the outline %+v", want)
	}
	for _, evil := range evils {
		checkOutline(t, evil, want)
	}
}

func checkOutline(t *testing.T, evil string, want outline) {
	t.Helper()
	md := Markdown(everyKind(t, evil), hostileReport(evil))
	got := outlineOf(md)
	// A text that is empty leaves out its own line, and nothing else.
	if strings.TrimSpace(evil) != "" && (got.headings != want.headings || got.fences != want.fences || got.tables != want.tables ||
		got.rows != want.rows || got.cells != want.cells || got.lists != want.lists || got.items != want.items || got.quotes != want.quotes) {
		t.Errorf("%q: outline %+v, want %+v", evil, got, want)
	}
	if len(got.foreign) > 0 {
		t.Errorf("%q: the report has %v", evil, got.foreign)
	}
	for _, r := range md {
		if r != '\n' && r != '\t' && (r < 0x20 || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069) {
			t.Fatalf("%q: the report has the control character %U", evil, r)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, evil := range evils {
		f.Add(evil)
	}
	want := outlineOf(Markdown(everyKind(f, "plain"), hostileReport("plain")))
	f.Fuzz(func(t *testing.T, evil string) { checkOutline(t, evil, want) })
}

func TestMarkdownTells(t *testing.T) {
	_, path := walked(t, true)
	records, err := Read(path)
	must(t, err)
	md := Markdown(records, Verify(path))
	for _, want := range []string{
		"# A book\n", "**completed**", "(PRODUCTION)", "`anna` on `bastion`",
		"| 2 | Change | ran ok | 1 |", "| 1 | Look | not reached |",
		"MEMBER=netbox-node-1\nsystemctl restart patroni && echo <ok>\n", "**CHANGE** sh, attempt 1, limit 30.0 s",
		"- pass `etcd.quorum`", "```text\nrestarted\n```", "in a second file on this machine only", "## Look\n",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("the report does not hold %q:\n%s", want, md)
		}
	}
	if strings.Contains(md, "CAUTION") {
		t.Error("a walk without overrides is marked")
	}
	md = Markdown(everyKind(t, "because"), Report{})
	for _, want := range []string{"**OVERRIDE, BREAK GLASS of step 1** (record 4): because", "**BREAK GLASS at step 1** (record 5)", "**WAIVED guard because**", "**ATTESTED, not measured, step 2**", "**FAIL** `because`", "it proves nothing"} {
		if !strings.Contains(md, want) {
			t.Errorf("the report does not hold %q:\n%s", want, md)
		}
	}
	if md := Markdown(nil, Report{}); !strings.Contains(md, "A walk without a title") {
		t.Errorf("the report of nothing is %s", md)
	}
}

// The books that were walked as a part of a walk stand in its report, with their walks and how these ended, and in theirs
// stands where they belong.
func TestMarkdownTellsOfBooksInside(t *testing.T) {
	inner := func(n string) Ref {
		return Ref{Path: "lab/20261123T0934" + n + "Z-inner-1a7e.jsonl", Seq: 9, Head: noHash}
	}
	records := func(data ...any) []Record {
		s := sampleStart()
		s.Book.Steps = []string{"Go inside", "Go inside again", "Afterwards"}
		s.Parent = &Ref{Path: "lab/20261123T080000Z-all-0001.jsonl", Seq: 3, Head: noHash}
		var out []Record
		for i, d := range append([]any{s}, data...) {
			r := Record{V: 1, Seq: uint64(i + 1), At: noon, Prev: noHash}
			switch d.(type) {
			case Start:
				r.Kind = KindStart
			case Child:
				r.Kind = KindChild
			case ChildEnd:
				r.Kind = KindChildEnd
			}
			_, err := r.encode(d)
			must(t, err)
			out = append(out, r)
		}
		return out
	}
	md := Markdown(records(
		Child{Step: 1, Block: 1, Book: "inner", Child: inner("01")},
		ChildEnd{Step: 1, Block: 1, Book: "inner", Child: inner("01"), Status: Abandoned, Reason: "the disk is full"},
		Child{Step: 1, Block: 1, Book: "inner", Child: inner("02")},
		ChildEnd{Step: 1, Block: 1, Book: "inner", Child: inner("02"), Status: Completed},
		Child{Step: 2, Block: 1, Book: "other", Child: inner("03")},
	), Report{})
	for _, want := range []string{
		"| Part of | `20261123T080000Z-all-0001`, which began it after record 3 |\n",
		"| 1 | Go inside | inner completed | 2 |", "| 2 | Go inside again | walks other, which has not ended | 1 |", "| 3 | Afterwards | not reached |",
		"## Books inside\n\n| step | book | walk | ended |\n| ---: | --- | --- | --- |\n" +
			"| 1 | `inner` | `20261123T093401Z-inner-1a7e` | ABANDONED\\: the disk is full |\n" +
			"| 1 | `inner` | `20261123T093402Z-inner-1a7e` | completed |\n" +
			"| 2 | `other` | `20261123T093403Z-inner-1a7e` | has not ended |\n",
		"Step 1: Go inside\n\nThe walk of the book `inner` began: `20261123T093401Z-inner-1a7e`\n",
		"The walk of the book `inner` ended: **ABANDONED\\: the disk is full**\n\n`20261123T093401Z-inner-1a7e`, 9 records, head `" + noHash + "`\n",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("the report does not hold %q:\n%s", want, md)
		}
	}
	if md := Markdown(records(), Report{}); strings.Contains(md, "Books inside") {
		t.Errorf("a walk without books inside has a list of them:\n%s", md)
	}
}

func TestMarkdownOutputs(t *testing.T) {
	kept := Kept{File: "x.out", Bytes: 10, SHA256: hashOf([]byte("other"))}
	load := func(b string, err error) Report {
		return Report{Load: func(string) ([]byte, error) { return []byte(b), err }}
	}
	if got := outputBody(kept, load("hello", nil)); !strings.Contains(got, "its hash differs") || !strings.Contains(got, "hello") {
		t.Errorf("a changed output: %s", got)
	}
	if got := outputBody(kept, load("", errors.New("it is gone"))); !strings.Contains(got, "it is gone") {
		t.Errorf("a missing output: %s", got)
	}
	long := "first\n" + strings.Repeat("ä", 1<<20) + "\nlast"
	got := outputBody(kept, load(long, nil))
	if !strings.Contains(got, "first") || !strings.Contains(got, "last") || strings.Contains(got, "\uFFFD") || len(got) > 3*excerptHalf {
		t.Errorf("a long output is quoted with %d bytes", len(got))
	}
}
