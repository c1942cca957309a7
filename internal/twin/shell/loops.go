package shell

import (
	"mvdan.cc/sh/v3/syntax"
)

func (s *interpreter) ifClause(c *syntax.IfClause) flow {
	for ; c != nil; c = c.Else {
		if len(c.Cond) > 0 {
			s.tested++
			f := s.stmts(c.Cond)
			s.tested--
			if f != run {
				return f
			}
			if s.status != 0 {
				continue
			}
		}
		return s.stmts(c.Then)
	}
	s.status = 0
	return run
}

func (s *interpreter) while(c *syntax.WhileClause) flow {
	s.loops++
	defer func() { s.loops-- }()
	status := 0
	for {
		s.tested++
		f := s.stmts(c.Cond)
		s.tested--
		if f == run && (s.status == 0) == c.Until {
			break
		}
		if f == run {
			f = s.stmts(c.Do)
			status = s.status
		}
		if stop, out := s.looped(&f); stop {
			if out != run {
				return out
			}
			break
		}
	}
	s.status = status
	return run
}

// looped says after a round of a loop whether the loop ends, and how.
func (s *interpreter) looped(f *flow) (stop bool, out flow) {
	switch *f {
	case breaking:
		if s.skip--; s.skip > 0 {
			return true, breaking
		}
		return true, run
	case continuing:
		if s.skip--; s.skip > 0 {
			return true, continuing
		}
		return false, run
	case run:
		if s.over() {
			return true, exiting
		}
		return false, run
	}
	return true, *f
}

func (s *interpreter) forClause(c *syntax.ForClause) flow {
	var items []string
	switch l := c.Loop.(type) {
	case *syntax.WordIter:
		items = s.params
		if l.InPos.IsValid() {
			var err error
			if items, err = s.fields(l.Items...); err != nil {
				return s.abort(err)
			}
		}
		s.loops++
		defer func() { s.loops-- }()
		s.status = 0
		for _, item := range items {
			if err := s.assign(l.Name.Value, item); err != nil {
				return s.abort(err)
			}
			f := s.stmts(c.Do)
			if stop, out := s.looped(&f); stop {
				return out
			}
		}
		return run
	case *syntax.CStyleLoop:
		return s.cLoop(l, c.Do)
	}
	return run
}

func (s *interpreter) cLoop(l *syntax.CStyleLoop, do []*syntax.Stmt) flow {
	s.loops++
	defer func() { s.loops-- }()
	value := func(x syntax.ArithmExpr, empty int64) (int64, error) {
		if x == nil {
			return empty, nil
		}
		return s.arithm(x)
	}
	if _, err := value(l.Init, 0); err != nil {
		return s.abort(err)
	}
	for {
		n, err := value(l.Cond, 1)
		if err != nil {
			return s.abort(err)
		}
		if n == 0 {
			return run
		}
		f := s.stmts(do)
		if stop, out := s.looped(&f); stop {
			return out
		}
		if _, err := value(l.Post, 0); err != nil {
			return s.abort(err)
		}
	}
}

func (s *interpreter) caseClause(c *syntax.CaseClause) flow {
	word, err := s.literal(c.Word)
	if err != nil {
		return s.abort(err)
	}
	s.status = 0
	through := false
	for _, item := range c.Items {
		hit := through
		for _, p := range item.Patterns {
			if hit {
				break
			}
			pat, err := s.pattern(p)
			if err != nil {
				return s.abort(err)
			}
			hit = match(pat, word)
		}
		if !hit {
			continue
		}
		if f := s.stmts(item.Stmts); f != run {
			return f
		}
		switch item.Op {
		case syntax.Fallthrough:
			through = true
		case syntax.Resume:
		default:
			return run
		}
	}
	return run
}
