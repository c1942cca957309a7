package runbooks

import (
	"fmt"
	"strings"
	"testing"

	"recon/probes"
)

// bookText is a sound book with these steps. More front matter and another kind can be given in head, which replaces keys.
func bookText(head, steps string) string {
	keys := []string{"format: 1", "id: test-book", "title: A test", "kind: recovery", "severity: 2", "systems: [patroni, postgres]"}
	for _, line := range strings.Split(strings.TrimSpace(head), "\n") {
		key, _, _ := strings.Cut(line, ":")
		for i, k := range keys {
			if strings.HasPrefix(k, key+":") {
				keys[i] = line
				line = ""
			}
		}
		if line != "" {
			keys = append(keys, line)
		}
	}
	return "---\n" + strings.Join(keys, "\n") + "\n---\n\n# A test\n\n" + fences(steps)
}

// fences writes ”' as the three backticks that Go's raw texts cannot hold.
func fences(text string) string { return strings.ReplaceAll(text, "'''", "```") }

// step is a book with one changing step that is sound but for the given block.
func oneStep(block string) string {
	return fences("## Do it\n\n'''check\npatroni.leader.name != inputs.member\n'''\n\n'''" + block + "\n'''\n\n'''check within=1m\npatroni.paused\n'''\n")
}

const member = "inputs: {member: {ask: Which?, choices: 'map(patroni.members, .name)'}}"

func mustLint(t *testing.T, src string) Problems {
	t.Helper()
	return Lint("test-book.md", []byte(src), probes.Scope(nil))
}

func mustParse(t *testing.T, src string) *Runbook {
	t.Helper()
	b, problems := Parse("test-book.md", []byte(src), probes.Scope(nil))
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v\nin\n%s", problems, numbered(src))
	}
	return b
}

func numbered(src string) string {
	lines := strings.Split(src, "\n")
	for i := range lines {
		lines[i] = fmt.Sprintf("%3d %s", i+1, lines[i])
	}
	return strings.Join(lines, "\n")
}

// where finds a piece of text: the place that a problem must name.
func where(t *testing.T, src, piece string) (line, column int) {
	t.Helper()
	at := strings.Index(src, piece)
	if at < 0 {
		t.Fatalf("%q is not in\n%s", piece, numbered(src))
	}
	return strings.Count(src[:at], "\n") + 1, len([]rune(src[strings.LastIndex(src[:at], "\n")+1:at])) + 1
}
