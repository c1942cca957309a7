package statements

import (
	"maps"
	"slices"
	"strings"
)

// Known is one thing that the training cluster knows.
type Known struct {
	// Kind is command, view or function.
	Kind, Statement, About string
}

// List is everything that the training cluster knows, as SHOW STATEMENTS tells it.
func List() []Known {
	var out []Known
	for _, word := range []string{"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT"} {
		out = append(out, Known{"command", word, "transactions"})
	}
	for _, c := range known() {
		if c.about != "" {
			out = append(out, Known{"command", strings.NewReplacer("{name ", "<", "{value ", "<", "{text ", "<", "}", ">").Replace(c.pattern), c.about})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(views())) {
		v := views()[name]
		out = append(out, Known{"view", "SELECT ... FROM " + name, v.about})
	}
	for _, name := range slices.Sorted(maps.Keys(functionTable())) {
		if f := functionTable()[name]; f.about != "" {
			out = append(out, Known{"function", name + "(" + strings.ReplaceAll(f.args, " ", ", ") + ")", f.about})
		}
	}
	return out
}

func listed() [][]any {
	var rows [][]any
	for _, k := range List() {
		rows = append(rows, []any{k.Kind, k.Statement, k.About})
	}
	return rows
}
