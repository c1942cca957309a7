package shell

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// grep is one run of grep(1).
type grep struct {
	c             *Call
	out           *bufio.Writer
	patterns      []*regexp.Regexp
	invert, word  bool
	names         bool // print names of files
	numbers       bool
	count, quiet  bool
	list, without bool // -l and -L
	only, silent  bool
	text          bool
	most          int // -m, -1 for none
	before, after int
	include       []string
	exclude       []string
	excludeDir    []string
	recursive     byte
	found, failed bool
	printed       bool // something was printed before, for the separator
}

func grepCommand(_ context.Context, c *Call) int {
	args := c.Args
	for i, w := range args {
		if w == "--" {
			break
		}
		if i > 0 && len(w) > 1 && w[0] == '-' && strings.Trim(w[1:], "0123456789") == "" {
			args = append(append(slices.Clone(args[:i]), "-C", w[1:]), args[i+1:]...)
			c.Args = args
			break
		}
	}
	a, ok := c.options("EFGPe:f:ivwxcLlm:oqsHhnraRA:B:C:IbT", "extended-regexp=E", "fixed-strings=F", "basic-regexp=G", "perl-regexp=P", "regexp:=e", "file:=f",
		"ignore-case=i", "no-ignore-case=y", "invert-match=v", "word-regexp=w", "line-regexp=x", "count=c", "files-without-match=L", "files-with-matches=l",
		"max-count:=m", "only-matching=o", "quiet=q", "silent=q", "no-messages=s", "with-filename=H", "no-filename=h", "line-number=n",
		"recursive=r", "dereference-recursive=R", "text=a", "after-context:=A", "before-context:=B", "context:=C",
		"include:=1", "exclude:=2", "exclude-dir:=3", "color?=4", "colour?=4", "line-buffered=5")
	if !ok {
		return 2
	}
	if a.has('b') || a.has('T') {
		return c.unsupported("-b and -T are not known to a training host")
	}
	if v, ok := a.get('4'); ok && v != "auto" && v != "never" && v != "" {
		return c.unsupported("--color=%s is not known to a training host", v)
	}
	g := &grep{
		c: c, out: c.buffered(), invert: a.has('v'), word: a.has('w'), numbers: a.has('n'), count: a.has('c'), quiet: a.has('q'), silent: a.has('s'),
		only: a.has('o'), text: a.has('a'), most: -1, include: a.all('1'), exclude: a.all('2'), excludeDir: a.all('3'), recursive: a.last("rR"),
	}
	switch a.last("lL") {
	case 'l':
		g.list = true
	case 'L':
		g.without = true
	}
	for _, f := range a.flags {
		n := int(number(f.value))
		switch f.letter {
		case 'm':
			g.most = n
		case 'A':
			g.after = n
		case 'B':
			g.before = n
		case 'C':
			g.before, g.after = n, n
		default:
			continue
		}
		if strings.Trim(f.value, "0123456789") != "" || f.value == "" {
			return c.Fail(2, "%s: invalid number", f.value)
		}
	}
	rest := a.rest
	var texts []string
	for _, f := range a.flags {
		switch f.letter {
		case 'e':
			texts = append(texts, strings.Split(f.value, "\n")...)
		case 'f':
			b, err := c.ReadFile(f.value)
			if err != nil {
				return c.Fail(2, "%s: %s", f.value, Reason(err))
			}
			if len(b) > 0 {
				texts = append(texts, strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")...)
			}
		}
	}
	if !a.has('e') && !a.has('f') {
		if len(rest) == 0 {
			fmt.Fprintln(c.Stderr, "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.")
			return 2
		}
		texts, rest = strings.Split(rest[0], "\n"), rest[1:]
	}
	kind := a.last("EFGP")
	if kind == 0 {
		kind = map[string]byte{"egrep": 'E', "fgrep": 'F'}[c.Name()]
	}
	for _, t := range texts {
		re, err := grepPattern(t, kind, a.has('i') && a.last("iy") == 'i', a.has('x'))
		if err != nil {
			return c.Fail(2, "%s", err)
		}
		g.patterns = append(g.patterns, re)
	}
	status := g.run(rest, &a)
	if err := g.out.Flush(); err != nil {
		return 2
	}
	return status
}

func grepPattern(text string, kind byte, ignoreCase, line bool) (*regexp.Regexp, error) {
	if kind == 'F' {
		text = regexp.QuoteMeta(text)
	}
	if kind == 'F' || kind == 'P' {
		if line {
			text = "^(?:" + text + ")$"
		}
		if ignoreCase {
			text = "(?i)" + text
		}
		re, err := regexp.Compile(text)
		if err == nil && kind == 'F' {
			re.Longest()
		}
		return re, err
	}
	if line {
		if kind == 'E' {
			text = "^(" + text + ")$"
		} else {
			text = `^\(` + text + `\)$`
		}
	}
	return posix(text, kind == 'E', ignoreCase, nil)
}

func (g *grep) run(names []string, a *arguments) int {
	if len(names) == 0 {
		if g.recursive != 0 {
			names = []string{"."}
		} else {
			names = []string{"-"}
		}
	}
	g.names = len(names) > 1 || g.recursive != 0
	switch a.last("Hh") {
	case 'H':
		g.names = true
	case 'h':
		g.names = false
	}
	for _, name := range names {
		if g.quiet && g.found {
			break
		}
		if g.recursive != 0 && name != "-" {
			g.tree(name, true)
			continue
		}
		g.file(name)
	}
	switch {
	case g.found && (g.quiet || !g.failed):
		return 0
	case g.failed:
		return 2
	}
	return 1
}

func (g *grep) complain(name string, err error) {
	g.failed = true
	if !g.silent {
		_ = g.out.Flush() // the words come in the order in which they happened; the end reports it
		g.c.Fail(2, "%s: %s", name, Reason(err))
	}
}

// tree searches a directory. Links are followed when they were named, or with -R.
func (g *grep) tree(name string, named bool) {
	stat := g.c.lstat
	if named || g.recursive == 'R' {
		stat = g.c.Stat
	}
	i, err := stat(name)
	if err != nil {
		g.complain(name, err)
		return
	}
	if !i.Dir {
		if i.Mode&fs.ModeType != 0 && !named || !named && !g.wanted(path.Base(name)) {
			return
		}
		g.file(name)
		return
	}
	if !named && matches(g.excludeDir, path.Base(name)) {
		return
	}
	list, err := g.c.Host.FS.readDir(g.c.Path(name), g.c.proc.who)
	if err != nil {
		g.complain(name, err)
		return
	}
	for _, e := range list {
		g.tree(strings.TrimSuffix(name, "/")+"/"+e.Name, false)
	}
}

func (g *grep) wanted(base string) bool {
	return (len(g.include) == 0 || matches(g.include, base)) && !matches(g.exclude, base)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}

func (g *grep) file(name string) {
	shown := name
	if name == "-" {
		shown = "(standard input)"
	} else if i, err := g.c.Stat(name); err == nil && i.Dir {
		g.complain(name, syscall.EISDIR)
		return
	}
	r, err := g.c.open(name)
	if err != nil {
		g.complain(name, err)
		return
	}
	s := &search{grep: g, name: shown}
	if err := eachLine(r, s.line); err != nil && err != errStop {
		g.complain(name, err)
	}
	s.end()
}
