package runbooks

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
)

// fence is one fenced block as it stands in the file.
type fence struct {
	line, end int // lines of the opening and of the closing
	column    int // of the word
	word      string
	rest      string // the info string after the word
	restAt    int    // column of rest
	body      string // with a newline at its end, unless it is empty
	bodyLine  int
	attrs     []attr
	broken    bool // its attributes cannot be relied on; that was reported
}

// attr is one attribute: key=value, or a flag when there is no =.
type attr struct {
	key, value          string
	column, valueColumn int
	flag                bool
}

// get is the attribute of that key.
func (f *fence) get(key string) (attr, bool) {
	for _, a := range f.attrs {
		if a.key == key {
			return a, true
		}
	}
	return attr{}, false
}

// fence reads a fenced block; nil when it is not one that can be relied on, and then it was reported.
func (r *reader) fence(n *ast.FencedCodeBlock, src []byte, covered map[int]bool) *fence {
	open, column := r.at(max(n.Pos(), 0))
	f := &fence{line: open, column: column, bodyLine: open + 1, body: string(n.Lines().Value(src))}
	f.end = open + n.Lines().Len() + 1
	for l := open; l <= f.end; l++ {
		covered[l] = true
	}
	marker := strings.TrimLeft(r.line(open), " >-*+0123456789.)\t")
	if len(marker) < 3 {
		return nil
	}
	closing := strings.TrimLeft(r.line(f.end), " >\t")
	if f.end > r.lines() || !closes(marker, closing) {
		r.problem(open, column, "this block is never closed", "close it with a line of its own: "+marker[:fenceWidth(marker)])
		return nil
	}
	if n.Info != nil {
		info := string(n.Info.Segment.Value(src))
		_, at := r.at(n.Info.Segment.Start)
		f.column = at
		f.word, f.rest, _ = strings.Cut(info, " ")
		f.restAt = at + utf8.RuneCountInString(f.word) + 1
	}
	if !shown(f.word) && column > 1 && n.Parent().Kind() == ast.KindDocument {
		r.problem(open, column, "a block that recon reads begins at the beginning of its line", "take the spaces away")
	}
	return f
}

func fenceWidth(line string) int {
	n := 0
	for n < len(line) && line[n] == line[0] {
		n++
	}
	return n
}

func closes(open, line string) bool {
	line = strings.TrimRight(line, " \t")
	return len(line) >= fenceWidth(open) && strings.Trim(line, open[:1]) == ""
}

// attributes reads key=value and flags. A value ends at a space outside quotes and brackets.
func (r *reader) attributes(f *fence) {
	chars := []rune(f.rest)
	for i := 0; i < len(chars); {
		if chars[i] == ' ' || chars[i] == '\t' {
			i++
			continue
		}
		start := i
		for i < len(chars) && chars[i] != '=' && chars[i] != ' ' && chars[i] != '\t' {
			i++
		}
		a := attr{key: string(chars[start:i]), column: f.restAt + start, flag: true}
		if i < len(chars) && chars[i] == '=' {
			a.flag = false
			end, closed := valueEnd(chars, i+1)
			a.value, a.valueColumn = string(chars[i+1:end]), f.restAt+i+1
			f.broken = f.broken || !closed || a.value == ""
			if !closed {
				r.problem(f.line, a.valueColumn, "a quote or bracket of `"+a.key+"=` is not closed", "")
			} else if a.value == "" {
				r.problem(f.line, a.valueColumn, "`"+a.key+"=` has no value", "write it without spaces around =")
			}
			i = end
		}
		if _, twice := f.get(a.key); twice {
			r.problem(f.line, a.column, "`"+a.key+"` stands here twice", "")
			f.broken = true
			continue
		}
		f.attrs = append(f.attrs, a)
	}
}

// valueEnd is where a value ends that begins at i, and whether its quotes and brackets are closed there.
func valueEnd(chars []rune, i int) (end int, closed bool) {
	depth, quote := 0, rune(0)
	for ; i < len(chars); i++ {
		switch c := chars[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case (c == ' ' || c == '\t') && depth <= 0:
			return i, depth == 0
		}
	}
	return min(i, len(chars)), depth == 0 && quote == 0
}

// unquoted is a value without the quotes around it.
func unquoted(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] && strings.Count(value, value[:1]) == 2 {
		return value[1 : n-1]
	}
	return value
}

// shown are the words of blocks that are drawn and never run.
func shown(word string) bool {
	return slices.Contains([]string{"", "text", "yaml", "json", "console", "ini", "conf", "diff", "none"}, word)
}

// known are the attributes of each block that recon reads.
func known() map[string][]string {
	return map[string][]string{
		"check":   {"within", "for", "progress"},
		"when":    {},
		"ask":     {},
		"sh":      {"on", "risk", "timeout", "order", "capture", "expect", "disconnect", "become", "rollback"},
		"http":    {"on", "risk", "timeout", "expect", "rollback"},
		"sql":     {"on", "risk", "timeout", "db", "capture", "expect", "rollback"},
		"redis":   {"on", "risk", "service", "timeout", "capture", "expect", "rollback"},
		"ansible": {"risk", "timeout", "check", "rollback"},
		"book":    {},
		"hint":    {},
	}
}

// checkFence reads the attributes of a block and reports what recon does not know: its word, and its attributes.
func (r *reader) checkFence(f *fence) bool {
	r.attributes(f)
	if shown(f.word) {
		for _, a := range f.attrs {
			what := "a `" + f.word + "` block is only shown, and takes no attributes"
			if f.word == "" {
				what = "a block without a word is only shown, and takes no attributes"
			}
			r.problem(f.line, a.column, what, "")
		}
		return false
	}
	attrs, ok := known()[f.word]
	if !ok {
		r.problem(f.line, f.column, "there is no block `"+f.word+"`", nearBlock(f.word))
		return false
	}
	before := len(r.problems)
	for _, a := range f.attrs {
		switch {
		case f.broken:
		case !slices.Contains(attrs, a.key):
			hint := meant(a.key, attrs)
			if len(attrs) == 0 {
				hint = "it takes none"
			}
			r.problem(f.line, a.column, "a `"+f.word+"` block has no attribute `"+a.key+"`", hint)
		case a.key == "rollback" && !a.flag:
			r.problem(f.line, a.column, "`rollback` is a flag", "write it without a value")
		case a.key != "rollback" && a.flag:
			r.problem(f.line, a.column, "`"+a.key+"` has no value", "write "+a.key+"=VALUE")
		}
	}
	f.broken = f.broken || len(r.problems) > before
	return true
}

// nearBlock is the hint for a block's word that is not known.
func nearBlock(word string) string {
	switch strings.ToLower(word) {
	case "bash", "shell", "zsh", "ksh", "dash", "shellscript", "sh-session":
		return "did you mean `sh`? Commands run with /bin/sh; output is shown in `console` or `text`"
	case "sql", "psql", "postgres", "postgresql", "pgsql", "plpgsql":
		return "did you mean `sql`?"
	case "yml":
		return "did you mean `yaml`?"
	case "toml", "properties", "cfg":
		return "did you mean `conf`?"
	}
	words := []string{"text", "yaml", "json", "console", "ini", "conf", "diff", "none"}
	for w := range known() {
		words = append(words, w)
	}
	slices.Sort(words)
	if hint := meant(word, words); hint != "" {
		return hint
	}
	return "text that is only shown stands in `text`, `console`, `yaml`, `json`, `ini`, `conf` or `diff`"
}
