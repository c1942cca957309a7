package shell

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// exprCommand is expr(1).
func exprCommand(_ context.Context, c *Call) int {
	e := &expr{words: c.Args[1:]}
	if len(e.words) > 0 && e.words[0] == "--" {
		e.words = e.words[1:]
	}
	if len(e.words) == 0 {
		c.usage("missing operand")
		return 2
	}
	v, err := e.level(0)
	if err == nil && len(e.words) > 0 {
		err = fmt.Errorf("syntax error: unexpected argument '%s'", e.words[0])
	}
	if err != nil {
		return c.Fail(2, "%s", err)
	}
	fmt.Fprintln(c.Stdout, v)
	return oneIf(v == "" || v == "0")
}

type expr struct{ words []string }

// exprLevels are the operators, the loosest first.
var exprLevels = [][]string{{"|"}, {"&"}, {"<", "<=", "=", "==", "!=", ">=", ">"}, {"+", "-"}, {"*", "/", "%"}, {":"}}

func (e *expr) level(n int) (string, error) {
	if n == len(exprLevels) {
		return e.primary()
	}
	a, err := e.level(n + 1)
	for err == nil && len(e.words) > 0 && slices.Contains(exprLevels[n], e.words[0]) {
		op := e.words[0]
		e.words = e.words[1:]
		var b string
		if b, err = e.level(n + 1); err == nil {
			a, err = exprOperate(op, a, b)
		}
	}
	return a, err
}

func (e *expr) next() (string, error) {
	if len(e.words) == 0 {
		return "", errors.New("syntax error: missing argument")
	}
	w := e.words[0]
	e.words = e.words[1:]
	return w, nil
}

func (e *expr) primary() (string, error) {
	w, err := e.next()
	if err != nil {
		return "", err
	}
	switch w {
	case "(":
		v, err := e.level(0)
		if err == nil {
			if end, _ := e.next(); end != ")" {
				err = errors.New("syntax error: expecting ')'")
			}
		}
		return v, err
	case "length":
		if len(e.words) > 0 {
			v, err := e.primary()
			return strconv.Itoa(utf8.RuneCountInString(v)), err
		}
	case "match":
		a, err := e.primary()
		if err != nil {
			return "", err
		}
		b, err := e.primary()
		if err != nil {
			return "", err
		}
		return exprOperate(":", a, b)
	}
	return w, nil
}

func exprOperate(op, a, b string) (string, error) {
	null := func(s string) bool { return s == "" || s == "0" }
	switch op {
	case "|":
		if !null(a) {
			return a, nil
		}
		return b, nil
	case "&":
		if null(a) || null(b) {
			return "0", nil
		}
		return a, nil
	case ":":
		re, err := posix(b, false, false, nil)
		if err != nil {
			return "", err
		}
		re, err = regexp.Compile("^(?:" + re.String() + ")")
		if err != nil {
			return "", err
		}
		re.Longest()
		m := re.FindStringSubmatch(a)
		switch {
		case len(m) > 1:
			return m[1], nil
		case m == nil && re.NumSubexp() > 0:
			return "", nil
		case m == nil:
			return "0", nil
		}
		return strconv.Itoa(utf8.RuneCountInString(m[0])), nil
	}
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	numbers := errX == nil && errY == nil
	order := strings.Compare(a, b)
	if numbers {
		order = int(truth(x > y) - truth(x < y))
	}
	switch op {
	case "<":
		return strconv.FormatInt(truth(order < 0), 10), nil
	case "<=":
		return strconv.FormatInt(truth(order <= 0), 10), nil
	case "=", "==":
		return strconv.FormatInt(truth(order == 0), 10), nil
	case "!=":
		return strconv.FormatInt(truth(order != 0), 10), nil
	case ">=":
		return strconv.FormatInt(truth(order >= 0), 10), nil
	case ">":
		return strconv.FormatInt(truth(order > 0), 10), nil
	}
	if !numbers {
		return "", errors.New("non-integer argument")
	}
	switch op {
	case "+":
		return strconv.FormatInt(x+y, 10), nil
	case "-":
		return strconv.FormatInt(x-y, 10), nil
	case "*":
		return strconv.FormatInt(x*y, 10), nil
	}
	if y == 0 {
		return "", errors.New("division by zero")
	}
	if op == "/" {
		return strconv.FormatInt(x/y, 10), nil
	}
	return strconv.FormatInt(x%y, 10), nil
}
