package shell

import (
	"fmt"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// arithm computes an arithmetic expression in 64 bits as POSIX's $((...)) does.
func (s *interpreter) arithm(x syntax.ArithmExpr) (int64, error) {
	switch x := x.(type) {
	case nil:
		return 0, nil
	case *syntax.Word:
		return s.operand(x)
	case *syntax.ParenArithm:
		return s.arithm(x.X)
	case *syntax.UnaryArithm:
		return s.unary(x)
	case *syntax.BinaryArithm:
		return s.binaryArithm(x)
	}
	return 0, &fatal{"arithmetic expression: expecting primary", 2}
}

func (s *interpreter) operand(w *syntax.Word) (int64, error) {
	if lit := w.Lit(); syntax.ValidName(lit) {
		v := s.get(lit)
		if !v.set && s.opt.nounset {
			return 0, &fatal{lit + ": parameter not set", s.unsetStatus()}
		}
		return s.numeral(v.value)
	}
	text, err := s.literal(w)
	if err != nil {
		return 0, err
	}
	return s.numeral(text)
}

func (s *interpreter) numeral(text string) (int64, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err == nil && !strings.ContainsAny(text, "_") && !strings.HasPrefix(text, "0o") && !strings.HasPrefix(text, "0b") {
		return n, nil
	}
	if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
		return n, nil
	}
	if syntax.ValidName(text) && s.get(text).value != text {
		return s.numeral(s.get(text).value)
	}
	if x, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Arithmetic(strings.NewReader(text)); err == nil && x != nil {
		if w, ok := x.(*syntax.Word); !ok || w.Lit() != text {
			return s.arithm(x)
		}
	}
	return 0, &fatal{fmt.Sprintf("Illegal number: %s", text), 2}
}

func (s *interpreter) unary(x *syntax.UnaryArithm) (int64, error) {
	n, err := s.arithm(x.X)
	if err != nil {
		return 0, err
	}
	switch x.Op {
	case syntax.Not:
		return truth(n == 0), nil
	case syntax.BitNegation:
		return ^n, nil
	case syntax.Plus:
		return n, nil
	case syntax.Minus:
		return -n, nil
	case syntax.Inc, syntax.Dec:
		d := int64(1)
		if x.Op == syntax.Dec {
			d = -1
		}
		if err := s.store(x.X, n+d); err != nil {
			return 0, err
		}
		if x.Post {
			return n, nil
		}
		return n + d, nil
	}
	return 0, &fatal{"arithmetic expression: expecting primary", 2}
}

func (s *interpreter) store(x syntax.ArithmExpr, n int64) error {
	w, ok := x.(*syntax.Word)
	if !ok || !syntax.ValidName(w.Lit()) {
		return &fatal{"arithmetic expression: expecting a variable", 2}
	}
	if f := s.assign(w.Lit(), strconv.FormatInt(n, 10)); f != nil {
		return f
	}
	return nil
}

func (s *interpreter) binaryArithm(x *syntax.BinaryArithm) (int64, error) {
	if x.Op == syntax.Assgn {
		n, err := s.arithm(x.Y)
		if err != nil {
			return 0, err
		}
		return n, s.store(x.X, n)
	}
	a, err := s.arithm(x.X)
	if err != nil {
		return 0, err
	}
	switch x.Op {
	case syntax.AndArit, syntax.OrArit:
		if (a != 0) != (x.Op == syntax.AndArit) {
			return truth(a != 0), nil
		}
		b, err := s.arithm(x.Y)
		return truth(b != 0), err
	case syntax.TernQuest:
		branches, ok := x.Y.(*syntax.BinaryArithm)
		if !ok {
			return 0, &fatal{"arithmetic expression: expecting ':'", 2}
		}
		if a != 0 {
			return s.arithm(branches.X)
		}
		return s.arithm(branches.Y)
	}
	b, err := s.arithm(x.Y)
	if err != nil {
		return 0, err
	}
	if op, ok := assignOps[x.Op]; ok {
		n, err := calculate(op, a, b)
		if err != nil {
			return 0, err
		}
		return n, s.store(x.X, n)
	}
	return calculate(x.Op, a, b)
}

var assignOps = map[syntax.BinAritOperator]syntax.BinAritOperator{
	syntax.AddAssgn: syntax.Add, syntax.SubAssgn: syntax.Sub, syntax.MulAssgn: syntax.Mul, syntax.QuoAssgn: syntax.Quo,
	syntax.RemAssgn: syntax.Rem, syntax.AndAssgn: syntax.And, syntax.OrAssgn: syntax.Or, syntax.XorAssgn: syntax.Xor,
	syntax.ShlAssgn: syntax.Shl, syntax.ShrAssgn: syntax.Shr,
}

func calculate(op syntax.BinAritOperator, a, b int64) (int64, error) {
	switch op {
	case syntax.Add:
		return a + b, nil
	case syntax.Sub:
		return a - b, nil
	case syntax.Mul:
		return a * b, nil
	case syntax.Quo, syntax.Rem:
		if b == 0 {
			return 0, &fatal{"arithmetic expression: division by zero", 2}
		}
		if op == syntax.Quo {
			return a / b, nil
		}
		return a % b, nil
	case syntax.Pow:
		n := int64(1)
		for range b {
			n *= a
		}
		return n, nil
	case syntax.Eql:
		return truth(a == b), nil
	case syntax.Neq:
		return truth(a != b), nil
	case syntax.Gtr:
		return truth(a > b), nil
	case syntax.Lss:
		return truth(a < b), nil
	case syntax.Geq:
		return truth(a >= b), nil
	case syntax.Leq:
		return truth(a <= b), nil
	case syntax.And:
		return a & b, nil
	case syntax.Or:
		return a | b, nil
	case syntax.Xor:
		return a ^ b, nil
	case syntax.Shl:
		return a << uint64(b&63), nil
	case syntax.Shr:
		return a >> uint64(b&63), nil
	case syntax.Comma:
		return b, nil
	}
	return 0, &fatal{"arithmetic expression: the operator " + op.String() + " is not known", 2}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// number is the number at the start of a text, 0 without one.
func number(text string) int64 {
	text = strings.TrimLeft(text, " \t")
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		i++
	}
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	n, _ := strconv.ParseInt(text[:i], 10, 64) // none is 0
	return n
}
