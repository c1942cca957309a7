package fault

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text, name string
		args       []string
		err        string
	}{
		{text: "kill-leader", name: KillLeader},
		{text: "  stop-node  n2 ", name: StopNode, args: []string{"n2"}},
		{text: "stop-node", name: StopNode},
		{text: "partition-pair n1 n2", name: PartitionPair, args: []string{"n1", "n2"}},
		{text: "kill-leader now", err: "write `kill-leader`"},
		{text: "stop-node a b", err: "write `stop-node [NODE]`"},
		{text: "partition-pair a b c", err: "write `partition-pair [NODE] [NODE]`"},
		{text: "kill-leeder", err: `no fault "kill-leeder"; the faults are kill-leader, diverge-old-leader`},
		{text: " ", err: "has no name"},
	} {
		got, err := Parse(c.text)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v, expected %q", c.text, err, c.err)
			}
			continue
		}
		if err != nil || got.Fault.Name != c.name || !slices.Equal(got.Args, c.args) {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
		if want := strings.Join(strings.Fields(c.text), " "); got.String() != want {
			t.Errorf("%q is written as %q", want, got)
		}
	}
}

func TestEveryFaultIsDescribedOnce(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen, systems, last := map[string]bool{}, map[string]bool{}, ""
	for _, f := range All() {
		if f.System != last && systems[f.System] {
			t.Errorf("%s: the faults of %s do not stand together", f.Name, f.System)
		}
		last, systems[f.System] = f.System, true
		if seen[f.Name] || !name.MatchString(f.Name) {
			t.Errorf("%s: the name is taken or badly written", f.Name)
		}
		seen[f.Name] = true
		if f.System == "" || f.Summary == "" || strings.HasSuffix(f.Summary, ".") || !strings.HasSuffix(f.Seen, ".") {
			t.Errorf("%s lacks its system, its summary (a phrase) or what is seen (a sentence): %+v", f.Name, f)
		}
		if found, ok := Find(f.Name); !ok || found.Summary != f.Summary {
			t.Errorf("%s is not found", f.Name)
		}
		for _, a := range f.Args {
			if a != "node" {
				t.Errorf("%s: the argument %q is no host", f.Name, a)
			}
		}
	}
	if len(seen) < 25 || len(Names()) != len(seen) {
		t.Errorf("%d faults", len(seen))
	}
	if _, ok := Find(""); ok {
		t.Error("a fault without a name is found")
	}
}

// docs/faults.md shows the catalogue to people; it is this table.
func TestTheDocumentIsTheCatalogue(t *testing.T) {
	src, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(src)) {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	var want []string
	for _, f := range All() {
		want = append(want, "| `"+f.Usage()+"` | "+f.Summary+" | "+f.Seen+" | "+strings.Join(f.Scenarios, ", ")+" |")
	}
	if !slices.Equal(rows, want) {
		t.Errorf("docs/faults.md is not the catalogue; its table should be:\n%s", strings.Join(want, "\n"))
	}
}
