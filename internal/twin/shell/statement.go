package shell

import (
	"strings"
	"sync"
	"syscall"

	"mvdan.cc/sh/v3/syntax"
)

func (s *interpreter) stmts(list []*syntax.Stmt) flow {
	for _, st := range list {
		if f := s.stmt(st); f != run {
			return f
		}
	}
	return run
}

func (s *interpreter) stmt(st *syntax.Stmt) flow {
	if s.over() {
		return exiting
	}
	if f := s.trapped(); f != run {
		return f
	}
	if s.opt.noexec {
		return run
	}
	if st.Background {
		s.background(st)
		s.status = 0
		return run
	}
	if st.Negated {
		s.tested++
		inner := *st
		inner.Negated = false
		f := s.stmt(&inner)
		s.tested--
		s.status = oneIf(s.status == 0)
		return f
	}
	f, checked := s.command(st)
	if f == run && s.over() {
		return exiting
	}
	if f == run && checked && s.opt.errexit && s.tested == 0 && s.status != 0 {
		return exiting
	}
	return f
}

// command runs a statement's command with its redirections. checked says whether set -e looks at its status.
func (s *interpreter) command(st *syntax.Stmt) (f flow, checked bool) {
	if st.Position.IsValid() {
		s.line = st.Position.Line()
	}
	final := s.final
	s.final = false
	if call, ok := st.Cmd.(*syntax.CallExpr); ok || st.Cmd == nil {
		if call == nil {
			call = &syntax.CallExpr{}
		}
		return s.simple(call, st.Redirs, final), true
	}
	if len(st.Redirs) > 0 {
		hid, err := s.redirect(st.Redirs)
		defer hid.restore()
		if err != nil {
			return s.redirectFailed(err), true
		}
		if final {
			hid.forget()
		}
	}
	switch c := st.Cmd.(type) {
	case *syntax.Block:
		if final {
			return s.lastly(c.Stmts), false
		}
		return s.stmts(c.Stmts), false
	case *syntax.Subshell:
		s.status = s.subshell(c.Stmts)
		return run, true
	case *syntax.BinaryCmd:
		return s.binary(c)
	case *syntax.IfClause:
		return s.ifClause(c), false
	case *syntax.WhileClause:
		return s.while(c), false
	case *syntax.ForClause:
		return s.forClause(c), false
	case *syntax.CaseClause:
		return s.caseClause(c), false
	case *syntax.FuncDecl:
		if c.Name == nil {
			return s.abort(&fatal{"Syntax error: \")\" unexpected", 2}), false
		}
		s.funcs[c.Name.Value] = c.Body
		s.status = 0
		return run, false
	case *syntax.DeclClause:
		return s.declare(c), true
	case *syntax.TestClause:
		ok, err := s.condition(c.X)
		if err != nil {
			return s.abort(err), false
		}
		s.status = oneIf(!ok)
		return run, true
	case *syntax.ArithmCmd:
		n, err := s.arithm(c.X)
		if err != nil {
			return s.abort(err), false
		}
		s.status = oneIf(n == 0)
		return run, true
	case *syntax.TimeClause:
		if c.Stmt != nil {
			return s.stmt(c.Stmt), false
		}
		return run, false
	}
	s.complain("this shell of a training host does not know %T", st.Cmd)
	s.status = 2
	return run, true
}

func (s *interpreter) subshell(list []*syntax.Stmt) int {
	p := s.host.start(s.ctx(), s.proc, s.proc.who, s.proc.words(), "", s.proc.session)
	c := s.child(p)
	defer c.fds.release()
	c.catch()
	c.lastly(list)
	return p.finish(c.leave())
}

func (s *interpreter) binary(c *syntax.BinaryCmd) (flow, bool) {
	switch c.Op {
	case syntax.AndStmt, syntax.OrStmt:
		s.tested++
		f := s.stmt(c.X)
		s.tested--
		if f != run || (s.status == 0) != (c.Op == syntax.AndStmt) {
			return f, false
		}
		return s.stmt(c.Y), false
	}
	return s.pipeline(c), true
}

// pipeline runs the commands of a pipe as subshells at the same time; the last one's status counts.
func (s *interpreter) pipeline(c *syntax.BinaryCmd) flow {
	var parts []*syntax.Stmt
	var both []bool
	var walk func(c *syntax.BinaryCmd)
	walk = func(c *syntax.BinaryCmd) {
		if x, ok := c.X.Cmd.(*syntax.BinaryCmd); ok && (x.Op == syntax.Pipe || x.Op == syntax.PipeAll) && len(c.X.Redirs) == 0 && !c.X.Negated {
			walk(x)
		} else {
			parts = append(parts, c.X)
		}
		both = append(both, c.Op == syntax.PipeAll)
		parts = append(parts, c.Y)
	}
	walk(c)
	var wg sync.WaitGroup
	statuses := make([]int, len(parts))
	var next *descriptor
	for i, st := range parts {
		p := s.host.start(s.ctx(), s.proc, s.proc.who, s.proc.words(), "", s.proc.session)
		sub := s.child(p)
		if next != nil {
			sub.fds.set(0, next)
		}
		if i < len(parts)-1 {
			r, w := newPipe()
			next = r
			sub.fds.set(1, w)
			if both[i] {
				sub.fds.set(2, w.dup())
			}
		}
		wg.Go(func() {
			defer sub.fds.release()
			sub.catch()
			statuses[i] = p.finish(sub.guarded(st))
		})
	}
	wg.Wait()
	s.status = statuses[len(statuses)-1]
	if s.opt.pipefail && s.status == 0 {
		for _, st := range statuses {
			if st != 0 {
				s.status = st
			}
		}
	}
	return run
}

// background starts a job, which lives as long as the session and not only as this shell.
func (s *interpreter) background(st *syntax.Stmt) {
	inner := *st
	inner.Background = false
	p := s.host.start(s.proc.session.ctx, s.proc, s.proc.who, s.proc.words(), "", s.proc.session)
	sub := s.child(p)
	if !s.interactive {
		// POSIX: without job control a background command reads nothing and does not hear ctrl-C.
		sub.fds.set(0, newText(""))
		p.ignore(syscall.SIGINT)
		p.ignore(syscall.SIGQUIT)
	}
	sub.tested = 0
	var text strings.Builder
	_ = syntax.NewPrinter().Print(&text, &inner) // it is for jobs(1) only
	s.job = p.pid
	s.jobs = append(s.jobs, &job{proc: p, text: text.String()})
	go func() {
		defer sub.fds.release()
		sub.catch()
		p.finish(sub.guarded(&inner))
	}()
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
