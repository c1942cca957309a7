package runbooks

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"recon/internal/gate"
)

//go:embed *.md
var shipped embed.FS

//go:embed guards.yaml
var shippedGuards []byte

// Library is all books and guards, sorted by id.
type Library struct {
	Books  []*Runbook
	Guards []Guard
}

// Load reads the built-in library and the user's folders (every .md file in them that begins with front matter, however
// deep; a link that leads out of its folder is an error). Each book has to pass Lint. The error holds the Problems of all
// books that do not, and of ids that stand twice; the Library is never nil and holds the books that are sound, so that one
// bad file need not keep an operator from the others.
func Load(scope gate.Scope, dirs ...string) (*Library, error) {
	l := &Library{}
	var found Problems
	var errs []error
	gs, problems := guards("guards.yaml", shippedGuards, scope)
	l.Guards, found = gs, append(found, problems...)

	sources, err := collect(shipped, "", FromLibrary)
	errs = append(errs, err)
	for _, dir := range dirs {
		own, err := folder(dir)
		errs = append(errs, err)
		sources = append(sources, own...)
	}
	var ids []string
	for _, s := range sources {
		if id := s.id(scope); id != "" {
			ids = append(ids, id)
		}
	}
	for _, s := range sources {
		b, problems := lint(s.file, s.src, scope, ids)
		found = append(found, problems...)
		if len(problems) > 0 {
			continue
		}
		b.Origin = s.origin
		if other, twice := l.Book(b.ID); twice {
			found = append(found, Problem{
				File: b.File, Line: 1, Column: 1, What: fmt.Sprintf("the id `%s` belongs to %s already", b.ID, describe(other)), Hint: "give the book an id of its own",
			})
			continue
		}
		l.Books = append(l.Books, b)
	}
	slices.SortFunc(l.Books, func(a, b *Runbook) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(l.Guards, func(a, b Guard) int { return cmp.Compare(a.ID, b.ID) })
	if len(found) > 0 {
		errs = append(errs, found.sorted())
	}
	return l, errors.Join(errs...)
}

func describe(b *Runbook) string {
	if b.Origin == FromLibrary {
		return "a book of the built-in library"
	}
	return b.File
}

// Book is the book with that id.
func (l *Library) Book(id string) (*Runbook, bool) {
	for _, b := range l.Books {
		if b.ID == id {
			return b, true
		}
	}
	return nil, false
}

// source is a book that was not read yet.
type source struct {
	file   string
	src    []byte
	origin Origin
}

// id is the id in the front matter, or empty.
func (s source) id(scope gate.Scope) string {
	r := newReader(s.file, s.src, scope)
	head := r.head()
	if head == 0 || len(s.src) > maxBook {
		return ""
	}
	for n := 2; n < head; n++ {
		if v, ok := strings.CutPrefix(r.line(n), "id:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// folder collects a user's folder. os.Root keeps links inside it.
func folder(dir string) (books []source, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the folder of runbooks %s cannot be read: %w", dir, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return collect(root.FS(), dir, FromOwn)
}

func collect(fsys fs.FS, dir string, origin Origin) ([]source, error) {
	var out []source
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("the folder of runbooks %s cannot be read: %w", dir, err)
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != "." {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".md" {
			return nil
		}
		src, err := bounded(fsys, name)
		if err != nil {
			return fmt.Errorf("the runbook %s cannot be read: %w", filepath.Join(dir, name), err)
		}
		if strings.HasPrefix(string(src), "---\n") || strings.HasPrefix(string(src), "---\r\n") {
			out = append(out, source{filepath.Join(dir, name), src, origin})
		}
		return nil
	})
	return out, err
}

// bounded reads one byte more than a book may have, so that a huge file is refused and not read.
func bounded(fsys fs.FS, name string) (src []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, maxBook+1))
}
