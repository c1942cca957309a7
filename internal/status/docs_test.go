package status_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"recon/internal/status"
	"recon/probes/probestest"
)

func document(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every name of the documented example is in what recon writes, with a value of the same kind.
func TestDocumentedJSON(t *testing.T) {
	_, after, ok := strings.Cut(document(t), "```json\n")
	text, _, closed := strings.Cut(after, "\n```")
	if !ok || !closed {
		t.Fatal("the document has no example")
	}
	var example, real any
	if err := json.Unmarshal([]byte(text), &example); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(report(t, probestest.LeaderDead(), 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &real); err != nil {
		t.Fatal(err)
	}
	within(t, "", example, real)
	if example, real := example.(map[string]any)["findings"], real.(map[string]any)["findings"]; len(example.([]any)[0].(map[string]any)) != len(real.([]any)[0].(map[string]any)) {
		t.Error("the example of a finding lacks a name")
	}
}

// within says that an example is a part of what is real. Of lists the first item counts.
func within(t *testing.T, path string, example, real any) {
	t.Helper()
	if a, b := fmt.Sprintf("%T", example), fmt.Sprintf("%T", real); a != b && example != nil && real != nil {
		t.Errorf("%s is %s in the document and %s in fact", path, a, b)
		return
	}
	switch example := example.(type) {
	case map[string]any:
		for name, v := range example {
			w, ok := real.(map[string]any)[name]
			if !ok {
				t.Errorf("%s.%s is documented and not written", path, name)
				continue
			}
			within(t, path+"."+name, v, w)
		}
	case []any:
		all, _ := real.([]any)
		if len(example) > 0 && len(all) == 0 {
			t.Errorf("%s is empty in fact", path)
		} else if len(example) > 0 {
			within(t, path+"[]", example[0], all[0])
		}
	}
}

// The table of the metrics names those that are written, and no others.
func TestDocumentedMetrics(t *testing.T) {
	_, table, _ := strings.Cut(document(t), "## Metrics")
	documented := map[string]bool{}
	for _, name := range regexp.MustCompile("`(recon_[a-z0-9_]+)`").FindAllStringSubmatch(table, -1) {
		documented[name[1]] = true
	}
	s := probestest.Stack()
	for key := range metrics(t, status.New(probestest.StackInventory(), s, s.At, looked(t, s, 0), "")) {
		name, _, _ := strings.Cut(key, "{")
		if !documented[name] {
			t.Errorf("%s is not documented", name)
		}
		documented[name+" written"] = true
	}
	for name := range documented {
		if !strings.HasSuffix(name, " written") && !documented[name+" written"] {
			t.Errorf("%s is documented and not written", name)
		}
	}
}
