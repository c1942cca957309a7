package cli

import (
	"cmp"
	"fmt"
	"strings"

	"recon/internal/fault"
	"recon/runbooks"
)

// sceneRow is a fault with the book that solves it, as `demo --list --json` prints it.
type sceneRow struct {
	fault.Fault
	// Book is "" when no book is for it. Walkable says that it leads out step by step.
	Book     string `json:"book"`
	Walkable bool   `json:"walkable"`
}

// scenes are all faults. Where several books are for one, it is one that leads out step by step, and the worst of them.
func scenes(lib *runbooks.Library) []sceneRow {
	var out []sceneRow
	for _, f := range fault.All() {
		row := sceneRow{Fault: f}
		var best *runbooks.Runbook
		for _, b := range lib.Books {
			if !forFault(b, f.Name) {
				continue
			}
			if best == nil || b.Changes() && !best.Changes() || b.Changes() == best.Changes() && b.Urgency() < best.Urgency() {
				best = b
			}
		}
		if best != nil {
			row.Book, row.Walkable = best.ID, best.Changes()
		}
		out = append(out, row)
	}
	return out
}

func forFault(b *runbooks.Runbook, name string) bool {
	for _, f := range b.Faults {
		if word, _, _ := strings.Cut(f, " "); word == name {
			return true
		}
	}
	return false
}

// listScenes prints the faults system by system: how each is written, the book that solves it, what it does.
func (a *app) listScenes() error {
	lib, err := a.loadLibrary(nil)
	if err != nil {
		return err
	}
	all := scenes(lib)
	if a.json {
		return a.printJSON(all)
	}
	book := func(r sceneRow) string {
		if r.Book != "" && !r.Walkable {
			return "(" + r.Book + ")"
		}
		return cmp.Or(r.Book, "-")
	}
	wide := [2]int{}
	for _, r := range all {
		wide[0], wide[1] = max(wide[0], len(r.Usage())), max(wide[1], len(book(r)))
	}
	system := ""
	for _, r := range all {
		if r.System != system {
			system = r.System
			fmt.Fprintf(a.out, "%s\n", strings.ToUpper(system))
		}
		fmt.Fprintf(a.out, "  %-*s  %-*s  %s\n", wide[0], r.Usage(), wide[1], book(r), r.Summary)
	}
	_, err = fmt.Fprintln(a.out, "\nA runbook in parentheses says what is seen and what to look at; the others lead out of it step by step.")
	return err
}
