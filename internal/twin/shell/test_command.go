package shell

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func testCommand(_ context.Context, c *Call) int {
	args := append([]string{c.Name()}, c.Args[1:]...)
	ok, err := evaluate(c, args, false)
	if err != nil {
		return c.Fail(2, "%s", err)
	}
	return oneIf(!ok)
}

// evaluate is test(1) and [: args[0] is the name. dash's -nt and -ot want both files.
func evaluate(c *Call, args []string, dash bool) (bool, error) {
	words := args[1:]
	if args[0] == "[" {
		if len(words) == 0 || words[len(words)-1] != "]" {
			return false, fmt.Errorf("missing ]")
		}
		words = words[:len(words)-1]
	}
	t := &tester{c: c, words: words, both: dash}
	// POSIX tells by the number of arguments what is an operator.
	switch len(words) {
	case 0:
		return false, nil
	case 1:
		return words[0] != "", nil
	case 2:
		if words[0] == "!" {
			return words[1] == "", nil
		}
	case 3:
		if isBinary(words[1]) {
			return t.binary(words[0], words[1], words[2])
		}
		if words[0] == "(" && words[2] == ")" {
			return words[1] != "", nil
		}
	case 4:
		if words[0] == "!" && isBinary(words[2]) {
			ok, err := t.binary(words[1], words[2], words[3])
			return !ok, err
		}
	}
	ok, err := t.or()
	if err == nil && len(t.words) > 0 {
		err = fmt.Errorf("%s: unexpected operator", t.words[0])
	}
	return ok, err
}

type tester struct {
	c     *Call
	words []string
	both  bool
}

func (t *tester) next() string {
	if len(t.words) == 0 {
		return ""
	}
	w := t.words[0]
	t.words = t.words[1:]
	return w
}

func (t *tester) peek(w string) bool { return len(t.words) > 0 && t.words[0] == w }

func (t *tester) or() (bool, error) {
	a, err := t.and()
	for err == nil && t.peek("-o") {
		t.next()
		var b bool
		b, err = t.and()
		a = a || b
	}
	return a, err
}

func (t *tester) and() (bool, error) {
	a, err := t.not()
	for err == nil && t.peek("-a") {
		t.next()
		var b bool
		b, err = t.not()
		a = a && b
	}
	return a, err
}

func (t *tester) not() (bool, error) {
	if t.peek("!") && len(t.words) > 1 {
		t.next()
		ok, err := t.not()
		return !ok, err
	}
	return t.primary()
}

func (t *tester) primary() (bool, error) {
	if len(t.words) == 0 {
		return false, nil
	}
	if len(t.words) > 2 && isBinary(t.words[1]) {
		x, op, y := t.next(), t.next(), t.next()
		return t.binary(x, op, y)
	}
	if t.peek("(") && len(t.words) > 1 {
		t.next()
		ok, err := t.or()
		if err == nil && t.next() != ")" {
			err = fmt.Errorf("closing paren expected")
		}
		return ok, err
	}
	w := t.next()
	if len(t.words) == 1 && isBinary(t.words[0]) {
		return false, fmt.Errorf("%s: argument expected", t.words[0])
	}
	if len(w) == 2 && w[0] == '-' && len(t.words) > 0 {
		return t.unary(w, t.next())
	}
	return w != "", nil
}

func isBinary(op string) bool {
	switch op {
	case "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef":
		return true
	}
	return false
}

func (t *tester) binary(x, op, y string) (bool, error) {
	switch op {
	case "=", "==":
		return x == y, nil
	case "!=":
		return x != y, nil
	case "<":
		return x < y, nil
	case ">":
		return x > y, nil
	case "-nt", "-ot", "-ef":
		a, errA := t.c.Stat(x)
		b, errB := t.c.Stat(y)
		switch {
		case t.both && (errA != nil || errB != nil):
			return false, nil
		case op == "-ef":
			return errA == nil && errB == nil && a.Inode == b.Inode, nil
		case op == "-nt":
			return errA == nil && (errB != nil || a.ModTime.After(b.ModTime)), nil
		}
		return errB == nil && (errA != nil || b.ModTime.After(a.ModTime)), nil
	}
	a, err := strconv.ParseInt(strings.TrimSpace(x), 10, 64)
	if err != nil {
		return false, message("Illegal number: " + x)
	}
	b, err := strconv.ParseInt(strings.TrimSpace(y), 10, 64)
	if err != nil {
		return false, message("Illegal number: " + y)
	}
	switch op {
	case "-eq":
		return a == b, nil
	case "-ne":
		return a != b, nil
	case "-lt":
		return a < b, nil
	case "-le":
		return a <= b, nil
	case "-gt":
		return a > b, nil
	}
	return a >= b, nil
}

