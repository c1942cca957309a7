package selects

import "recon/internal/twin/pgwire"

// Select is a statement that Parse has read.
type Select struct {
	distinct      bool
	items         []item
	from          []source
	where, having node
	groups        []node
	order         []ordering
	limit, offset node
}

// item is one column of the result; a node of kind star stands for many.
type item struct {
	node node
	as   string
}

// source is something to read from. The first one has no join.
type source struct {
	view   string
	sub    *Select
	alias  string
	left   bool
	on     node
	using  []string
	column string // the alias of the one column of a function
}

type ordering struct {
	by         node
	desc       bool
	nullsFirst bool
}

// node is an expression.
type node interface{}

type (
	literal  struct{ value any } // nil, string, int64, float64, bool
	interval struct{ text string }
	param    struct{ n int }
	column   struct{ table, name string }
	star     struct{ table string }
	call     struct {
		name     string
		args     []node
		star     bool // count(*)
		distinct bool
		order    []ordering
		filter   node
	}
	binary struct {
		op          string
		left, right node
	}
	not    struct{ of node }
	minus  struct{ of node }
	isNull struct {
		of     node
		negate bool
	}
	in struct {
		of     node
		list   []node
		sub    *Select
		negate bool
	}
	cast struct {
		of   node
		name string
	}
	extract struct {
		field string
		of    node
	}
	when   struct{ cond, then node }
	choice struct {
		of    node
		whens []when
		other node
	}
	sub struct {
		of     *Select
		exists bool
	}
)

// Parse reads one SELECT statement.
func Parse(sql string) (*Select, error) {
	tokens, err := pgwire.Tokens(sql)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, sql: sql}
	s := p.selection()
	if p.err == nil && !p.done() {
		p.fail()
	}
	return s, p.err
}
