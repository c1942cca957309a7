package runbooks

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Every row of the table of pitfalls names a book, a step and a scenario that exist.
func TestPitfallsNameWhatExists(t *testing.T) {
	page, err := os.ReadFile("../docs/bootstrap.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## The pitfalls")
	l, rows := library(t), 0
	for row := range strings.Lines(table) {
		cells := strings.Split(row, " | ")
		if len(cells) != 5 || strings.HasPrefix(row, "| pitfall") || strings.HasPrefix(row, "| ---") {
			continue
		}
		rows++
		for _, id := range strings.Split(cells[1], ", ") {
			if !slices.ContainsFunc(Scenarios(), func(s Scenario) bool { return s.ID == id }) {
				t.Errorf("%s: there is no scenario %q", cells[0], id)
			}
		}
		id, title := strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])
		b, ok := l.Book(id)
		switch {
		case id == "–":
		case !ok:
			t.Errorf("%s: there is no book %q", cells[0], id)
		case title != "–" && !slices.ContainsFunc(b.Steps, func(s Step) bool { return s.Title == title }):
			t.Errorf("%s: %s has no step %q", cells[0], id, title)
		}
	}
	if rows < 40 {
		t.Errorf("%d pitfalls", rows)
	}
}
