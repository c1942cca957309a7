package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"recon/internal/inventory"
	"recon/probes"
	"recon/runbooks"
)

func (a *app) runbooksCommand() *cobra.Command {
	c := &cobra.Command{Use: "runbooks", Short: "The library: list, show, lint, test"}
	var scenarios bool
	list := &cobra.Command{
		Use: "list", Short: "List the books", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.listBooks(scenarios) },
	}
	list.Flags().BoolVar(&scenarios, "scenarios", false, "list the documented scenarios and which book covers each")
	list.Flags().BoolVar(&a.json, "json", false, "as JSON")
	show := &cobra.Command{
		Use: "show BOOK", Short: "Print a book's markdown", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.showBook(args[0]) },
	}
	show.Flags().BoolVar(&a.json, "json", false, "as JSON")
	lint := &cobra.Command{
		Use: "lint [FILE|FOLDER...]", Short: "Check books: every mistake with file, line and column",
		Long: "lint checks the named files and folders, or the whole library when none is named.\n" +
			"Books that walk other books are named together with them: `recon runbooks lint FOLDER`.\nIt exits with 2 when it found a mistake.",
		RunE: func(_ *cobra.Command, args []string) error { return a.lint(args) },
	}
	c.AddCommand(list, show, lint, a.testCommand())
	return c
}

// optionalLibrary is the library with the user's own folders where there is a cluster file, and without where there is none.
func (a *app) optionalLibrary() (*runbooks.Library, error) {
	c, err := a.optionalCluster()
	if err != nil {
		return nil, err
	}
	return a.loadLibrary(c)
}

// optionalCluster is the cluster file, or nil where there is none and none was named.
func (a *app) optionalCluster() (*inventory.Cluster, error) {
	if _, err := os.Stat(a.inventoryFile()); err != nil && a.inventoryPath == "" {
		return nil, nil
	}
	return a.cluster()
}

// bookRow is one book as `runbooks list --json` prints it.
type bookRow struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Kind      string   `json:"kind"`
	Severity  int      `json:"severity"`
	Systems   []string `json:"systems"`
	Scenarios []string `json:"scenarios"`
	Steps     int      `json:"steps"`
	SHA256    string   `json:"sha256"`
	File      string   `json:"file"`
}

func row(b *runbooks.Runbook) bookRow {
	return bookRow{b.ID, b.Title, string(b.Kind), b.Severity, b.Systems, b.Scenarios, len(b.Steps), b.Hash, b.File}
}

func (a *app) listBooks(scenarios bool) error {
	lib, err := a.optionalLibrary()
	if err != nil {
		return err
	}
	if scenarios {
		return a.listScenarios(lib)
	}
	rows := make([]bookRow, len(lib.Books))
	for i, b := range lib.Books {
		rows[i] = row(b)
	}
	if a.json {
		return a.printJSON(rows)
	}
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\tsev %d\t%d steps\t%s\n", r.ID, r.Kind, r.Severity, r.Steps, r.Title)
	}
	return t.Flush()
}

// coverage is what the library has for one documented scenario.
type coverage struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Books []string `json:"books"`
	// Recognised says that a book finds it in what the probes see, Walkable that a book leads out of it step by step.
	Recognised bool `json:"recognised"`
	Walkable   bool `json:"walkable"`
}

func (c coverage) word() string {
	switch {
	case c.Recognised && c.Walkable:
		return "recognised, walkable"
	case c.Recognised:
		return "recognised"
	case c.Walkable:
		return "walkable"
	case len(c.Books) > 0:
		return "by looking"
	}
	return "missing"
}

func covered(lib *runbooks.Library) []coverage {
	var rows []coverage
	for _, s := range runbooks.Scenarios() {
		r := coverage{ID: s.ID, Title: s.Title, Books: []string{}}
		for _, b := range lib.Books {
			if !slices.Contains(b.Scenarios, s.ID) {
				continue
			}
			r.Books = append(r.Books, b.ID)
			r.Recognised = r.Recognised || b.When != nil && b.Kind != runbooks.Drill
			r.Walkable = r.Walkable || b.Changes()
		}
		rows = append(rows, r)
	}
	return rows
}

func (a *app) listScenarios(lib *runbooks.Library) error {
	rows := covered(lib)
	if a.json {
		return a.printJSON(rows)
	}
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	books, recognised, walkable := 0, 0, 0
	var missing []string
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.ID, r.word(), r.Title, strings.Join(r.Books, ", "))
		if r.Recognised {
			recognised++
		}
		if r.Walkable {
			walkable++
		}
		if len(r.Books) > 0 {
			books++
		} else {
			missing = append(missing, r.ID)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "recognised: %d, walkable: %d, missing: %s\n", recognised, walkable, cmp.Or(strings.Join(missing, " "), "none"))
	_, err := fmt.Fprintf(a.out, "%d of %d\n", books, len(rows))
	return err
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (a *app) showBook(id string) error {
	lib, err := a.optionalLibrary()
	if err != nil {
		return err
	}
	b, err := pick(lib, id)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(struct {
			bookRow
			Text string `json:"text"`
		}{row(b), string(b.Source)})
	}
	_, err = a.out.Write(b.Source)
	return err
}

func (a *app) lint(paths []string) error {
	if len(paths) == 0 {
		return a.lintLibrary()
	}
	var files []string
	for _, p := range paths {
		found, err := markdown(p)
		if err != nil {
			return coded{exitUsage, err}
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return exit(exitUsage, "no markdown file in %s", strings.Join(paths, ", "))
	}
	var texts []runbooks.Text
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			return coded{exitUsage, err}
		}
		texts = append(texts, runbooks.Text{File: f, Source: src})
	}
	return a.linted(len(files), runbooks.LintAll(texts, probes.Scope(nil)))
}

// lintLibrary checks the embedded books, and the user's own where there are any.
func (a *app) lintLibrary() error {
	c, err := a.optionalCluster()
	if err != nil {
		return err
	}
	lib, err := runbooks.Load(probes.Scope(c), a.folders(c)...)
	var found runbooks.Problems
	if err != nil {
		// What cannot be read at all (a folder that is not there) is no mistake in a book.
		if !errors.As(err, &found) || err.Error() != found.Error() {
			return coded{exitUsage, err}
		}
	}
	bad := map[string]bool{}
	for _, p := range found {
		bad[p.File] = true
	}
	var texts []runbooks.Text
	for _, b := range slices.Concat(lib.Books, lib.Drills) {
		if b.Origin == runbooks.FromLibrary { // the others were linted when they were loaded
			texts = append(texts, runbooks.Text{File: b.File, Source: b.Source})
		}
	}
	found = append(found, runbooks.LintAll(texts, probes.Scope(nil))...)
	return a.linted(len(lib.Books)+len(lib.Drills)+len(bad), found)
}

func (a *app) linted(books int, found runbooks.Problems) error {
	for _, p := range found {
		fmt.Fprintln(a.out, p.Error())
	}
	if len(found) > 0 {
		fmt.Fprintf(a.err, "recon: %s in %s\n", count(len(found), "mistake"), count(books, "book"))
		return quiet(exitUsage)
	}
	_, err := fmt.Fprintf(a.out, "%s, no mistakes\n", count(books, "book"))
	return err
}

// markdown are the books below a path: the file itself, or the .md files of a folder that have front matter.
func markdown(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(p) != ".md" {
			return err
		}
		src, err := os.ReadFile(p)
		if err == nil && strings.HasPrefix(string(src), "---\n") {
			out = append(out, p)
		}
		return err
	})
	return out, err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
