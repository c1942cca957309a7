package gate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestVocabulary(t *testing.T) {
	var got []string
	for _, w := range Vocabulary("patroni", reflect.TypeFor[*Patroni]()) {
		line := w.Name + ": " + w.Type
		if w.Nil {
			line += ", nil"
		}
		if w.About != "" {
			line += " (" + w.About + ")"
		}
		got = append(got, line)
	}
	for _, want := range []string{
		"patroni: patroni",
		"patroni.members: list of member (all members)",
		"patroni.members[].name: text (its name)",
		"patroni.members[].reachable: bool (it answered)",
		"patroni.members[].tags: map of text",
		"patroni.members[].followers[].state: text",
		"patroni.members[].self: member",
		"patroni.leader: member, nil (who leads, or nil)",
		"patroni.leader.timeline: number",
		"patroni.lock_holder: text, nil",
		"patroni.replicas[].lag: number",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("the vocabulary lacks %q", want)
		}
	}
	all := strings.Join(got, "\n")
	for _, not := range []string{"self.name", "unseen", "Unseen", "Blind"} {
		if strings.Contains(all, not) {
			t.Errorf("the vocabulary shows %q", not)
		}
	}
	names := fmt.Sprint(Vocabulary("vips", reflect.TypeFor[map[string]VIP]()), Vocabulary("holders", reflect.TypeFor[map[string][]VIP]()), Vocabulary("nodes", reflect.TypeFor[[]Node]()))
	for _, want := range []string{`vips["VIP"].holder`, `holders["HOLDER"][].holder`, "nodes[].units"} {
		if !strings.Contains(names, want) {
			t.Errorf("no %s in %s", want, names)
		}
	}
	if words := Vocabulary("x", reflect.TypeFor[func()]()); words != nil {
		t.Errorf("a function has the words %v", words)
	}
}

// Every name that the vocabulary lists can be used, and nothing that can be used is missing from it.
func TestVocabularyIsWhatCompiles(t *testing.T) {
	s := scope()
	for name, typ := range s.Vars {
		for _, w := range Vocabulary(name, typ) {
			src := strings.ReplaceAll(strings.ReplaceAll(w.Name, "[]", "[0]"), `"HOLDER"`, `"db"`)
			e, err := Compile(src, s)
			if err != nil {
				t.Errorf("%s is listed and does not compile: %v", w.Name, err)
			} else if got := e.root.about().typ.word(); got != w.Type {
				t.Errorf("%s is listed as %s and is %s", w.Name, w.Type, got)
			}
			if _, err := Compile(src+" == nil", s); (err == nil) != w.Nil {
				t.Errorf("%s is listed with nil %v: %v", w.Name, w.Nil, err)
			}
		}
	}
}

func TestHiddenFieldsHaveNoName(t *testing.T) {
	var names []string
	for _, f := range fieldsOf(reflect.TypeFor[State]()) {
		names = append(names, f.name)
	}
	if want := []string{"etcd", "patroni", "nodes", "vips", "holders"}; !slices.Equal(names, want) {
		t.Errorf("fields %v, want %v", names, want)
	}
	type deep struct {
		Name string `json:"state"`
	}
	type shadowed struct {
		deep
		Seen  `json:"seen"`
		State string `json:"state"`
		Other string `json:",omitempty"`
	}
	names = nil
	for _, f := range fieldsOf(reflect.TypeFor[shadowed]()) {
		names = append(names, fmt.Sprint(f.name, f.index))
	}
	if want := []string{"state[2]", "seen[1]", "Other[3]"}; !slices.Equal(names, want) {
		t.Errorf("fields %v, want %v", names, want)
	}
}
