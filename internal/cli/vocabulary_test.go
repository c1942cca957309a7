package cli

import (
	"strings"
	"testing"

	"recon/probes"
	"recon/runbooks"
)

// Every name stands once, with a type and a meaning, and no section, function or variable is missing.
func TestVocabularyIsComplete(t *testing.T) {
	have := map[string]bool{}
	for _, w := range vocabulary() {
		if w.About == "" || w.Type == "" {
			t.Errorf("%s has no type or no meaning: %+v", w.Name, w)
		}
		if have[w.Name] {
			t.Errorf("%s stands twice", w.Name)
		}
		name, _, _ := strings.Cut(w.Name, "(")
		have[w.Name], have[name] = true, true
	}
	scope := probes.Scope(nil)
	for name := range scope.Vars {
		if !have[name] {
			t.Errorf("the section %s is missing", name)
		}
	}
	for name := range scope.Funcs {
		if !have[name] {
			t.Errorf("the function %s is missing", name)
		}
	}
	for _, name := range runbooks.Values() {
		if !have["$"+name] {
			t.Errorf("the variable %s is missing", name)
		}
	}
}
