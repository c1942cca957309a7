package selects

import (
	"slices"

	"recon/internal/twin/pgwire"
)

// parser reads tokens; after the first error it reads nothing any more.
type parser struct {
	sql    string
	tokens []pgwire.Token
	depth  int
	err    error
}

func (p *parser) done() bool { return len(p.tokens) == 0 || p.err != nil }

// fail says that what comes next is not known.
func (p *parser) fail() {
	if p.err == nil {
		what := "it ends too early"
		if len(p.tokens) > 0 {
			what = "at or near " + p.sql[p.tokens[0].From:p.tokens[0].To]
		}
		p.err = &Unknown{what}
	}
	p.tokens = nil
}

func (p *parser) peek(n int) pgwire.Token {
	if n < len(p.tokens) {
		return p.tokens[n]
	}
	return pgwire.Token{Kind: pgwire.Symbol}
}

func (p *parser) next() pgwire.Token {
	t := p.peek(0)
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// see takes these words or symbols when they come next.
func (p *parser) see(words ...string) bool {
	for i, w := range words {
		if !p.peek(i).Is(w) {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *parser) want(words ...string) {
	if !p.see(words...) {
		p.fail()
	}
}

// reserved are the words that end an expression, so that they are no alias.
var reserved = []string{
	"from", "where", "group", "having", "order", "limit", "offset", "join", "left", "inner", "on", "using", "as", "and", "or", "not", "is", "in",
	"like", "ilike", "between", "then", "else", "when", "end", "union", "asc", "desc", "nulls", "cross", "right", "full", "window", "for",
	"collate", "filter", "over", "intersect", "except", "fetch", "natural", "lateral", "with", "select",
}

// name takes an identifier.
func (p *parser) name() string {
	t := p.peek(0)
	if t.Kind == pgwire.Quoted || t.Kind == pgwire.Word && !slices.Contains(reserved, t.Text) {
		return p.next().Text
	}
	p.fail()
	return ""
}

func (p *parser) isName() bool {
	t := p.peek(0)
	return t.Kind == pgwire.Quoted || t.Kind == pgwire.Word && !slices.Contains(reserved, t.Text)
}

func (p *parser) selection() *Select {
	s := &Select{}
	if p.depth++; p.depth > deepest {
		p.fail()
	}
	defer func() { p.depth-- }()
	p.want("select")
	s.distinct = p.see("distinct")
	if !p.peek(0).Is("from") && !p.peek(0).Is(")") && !p.done() {
		for {
			s.items = append(s.items, p.item())
			if !p.see(",") {
				break
			}
		}
	}
	if p.see("from") {
		s.from = p.sources()
	}
	if p.see("where") {
		s.where = p.expression()
	}
	if p.see("group", "by") {
		s.groups = p.list()
	}
	if p.see("having") {
		s.having = p.expression()
	}
	if p.see("order", "by") {
		s.order = p.orderings()
	}
	if p.see("limit") {
		s.limit = p.expression()
	}
	if p.see("offset") {
		s.offset = p.expression()
	}
	return s
}

func (p *parser) item() item {
	if p.see("*") {
		return item{node: star{}}
	}
	if p.isName() && p.peek(1).Is(".") && p.peek(2).Is("*") {
		table := p.name()
		p.want(".", "*")
		return item{node: star{table}}
	}
	it := item{node: p.expression()}
	switch {
	case p.see("as"):
		it.as = p.next().Text // any word will do
	case p.isName():
		it.as = p.name()
	}
	return it
}

func (p *parser) sources() []source {
	out := []source{p.source()}
	for !p.done() {
		var joined source
		switch {
		case p.see(","), p.see("cross", "join"):
			out = append(out, p.source())
			continue
		case p.see("join"), p.see("inner", "join"):
			joined = p.source()
		case p.see("left", "join"), p.see("left", "outer", "join"):
			joined = p.source()
			joined.left = true
		default:
			return out
		}
		switch {
		case p.see("on"):
			joined.on = p.expression()
		case p.see("using", "("):
			for {
				joined.using = append(joined.using, p.name())
				if !p.see(",") {
					break
				}
			}
			p.want(")")
		default:
			p.fail()
		}
		out = append(out, joined)
	}
	return out
}

func (p *parser) source() source {
	var s source
	if p.see("(") {
		s.sub = p.selection()
		p.want(")")
	} else {
		s.view = p.name()
		if p.see(".") { // the schema does not matter
			s.view = p.name()
		}
		if p.see("(") {
			p.want(")")
		}
		s.alias = s.view
	}
	if p.see("as") || p.isName() {
		s.alias = p.name()
	}
	if s.sub == nil && p.see("(") {
		s.column = p.name()
		p.want(")")
	}
	return s
}

func (p *parser) orderings() []ordering {
	var out []ordering
	for {
		o := ordering{by: p.expression()}
		switch {
		case p.see("desc"):
			o.desc, o.nullsFirst = true, true
		case p.see("asc"):
		}
		switch {
		case p.see("nulls", "first"):
			o.nullsFirst = true
		case p.see("nulls", "last"):
			o.nullsFirst = false
		}
		if out = append(out, o); !p.see(",") {
			return out
		}
	}
}

func (p *parser) list() []node {
	var out []node
	for {
		if out = append(out, p.expression()); !p.see(",") {
			return out
		}
	}
}