func (t *tester) unary(op, x string) (bool, error) {
	switch op {
	case "-n":
		return x != "", nil
	case "-z":
		return x == "", nil
	case "-t":
		return t.c.terminal(int(number(x))), nil
	case "-r", "-w", "-x":
		want := map[string]fs.FileMode{"-r": 4, "-w": 2, "-x": 1}[op]
		return x != "" && t.c.Host.FS.access(t.c.Path(x), want, t.c.proc.who) == nil, nil
	}
	stat := t.c.Stat
	if op == "-L" || op == "-h" {
		stat = t.c.lstat
	}
	i, err := stat(x)
	had := err == nil
	switch op {
	case "-e":
		return had, nil
	case "-f":
		return had && i.Mode.IsRegular(), nil
	case "-d":
		return had && i.Dir, nil
	case "-L", "-h":
		return had && i.Mode&fs.ModeSymlink != 0, nil
	case "-s":
		return had && i.Size > 0, nil
	case "-c":
		return had && i.Mode&fs.ModeCharDevice != 0, nil
	case "-b":
		return had && i.Mode&fs.ModeDevice != 0 && i.Mode&fs.ModeCharDevice == 0, nil
	case "-p":
		return had && i.Mode&fs.ModeNamedPipe != 0, nil
	case "-S":
		return had && i.Mode&fs.ModeSocket != 0, nil
	case "-u":
		return had && i.Mode&fs.ModeSetuid != 0, nil
	case "-g":
		return had && i.Mode&fs.ModeSetgid != 0, nil
	case "-k":
		return had && i.Mode&fs.ModeSticky != 0, nil
	case "-O":
		return had && i.User == t.c.User, nil
	case "-G":
		return had && len(t.c.proc.who.groups) > 0 && i.Group == t.c.proc.who.groups[0], nil
	}
	return false, fmt.Errorf("%s: unexpected operator", x)
}

// terminal says whether a descriptor is the session's terminal.
func (c *Call) terminal(n int) bool {
	d := c.fds[n]
	if d == nil {
		return false
	}
	_, ok := d.stream.(*terminal)
	return ok
}

// condition is bash's [[ ]].
func (s *interpreter) condition(x syntax.TestExpr) (bool, error) {
	c := &Call{Host: s.host, Args: []string{"[["}, Dir: s.dir, User: s.proc.who.user, proc: s.proc, fds: s.fds}
	t := &tester{c: c}
	switch x := x.(type) {
	case *syntax.Word:
		v, err := s.literal(x)
		return v != "", err
	case *syntax.ParenTest:
		return s.condition(x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			ok, err := s.condition(x.X)
			return !ok, err
		}
		w, ok := x.X.(*syntax.Word)
		if !ok {
			return false, &fatal{"[[: an operand is missing", 2}
		}
		v, err := s.literal(w)
		if err != nil {
			return false, err
		}
		return t.unary(x.Op.String(), v)
	case *syntax.BinaryTest:
		if x.Op == syntax.AndTest || x.Op == syntax.OrTest {
			a, err := s.condition(x.X)
			if err != nil || a != (x.Op == syntax.AndTest) {
				return a, err
			}
			return s.condition(x.Y)
		}
		xw, ok1 := x.X.(*syntax.Word)
		yw, ok2 := x.Y.(*syntax.Word)
		if !ok1 || !ok2 {
			return false, &fatal{"[[: an operand is missing", 2}
		}
		a, err := s.literal(xw)
		if err != nil {
			return false, err
		}
		switch x.Op {
		case syntax.TsMatch, syntax.TsMatchShort, syntax.TsNoMatch:
			pat, err := s.pattern(yw)
			return match(pat, a) == (x.Op != syntax.TsNoMatch), err
		}
		b, err := s.literal(yw)
		if err != nil {
			return false, err
		}
		if x.Op == syntax.TsReMatch {
			re, err := regexp.Compile(b)
			return err == nil && re.MatchString(a), err
		}
		return t.binary(a, x.Op.String(), b)
	}
	return false, &fatal{"[[: not known to this shell", 2}
}
