package selects

import (
	"slices"
	"strconv"
	"strings"

	"recon/internal/twin/pgwire"
)

// deepest is how deep expressions may nest.
const deepest = 100

func (p *parser) expression() node {
	if p.depth++; p.depth > deepest {
		p.fail()
	}
	defer func() { p.depth-- }()
	left := p.conjunction()
	for p.see("or") {
		left = binary{"or", left, p.conjunction()}
	}
	return left
}

func (p *parser) conjunction() node {
	left := p.negation()
	for p.see("and") {
		left = binary{"and", left, p.negation()}
	}
	return left
}

func (p *parser) negation() node {
	negate := false
	for p.see("not") {
		negate = !negate
	}
	if negate {
		return not{p.comparison()}
	}
	return p.comparison()
}

func (p *parser) comparison() node {
	left := p.concatenation()
	for {
		switch {
		case p.see("is", "not", "null"), p.see("notnull"):
			left = isNull{left, true}
		case p.see("is", "null"), p.see("isnull"):
			left = isNull{left, false}
		case p.see("is", "true"):
			left = binary{"=", call{name: "coalesce", args: []node{left, literal{false}}}, literal{true}}
		case p.see("is", "not", "true"):
			left = not{binary{"=", call{name: "coalesce", args: []node{left, literal{false}}}, literal{true}}}
		case p.see("is", "false"):
			left = binary{"=", call{name: "coalesce", args: []node{left, literal{true}}}, literal{false}}
		case p.see("is", "distinct", "from"):
			left = binary{"distinct", left, p.concatenation()}
		case p.see("is", "not", "distinct", "from"):
			left = not{binary{"distinct", left, p.concatenation()}}
		case p.see("in", "("):
			left = p.in(left, false)
		case p.see("not", "in", "("):
			left = p.in(left, true)
		case p.see("like"):
			left = binary{"like", left, p.concatenation()}
		case p.see("not", "like"):
			left = not{binary{"like", left, p.concatenation()}}
		case p.see("ilike"):
			left = binary{"ilike", left, p.concatenation()}
		case p.see("not", "ilike"):
			left = not{binary{"ilike", left, p.concatenation()}}
		case p.see("between"):
			low := p.concatenation()
			p.want("and")
			left = binary{"and", binary{">=", left, low}, binary{"<=", left, p.concatenation()}}
		default:
			op := p.peek(0)
			if op.Kind != pgwire.Symbol || !slices.Contains([]string{"=", "<>", "!=", "<", "<=", ">", ">=", "~"}, op.Text) {
				return left
			}
			p.next()
			name := op.Text
			if name == "!=" {
				name = "<>"
			}
			left = binary{name, left, p.concatenation()}
		}
	}
}

func (p *parser) in(of node, negate bool) node {
	out := in{of: of, negate: negate}
	if p.peek(0).Is("select") {
		out.sub = p.selection()
	} else {
		out.list = p.list()
	}
	p.want(")")
	return out
}

func (p *parser) concatenation() node { return p.operators(p.sum, "||", ">>", "<<", "&") }
func (p *parser) sum() node           { return p.operators(p.product, "+", "-") }
func (p *parser) product() node       { return p.operators(p.unary, "*", "/", "%") }

// operators reads operators of one rank, from the left.
func (p *parser) operators(below func() node, ops ...string) node {
	left := below()
	for {
		op := p.peek(0)
		if op.Kind != pgwire.Symbol || !slices.Contains(ops, op.Text) {
			return left
		}
		p.next()
		left = binary{op.Text, left, below()}
	}
}

func (p *parser) unary() node {
	negate := false
	for p.see("-") {
		negate = !negate
	}
	out := p.primary()
	for p.see("::") {
		out = cast{out, p.typeName()}
	}
	if negate {
		return minus{out}
	}
	return out
}

func (p *parser) typeName() string {
	name := p.name()
	switch {
	case name == "double":
		p.want("precision")
	case name == "timestamp" && p.see("with", "time", "zone"):
		name = "timestamptz"
	case p.see("("):
		p.next()
		p.want(")")
	}
	if _, ok := typeOf(name); !ok && p.err == nil {
		p.err = &Unknown{"the type " + name}
		p.tokens = nil
	}
	return name
}

func (p *parser) primary() node {
	switch t := p.peek(0); t.Kind {
	case pgwire.String:
		return literal{p.next().Text}
	case pgwire.Placeholder:
		n, _ := strconv.Atoi(p.next().Text[1:])
		return param{n}
	case pgwire.Number:
		text := strings.ReplaceAll(p.next().Text, "_", "")
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return literal{n}
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			p.fail()
		}
		return literal{f}
	case pgwire.Symbol:
		if !p.see("(") {
			p.fail()
			return nil
		}
		var out node
		if p.peek(0).Is("select") {
			out = sub{of: p.selection()}
		} else {
			out = p.expression()
		}
		p.want(")")
		return out
	}
	return p.word()
}

// word is what begins with a word: a keyword's expression, a function, or a column.
func (p *parser) word() node {
	switch {
	case p.see("null"):
		return literal{nil}
	case p.see("true"):
		return literal{true}
	case p.see("false"):
		return literal{false}
	case p.see("case"):
		return p.choice()
	case p.see("exists", "("):
		out := sub{of: p.selection(), exists: true}
		p.want(")")
		return out
	case p.peek(0).Is("interval") && p.peek(1).Kind == pgwire.String:
		p.next()
		return interval{p.next().Text}
	case p.peek(0).Is("timestamptz") && p.peek(1).Kind == pgwire.String, p.peek(0).Is("inet") && p.peek(1).Kind == pgwire.String:
		name := p.next().Text
		return cast{literal{p.next().Text}, name}
	case p.see("extract", "("):
		out := extract{field: p.next().Text}
		p.want("from")
		out.of = p.expression()
		p.want(")")
		return out
	case p.see("cast", "("):
		of := p.expression()
		p.want("as")
		out := cast{of, p.typeName()}
		p.want(")")
		return out
	case p.see("current_timestamp"):
		return call{name: "now"}
	}
	for _, bare := range []string{"current_user", "session_user", "user", "current_catalog"} {
		if p.peek(0).Is(bare) && !p.peek(1).Is("(") && !p.peek(1).Is(".") {
			p.next()
			return call{name: bare}
		}
	}
	// left and right are functions where they do not join.
	if (p.peek(0).Is("left") || p.peek(0).Is("right")) && p.peek(1).Is("(") {
		return p.function(p.next().Text)
	}
	name := p.name()
	switch {
	case p.peek(0).Is("("):
		return p.function(name)
	case p.see("."):
		second := p.name()
		if p.peek(0).Is("(") { // the schema does not matter
			return p.function(second)
		}
		return column{name, second}
	}
	return column{"", name}
}

func (p *parser) choice() node {
	out := choice{}
	if !p.peek(0).Is("when") {
		out.of = p.expression()
	}
	for p.see("when") {
		w := when{cond: p.expression()}
		p.want("then")
		w.then = p.expression()
		out.whens = append(out.whens, w)
	}
	if p.see("else") {
		out.other = p.expression()
	}
	p.want("end")
	return out
}

func (p *parser) function(name string) node {
	out := call{name: name}
	p.want("(")
	switch {
	case p.see("*"):
		out.star = true
	case !p.peek(0).Is(")"):
		out.distinct = p.see("distinct")
		out.args = p.list()
		if p.see("order", "by") {
			out.order = p.orderings()
		}
	}
	p.want(")")
	if p.see("filter", "(") {
		p.want("where")
		out.filter = p.expression()
		p.want(")")
	}
	return out
}
