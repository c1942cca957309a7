package runbooks

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"recon/probes"
)

// TestFormatReference keeps docs/runbook-format.md and the reader together.
func TestFormatReference(t *testing.T) {
	src, err := os.ReadFile("../docs/runbook-format.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	_, rest, _ := strings.Cut(text, "````markdown\n")
	example, _, ok := strings.Cut(rest, "````")
	if !ok {
		t.Fatal("no example")
	}
	if problems := Lint("etcd-member-down.md", []byte(example), probes.Scope(nil)); len(problems) > 0 {
		t.Errorf("the example: %v", problems)
	}
	drills, err := os.ReadFile("../docs/drills.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ = strings.Cut(string(drills), "````markdown\n")
	if example, _, ok = strings.Cut(rest, "````"); !ok {
		t.Fatal("docs/drills.md has no example")
	}
	if problems := Lint("member-down.md", []byte(example), probes.Scope(nil)); len(problems) > 0 {
		t.Errorf("the example of a drill: %v", problems)
	}
	words := append(append(Systems(), alerts()...), guardIDs()...)
	for block, attrs := range known() {
		row := regexp.MustCompile("(?m)^\\| `" + block + "` \\|.*$").FindString(text)
		if row == "" {
			t.Errorf("the block %s has no row", block)
		}
		for _, a := range attrs {
			if !strings.Contains(row, "`"+a+"`") {
				t.Errorf("the row of %s lacks %s", block, a)
			}
			if regexp.MustCompile("(?m)^\\| `"+a+"` \\|").FindString(text) == "" {
				t.Errorf("the attribute %s has no row", a)
			}
		}
	}
	for _, v := range regexp.MustCompile("`\\$([A-Z_]+)`").FindAllStringSubmatch(text, -1) {
		if v[1] != "NAME" && v[1] != "MEMBER" && !given(v[1]) {
			t.Errorf("$%s is not among the values", v[1])
		}
	}
	for _, w := range words {
		if !strings.Contains(text, "`"+w+"`") && !strings.Contains(text, "[!"+w+"]") {
			t.Errorf("%s is not mentioned", w)
		}
	}
}
