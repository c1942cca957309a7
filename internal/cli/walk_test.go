package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recon/internal/audit"
)

// silentCluster is a cluster of which nothing answers, and says so at once.
const silentCluster = `format: 1
cluster: lab
environment: training
dial: direct
ssh: {port: 1, known_hosts: [known_hosts]}
nodes:
  - {name: n1, address: 127.0.0.1}
services:
  patroni: {scope: lab, rest_port: 1}
`

const outerBook = `---
format: 1
id: outer-book
title: Outside
kind: maintenance
severity: 0
systems: [patroni]
inputs: {member: {ask: Which member?}}
---

# Outside

## Go inside

` + "```book\nbook: inner-book\ninputs: {member: 'inputs.member'}\n```" + `

## Afterwards

Look at what came of it.
`

const innerBook = `---
format: 1
id: inner-book
title: Inside
kind: maintenance
severity: 0
systems: [patroni]
inputs: {member: {ask: Which member?}}
---

# Inside

## The first thing

Do it.

## The second thing

Do it too.
`

const waitingBook = `---
format: 1
id: waiting-book
title: Waiting
kind: maintenance
severity: 0
systems: [patroni]
---

# Waiting

## Somebody leads

` + "```check within=5m\npatroni.leader != nil\n```" + `

## Afterwards

Look at what came of it.
`

// twoBooks is a folder with a cluster file and a folder of books, one of which walks the other.
func twoBooks(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"inventory.yaml": silentCluster, "known_hosts": "", "books/outer-book.md": outerBook, "books/inner-book.md": innerBook, "books/waiting-book.md": waitingBook,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func trailsIn(t *testing.T, dir string) map[string]audit.Summary {
	t.Helper()
	all, err := audit.List(filepath.Join(dir, "state", "recon", "trails"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]audit.Summary{}
	for _, s := range all {
		if _, twice := out[s.Book]; twice {
			t.Errorf("%s was begun twice", s.Book)
		}
		out[s.Book] = s
	}
	return out
}

// A console that is killed inside of a book that another one walks: going on with the outer one leads into the inner one, where
// it was left, and so does going on with the newest walk, which is the inner one.
func TestKilledInsideOfABook(t *testing.T) {
	t.Parallel()
	dir := twoBooks(t)
	c := terminal(t, dir, "walk", "--plain", "--books", "books", "outer-book", "--input", "member=n1")
	c.waits("walk it", "> ")
	c.types("\n")
	c.waits("Outside › Inside", "The first thing", "done by hand", "> ")
	c.types("one\n")
	c.waits("The second thing", "done by hand", "> ")
	c.kill()
	inner := trailsIn(t, dir)["inner-book"]
	if inner.Status != audit.Interrupted || trailsIn(t, dir)["outer-book"].Status != audit.Interrupted {
		t.Fatalf("the trails are %v", trailsIn(t, dir))
	}

	// What is offered to go on with is the outer one; it leads into the other.
	offered, err := leftOpen(filepath.Join(dir, "state", "recon", "trails"), "lab")
	if err != nil || len(offered) != 1 || offered[0].Book != "outer-book" {
		t.Errorf("offered are %+v, %v", offered, err)
	}
	c = terminal(t, dir, "walk", "--plain", "--books", "books", "waiting-book")
	c.waits("an interrupted walk of outer-book from ", "`recon walk --resume outer-book` goes on with it", "q and Enter leaves")
	c.types("q\n")
	c.end()
	if strings.Contains(c.said, "an interrupted walk of inner-book") {
		t.Errorf("a walk that is a part of another is offered by itself:\n%s", c.said)
	}
	if err := os.Remove(trailsIn(t, dir)["waiting-book"].Path); err != nil {
		t.Fatal(err)
	}

	for _, resume := range [][]string{{"--resume", "outer-book"}, {"--resume"}} {
		c = terminal(t, dir, append([]string{"walk", "--plain", "--books", "books"}, resume...)...)
		c.waits("book outer-book", "go on with the book inner-book, where it was left", "walk it", "> ")
		c.types("\n")
		c.waits("Outside › Inside", "step 2 of 2: The second thing", "done by hand", "> ")
		c.types("q\n")
		if code := c.end(); code != 0 {
			t.Errorf("%v: exit code %d:\n%s", resume, code, c.said)
		}
	}
	if again := trailsIn(t, dir)["inner-book"]; again.Path != inner.Path || again.Status != audit.Interrupted {
		t.Errorf("it went on with %+v, not with %+v", again, inner)
	}
}

// Leaving at a question that comes before the walk, by a word, by ctrl-D or by ctrl-C, is no error and begins nothing. ctrl-D at
// a step leaves the walk open.
func TestLeavingAtAQuestion(t *testing.T) {
	t.Parallel()
	dir := twoBooks(t)
	for name, keys := range map[string]string{"q": "q\n", "quit": "quit\n", "ctrl-D": "\x04", "ctrl-C": "\x03"} {
		c := terminal(t, dir, "walk", "--plain", "--books", "books", "inner-book")
		c.waits("Which member? > ")
		if name == "q" {
			c.types("\n")
			c.waits("an answer is needed", "Which member? > ")
			c.types("h\n")
			c.waits("q leaves", "Which member? > ")
		}
		c.types(keys)
		if code := c.end(); code != 0 {
			t.Errorf("%s: exit code %d:\n%s", name, code, c.said)
		}
		c.seen = strings.LastIndex(c.said, "Which member? > ")
		c.waits("left before the walk began; nothing was recorded")
		if strings.Contains(c.said, "resume") || strings.Contains(c.said, "EOF") {
			t.Errorf("%s: it speaks of what is not:\n%s", name, c.said)
		}
	}
	if all := trailsIn(t, dir); len(all) > 0 {
		t.Errorf("a walk was begun: %v", all)
	}

	c := terminal(t, dir, "walk", "--plain", "--books", "books", "inner-book", "--input", "member=n1")
	c.waits("done by hand", "> ")
	c.types("\x04")
	if code := c.end(); code != 0 {
		t.Errorf("ctrl-D at a step: exit code %d:\n%s", code, c.said)
	}
	c.waits("left; the walk stays open")
	if strings.Contains(c.said, "EOF") {
		t.Errorf("ctrl-D is shown as an error:\n%s", c.said)
	}
	if got := trailsIn(t, dir)["inner-book"].Status; got != audit.Interrupted {
		t.Errorf("the walk is %s", got)
	}
}

// A proof that is measured is stopped by a word on a real terminal, and the questions after it get their own answers.
func TestStoppingAProof(t *testing.T) {
	t.Parallel()
	dir := twoBooks(t)
	c := terminal(t, dir, "walk", "--plain", "--books", "books", "waiting-book")
	c.waits("proof: 0 of 1 hold", "x and Enter stops the measuring")
	c.types("x\n")
	c.waits("the proof was stopped; nothing is recorded of it", "the proof waits:", "> ")
	c.types("\n")
	c.waits("x and Enter stops the measuring")
	c.types("x\n")
	c.waits("the proof waits:", "> ")
	c.types("skip nobody leads here\n")
	c.waits("Afterwards", "done by hand", "> ")
	c.types("looked\n")
	c.waits("type `seen`", "> ")
	c.types("seen\n")
	c.waits("The walk is completed")
	if code := c.end(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, c.said)
	}
}
