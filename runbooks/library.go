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
	"runtime"
	"slices"
	"strings"
	"sync"

	"recon/internal/gate"
)

//go:embed *.md drills/*.md
var shipped embed.FS

//go:embed guards.yaml
var shippedGuards []byte

// Library is all books and guards, sorted by id. The drills stand apart: whoever lists, suggests or walks books never
// meets one.
type Library struct {
	Books  []*Runbook
	Drills []*Runbook
	Guards []Guard
}

// Load reads the built-in library and the user's folders (every .md file in them that begins with front matter, however
// deep; a link that leads out of its folder is an error). Each book of the user has to pass Lint; those that are built in
// passed it when recon was built, and are only parsed. The error holds the Problems of all books that do not pass, and of
// ids that stand twice; the Library is never nil and holds the books that are sound, so that one bad file need not keep an
// operator from the others.
func Load(scope gate.Scope, dirs ...string) (*Library, error) {
	sources, err := collect(shipped, "", FromLibrary)
	errs := []error{err}
	for _, dir := range dirs {
		own, err := folder(dir)
		errs = append(errs, err)
		sources = append(sources, own...)
	}
	l, found := read(sources, scope)
	if len(found) > 0 {
		errs = append(errs, found.sorted())
	}
	return l, errors.Join(errs...)
}

// read makes a library of sources. The books are read side by side, because there are many, and somebody waits.
func read(sources []source, scope gate.Scope) (*Library, Problems) {
	l := &Library{}
	gs, found := guards("guards.yaml", shippedGuards, scope)
	l.Guards = gs
	var ids []string
	for _, s := range sources {
		if id, kind := s.names(scope); id != "" && kind != Drill {
			ids = append(ids, id)
		}
	}
	books, problems := make([]*Runbook, len(sources)), make([]Problems, len(sources))
	next := make(chan int)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := range next {
				if s := sources[i]; s.origin == FromLibrary {
					books[i], problems[i] = Parse(s.file, s.src, scope)
				} else {
					books[i], problems[i] = lint(s.file, s.src, scope, ids, gs)
				}
			}
		})
	}
	for i := range sources {
		next <- i
	}
	close(next)
	all.Wait()
	for i, s := range sources {
		found = append(found, problems[i]...)
		b := books[i]
		if b == nil {
			continue
		}
		b.Origin = s.origin
		other, twice := l.Book(b.ID)
		if drill, ok := l.Drill(b.ID); ok {
			other, twice = drill, true
		}
		if twice {
			found = append(found, Problem{
				File: b.File, Line: 1, Column: 1, What: fmt.Sprintf("the id `%s` belongs to %s already", b.ID, describe(other)), Hint: "give the book an id of its own",
			})
			continue
		}
		if b.Kind == Drill {
			l.Drills = append(l.Drills, b)
		} else {
			l.Books = append(l.Books, b)
		}
	}
	misled, problemsInside := inside(l.Books)
	found = append(found, problemsInside...)
	l.Books = slices.DeleteFunc(l.Books, func(b *Runbook) bool { return slices.Contains(misled, b) })
	for _, books := range [][]*Runbook{l.Books, l.Drills} {
		slices.SortFunc(books, func(a, b *Runbook) int { return cmp.Compare(a.ID, b.ID) })
	}
	slices.SortFunc(l.Guards, func(a, b Guard) int { return cmp.Compare(a.ID, b.ID) })
	return l, found
}

func describe(b *Runbook) string {
	if b.Origin == FromLibrary {
		return "a book of the built-in library"
	}
	return b.File
}

// Book is the book with that id; a drill is none.
func (l *Library) Book(id string) (*Runbook, bool) { return named(l.Books, id) }

// Drill is the drill with that id.
func (l *Library) Drill(id string) (*Runbook, bool) { return named(l.Drills, id) }

func named(books []*Runbook, id string) (*Runbook, bool) {
	for _, b := range books {
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

// names are the id and the kind in the front matter, or empty.
func (s source) names(scope gate.Scope) (id string, kind Kind) {
	r := newReader(s.file, s.src, scope)
	head := r.head()
	if head == 0 || len(s.src) > maxBook {
		return "", ""
	}
	for n := 2; n < head; n++ {
		if v, ok := strings.CutPrefix(r.line(n), "id:"); ok && id == "" {
			id = strings.TrimSpace(v)
		}
		if v, ok := strings.CutPrefix(r.line(n), "kind:"); ok && kind == "" {
			word, _, _ := strings.Cut(v, "#")
			kind = Kind(strings.TrimSpace(word))
		}
	}
	return id, kind
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
