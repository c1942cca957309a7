package runbooks

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the lists of books in README.md and docs/books.md")

// layers are the layers of the stack from the users to the quorum, with the beginnings of their books' ids.
func layers() []struct{ name, ids string } {
	return []struct{ name, ids string }{
		{"What users see", "netbox web certificate users"},
		{"Connection pools", "pgbouncer"},
		{"The entry", "haproxy keepalived vip"},
		{"Redis and Sentinel", "redis sentinel"},
		{"PostgreSQL and Patroni", "patroni postgres"},
		{"etcd", "etcd"},
		{"Hosts, network and the whole", "host clock service node network ssh console cold reference"},
		{"From bare hosts to a cluster", "nothing bootstrap smoke backup"},
		{"Planned work", "restore add replace reboot rolling upgrade minor rotate"},
	}
}

func layer(b *Runbook) string {
	first, _, _ := strings.Cut(b.ID, "-")
	for _, l := range layers() {
		if slices.Contains(strings.Fields(l.ids), first) {
			return l.name
		}
	}
	return ""
}

// short is the table of the README: how many books a layer has, and those that lead somewhere.
func short(l *Library) string {
	var out strings.Builder
	out.WriteString("| layer | recognised | walked step by step |\n| --- | --- | --- |\n")
	for _, x := range layers() {
		found := 0
		var walked []string
		for _, b := range l.Books {
			if layer(b) != x.name {
				continue
			}
			if b.When != nil {
				found++
			}
			if b.Changes() {
				walked = append(walked, "`"+b.ID+"`")
			}
		}
		fmt.Fprintf(&out, "| %s | %d | %s |\n", x.name, found, strings.Join(walked, ", "))
	}
	return out.String()
}

// long is docs/books.md: every book.
func long(l *Library) string {
	var out strings.Builder
	out.WriteString("# The books\n\nEvery book of the library: what it recognises, how bad it is (1 to 3, 0 is planned work), how long it must hold before it is\n" +
		"shown, and the scenarios of `recon runbooks list --scenarios` that it covers. Bold ones lead out of it step by step; the others\n" +
		"look, tell look-alikes apart, and say where the cure stands. This list is written by a test.\n")
	for _, x := range layers() {
		fmt.Fprintf(&out, "\n## %s\n\n| book | it says | severity | after | scenarios |\n| --- | --- | --- | --- | --- |\n", x.name)
		for _, b := range l.Books {
			if layer(b) != x.name {
				continue
			}
			id, after := "`"+b.ID+"`", "by hand"
			if b.Changes() {
				id = "**" + id + "**"
			}
			if b.When != nil {
				after = strings.TrimSuffix(b.For.String(), "m0s")
				if after != b.For.String() {
					after += "m"
				}
			}
			fmt.Fprintf(&out, "| %s | %s | %d | %s | %s |\n", id, b.Title, b.Severity, after, strings.Join(b.Scenarios, " "))
		}
	}
	return out.String()
}

func TestListsOfBooks(t *testing.T) {
	l := library(t)
	for _, b := range l.Books {
		if layer(b) == "" {
			t.Errorf("%s belongs to no layer", b.ID)
		}
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- books -->\n", "<!-- end of books -->"
	before, rest, found := strings.Cut(string(readme), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("README.md has no place for the list of books")
	}
	files := map[string]string{"../README.md": before + begin + short(l) + end + after, "../docs/books.md": long(l)}
	for name, want := range files {
		if *update {
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s is not what the library says (%v); run the test with -update", name, err)
		}
	}
}

// Every scenario that is not planned work is recognised, or has a book that looks for what no probe sees.
func TestEveryFailureHasABook(t *testing.T) {
	planned := strings.Fields("PG-01 PG-20 PG-23 ET-10 ET-11 RD-02 KA-06 CL-03 CL-06")
	looked := strings.Fields("PG-21 HX-06 NB-01 NB-03")
	l := library(t)
	for _, s := range Scenarios() {
		recognised, any := false, false
		for _, b := range l.Books {
			if slices.Contains(b.Scenarios, s.ID) {
				any, recognised = true, recognised || b.When != nil
			}
		}
		switch {
		case slices.Contains(planned, s.ID):
		case !any:
			t.Errorf("%s, %s: no book", s.ID, s.Title)
		case recognised == slices.Contains(looked, s.ID):
			t.Errorf("%s, %s: recognised is %v", s.ID, s.Title, recognised)
		}
	}
}

// A finding that is not yet a walk says what not to do, and where the cure stands; every one begins with looking.
func TestFindingsWarnAndLook(t *testing.T) {
	for _, b := range library(t).Books {
		if b.Kind != Finding {
			continue
		}
		text := string(b.Source)
		if !strings.Contains(text, "> [!WARNING]") && !strings.Contains(text, "> [!CAUTION]") {
			t.Errorf("%s warns of nothing", b.ID)
		}
		looks := slices.ContainsFunc(b.Steps, func(s Step) bool { return len(s.Commands) > 0 || s.Proof != nil || len(s.Before) > 0 })
		if !looks || len(b.Steps) < 2 {
			t.Errorf("%s has %d steps and looks at nothing", b.ID, len(b.Steps))
		}
		for _, s := range b.Steps {
			if strings.Contains(s.Title, "cure") && !s.ByHand {
				t.Errorf("%s: the cure is a step that runs", b.ID)
			}
		}
	}
}
