package cli

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"recon/internal/gate"
	"recon/internal/inventory"
	"recon/probes"
	"recon/runbooks"
)

// word is one name that a runbook may use, as `recon vocabulary --json` writes it.
type word struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"` // fact, function or variable
	Type  string `json:"type"`
	Nil   bool   `json:"nil"` // nil is a fact of it
	About string `json:"about"`
}

func (a *app) vocabularyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "vocabulary [PREFIX]", Short: "The names that runbooks may use: name, type, meaning", Args: cobra.MaximumNArgs(1),
		Long: "vocabulary lists what expressions may name: facts of State, then functions; and the variables that shell commands find\n" +
			"set. Where the type says \"or nil\", nil is a fact; everywhere else nil means that it was not seen. PREFIX limits the list\n" +
			"to names that begin with it: patroni, patroni.leader, member, '$PG'. It exits with 3 when there is none.",
		RunE: func(_ *cobra.Command, args []string) error {
			prefix := ""
			if len(args) > 0 {
				prefix = args[0]
			}
			return a.vocabulary(prefix)
		},
	}
	c.Flags().BoolVar(&a.json, "json", false, "as JSON")
	return c
}

func (a *app) vocabulary(prefix string) error {
	words := slices.DeleteFunc(vocabulary(), func(w word) bool { return !strings.HasPrefix(w.Name, prefix) })
	switch {
	case len(words) == 0:
		return exit(exitCheck, "no name begins with %q; `recon vocabulary` lists them all", prefix)
	case a.json:
		return a.printJSON(words)
	}
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	for _, w := range words {
		kind := w.Type
		if w.Nil {
			kind += " or nil"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", w.Name, kind, w.About)
	}
	return t.Flush()
}

// vocabulary is every name: facts in the order of State, functions and variables by name.
func vocabulary() []word {
	var out []word
	scope := probes.Scope(nil)
	for f := range reflect.TypeFor[probes.State]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		t, ok := scope.Vars[name]
		if !ok {
			continue
		}
		for i, w := range gate.Vocabulary(name, t) {
			if i == 0 {
				w.About = f.Tag.Get("about")
			}
			out = append(out, word{w.Name, "fact", w.Type, w.Nil, w.About})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scope.Funcs)) {
		f := scope.Funcs[name]
		out = append(out, word{signature(name, f.Type), "function", described(f.Type.Out(0)), false, f.Doc})
	}
	about := map[string]string{runbooks.Stamp: "when the walk began, UTC, as 20060102T150405Z"}
	for _, v := range inventory.AllValues() {
		about[v.Name] = v.About
	}
	for _, name := range slices.Sorted(slices.Values(runbooks.Values())) {
		out = append(out, word{"$" + name, "variable", "text", false, about[name]})
	}
	return out
}

// signature is a function with what it takes: member(text).
func signature(name string, t reflect.Type) string {
	var in []string
	for i := range t.NumIn() {
		in = append(in, described(t.In(i)))
	}
	return name + "(" + strings.Join(in, ", ") + ")"
}

// described is a type in the words of the vocabulary.
func described(t reflect.Type) string {
	if w := gate.Vocabulary("x", t); len(w) > 0 {
		return w[0].Type
	}
	return "anything"
}
